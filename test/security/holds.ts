import type { Row } from './row.ts'

const useCase = 'test/evidence/holds.test.ts'
const erasure = 'test/evidence/erasure.test.ts'
const known = 'test/core/record/knownHolds.test.ts'
const replayed = 'test/core/record/replay.test.ts'
const series = 'test/verify/continuity.test.ts'
const rows = 'test/ports/holds.test.ts'
const insider = 'whoever can write the tables ›'

/** Texts that have to be kept. */
export const holdRows: readonly Row[] = [
  {
    attack: 'Texts are erased that have to be kept, as for a court; or somebody lifts a hold in the tables',
    control:
      'Both orders of an erasure read the holds and are refused. A hold has a row, an event and a file in the write-once archive, and only a file of its release, with a MAC, ends it; verifiers refuse an erasure that a hold covered',
    switches: [
      {
        name: 'hold-read-by-erasure',
        file: 'src/evidence/erasures.ts',
        find: 'await holds.check(loaded.request)',
        replace: 'await Promise.resolve()',
        tests: { [erasure]: ['a request on hold is neither asked for nor erased, and nothing is recorded'] },
      },
      {
        name: 'hold-before-time',
        file: 'src/evidence/erasures.ts',
        find: '    await holds.check(loaded.request)\n    // A verifier compares this time with those of holds, so it is taken after they were read.\n    const at = timeOf(clock, loaded)',
        replace: '    const at = timeOf(clock, loaded)\n    await holds.check(loaded.request)',
        tests: { [erasure]: ['the time of an erasure is taken after the holds were read'] },
      },
      {
        name: 'hold-without-row',
        file: 'src/evidence/holds.ts',
        find: 'const ids = [...new Set([...files.map(({ hold }) => hold), ...rows.keys()])].sort()',
        replace: 'const ids = [...rows.keys()].sort()',
        tests: { [useCase]: [`${insider} lifts no hold by deleting its row, and is noticed`] },
      },
      {
        name: 'hold-released-by-file',
        file: 'src/evidence/holds.ts',
        find: '      if (!released) return { row: known, version, isReleased: false }\n',
        replace: '      if (!released) return { row: known, version, isReleased: known.release !== undefined }\n',
        tests: { [useCase]: [`${insider} makes no release by a row that says so, without the file`] },
      },
      {
        name: 'hold-file-mac',
        file: 'src/evidence/holds.ts',
        find: '        (await macs.isAuthentic(authenticatedHold(macs.origin, read.file), read.mac))\n      if',
        replace: '        true\n      if',
        tests: {
          [useCase]: [`${insider} makes no release by a file that the service did not write: that is broken evidence`],
        },
      },
      {
        name: 'hold-row-mac',
        file: 'src/azure/holds.ts',
        find: 'const value = await this.#rows.believed<HoldRow>(row)',
        replace: "const value = JSON.parse(textIn(row, 'value')) as HoldRow",
        tests: { [rows]: ['a row that the service did not write is broken evidence: %s'] },
      },
      {
        name: 'hold-once',
        file: 'src/evidence/holds.ts',
        find: 'if (standing) return standing\n',
        replace: '',
        tests: { [useCase]: ['what a process leaves unfinished › %s is in force, and the same call goes on with it'] },
      },
      {
        name: 'hold-replayed',
        file: 'src/core/record/replay.ts',
        find: 'if (hold !== null) throw illegal(event',
        replace: 'if (false) throw illegal(event',
        tests: { [known]: ['an erasure of a request on hold is refused, and one before or after the hold is not'] },
      },
      {
        name: 'hold-released-once',
        file: 'src/core/record/knownHolds.ts',
        find: "return 'the hold was released before'",
        replace: 'return null',
        tests: {
          [replayed]: [
            'events of the log itself › a hold begins once and ends once, and an earlier day may have begun it',
          ],
        },
      },
      {
        name: 'hold-of-a-series',
        file: 'src/verify/continuity.ts',
        find: 'if (hold !== null)\n',
        replace: 'if (false)\n',
        tests: {
          [series]: ['a series in which a request lost a text on a later day than that of its hold does not hold'],
        },
      },
    ],
  },
]
