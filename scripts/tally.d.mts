interface TestFile {
  testFilePath: string
  perfStats: { start: number; end: number }
  numPassingTests: number
  numFailingTests: number
}

export function timesOf(testResults: readonly TestFile[], root: string): string
