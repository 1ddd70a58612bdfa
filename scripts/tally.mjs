import { relative, sep } from 'node:path'
import { writeSync } from 'node:fs'

/** Prints how long the tests of each layer took, and jest's own totals as the last line of the run. */
export default class Tally {
  #root

  constructor({ rootDir }) {
    this.#root = rootDir
  }

  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests
    // A file that does not load has no tests, but must count as a failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    const table = timesOf(results.testResults, this.#root)
    // Written at the exit, because jest itself prints more after this.
    process.on('exit', () => {
      writeSync(2, table)
      writeSync(1, `tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`)
    })
  }
}

/**
 * Lists the layers by name, each with its files, its tests, and the seconds that its files took in sum. A layer is a
 * folder of test/; the files beside the folders are one more.
 */
export function timesOf(testResults, root) {
  const layers = new Map()
  for (const { testFilePath, perfStats, numPassingTests, numFailingTests } of testResults) {
    const folders = relative(root, testFilePath).split(sep).slice(0, -1)
    const name = folders.slice(0, 2).join('/')
    const { files, tests, ms } = layers.get(name) ?? { files: 0, tests: 0, ms: 0 }
    const took = perfStats.end - perfStats.start
    layers.set(name, { files: files + 1, tests: tests + numPassingTests + numFailingTests, ms: ms + took })
  }
  const rows = [...layers].sort(([a], [b]) => (a < b ? -1 : 1))
  return rows.map(([name, { files, tests, ms }]) => line(name, files, tests, ms)).join('')
}

function line(name, files, tests, ms) {
  const cells = [
    `${files} files`.padStart(10),
    `${tests} tests`.padStart(11),
    `${(ms / 1000).toFixed(1)} s`.padStart(9),
  ]
  return `${name.padEnd(18)}${cells.join('')}\n`
}
