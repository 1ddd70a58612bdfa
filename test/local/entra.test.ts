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

test.each(users)('the person $name is known by their token', async ({ name, oid, roles }) => {
  const person = { kind: 'person', id: oid, name, roles, client: signInAppId }
  expect(await call(await identity.tokenFor({ user: name }))).toEqual(person)
})

test.each(users)('the directory knows $name', async ({ oid, name, userType, enabled }) => {
  const person = await directory().person(parseObjectId(oid))
  expect(person).toMatchObject({ name, member: userType === 'Member', enabled })
})

test('the directory knows who is in a group, and who is not there', async () => {
  for (const { oid, members } of entraGroups) {
    const people = users.filter((user) => members.includes(user.oid)).map((user) => user.oid as ObjectId)
    expect(people.length).toBeLessThan(members.length)
    expect(await directory().members(parseObjectId(oid))).toEqual(people)
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
  return new GraphDirectory({ url: identity.graphUrl, credential, clock })
}
