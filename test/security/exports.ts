import type { Row } from './row.ts'

const door = 'test/http/evidence.test.ts'
const useCase = 'test/evidence/exports.test.ts'
const replayed = 'test/core/record/replay.test.ts'

/** Who takes evidence out of the service. */
export const exportRows: readonly Row[] = [
  {
    attack: 'A person takes evidence, or what people wrote, and nothing tells of it',
    control:
      'Each download from the service is an event before its first byte is sent, once for each person, file and hour; the chain itself says what was recorded. What becomes of the file afterwards cannot be seen',
    switches: [
      {
        name: 'export-of-bundle',
        file: 'src/http/evidence.ts',
        find: "await exporting({ file: 'bundle', date, by: caller.id, client: caller.client })",
        replace:
          "void exporting({ file: 'bundle', date, by: caller.id, client: caller.client }).catch(() => undefined)",
        tests: { [door]: ['a download › of a %s that cannot be recorded sends nothing'] },
      },
      {
        name: 'export-of-said',
        file: 'src/http/evidence.ts',
        find: "await exporting({ file: 'said', date, by: caller.id, client: caller.client })",
        replace: "void exporting({ file: 'said', date, by: caller.id, client: caller.client }).catch(() => undefined)",
        tests: { [door]: ['a download › of a %s that cannot be recorded sends nothing'] },
      },
      {
        name: 'export-once',
        file: 'src/evidence/exports.ts',
        find: 'if (!keys.has(exportKey({ ...draft, at })))',
        replace: '',
        tests: { [useCase]: ['a download is recorded once for each person, file and hour'] },
      },
      {
        name: 'export-whole-hour',
        file: 'src/evidence/recordedSince.ts',
        find: 'if (upTo < seq && !isEnough(keys))',
        replace: 'if (false)',
        tests: { [useCase]: ['a shard that lacks an event of the hour is broken, and not searched only in part'] },
      },
      {
        name: 'export-replayed',
        file: 'src/core/record/eventTable.ts',
        find: "return exports.has(exportKey(event)) ? 'it was recorded before in the same hour' : null",
        replace: 'return null',
        tests: {
          [replayed]: ['events of the log itself › a download is recorded once for each person, file and hour'],
        },
      },
      {
        name: 'export-of-a-sealed-day',
        file: 'src/core/record/eventTable.ts',
        find: "if (data.date >= dayOf(at)) return 'the day of the file was not over'",
        replace: '',
        tests: {
          [replayed]: ['events of the log itself › a download is of a day that is over, by a person, and in shard 00'],
        },
      },
    ],
  },
]
