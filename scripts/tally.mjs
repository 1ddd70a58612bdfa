import { writeSync } from 'node:fs'

/** Prints jest's own totals as the last line of the run, after everything jest itself has to say. */
export default class Tally {
  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests
    // A file that does not load has no tests to count, yet must not read as a success.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    process.on('exit', () => writeSync(1, `tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`))
  }
}
