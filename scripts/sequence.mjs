import { relative } from 'node:path'
import Sequencer from '@jest/test-sequencer'

/**
 * Seconds that a processor works for the longest test files, as measured once. They start first, so that no worker begins
 * a long file when the others have nothing left to do. `test/sequence.test.ts` holds the names against the tree.
 */
export const longest = new Map([
  ['test/console/console.test.ts', 75],
  ['test/doors/walk.test.ts', 45],
  ['test/e2e/teams.test.ts', 45],
  ['test/doors/callers.test.ts', 40],
  ['test/console/verifyPage.test.ts', 30],
  ['test/backup/program.test.ts', 30],
  ['test/infra/start.test.ts', 30],
  ['test/mcp/process.test.ts', 25],
  ['test/infra/doctor.test.ts', 25],
  ['test/infra/teams.test.ts', 25],
  ['test/evidence/matrix.test.ts', 25],
  ['test/doors/bot.test.ts', 25],
  ['test/trials/cards.test.ts', 20],
  ['test/doors/life.test.ts', 20],
  ['test/doors/faults.test.ts', 20],
  ['test/doors/verifiers.test.ts', 20],
  ['test/evidence/eventLies.test.ts', 20],
  ['test/python/client.test.ts', 20],
  ['test/doors/document.test.ts', 15],
  ['test/doors/log.test.ts', 15],
  ['test/doors/delivery.test.ts', 15],
  ['test/doors/start.test.ts', 15],
  ['test/doors/repair.test.ts', 15],
  ['test/doors/time.test.ts', 15],
  ['test/infra/package.test.ts', 15],
  ['test/trials/sim.test.ts', 15],
  ['test/evidence/seal.test.ts', 15],
  ['test/evidence/newer.test.ts', 15],
  ['test/ports/faults.test.ts', 15],
  ['test/ports/archive.test.ts', 10],
  ['test/ports/ledger.test.ts', 10],
  ['test/evidence/sealCrashes.test.ts', 10],
  ['test/infra/ledgerKey.test.ts', 10],
  ['test/infra/command.test.ts', 10],
  ['test/cli/login.test.ts', 10],
  ['test/cli/run.test.ts', 10],
  ['test/local/azurite.test.ts', 10],
  ['test/backup/restore.test.ts', 10],
  ['test/doors/evidence.test.ts', 10],
  ['test/doors/gate.test.ts', 10],
  ['test/mcp/gateway.test.ts', 10],
])

/** Puts the longest files first: as the table says, else as the last run says. The others stay in their order. */
export function inOrder(tests, root) {
  const secondsOf = ({ path, duration = 0 }) => longest.get(relative(root, path)) ?? duration / 1000
  return tests.toSorted((a, b) => secondsOf(b) - secondsOf(a))
}

/** The order of jest (what failed, what took long the last time, what is large) behind the files of the table. */
export default class Sequence extends Sequencer {
  sort(tests) {
    return inOrder(super.sort(tests), tests[0]?.context.config.rootDir ?? '')
  }
}
