import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GraphDirectory } from '../../src/azure/directory.ts'
import { type ObjectId, parseObjectId } from '../../src/core/data/id.ts'
import { parseInstant } from '../../src/core/data/instant.ts'
import { callers } from '../../src/http/caller.ts'
import { agents, apiAppId, entraGroups, signInAppId, tenantId, users } from '../../src/local/accounts.ts'
import { type Identity, startIdentity } from '../../src/local/identity.ts'

let folder: string
let identity: Identity

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-entra-'))
  identity = await startIdentity({ port: 0, dataDir: folder, failed: console.error })
})

afterAll(async () => {
  await identity.close()
  await rm(folder, { recursive: true })
})

test.each(agents)('the agent $name is known by its token', async ({ name, oid, appId, roles }) => {
  expect(await call(await identity.tokenFor({ agent: name }))).toEqual({ kind: 'agent', id: oid, appId, roles })
})

const people = users.filter(({ identityParentId }) => identityParentId === undefined)

test.each(people)('the person $name is known by their token', async ({ name, oid, roles }) => {
  const expected = { kind: 'person', id: oid, name, roles, client: signInAppId, agentic: false, contexts: [] }
  expect(await call(await identity.tokenFor({ user: name }))).toEqual(expected)
})

test("an agent's own account is a user whose token names an agent, and not a person", async () => {
  const [account] = users.filter((user) => !people.includes(user))
  const [agent] = agents.filter(({ oid }) => oid === account?.identityParentId)
  const token = await identity.tokenFor({ user: account?.name ?? '' })
  expect(await call(token)).toMatchObject({ kind: 'person', id: account?.oid, client: agent?.appId, agentic: true })
  expect(await directory().person(parseObjectId(account?.oid ?? ''))).toBeNull()
  expect(entraGroups.some(({ members }) => members.includes(account?.oid ?? ''))).toBe(true)
})

test.each(people)('the directory knows $name', async ({ oid, name, userType, enabled }) => {
  const person = await directory().person(parseObjectId(oid))
  expect(person).toMatchObject({ name, member: userType === 'Member', enabled })
})

test('the directory knows the members of a group, and accounts that do not exist', async () => {
  for (const { oid, members } of entraGroups) {
    const ids = people.filter((user) => members.includes(user.oid)).map((user) => user.oid as ObjectId)
    expect(ids.length).toBeLessThan(members.length)
    expect(await directory().members(parseObjectId(oid))).toEqual(ids)
  }
  expect(await directory().person(parseObjectId(tenantId))).toBeNull()
  await directory().ping()
})

function call(token: string | null) {
  const { issuer, jwksUri } = identity
  return callers({ tenantId, audience: apiAppId, issuers: [issuer], jwksUri })(`Bearer ${token}`)
}

function directory(): GraphDirectory {
  const credential = { getToken: async () => ({ token: 'local', expiresOnTimestamp: 0 }) }
  const clock = { now: () => parseInstant('2026-01-31T12:00:00.000Z') }
  return new GraphDirectory({ url: identity.graphUrl, audience: 'local', credential, clock })
}
