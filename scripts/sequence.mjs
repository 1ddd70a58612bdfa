import { relative } from 'node:path'
import Sequencer from '@jest/test-sequencer'

/**
 * Seconds that a processor works for the longest test files, as measured once. They start first, so that no worker begins
 * a long file when the others have nothing left to do. `test/sequence.test.ts` holds the names against the tree.
 */
export const longest = new Map([
  ['test/doors/walk.test.ts', 75],
  ['test/e2e/teams.test.ts', 70],
  ['test/evidence/sealAzurite.test.ts', 55],
  ['test/evidence/newer.test.ts', 50],
  ['test/backup/program.test.ts', 45],
  ['test/doors/callers.test.ts', 45],
  ['test/infra/start.test.ts', 40],
  ['test/doors/life.test.ts', 40],
  ['test/infra/teams.test.ts', 35],
  ['test/infra/doctor.test.ts', 35],
  ['test/trials/cards.test.ts', 35],
  ['test/trials/sim.test.ts', 35],
  ['test/trust/rows.test.ts', 35],
  ['test/doors/verifiers.test.ts', 35],
  ['test/evidence/sealCrashes.test.ts', 30],
  ['test/trials/crash.test.ts', 30],
  ['test/python/client.test.ts', 30],
  ['test/doors/document.test.ts', 25],
  ['test/local/azurite.test.ts', 25],
  ['test/infra/clouds.test.ts', 25],
  ['test/doors/delivery.test.ts', 25],
  ['test/doors/faults.test.ts', 25],
  ['test/evidence/seal.test.ts', 25],
  ['test/doors/log.test.ts', 25],
  ['test/evidence/matrix.test.ts', 25],
  ['test/evidence/scripts.test.ts', 25],
  ['test/cli/login.test.ts', 20],
  ['test/console/verifyPage.test.ts', 20],
  ['test/doors/start.test.ts', 20],
  ['test/evidence/sealFaults.test.ts', 20],
  ['test/infra/package.test.ts', 20],
  ['test/infra/command.test.ts', 20],
  ['test/backup/restore.test.ts', 20],
  ['test/doors/bot.test.ts', 20],
  ['test/trials/wire.test.ts', 20],
  ['test/azure/archiveFaults.test.ts', 20],
  ['test/doors/repair.test.ts', 20],
  ['test/doors/evidence.test.ts', 20],
  ['test/doors/time.test.ts', 20],
  ['test/cli/run.test.ts', 15],
  ['test/ports/archive.test.ts', 15],
  ['test/ports/ledger.test.ts', 15],
  ['test/trials/fuzz.test.ts', 15],
  ['test/infra/mutants.test.ts', 12],
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
