import type { TokenCredential } from '@azure/identity'
import { GraphDirectory, type GraphSettings } from '../../src/azure/directory.ts'
import { parseObjectId } from '../../src/core/data/id.ts'
import { type Instant, parseInstant, plusSeconds } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { type Answer, type Double, type Received, startDouble } from '../support/double.ts'

const dana = parseObjectId('c0000000-0000-4000-8000-000000000001')
const erin = parseObjectId('c0000000-0000-4000-8000-000000000002')
const group = parseObjectId('d0000000-0000-4000-8000-000000000001')
const noon = parseInstant('2026-01-31T12:00:00.000Z')
const user = { id: dana, displayName: 'Dana', userType: 'Member', accountEnabled: true }
const missing: Answer = { status: 404, body: { error: { code: 'Request_ResourceNotFound', message: 'Not there.' } } }

let now: Instant
let answer: (request: Received) => Answer | Promise<Answer>
let graph: Double
let other: Double

beforeEach(async () => {
  now = noon
  answer = () => ({ status: 200, body: user })
  graph = await startDouble((request) => answer(request))
  other = await startDouble(() => ({ status: 200, body: { ...user, value: [{ id: erin }] } }))
})

afterEach(() => Promise.all([graph.close(), other.close()]))

test('a person is a member who may sign in', async () => {
  expect(await directory().person(dana)).toEqual({ name: 'Dana', member: true, enabled: true, asOf: noon })
  const [asked] = graph.received
  expect(asked?.path).toBe(`/v1.0/users/${dana}`)
  expect(asked?.query.get('$select')).toBe('id,displayName,userType,accountEnabled,identityParentId')
  expect(asked?.headers.authorization).toBe(`Bearer token-for-${audience}/.default`)
})

test.each([
  ['a guest is no member', { userType: 'Guest' }, { member: false, enabled: true }],
  ['of an unknown type is no member', { userType: null }, { member: false, enabled: true }],
  ['disabled is not enabled', { accountEnabled: false }, { member: true, enabled: false }],
  ['of unknown state is not enabled', { accountEnabled: null }, { member: true, enabled: false }],
])('a person who is %s', async (_what, said, expected) => {
  answer = () => ({ status: 200, body: { ...user, ...said } })
  expect(await directory().person(dana)).toMatchObject(expected)
})

test.each([
  ['by its type', { '@odata.type': '#microsoft.graph.agentUser' }],
  ['by its agent', { identityParentId: erin }],
  ['by both', { '@odata.type': '#microsoft.graph.agentUser', identityParentId: erin }],
  ['by a type that is unknown', { '@odata.type': '#microsoft.graph.robotUser' }],
  ['by an agent in another form', { identityParentId: { id: erin } }],
])('an account of an agent is not a person, even if it is an enabled member: recognised %s', async (_how, said) => {
  answer = () => ({ status: 200, body: { ...user, ...said } })
  expect(await directory().person(dana)).toBeNull()
})

test.each([
  ['a type', { '@odata.type': '#microsoft.graph.user' }],
  ['no agent', { identityParentId: null }],
])('a person is recognised with %s', async (_what, said) => {
  answer = () => ({ status: 200, body: { ...user, ...said } })
  expect(await directory().person(dana)).toMatchObject({ name: 'Dana' })
})

test('a person may not exist', async () => {
  answer = () => missing
  expect(await directory().person(dana)).toBeNull()
})

test.each<[string, object]>([
  ['another person', { id: erin }],
  ['no person', { id: undefined }],
  ['no name', { displayName: null }],
  ['no type', { userType: undefined }],
  ['no state', { accountEnabled: undefined }],
  ['a state that is text', { accountEnabled: 'true' }],
])('an answer about %s is refused', async (_what, said) => {
  answer = () => ({ status: 200, body: { ...user, ...said } })
  expect(await codeOf(directory().person(dana))).toBe('unavailable')
})

test('the members of a group come from all its pages, each once', async () => {
  answer = ({ query }) =>
    query.get('$skiptoken') === null
      ? page([dana], `${graph.origin}/v1.0/groups/${group}/more?$skiptoken=2`)
      : page([erin.toUpperCase(), dana])
  expect(await directory().members(group)).toEqual([dana, erin])
  expect(graph.received[0]?.path).toBe(`/v1.0/groups/${group}/transitiveMembers`)
})

test("no query uses Graph's index, which lags behind", async () => {
  answer = ({ path }) => (path.includes('/groups/') ? page([dana]) : { status: 200, body: user })
  await directory().members(group)
  await directory().person(dana)
  for (const { path, query, headers } of graph.received) {
    expect(path).not.toMatch(/microsoft\.graph\./)
    expect([...query.keys()].filter((key) => !['$select', '$top'].includes(key))).toEqual([])
    expect(headers).not.toHaveProperty('consistencylevel')
  }
})

test('only people count as members of a group', async () => {
  const types = ['group', 'servicePrincipal', 'device', 'orgContact', 'agentUser']
  const others = types.map((type) => ({ '@odata.type': `#microsoft.graph.${type}`, id: erin, userType: null }))
  answer = () => ({ status: 200, body: { value: [...others, { '@odata.type': '#microsoft.graph.user', id: dana }] } })
  expect(await directory().members(group)).toEqual([dana])
})

test('a group that does not exist has no members, and neither has an empty one', async () => {
  answer = () => missing
  expect(await directory().members(group)).toEqual([])
  answer = () => page([])
  expect(await directory().members(group)).toEqual([])
})

test.each<[string, Answer, string]>([
  ['throttles for a moment', { status: 429, headers: { 'retry-after': '1' } }, 'ok'],
  ['fails', { status: 500 }, 'unavailable'],
  ['answers half of it', { status: 200, body: '{"value":[' }, 'unavailable'],
  ['no longer has the group', missing, 'nobody'],
])('a directory that %s between two pages', async (_what, between, expected) => {
  const later = [between, page([erin])]
  answer = ({ query }) =>
    query.get('$skiptoken') === null
      ? page([dana], `${graph.origin}/v1.0/groups/${group}/more?$skiptoken=2`)
      : (later.shift() ?? page([]))
  const members = directory().members(group)
  if (expected === 'unavailable') expect(await codeOf(members)).toBe(expected)
  else expect(await members).toEqual(expected === 'ok' ? [dana, erin] : [])
})

test('a link to the next page elsewhere is not followed', async () => {
  for (const elsewhere of [other.origin, graph.origin.replace('127.0.0.1', 'localhost'), 'https://evil.example']) {
    answer = () => page([dana], `${elsewhere}/v1.0/groups/${group}/more`)
    expect(await codeOf(directory().members(group))).toBe('unavailable')
  }
  expect(other.received).toEqual([])
  expect(graph.received).toHaveLength(3)
})

test('a redirection is not followed', async () => {
  answer = () => ({ status: 307, headers: { location: `${other.origin}/v1.0/users/${dana}` } })
  expect(await codeOf(directory().person(dana))).toBe('unavailable')
  expect(other.received).toEqual([])
})

test('pages without end are not read', async () => {
  answer = ({ path }) => page([dana], `${graph.origin}${path}`)
  expect(await codeOf(directory().members(group))).toBe('unavailable')
  expect(graph.received).toHaveLength(20)
})

test.each<[string, unknown]>([
  ['no list', {}],
  ['a list of something else', { value: [dana] }],
  ['a member of no type', { value: [{ id: dana }] }],
  ['a malformed id', { value: [{ '@odata.type': '#microsoft.graph.user', id: 'root' }] }],
  ['a malformed link', { value: [], '@odata.nextLink': 'more' }],
  ['no JSON', '<html>'],
])('an answer about a group is refused with %s', async (_what, body) => {
  answer = () => ({ status: 200, body })
  expect(await codeOf(directory().members(group))).toBe('unavailable')
})

test.each<[string, Answer]>([
  ['throttles', { status: 429, headers: { 'retry-after': '1' } }],
  ['throttles without saying how long', { status: 429 }],
  ['is busy', { status: 503, headers: { 'retry-after': '0' } }],
])('a directory that %s is asked again', async (_how, first) => {
  const answers = [first]
  answer = () => answers.shift() ?? { status: 200, body: user }
  expect(await directory().person(dana)).toMatchObject({ name: 'Dana' })
  expect(graph.received).toHaveLength(2)
})

test.each<[string, Answer]>([
  ['throttles for an hour', { status: 429, headers: { 'retry-after': '3600' } }],
  ['fails', { status: 500 }],
  ['does not take our token', { status: 401 }],
  ['does not permit it', { status: 403 }],
  ['has no such address', { status: 404, body: '<html>' }],
  ['has no such address, in its own words', { status: 404, body: { error: { code: 'ResourceNotFound' } } }],
  ['answers nothing', { status: 204 }],
  ['drops the connection', 'reset'],
  ['does not answer', 'hang'],
])('no person is found while the directory %s, and afterwards they are', async (_how, trouble) => {
  const asking = directory({ timeout: 700 })
  answer = () => trouble
  expect(await problemOf(asking.person(dana))).toMatchObject({ code: 'unavailable', details: { retryAfter: 5 } })
  expect(await codeOf(asking.members(group))).toBe('unavailable')
  expect(await codeOf(asking.ping())).toBe('unavailable')
  expect(graph.received).toHaveLength(3)
  answer = () => ({ status: 200, body: user })
  expect(await asking.person(dana)).toMatchObject({ name: 'Dana' })
})

test('a directory that is always busy is given up', async () => {
  answer = () => ({ status: 503, headers: { 'retry-after': '0' } })
  expect(await codeOf(directory({ timeout: 700 }).person(dana))).toBe('unavailable')
  expect(graph.received.length).toBeGreaterThan(1)
})

test('no person is found without a directory, or without a token for it', async () => {
  const credential: TokenCredential = { getToken: () => Promise.reject(new Error('no identity')) }
  expect(await codeOf(directory({ credential }).person(dana))).toBe('unavailable')
  expect(await codeOf(directory({ credential: { getToken: async () => null } }).person(dana))).toBe('unavailable')
  expect(graph.received).toEqual([])
  await graph.close()
  expect(await codeOf(directory().person(dana))).toBe('unavailable')
})

test('an answer is used for a minute, with the time it was asked for', async () => {
  const asking = directory()
  await asking.person(dana)
  now = plusSeconds(noon, 59)
  answer = () => missing
  expect(await asking.person(dana)).toMatchObject({ name: 'Dana', asOf: noon })
  now = plusSeconds(noon, 60)
  expect(await asking.person(dana)).toBeNull()
})

test.each([3600, -3600])('after the clock was set by %i s the answer is not used', async (by) => {
  const asking = directory()
  await asking.person(dana)
  now = plusSeconds(noon, by)
  expect(await asking.person(dana)).toMatchObject({ asOf: now })
  expect(graph.received).toHaveLength(2)
})

test('a missing person is remembered, and so is an empty group', async () => {
  const asking = directory()
  answer = () => missing
  for (let i = 0; i < 3; i++) {
    expect(await asking.person(dana)).toBeNull()
    expect(await asking.members(group)).toEqual([])
  }
  expect(graph.received).toHaveLength(2)
})

test('simultaneous calls about one person share an answer', async () => {
  const asking = directory()
  answer = ({ path }) => ({ status: 200, body: { ...user, id: path.split('/').at(-1) } })
  await Promise.all(Array.from({ length: 20 }, (_, i) => asking.person(i % 2 === 0 ? dana : erin)))
  expect(graph.received).toHaveLength(2)
})

test('a shared failure fails for all, and is not remembered', async () => {
  const asking = directory()
  answer = () => ({ status: 500 })
  const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(asking.person(dana))))
  expect(new Set(codes)).toEqual(new Set(['unavailable']))
  expect(graph.received).toHaveLength(1)
  answer = () => ({ status: 200, body: user })
  expect(await asking.person(dana)).toMatchObject({ name: 'Dana' })
})

test('the directory works if it answers that an unknown person does not exist', async () => {
  answer = () => missing
  await directory().ping()
  expect(graph.received[0]?.path).toBe('/v1.0/users/00000000-0000-0000-0000-000000000000')
})

const audience = 'https://dod-graph.microsoft.us'

function directory(more: Partial<GraphSettings> = {}): GraphDirectory {
  const credential: TokenCredential = {
    getToken: async (scope) => ({ token: `token-for-${[scope].flat().join()}`, expiresOnTimestamp: 0 }),
  }
  return new GraphDirectory({ url: `${graph.origin}/v1.0`, audience, credential, clock: { now: () => now }, ...more })
}

function page(ids: readonly string[], next?: string): Answer {
  const value = ids.map((id) => ({ '@odata.type': '#microsoft.graph.user', id }))
  return { status: 200, body: { value, ...(next === undefined ? {} : { '@odata.nextLink': next }) } }
}

const codeOf = async (result: Promise<unknown>) => (await problemOf(result)).code

async function problemOf(result: Promise<unknown>): Promise<Problem> {
  const thrown: unknown = await result.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (thrown instanceof Problem) return thrown
  throw new Error('There was no problem.', { cause: thrown })
}
