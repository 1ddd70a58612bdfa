// Tries every variant of a bundle with every verifier. `npm test` tries one of each kind.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

const help = `npm run trial -- matrix
Gives every changed bundle of test/evidence/variants/ to every verifier, and compares what each says with the table.
`
const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } })

if (values.help) process.stdout.write(help)
else {
  const jest = join(root, 'node_modules/jest/bin/jest.js')
  // One test gives all variants to one verifier.
  const args = [jest, 'test/evidence/matrix.test.ts', '--testTimeout', String(3_600_000)]
  const env = { ...process.env, COUNTERSIGN_MATRIX: 'whole' }
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1
}
