import type { Row } from './row.ts'

const verifiesHere =
  'the day of a decision verifies, with the verdict of the command; neither page nor worker reach anything'

/** What the pages of the console read, which people believe although they see no proof. */
export const consoleRows: readonly Row[] = [
  {
    attack: 'A page of the console runs a script of somebody else, or is shown in a stranger’s frame to steal a click',
    control:
      'A policy of the page (CSP) lets it run its own files alone, reach the service and the issuer alone, and be framed by Teams alone',
    switches: [
      {
        name: 'page-policy',
        file: 'src/http/console.ts',
        find: "'content-security-policy': policyOf(settings),",
        replace: "'content-security-policy': '',",
        tests: {
          'test/http/console.test.ts': [
            'a page loads only its own files, reaches only the service and the issuer, and is framed only by Teams',
          ],
        },
      },
      {
        name: 'page-frames',
        file: 'src/http/console.ts',
        find: "`frame-ancestors 'self' ${hosts.join(' ')}`",
        replace: "'frame-ancestors *'",
        build: true,
        tests: {
          'test/console/console.test.ts': ['in Teams › no stranger may frame it, in the tab’s address or in another'],
          'test/http/console.test.ts': [
            'a page loads only its own files, reaches only the service and the issuer, and is framed only by Teams',
          ],
        },
      },
    ],
  },
  {
    attack:
      'A hostile bundle, or a package in the worker that verifies it, sends evidence elsewhere from the reader’s console',
    control:
      'Every file that is no page is served with a policy that refuses every request, so the worker has only what the page hands it; the page has one policy of Trusted Types, which makes the address of that worker alone',
    switches: [
      {
        name: 'console-worker-network',
        file: 'src/http/console.ts',
        find: 'const nothing = "default-src \'none\'"',
        replace: 'const nothing = "default-src *"',
        build: true,
        tests: {
          'test/http/console.test.ts': ['a file that is no page may load and reach nothing, whoever starts it'],
          'test/console/evidence.test.ts': [verifiesHere],
        },
      },
      {
        name: 'console-one-policy',
        file: 'src/http/console.ts',
        find: "    'trusted-types verifier',",
        replace: "    'trusted-types *',",
        build: true,
        tests: { 'test/console/evidence.test.ts': [verifiesHere] },
      },
    ],
  },
  {
    attack: 'The service proves another event than the one that it shows',
    control: 'The page compares the proved event with the one that it shows, byte by byte',
    switches: [
      {
        name: 'proved-event',
        file: 'src/console/evidence/proof.tsx',
        find: 'proved.exit === 0 && proved.leaf !== leaf',
        replace: 'false',
        build: true,
        tests: {
          'test/console/evidence.test.ts': [
            'a story proves its events: a changed proof does not hold, and that of another event is told apart',
          ],
        },
      },
    ],
  },
  {
    attack: 'The service shows an approver of the console another action than the one that the digest is of',
    control: 'The page computes the digest anew, and shows no card to decide on if it is another',
    switches: [
      {
        name: 'page-digest',
        file: 'src/console/pages/request.tsx',
        find: '  if (!isOfDigest(request))',
        replace: '  if (false)',
        build: true,
        tests: {
          'test/console/console.test.ts': ['an approver › a card that is not what the digest is of is not shown'],
        },
      },
    ],
  },
  {
    attack: 'Somebody signs in at a window that another person left, and sees what that person was typing',
    control:
      'What was typed belongs to the account that typed it, and is dropped when another one is signed in, and with the sign-out',
    switches: [
      {
        name: 'draft-owner',
        file: 'src/console/session.ts',
        find: 'if (this.#owner !== person) this.#typed.clear()',
        replace: '',
        build: true,
        tests: {
          'test/console/console.test.ts': [
            'a page that nobody touches for 15 minutes › shows nothing of what was typed to another person who signs in',
            'what was typed and not sent › after a sign-in that was given up %s',
          ],
        },
      },
      {
        name: 'draft-sign-out',
        file: 'src/console/browserSession.ts',
        find: `what was typed.
    sessionStorage.removeItem(underwayKey)`,
        replace: 'what was typed.',
        build: true,
        tests: {
          'test/console/console.test.ts': [
            'what was typed and not sent › goes with the sign-out, also if a sign-in was on its way',
          ],
        },
      },
    ],
  },
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
