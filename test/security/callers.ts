import type { Row } from './row.ts'

const gate = 'test/teams/gate.test.ts'
const caller = 'test/http/caller.test.ts'
const matrix = 'test/doors/callers.test.ts'
const principal = 'test/http/principal.test.ts'
const login = 'test/cli/login.test.ts'
const token = 'a token is refused that has %s'
const httpViews = 'test/http/views.test.ts'
const stepUpTaken =
  'a request of tier high, where the settings name an authentication context › %s %j takes a token that bears it, and records nothing otherwise'

/** Those who are not who they say, or may not call at all. */
export const callerRows: readonly Row[] = [
  {
    attack: 'An agent, or anybody, forges the click of an approver',
    control:
      'The gate: only activities that Teams signed, for our bot, from our tenant, are read; agents have another registration',
    switches: [
      {
        name: 'gate',
        file: 'src/teams/inbound/door.ts',
        find: '    await gate(authorization, activity)\n',
        replace: '',
        build: true,
        tests: {
          'test/doors/gate.test.ts': [
            'a vote that would count with a valid token › is refused without a token',
            'a vote that would count with a valid token › is refused with the real token of an agent or of a person',
          ],
        },
      },
      {
        name: 'gate-signature',
        file: 'src/teams/inbound/gate.ts',
        find: "import { type JWTVerifyResult, jwtVerify } from 'jose'",
        replace:
          "import { decodeJwt, type JWTVerifyResult } from 'jose'\nconst jwtVerify = async (token, ..._rest) => ({ payload: decodeJwt(token) })",
        tests: {
          [gate]: [
            'a forged token › is refused with another key of the same name',
            'a forged token › is refused with claims that were changed after signing',
            'a forged token › is refused without a signature: alg %s',
            'a forged token › is refused with the public key as an HS256 secret',
          ],
        },
      },
      {
        name: 'gate-algorithm',
        file: 'src/teams/inbound/gate.ts',
        find: "algorithms: ['RS256'],",
        replace: '',
        tests: { [gate]: ['a forged token › is refused with an RSA signature other than RS256'] },
      },
      {
        name: 'gate-issuer',
        file: 'src/teams/inbound/gate.ts',
        find: 'iss: z.literal(issuer),',
        replace: '',
        tests: { [gate]: [token] },
      },
      {
        name: 'gate-audience',
        file: 'src/teams/inbound/gate.ts',
        find: 'aud: z.literal(botAppId),',
        replace: '',
        tests: { [gate]: [token] },
      },
      {
        name: 'gate-service-url',
        file: 'src/teams/inbound/gate.ts',
        find: "if (unslashed(serviceurl) !== unslashed(serviceUrl)) throw refused('serviceurl', 'foreign')",
        replace: '',
        tests: { [gate]: [token] },
      },
      {
        name: 'gate-host',
        file: 'src/teams/inbound/gate.ts',
        find: 'return hosts.includes(host)',
        replace: "return host !== ''",
        tests: { [gate]: ['a service URL with %s is refused, even if the token has the same'] },
      },
      {
        name: 'gate-tenant',
        file: 'src/teams/inbound/gate.ts',
        find: 'z.string().refine((id) => id.toLowerCase() === tenantId)',
        replace: 'z.string()',
        tests: { [gate]: ['an activity with %s is refused'] },
      },
      {
        name: 'gate-endorsement',
        file: 'src/teams/inbound/gate.ts',
        find: 'Array.isArray(endorsements) && endorsements.includes(channel)',
        replace: 'true',
        tests: { [gate]: ['a key that is endorsed for %s does not count'] },
      },
    ],
  },
  {
    attack: 'Somebody without a right here calls the API: an app of the tenant, or with a token that is not for us',
    control:
      'Token, then app role, then registration in `approvers.json`; nobody is let in while keys cannot be fetched',
    switches: [
      {
        name: 'token-signature',
        file: 'src/http/caller.ts',
        find: "import { type JWTHeaderParameters, type JWTVerifyResult, jwtVerify } from 'jose'",
        replace:
          "import { decodeJwt, decodeProtectedHeader, type JWTHeaderParameters, type JWTVerifyResult } from 'jose'\nconst jwtVerify = async (token, ..._rest) => ({ payload: decodeJwt(token), protectedHeader: decodeProtectedHeader(token) })",
        tests: {
          [caller]: [
            'a signature by another key of the same name is refused',
            'claims are refused that were changed after signing',
            'a token without signature is refused: alg %s',
            'HS256 with the public key as its secret is refused',
          ],
        },
      },
      ...(
        [
          ['token-audience', 'aud: z.literal(audience),'],
          ['token-tenant', 'tid: z.literal(tenantId),'],
          ['token-issuer', 'issuer: [...settings.issuers],'],
          ['token-age', "requiredClaims: ['exp', 'iat'],"],
        ] as const
      ).map(([name, find]) => ({
        ...{ name, find, replace: '', file: 'src/http/caller.ts' },
        tests: { [caller]: [token] },
      })),
      ...(
        [
          ['token-memory', ' && this.#now() < known.until', 'a token is verified once in a minute'],
          [
            'token-memory-expiry',
            ', payload.exp * 1000)',
            'a token is forgotten when it expires, without the tolerance of clocks',
          ],
          [
            'token-memory-key',
            ' && this.#keys.holds(known.kid)',
            'a token is verified again once its key is not among the published ones',
          ],
        ] as const
      ).map(([name, find, test]) => ({
        ...{ name, find, replace: find.startsWith(',') ? ')' : '', file: 'src/runtime/verifiedTokens.ts' },
        tests: { 'test/runtime/verifiedTokens.test.ts': [test] },
      })),
      {
        name: 'token-type',
        file: 'src/http/caller.ts',
        find: "if (!isAccessToken(protectedHeader)) throw refused('typ')",
        replace: '',
        tests: { [caller]: ['a header is refused that has %s'] },
      },
      {
        name: 'token-keys-down',
        file: 'src/runtime/token.ts',
        find: "      throw new Problem('unavailable', 'The keys",
        replace: "      throw new Problem('unauthenticated', 'The keys",
        tests: {
          [caller]: [
            'a caller gets a passing error while the key server %s',
            'no caller is let in without a key server',
          ],
        },
      },
      {
        name: 'agent-role',
        file: 'src/http/principal.ts',
        find: 'if (!roles.some((role) => caller.roles.includes(role)))',
        replace: 'if (roles.length === 0)',
        tests: { 'test/http/principal.test.ts': ['a registered agent without the role of a route is refused: %s'] },
      },
      {
        name: 'agent-registration',
        file: 'src/http/principal.ts',
        find: "if (!agent || agent.appId !== caller.appId) throw notPermitted('This agent is not registered.')",
        replace: '',
        tests: { 'test/http/principal.test.ts': ['an app with the role is not an agent: %s'] },
      },
      {
        name: 'person-role',
        file: 'src/http/principal.ts',
        find: 'if (roles.length > 0 && !roles.some((one) => person.roles.includes(one)))',
        replace: 'if (false)',
        tests: { 'test/http/principal.test.ts': ['an operation for people with a role refuses %s'] },
      },
    ],
  },
  {
    attack: 'An agent approves, revokes or erases with a token that an approver lent it, or as a user of its own',
    control:
      'People come through the applications that COUNTERSIGN_CLIENTS names, none of which is an agent’s; tokens that say an agent acts or is the subject, and accounts of agents, only ever refuse; events name the application',
    switches: [
      {
        name: 'client-named',
        file: 'src/http/principal.ts',
        find: 'const via = clients.get(person.client)',
        replace: "const via = clients.get(person.client) ?? 'api'",
        build: true,
        tests: {
          [principal]: ["a person's token counts for nothing through %s"],
          [matrix]: ['%s'],
        },
      },
      {
        name: 'client-of-agent',
        file: 'src/http/principal.ts',
        find: 'if (policy.agents().some(({ appId }) => appId === person.client))',
        replace: 'if (false)',
        tests: { [principal]: ["a person's token counts for nothing through %s"] },
      },
      {
        name: 'client-of-agent-at-start',
        file: 'src/app.ts',
        find: '  checkClients(clients, policy)\n',
        replace: '',
        build: true,
        tests: {
          'test/doors/start.test.ts': [
            "an agent's application among those for people stops the start, and the message names both",
          ],
        },
      },
      {
        name: 'agent-facets',
        file: 'src/http/principal.ts',
        find: 'if (agentic)',
        replace: 'if (false)',
        build: true,
        tests: {
          [principal]: ["a person's token counts for nothing through %s"],
          [matrix]: ['%s'],
        },
      },
      {
        name: 'agent-facets-read',
        file: 'src/http/caller.ts',
        find: 'values === null || ',
        replace: 'values !== null && ',
        tests: { [caller]: ["a token is marked as an agent's if %s"] },
      },
      {
        name: 'agent-users',
        file: 'src/azure/directory.ts',
        find: 'if (isAgentUser(user)) return null',
        replace: '',
        tests: {
          'test/azure/directory.test.ts': [
            'an account of an agent is not a person, even if it is an enabled member: recognised %s',
          ],
        },
      },
      {
        name: 'client-recorded',
        file: 'src/http/requests.ts',
        find: 'seen: { via: caller.via, client: caller.client, ...seenIn(body) },',
        replace: "seen: { via: 'api', ...seenIn(body) },",
        tests: {
          'test/http/clients.test.ts': ["votes and revocations record the person's application and its name"],
        },
      },
    ],
  },
  {
    attack: 'A stolen session, or a copied token of an approver, decides on a request of tier high over HTTP',
    control:
      'Where COUNTERSIGN_STEP_UP names an authentication context, approving, denying and revoking take a token that bears it; without one nothing is recorded. Cards in Teams bear no token: @via keeps approvals of tier high out of there',
    switches: [
      {
        name: 'step-up-needed',
        file: 'src/approvals/stepUp.ts',
        find: "requirement?.tier === 'high' ? stepUp : null",
        replace: 'Number.isNaN(requirement) ? stepUp : null',
        tests: { [httpViews]: [stepUpTaken] },
      },
      {
        name: 'step-up-met',
        file: 'src/approvals/stepUp.ts',
        find: 'contexts.includes(needed.context)',
        replace: 'contexts.length > 0',
        tests: { [httpViews]: [stepUpTaken] },
      },
      {
        name: 'step-up-of-entra',
        file: 'src/core/data/authenticationContext.ts',
        find: '/^c[1-9]\\d?$/.test(value)',
        replace: '/c[1-9]/.test(value)',
        tests: {
          [caller]: ['authentication contexts are what the person has met; what Entra does not send is none: %s'],
        },
      },
    ],
  },
  {
    attack: 'A key that Entra or the Bot Framework withdrew still signs tokens',
    control: 'Fetched keys count for an hour; after it nobody is let in until the key server answers',
    switches: [
      {
        name: 'token-keys-age',
        file: 'src/runtime/token.ts',
        find: 'const longestKept = 3600 * 1000',
        replace: 'const longestKept = 24 * 3600 * 1000',
        tests: {
          [caller]: [
            'over time › a withdrawn key counts for at most an hour',
            'over time › no caller is let in once the key server has failed for an hour, until it is back',
          ],
        },
      },
    ],
  },
  {
    attack: 'Another program on the machine ends a sign-in of the command with a code of its own, or finds the token',
    control: 'State, issuer and PKCE; the token is in the keyring or in one command’s environment, and in no file',
    switches: [
      {
        name: 'login-state',
        file: 'src/cli/signIn.ts',
        find: 'oauth.validateAuthResponse(server, client, url, state)',
        replace: 'oauth.validateAuthResponse(server, client, url, oauth.skipStateCheck)',
        tests: { [login]: ['an answer from a browser › %s is ignored, and the right one still counts'] },
      },
      {
        name: 'token-inherited',
        file: 'src/cli/environment.ts',
        find: "'COUNTERSIGN_TOKEN_COMMAND', ",
        replace: '',
        tests: {
          'test/cli/run.test.ts': ["passes the environment on, without the agent's credentials"],
        },
      },
      {
        name: 'login-person',
        file: 'src/cli/settings.ts',
        find: "const isPerson = caller === 'person' || ",
        replace: 'const isPerson = ',
        tests: { [login]: ['credentials › of an agent cannot decide, and those of a person cannot ask'] },
      },
    ],
  },
  {
    attack: 'Somebody without the right to it reads, exports or erases evidence',
    control: 'A role of its own for each of the three, asked for by each route',
    switches: [
      {
        name: 'evidence-read',
        file: 'src/contract/requestOperations.ts',
        find: "exactly as hashed',\n    caller: { kind: 'person', role: 'Evidence.Read' },",
        replace: "exactly as hashed',\n    caller: { kind: 'person' },",
        build: true,
        tests: { [matrix]: ['%s'] },
      },
      {
        name: 'evidence-export',
        file: 'src/contract/evidenceOperations.ts',
        find: "caller: { kind: 'person', role: 'Evidence.Export' },\n    query: noQuery,\n    headers: ['Range'",
        replace: "caller: { kind: 'person' },\n    query: noQuery,\n    headers: ['Range'",
        build: true,
        tests: { [matrix]: ['%s'] },
      },
      {
        name: 'evidence-erase',
        file: 'src/contract/evidenceOperations.ts',
        find: "every proof still holds',\n    caller: { kind: 'person', role: 'Evidence.Erase' },",
        replace: "every proof still holds',\n    caller: { kind: 'person' },",
        build: true,
        tests: { [matrix]: ['%s'] },
      },
      {
        name: 'evidence-hold',
        file: 'src/contract/evidenceOperations.ts',
        find: "erased, and record that',\n    caller: { kind: 'person', role: 'Evidence.Hold' },",
        replace: "erased, and record that',\n    caller: { kind: 'person' },",
        build: true,
        tests: { [matrix]: ['%s'] },
      },
      {
        name: 'evidence-release',
        file: 'src/contract/evidenceOperations.ts',
        find: "Release a hold, and record that',\n    caller: { kind: 'person', role: 'Evidence.Hold' },",
        replace: "Release a hold, and record that',\n    caller: { kind: 'person' },",
        build: true,
        tests: { [matrix]: ['%s'] },
      },
    ],
  },
  {
    attack: 'An agent reads, cancels, redeems or reports what is of another; a stranger learns that a request exists',
    control:
      'Ownership, checked in each use case; what one may not know of is 404. A route without a row in the matrix fails',
    switches: [
      {
        name: 'read-owner',
        file: 'src/approvals/involvement.ts',
        find: "if (reader.kind === 'agent') return reader.id === request.agent.id || reader.id === request.executor",
        replace: "if (reader.kind === 'agent') return true",
        tests: {
          'test/approvals/approvals.test.ts': [
            'readers of a request › are no others, and those get the answer for an unknown request',
          ],
        },
      },
      {
        name: 'list-owner',
        file: 'src/approvals/approvals.ts',
        find: "if (reader.kind === 'agent') return ({ agent }) => agent.id === reader.id",
        replace: "if (reader.kind === 'agent') return () => true",
        tests: {
          'test/approvals/approvals.test.ts': [
            'readers of a request › get lists of what they asked for, if they are agents',
          ],
        },
      },
      {
        name: 'acts-on-what-one-knows',
        file: 'src/approvals/involvement.ts',
        find: 'if (!isInvolved(actor)) throw noSuchRequest()',
        replace: '',
        tests: {
          'test/approvals/approvals.test.ts': [
            'people who may decide › get from every call the same answer as for an unknown request: %s',
          ],
          'test/teams/bot.test.ts': [
            'a person of no group who clicks on a card learns who may decide, and nothing else',
          ],
        },
      },
      {
        name: 'cancel-owner',
        file: 'src/approvals/approvals.ts',
        find: 'if (request.agent.id !== agent) throw noSuchRequest()',
        replace: '',
        tests: { 'test/approvals/approvals.test.ts': ['an agent › withdraws its own request only'] },
      },
      {
        name: 'report-owner',
        file: 'src/approvals/approvals.ts',
        find: 'if (request.executor !== input.executor) throw noSuchRequest()',
        replace: '',
        tests: { 'test/approvals/approvals.test.ts': ['an agent › reports what it executed itself'] },
      },
      {
        name: 'grant-owner',
        file: 'src/approvals/approvals.ts',
        find: 'if (!mayHave || ',
        replace: 'if (',
        tests: {
          'test/approvals/approvals.test.ts': ['readers of a request › get a grant only as the agent or the executor'],
        },
      },
      {
        name: 'default-deny',
        file: 'functions/main.ts',
        find: "import './timers.ts'\n",
        replace:
          "import './timers.ts'\nfunctions.http('open', { route: 'api/open', authLevel: 'anonymous', handler: async () => ({}) })\n",
        build: true,
        tests: {
          'test/doors/callers.test.ts': ['every deployed function has its column, and every caller its row'],
        },
      },
    ],
  },
  {
    attack:
      'Any account of the tenant, or an agent, reads the policy or tries asks, to learn what no person has to approve',
    control: 'Only members of a group of approvers and readers of evidence may read the policy and try an ask',
    switches: [
      {
        name: 'tries-for-approvers',
        file: 'src/approvals/policyView.ts',
        find: '  if (evidence || ((await isMember(parts.directory, id)) && (await isApprover(parts, id)))) return\n',
        replace: '  if (evidence || (await parts.directory.person(id))) return\n',
        tests: {
          'test/approvals/dryRun.test.ts': ['a person may try asks › %s'],
          'test/http/policy.test.ts': ['the policy is for approvers and for readers of evidence'],
        },
      },
    ],
  },
  {
    attack: 'There is a second way to approve: by typing, or by a client that acts without a click',
    control: 'One `decide`; typed words lead nowhere, and only a click counts',
    switches: [
      {
        name: 'typed-approval',
        file: 'src/teams/inbound/bot.ts',
        find: "    case 'approve':\n      return spoken.bot.textDoesNothing\n",
        replace: `    case 'approve': {
      const page = { keep: (request: ApprovalRequest) => waitsFor(request, who), limit: listed }
      for (const { id, digest } of (await approvals.list({ by: 'pending' }, page, reader)).requests)
        await approvals.decide(id, { approver: who, verdict: 'approve', seen: { via: 'api', digest } })
      return spoken.bot.textDoesNothing
    }
`,
        build: true,
        tests: { 'test/doors/bot.test.ts': ['nothing changes at › the typed words approve, deny, revoke'] },
      },
      {
        name: 'automatic-click',
        file: 'src/teams/inbound/click.ts',
        find: "(trigger) => trigger !== 'automatic'",
        replace: '() => true',
        tests: { 'test/teams/activity.test.ts': ['a click on a card › is malformed with %s'] },
      },
    ],
  },
]
