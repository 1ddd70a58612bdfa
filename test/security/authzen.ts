import type { Row } from './row.ts'

const enemy = 'test/authzen/enemy.test.ts'
const permits = 'an approval permits nothing else: ›'
const binds = 'a denial binds one question: ›'

/** Those who would be permitted over AuthZEN what nobody approved. */
export const authzenRows: readonly Row[] = [
  {
    attack: 'An agent uses an approval over AuthZEN for something else, of another agent, or twice',
    control:
      'An evaluation with an approval is its redemption: the digest of what is asked about, the person and the agent are those of the request, and the commit comes before the answer',
    switches: [
      {
        name: 'authzen-same-digest',
        file: 'src/authzen/evaluation.ts',
        find: 'const digest = actionDigest(action)\n    if (grant === null || request.digest !== digest || request.onBehalfOf !== onBehalfOf) return null',
        replace:
          'const digest = request.digest\n    void actionDigest(action)\n    if (grant === null || request.onBehalfOf !== onBehalfOf) return null',
        tests: { [enemy]: [`${permits} %s`] },
      },
      {
        name: 'authzen-same-person',
        file: 'src/authzen/evaluation.ts',
        find: ' || request.onBehalfOf !== onBehalfOf) return null',
        replace: ' || (onBehalfOf as unknown) === null) return null',
        tests: { [enemy]: [`${permits} %s`] },
      },
      {
        name: 'authzen-own-task',
        file: 'src/authzen/evaluation.ts',
        find: "await approvals.read(parseRequestId(request), { kind: 'agent', id })\n  if (found.agent.id !== id) throw noSuchRequest()",
        replace: "await approvals.read(parseRequestId(request), { kind: 'person', id, evidence: true })",
        tests: { [enemy]: ['a task of another agent is unknown to read and to withdraw, as one that does not exist'] },
      },
    ],
  },
  {
    attack: 'An agent forges a denial of AuthZEN, changes what was denied, or says that it is another agent',
    control:
      'A denial is signed for one question, with a type of its own, and ends after ten minutes; the actor of a question is the caller of the token; two resources are never one target',
    switches: [
      {
        name: 'authzen-denial-hash',
        file: 'src/authzen/binding.ts',
        find: "  if (claims['binding_hash'] !== bindingHash(question, names)) return 'other'\n",
        replace: '  void bindingHash(question, names)\n',
        tests: { [enemy]: [`${binds} its token is refused for %s`] },
      },
      {
        name: 'authzen-denial-audience',
        file: 'src/authzen/binding.ts',
        find: " || claims['aud'] !== accessEndpoint(baseUrl)) return 'other'",
        replace: ") return 'other'",
        tests: { [enemy]: [`${binds} %s is no denial`] },
      },
      {
        name: 'authzen-denial-type',
        file: 'src/approvals/signedToken.ts',
        find: " || header['typ'] !== type) return null",
        replace: ') return null',
        tests: { [enemy]: [`${binds} %s is no denial`] },
      },
      {
        name: 'authzen-denial-time',
        file: 'src/authzen/binding.ts',
        find: "? 'bound' : 'expired'",
        replace: "? 'bound' : 'bound'",
        tests: {
          [enemy]: [`${binds} after its time it is gone, and after a change of the policy there is nothing to ask for`],
        },
      },
      {
        name: 'authzen-actor',
        file: 'src/authzen/askedFor.ts',
        find: "actor['type'] !== 'agent' || actor['id'] !== agent)",
        replace: "actor['type'] !== 'agent')",
        tests: { [enemy]: ['a hostile body is refused, and nothing is recorded: › %s'] },
      },
      {
        name: 'authzen-one-target',
        file: 'src/contract/authzen.ts',
        find: ".regex(/^[^/]*$/, 'has no slash')",
        replace: '',
        tests: { [enemy]: ['a hostile body is refused, and nothing is recorded: › %s'] },
      },
    ],
  },
]
