/** Runs Azurite until it is killed itself: azurite.test.ts bundles and runs it. */
import { startAzurite } from '../../src/local/azurite.ts'

process.on('SIGINT', () => process.send?.('interrupted'))
void startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null }).then(({ pid, tablesUrl }) =>
  process.send?.({ pid, tablesUrl }),
)
