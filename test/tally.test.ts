import { timesOf } from '../scripts/tally.mjs'

const file = (testFilePath: string, ms: number, passed: number, failed = 0) => ({
  ...{ testFilePath, perfStats: { start: 1_000, end: 1_000 + ms } },
  ...{ numPassingTests: passed, numFailingTests: failed },
})

test('the times of a run are added up by layer, in any order of its files', () => {
  const files = [
    file('/project/test/core/a.test.ts', 1_250, 3),
    file('/project/test/floors.test.ts', 40, 1),
    file('/project/test/core/deeper/b.test.ts', 1_000, 1, 1),
    file('/project/test/azure/c.test.ts', 61_000, 12),
  ]
  const expected = [
    'test                 1 files    1 tests    0.0 s\n',
    'test/azure           1 files   12 tests   61.0 s\n',
    'test/core            2 files    5 tests    2.3 s\n',
  ]
  expect(timesOf(files, '/project')).toBe(expected.join(''))
  expect(timesOf(files.toReversed(), '/project')).toBe(expected.join(''))
})
