import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuthzenRoute, authzenRouteNames, authzenRoutes } from '../../src/contract/authzen.ts'
import { type OperationName, operationNames, operations } from '../../src/contract/operations.ts'
import { type Connector, startConnector } from '../support/connector.ts'
import { slackEnv } from '../support/slackDouble.ts'
import { type Answer, type Stack, startStack, undocumented, wish } from '../support/stack.ts'
import { oidOf, startTeams, type TeamsDouble, typed } from '../support/teamsDouble.ts'
import { someOf } from '../support/whole.ts'
import { rows } from './callers.ts'
import { type Claims, type Forge, forge } from './tokens.ts'

/** How far a request has come, for a route to have something to do. */
type State = 'pending' | 'asked' | 'approved' | 'broken' | 'redeemed' | 'closed'

const asker = 'b0000000-0000-4000-8000-000000000001'
const executor = 'b0000000-0000-4000-8000-000000000002'
const third = 'b0000000-0000-4000-8000-000000000003'
const stranger = 'b0000000-0000-4000-8000-000000000009'
/** Not in the directory, unlike the second account of the same person. */
const sponsor = 'c0000000-0000-4000-8000-000000000099'
const nobody = '01kjw2xm00abcdefghjkmnpqrs-07'

let connector: Connector
let teams: TeamsDouble
let policy: string
let stack: Stack
let tokens: Forge
/** One of each, which no call here may change. */
let shared: Readonly<Record<State, Answer['body']>>
let before: string
let day: string
let made = 0

beforeAll(async () => {
  ;[connector, teams, policy] = await Promise.all([startConnector(), startTeams(), policyFolder()])
  stack = await startStack({
    env: {
      COUNTERSIGN_CONNECTOR: connector.url,
      COUNTERSIGN_BOT_KEYS: teams.keysUrl,
      COUNTERSIGN_POLICY: policy,
      // Nothing is sent to Slack: none of the callers is Slack.
      ...slackEnv('http://127.0.0.1:1'),
      COUNTERSIGN_AUTHZEN: 'on',
    },
    args: ['--no-timers'],
  })
  tokens = await forge(stack)
  await stack.call('other-bot', '/api/requests', restart())
  made++
  await stack.local('advance', '25h')
  day = /(\d{4}-\d\d-\d\d) is sealed/.exec(await stack.local('seal'))?.[1] ?? 'none'
  // One after the other: asks of one agent at the same moment may be answered `busy`.
  shared = {
    pending: await make('pending'),
    asked: await make('asked'),
    approved: await make('approved'),
    broken: await make('broken'),
    redeemed: await make('redeemed'),
    closed: await make('closed'),
  }
  const { body: shown } = await stack.call('dba-1', `/api/requests/${shared.pending.id}/views`, {})
  shared.pending.view = shown.view
  before = await story()
})

afterAll(async () => {
  await Promise.all([connector.close(), teams.close(), rm(policy, { recursive: true })])
  await stack.stop()
})

const table = rows()

test('every deployed function has its column, and every caller its row', () => {
  const columns = Object.keys(table[0]?.expected ?? {}).sort()
  expect(columns).toEqual(deployed())
  expect(columns).toEqual(
    [
      ...operationNames,
      ...authzenRouteNames,
      ...['messages', 'slack', 'github', 'azureDevOps', 'console', 'elsewhere'],
    ].sort(),
  )
  expect(table.map(({ caller }) => caller).sort()).toEqual(
    [...Object.keys(tokens.forged), ...Object.keys(callers)].sort(),
  )
})

test.each(table.map(({ caller, expected }) => [caller, expected] as const))('%s', async (caller, expected) => {
  const results = await Promise.all(
    Object.entries(expected).map(async ([route, cell]) => [route, await result(caller, route, cell)] as const),
  )
  expect(Object.fromEntries(results)).toEqual(expected)
})

/** By what callers are answered who read a request. */
const readers = someOf(table, ({ expected }) => expected['read'], 2)

test.each(readers.map(({ caller, expected }) => [caller, expected] as const))(
  'for %s, a request that they may not know of looks like an unknown one',
  async (caller, expected) => {
    for (const route of [
      'read',
      'cancel',
      'views',
      'decide',
      'redeem',
      'report',
      'revoke',
      'events',
      'proof',
      'shownView',
    ]) {
      const knows = expected['read'] === '200' && route !== 'read'
      if (expected[route] !== '404' && expected[route] !== '401' && (knows || expected[route] === '200')) continue
      const request = shared[stateOf[route] ?? 'pending']
      const authorization = await authorizationOf(caller, route)
      const [real, none] = await Promise.all(
        [request, { ...request, id: nobody }].map((one) => send(route, authorization, one)),
      )
      expect({ ...none?.body, instance: '' }).toEqual({ ...real?.body, instance: '' })
    }
  },
)

test('refused calls have changed nothing, and sent nothing', async () => {
  expect(await story()).toBe(before)
  const now = Date.now() + 26 * 3_600_000
  const [from, to] = [now - 60 * 3_600_000, now].map((at) => new Date(at).toISOString())
  const { body } = await stack.call('compliance', `/api/requests?from=${from}&to=${to}&limit=100`)
  expect(body.requests).toHaveLength(made)
  expect(connector.messages('a:dba-1')).toHaveLength(1)
  const { body: document } = await stack.call(null, '/api/openapi.json')
  const others =
    /^\/(api(\/messages|\/slack|\/hooks\/(github|azure-devops))?|console\/|access\/.*|\.well-known\/authzen-configuration)$/
  const ours = stack.seen.filter(({ path }) => !others.test(path))
  expect(undocumented({ ...stack, seen: ours }, document)).toEqual([])
})

/** Who could do it, if anybody: forged tokens say that they are theirs. */
const strongest: Readonly<Record<string, string>> = {
  azureDevOps: 'deploy-bot',
  ...{ evaluate: 'deploy-bot', requestAccess: 'deploy-bot', accessTask: 'deploy-bot', cancelAccess: 'deploy-bot' },
  ...{ ask: 'deploy-bot', cancel: 'deploy-bot', redeem: 'other-bot', report: 'other-bot' },
  ...{ views: 'dba-1', decide: 'dba-1', revoke: 'dba-1' },
  delegate: 'dba-1',
  ...{ askBack: 'dba-1', answer: 'deploy-bot', narrow: 'dba-1', breakGlass: 'oncall-1', reviewGlass: 'dba-1' },
}

const evidence = ['Evidence.Read', 'Evidence.Export', 'Evidence.Erase', 'Evidence.Hold']
const evidenceToo = { roles: evidence }

/** An account of the stack, and what else its token says. */
const callers: Readonly<Record<string, readonly [string, Claims?]>> = {
  'agent that asked': ['deploy-bot'],
  executor: ['other-bot'],
  'executor, only Grants.Redeem': ['other-bot', { roles: ['Grants.Redeem'] }],
  'executor without Grants.Redeem': ['other-bot', { roles: ['Actions.Request'] }],
  'another agent': ['other-bot', { oid: third, sub: third, azp: third }],
  'agent with evidence roles alone': ['deploy-bot', { roles: evidence }],
  'agent without role': ['deploy-bot', { roles: undefined }],
  'agent with another application': ['deploy-bot', { azp: third }],
  'unregistered agent': ['other-bot', { oid: stranger, sub: stranger, azp: stranger }],
  // what an agent holds that got a token of an approver on their behalf: https://learn.microsoft.com/entra/agent-id/agent-token-claims
  "agent's application for an approver": ['dba-1', { ...evidenceToo, azp: 'a0000000-0000-4000-8000-000000000001' }],
  'agent for an approver': ['dba-1', { ...evidenceToo, xms_act_fct: '3 9 11', xms_par_app_azp: third }],
  "agent's own account": ['dba-1', { ...evidenceToo, xms_sub_fct: '13' }],
  'application that nobody named': ['dba-1', { ...evidenceToo, azp: stranger }],
  approver: ['dba-1'],
  'approver with agent roles': ['dba-1', { roles: ['Actions.Request', 'Grants.Redeem'] }],
  'approver of another group': ['security-1'],
  'who may break the glass': ['oncall-1'],
  'owner of the agent': ['owner'],
  'second account of its sponsor': ['security-2'],
  'whom it acts for': ['dba-2'],
  'guest in the group': ['guest'],
  'disabled, in the group': ['leaver'],
  'member in no group': ['compliance', { roles: undefined }],
  'nobody in the directory': ['compliance', { roles: undefined, oid: stranger, sub: stranger }],
  ...Object.fromEntries(evidence.map((role) => [role, ['compliance', { roles: [role] }] as const])),
  'a grant': ['deploy-bot'],
  Teams: ['deploy-bot'],
}

async function authorizationOf(caller: string, route: string): Promise<string | null> {
  if (caller === 'a grant') return `Bearer ${shared.approved.grant.token}`
  if (caller === 'Teams') return `Bearer ${await teams.token()}`
  const forged = tokens.forged[caller]
  if (forged) return forged(await tokens.claimsOf(strongest[route] ?? 'compliance'))
  const [account = '', other] = callers[caller] ?? []
  if (!other) return `Bearer ${await stack.token(account)}`
  return `Bearer ${tokens.signed({ ...(await tokens.claimsOf(account)), ...other })}`
}

const stateOf: Readonly<Record<string, State>> = {
  ...{ redeem: 'approved', revoke: 'approved', report: 'redeemed', erasures: 'closed' },
  ...{ answer: 'asked', reviewGlass: 'broken' },
}

/** What a call comes to, in the words of the table; what would change something has a request of its own. */
async function result(caller: string, route: string, expected: string): Promise<string> {
  const state = stateOf[route] ?? 'pending'
  const talking = ['askBack', 'answer', 'narrow', 'breakGlass', 'reviewGlass']
  const changing = ['cancel', 'cancelAccess', 'views', 'decide', 'redeem', 'report', 'revoke', 'erasures', ...talking]
  const changes = (expected.startsWith('20') || expected === 'why') && changing.includes(route)
  const request = changes ? await make(state) : shared[state]
  const answer = await send(route, await authorizationOf(caller, route), request)
  const { status, body, headers } = answer
  if ((route === 'ask' && status === 201) || (route === 'azureDevOps' && status === 200)) made++
  if (route === 'list' && status === 200) return listed(body.requests, request)
  if (route === 'health' && body.counts) return 'more'
  if (route === 'views' && body.refusal) return 'why'
  if (status < 400) return String(status)
  expect(headers.get('content-type')).toBe('application/problem+json')
  if (status === 401) expect(headers.get('www-authenticate')).toMatch(/^Bearer(?: error="invalid_token", .*)?$/)
  else expect(headers.get('www-authenticate')).toBeNull()
  const words: Record<string, string> = {
    ...{ unauthenticated: '401', 'not-permitted': '403', 'not-found': '404' },
    ...{ 'self-approval': 'self', 'grant-invalid': 'grant', 'not-narrower': 'less' },
    ...{ invalid_denial_binding: 'bound', unknown_task: '404', 'not-deputy': '422' },
  }
  // An error of AuthZEN's extension is named by its type alone.
  const code = body.code ?? body.type.split(':').at(-1)
  return words[code] ?? `${status} ${code}`
}

function listed(requests: readonly { id: string }[], { id }: { id: string }): string {
  if (requests.length === 0) return 'none'
  return requests.some((one) => one.id === id) ? '200' : 'others'
}

/** A call that is good but for who makes it. */
function send(route: string, authorization: string | null, request: Answer['body']): Promise<Answer> {
  const { id, digest, target, grant, questions } = request
  const bodies: Readonly<Record<string, object>> = {
    ask: restart(),
    cancel: {},
    views: {},
    decide: { verdict: 'approve', digest },
    redeem: { grant: grant?.token ?? '', digest, redemption: randomUUID() },
    report: { result: 'succeeded' },
    revoke: {},
    askBack: { question: 'Why?', digest },
    answer: { question: questions?.[0].id ?? '0'.repeat(64), answer: 'Because.' },
    // Who may do it, learns that nothing of this action can get smaller.
    narrow: { params: { rows: 1 }, digest },
    breakGlass: { reason: 'Fire.', digest, confirm: target.split('/').at(-1) },
    reviewGlass: { finding: 'justified', reason: 'It burned.' },
    erasures: { request: id, names: ['reason'], why: 'Because.' },
    hold: { scope: { agent: stranger }, why: 'Because.' },
    release: { why: 'Because.' },
    repairs: { shard: id.slice(-2), why: 'Because.' },
    delegate: { to: oidOf('compliance-2'), until: new Date(Date.now() + 48 * 3_600_000).toISOString() },
    judgements: { ...restart(), agent: asker },
    messages: typed('dba-1', 'help'),
    ...{ slack: {}, github: {} },
    azureDevOps: stage,
    evaluate: exporting,
    requestAccess: { ...exporting, denial: { binding_token: 'none' } },
    cancelAccess: {},
  }
  const path =
    operations[route as OperationName]?.path ??
    authzenRoutes[route as AuthzenRoute]?.path ??
    otherPaths[route] ??
    'api/messages'
  const range = `?from=${day}&to=${day}`
  const queries: Readonly<Record<string, string>> = { list: '?status=pending', metrics: range, exceptions: range }
  const named = path
    .replace('{id}', id)
    .replace('{hold}', id.slice(0, 26))
    .replace('{date}', day)
    .replace('{view}', shownOf(request))
    .replace('{event}', '0'.repeat(64))
  const place = named + (queries[route] ?? '')
  const checked = route === 'azureDevOps' ? { planurl: `${organization}/`, projectid: stranger } : {}
  const headers = { 'content-type': 'application/json', ...checked }
  const sent = { ...headers, ...(authorization !== null && { authorization }) }
  return stack.call(null, `/${place}`, bodies[route], sent, route === 'recall' ? 'DELETE' : undefined)
}

/** The paths of doors that are no operations of the API. */
const otherPaths: Readonly<Record<string, string>> = {
  ...{ elsewhere: 'api', console: 'console/', slack: 'api/slack' },
  ...{ github: 'api/hooks/github', azureDevOps: 'api/hooks/azure-devops' },
}

const organization = 'https://dev.azure.com/contoso'

/** What a check of Azure DevOps sends. */
const stage = {
  ...{ pipeline: 'shop', build: '42', stage: 'Production', attempt: '1', environment: 'production' },
  ...{ ref: 'refs/heads/main', sha: 'b'.repeat(40) },
}

/** A view that was shown of a request, or none. */
const shownOf = ({ view }: Answer['body']): string => view ?? `sha256:${'0'.repeat(64)}`

/** A question of AuthZEN that people would have to decide. */
const exporting = {
  subject: { type: 'service', id: 'reports' },
  action: { name: 'iam.role.grant' },
  resource: { type: 'prod', id: 'customers' },
}

const restart = () => wish({ action: 'service.restart', target: 'web-1', environment: 'staging', params: {} })

/** Asked by one agent for another to execute, on behalf of a person. */
async function make(state: State): Promise<Answer['body']> {
  made++
  const post = async (who: string, step: string, body: object): Promise<Answer['body']> => {
    const { status, body: answer } = await stack.call(who, `/api/requests${step}`, body)
    if (status > 201) throw new Error(`${step}: ${JSON.stringify(answer)}`)
    return answer
  }
  const request = await post('deploy-bot', '', wish({ executor, onBehalfOf: oidOf('dba-2') }))
  const { id, digest, target } = request
  const confirm = target.split('/').at(-1)
  if (state === 'pending') return request
  if (state === 'asked') return post('dba-1', `/${id}/questions`, { question: 'Why?', digest })
  if (state === 'broken') return post('oncall-1', `/${id}/break-glass`, { reason: 'Fire.', digest, confirm })
  if (state === 'closed') return post('deploy-bot', `/${id}/cancel`, {})
  await post('dba-1', `/${id}/decisions`, { verdict: 'approve', digest })
  const approved = (await stack.call('other-bot', `/api/requests/${id}`)).body
  if (state === 'approved') return approved
  const redemption = { grant: approved.grant.token, digest, redemption: randomUUID() }
  return post('other-bot', `/${id}/redeem`, redemption)
}

/** All that has happened to the shared requests. */
async function story(): Promise<string> {
  const paths = Object.values(shared).map(({ id }) => `/api/requests/${id}/events`)
  const answers = await Promise.all(paths.map((path) => stack.call('compliance', path)))
  // A refusal of somebody who may know of the request is recorded. It changes nothing else.
  const isOther = (line: string): boolean => line !== '' && JSON.parse(line).type !== 'refused'
  const linesOf = (body: unknown) => (typeof body === 'string' ? body.split('\n') : [JSON.stringify(body)])
  return JSON.stringify(answers.map(({ body }) => linesOf(body).filter(isOther)))
}

/** The example, with a sponsor, a third agent, and in the group all who may not decide. */
async function policyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-policy-'))
  await cp('policy', folder, { recursive: true })
  const file = join(folder, 'approvers.json')
  const { groups, agents, ...rest }: Answer['body'] = JSON.parse(await readFile(file, 'utf8'))
  const limits = { pending: 50 }
  const approvers = {
    ...rest,
    groups: {
      dba: {
        ...groups.dba,
        deputies: [oidOf('compliance-2')],
        members: ['dba-1', 'dba-2', 'owner', 'security-2', 'guest', 'leaver'].map(oidOf),
      },
      security: { ...groups.security, members: [oidOf('security-1')] },
      oncall: groups.oncall,
    },
    agents: {
      // Of what a pipeline runs, nothing is made smaller.
      [asker]: { ...agents[asker], sponsors: [sponsor], answers: 'both', narrowing: false, limits },
      [executor]: { ...agents[executor], owners: [sponsor], limits },
      [third]: { name: 'third-bot', appId: third, owners: [sponsor] },
    },
    people: { [sponsor]: { sameAs: [oidOf('security-2')] } },
    azureDevOps: {
      [asker]: { organization, projects: { [stranger]: { name: 'Shop', environments: { production: 'production' } } } },
    },
  }
  await writeFile(file, JSON.stringify(approvers))
  const rules = join(folder, 'approve.cedar')
  const rule = '@id("export-needs-dba")\n'
  const text = await readFile(rules, 'utf8')
  await writeFile(rules, text.replace(rule, `${rule}@breakglass("oncall")\n`))
  return folder
}

/** The names of the HTTP functions that the deployed bundle registers, as the Functions worker hears of them. */
function deployed(): readonly string[] {
  const worker = `
    const { Module } = require('node:module')
    const core = {
      version: '0', hostVersion: '0', log() {}, setProgrammingModel() {}, registerHook: () => ({ dispose() {} }),
      registerFunction: ({ name, bindings }) => Object.values(bindings).some(({ type }) => type === 'httpTrigger') &&
        process.stdout.write(name + '\\n'),
    }
    const original = Module.prototype.require
    Module.prototype.require = function (id) { return id === '@azure/functions-core' ? core : original.call(this, id) }
    require('./dist/main.cjs')
    process.exit()`
  return spawnSync(process.execPath, ['-e', worker], { encoding: 'utf8' }).stdout.trim().split('\n').sort()
}
