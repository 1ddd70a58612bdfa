import type { Row } from './row.ts'

const useCase = 'test/evidence/rosters.test.ts'
const replayed = 'test/core/record/replay.test.ts'
const lies = 'test/evidence/rosterLies.test.ts'

/** Who may approve on a day. */
export const rosterRows: readonly Row[] = [
  {
    attack: 'Somebody is put into a group for a day, or the log is made to say that they were in it',
    control:
      'The members of each group that a rule names are an event of every day, once, by digest; the verifier compares groups that are lists with approvers.json of the policy in force, and a handed over list with its digest. An Entra group is the directory’s word, and a missing event proves nothing',
    switches: [
      {
        name: 'roster-once',
        file: 'src/evidence/rosters.ts',
        find: 'if (!known.has(name)) await recordAlone(',
        replace: 'await recordAlone(',
        tests: {
          [useCase]: [
            'processes that know nothing of each other record a group once, even if the directory answers differently',
          ],
        },
      },
      {
        name: 'roster-replayed',
        file: 'src/core/record/eventTable.ts',
        find: 'if (rosters.has(`${date} ${group}`)) return',
        replace: 'if (false) return',
        tests: {
          [replayed]: ['events of the log itself › who is in a group is recorded once a day, and is no exception'],
        },
      },
      {
        name: 'roster-of-the-day',
        file: 'src/core/record/eventTable.ts',
        find: "if (date !== dayOf(at)) return 'it is of another day'",
        replace: '',
        tests: {
          [replayed]: [
            'events of the log itself › who is in a group is recorded by the system, in shard 00 and of the day itself',
          ],
        },
      },
      {
        name: 'roster-of-a-list',
        file: 'src/verify/policyCheck.ts',
        find: 'const flaw = judge && flawInRoster(',
        replace: 'const flaw = null && flawInRoster(',
        tests: { [lies]: ['a roster with %s is against policy'] },
      },
      {
        name: 'roster-as-counted',
        file: 'src/verify/saidReader.ts',
        find: "event.type !== 'roster' || (",
        replace: "event.type !== 'roster' || true || (",
        tests: { [lies]: ['a list of members that is not the one that its event counts is refused'] },
      },
    ],
  },
]
