import type { Row } from './row.ts'

/** What the pages of the console read, which people believe although they see no proof. */
export const consoleRows: readonly Row[] = [
  {
    attack: 'The manifest of a day is replaced in the archive, so that the calendar shows a day without exceptions',
    control: 'Counts are those of manifests to which the authenticated head of the log leads, hash by hash',
    switches: [
      {
        name: 'counts-of-manifests',
        file: 'src/evidence/read/bundles.ts',
        find: 'if (manifest === undefined || manifest.hash !== expected) break',
        replace: 'if (manifest === undefined) break',
        tests: {
          'test/http/evidence.test.ts': [
            'bundles › with what is missing › %s: then no counts are shown that nobody vouches for',
          ],
        },
      },
    ],
  },
  {
    attack: 'The name of a person is erased, and the story of a request tells it all the same, from the directory',
    control: 'Nobody whose recorded name was erased is named beside events',
    switches: [
      {
        name: 'names-after-erasure',
        file: 'src/http/eventPeople.ts',
        find: "if (isGone('name')) erased.add(actor.id)",
        replace: 'if (false) return {}',
        tests: {
          'test/http/evidence.test.ts': ['the people of events › have no name at all once the recorded %s was erased'],
        },
      },
    ],
  },
  {
    attack: 'A rule is put into words that leave something out, so that people take it for stricter than it is',
    control: 'A rule with a part that has no words is shown as text alone',
    switches: [
      {
        name: 'rules-said-whole',
        file: 'src/policy/ruleInWords.ts',
        find: 'if (kind === undefined || name === undefined) throw new Unsayable()',
        replace: 'if (kind === undefined || name === undefined) return rules.facts.agent',
        tests: {
          'test/policy/ruleInWords.test.ts': ['a rule with %s is not said at all, rather than in part'],
        },
      },
    ],
  },
]
