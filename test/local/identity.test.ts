import { mkdtemp, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { readCredentials } from '../../src/client/credentials.ts'
import { settingsIn } from '../../src/client/setting.ts'
import { tokenSource } from '../../src/client/token.ts'
import { agents, apiAppId, entraGroups, signInAppId, tenantId, users } from '../../src/local/accounts.ts'
import { type Identity, startIdentity } from '../../src/local/identity.ts'

let dataDir = ''
let identity: Identity
let failures: unknown[] = []
const [deployBot, otherBot] = agents

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'identity-'))
  identity = await start(0)
})
afterAll(async () => {
  await identity.close()
  await rm(dataDir, { recursive: true })
})

test('discovery leads to the keys and the token endpoint under the issuer', async () => {
  const response = await fetch(`${identity.issuer}/.well-known/openid-configuration`)
  await expect(response.json()).resolves.toMatchObject({
    issuer: `${identity.origin}/${tenantId}/v2.0`,
    jwks_uri: identity.jwksUri,
    token_endpoint: identity.tokenUrl,
  })
})

test('client credentials give an agent a token with the claims of Entra', async () => {
  const { status, body } = await clientCredentials({})
  expect(status).toBe(200)
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
  const { payload, protectedHeader } = await verify(String(body['access_token']))
  expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' })
  expect(payload).toMatchObject({
    tid: tenantId,
    oid: deployBot?.oid,
    sub: deployBot?.oid,
    azp: deployBot?.appId,
    ver: '2.0',
    idtyp: 'app',
    roles: ['Actions.Request'],
    nbf: payload.iat,
    exp: Number(payload.iat) + 3600,
  })
  expect(payload).not.toHaveProperty('scp')
})

test.each([
  ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
  ['an unknown application', { client_id: apiAppId }, 401, 'invalid_client'],
  ['another resource', { scope: 'https://graph.microsoft.com/.default' }, 400, 'invalid_scope'],
  ['no scope', { scope: '' }, 400, 'invalid_scope'],
])('%s gives no token', async (_what, changed, status, error) => {
  await expect(clientCredentials(changed)).resolves.toMatchObject({ status, body: { error } })
})

const people = users.filter(({ identityParentId }) => identityParentId === undefined)

test.each(people.map((user) => [user.name, user] as const))('%s has a token as a person', async (name, user) => {
  const { payload } = await verify(String(await identity.tokenFor({ user: name })))
  expect(payload).toMatchObject({
    ...{ tid: tenantId, oid: user.oid, azp: signInAppId, idtyp: 'user', scp: 'access_as_user' },
    ...{ name, preferred_username: user.upn },
  })
  expect(payload['roles'] ?? []).toEqual(user.roles)
})

test('tokenFor gives an agent the same token as client credentials, and unknown accounts none', async () => {
  const { payload } = await verify(String(await identity.tokenFor({ agent: 'deploy-bot' })))
  expect(payload).toMatchObject({ idtyp: 'app', azp: deployBot?.appId, oid: deployBot?.oid })
  await expect(identity.tokenFor({ agent: 'dba-1' })).resolves.toBeNull()
  await expect(identity.tokenFor({ user: 'deploy-bot' })).resolves.toBeNull()
})

test('a token outlives a restart, with a key that only its owner may read', async () => {
  const token = String(await identity.tokenFor({ user: 'dba-1' }))
  const { port } = new URL(identity.origin)
  await identity.close()
  identity = await start(Number(port))
  await expect(verify(token)).resolves.toBeDefined()
  expect((await stat(join(dataDir, 'identity-key.json'))).mode & 0o777).toBe(0o600)
})

test('Graph knows users, with the properties that were asked for', async () => {
  const { status, body } = await graph(`/users/${users[6]?.oid}?$select=id,displayName,userType,accountEnabled`)
  expect(status).toBe(200)
  expect(body).toEqual({ id: users[6]?.oid, displayName: 'guest', userType: 'Guest', accountEnabled: true })
})

test.each([`/users/${tenantId}`, `/groups/${tenantId}/transitiveMembers`])('Graph does not know %s', async (path) => {
  await expect(graph(path)).resolves.toMatchObject({
    status: 404,
    body: { error: { code: 'Request_ResourceNotFound' } },
  })
})

test('Graph wants a token', async () => {
  expect((await fetch(`${identity.graphUrl}/users/${users[0]?.oid}`)).status).toBe(401)
})

test('Graph pages through the members of a group', async () => {
  const [group] = entraGroups
  const first = await graph(`/groups/${group?.oid}/transitiveMembers?$select=id&$top=2`)
  expect(first.body['value']).toEqual([
    { '@odata.type': '#microsoft.graph.servicePrincipal', id: deployBot?.oid },
    { '@odata.type': '#microsoft.graph.user', id: group?.members[0] },
  ])
  const second = await graph(String(first.body['@odata.nextLink']).replace(identity.graphUrl, ''))
  expect(second.body).toEqual({
    value: [
      { '@odata.type': '#microsoft.graph.user', id: group?.members[1] },
      { '@odata.type': '#microsoft.graph.agentUser', id: group?.members[2] },
    ],
  })
  for (const top of ['0', '1000', 'x'])
    expect((await graph(`/groups/${group?.oid}/transitiveMembers?$top=${top}`)).status).toBe(400)
})

test('control routes answer only below /local/, and only to this machine', async () => {
  await expect((await fetch(`${identity.origin}/local/hello`)).text()).resolves.toBe('/local/hello')
  expect((await fetch(`${identity.origin}/local/unknown`)).status).toBe(404)
  expect((await fetch(`${identity.origin}/hello`)).status).toBe(404)
  await expect(statusAs('evil.example')).resolves.toBe(403)
  await expect(statusAs('localhost')).resolves.toBe(200)
})

test('an internal error goes to the log, and the caller gets a bare 500', async () => {
  failures = []
  const answered = await fetch(`${identity.origin}/local/broken`)
  expect([answered.status, await answered.text()]).toEqual([500, ''])
  expect(failures).toEqual([new TypeError('a bug')])
})

function start(port: number): Promise<Identity> {
  return startIdentity({
    port,
    dataDir,
    failed: (cause) => failures.push(cause),
    control(_req, res, url) {
      if (url.pathname.endsWith('/broken')) throw new TypeError('a bug')
      if (!url.pathname.endsWith('/hello')) return false
      res.end(url.pathname)
      return true
    },
  })
}

describe('a federated credential', () => {
  const job = (audience = 'api://AzureADTokenExchange', secret = deployBot?.secret) =>
    fetch(`${identity.origin}/local/workload/token?audience=${encodeURIComponent(audience)}`, {
      headers: { authorization: `Bearer ${secret}` },
    })
  const assertionOf = async (audience?: string) => ((await (await job(audience)).json()) as { value: string }).value
  const exchanged = async (changed: Record<string, string>) =>
    clientCredentials({
      ...{ client_secret: '', client_assertion: await assertionOf() },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      ...changed,
    })

  test('lets an agent sign in with the token of its job, and without a secret', async () => {
    const { status, body } = await exchanged({})
    expect({ status, body }).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } })
    const { payload } = await verify(String(body['access_token']))
    expect(payload).toMatchObject({ oid: deployBot?.oid, azp: deployBot?.appId, roles: ['Actions.Request'] })
  })

  test('is how the client signs in, as in a job of GitHub Actions', async () => {
    const variables = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${identity.origin}/local/workload/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: deployBot?.secret,
      COUNTERSIGN_TOKEN_URL: identity.tokenUrl,
      COUNTERSIGN_CLIENT_ID: deployBot?.appId,
      COUNTERSIGN_SCOPE: `${apiAppId}/.default`,
    }
    const credentials = readCredentials(settingsIn(variables), variables)
    const token = await tokenSource(credentials, { seconds: 0, queue: 0 })(false)
    expect((await verify(token)).payload['oid']).toBe(deployBot?.oid)
  })

  test.each([
    ['of another agent', async () => ({ client_id: otherBot?.appId ?? '' }), 401],
    ['for another audience', async () => ({ client_assertion: await assertionOf('api://other') }), 401],
    ['that is no token', async () => ({ client_assertion: 'x.y.z' }), 401],
    ['of another type', async () => ({ client_assertion_type: 'urn:other' }), 401],
    ['for another resource', async () => ({ scope: 'https://graph.microsoft.com/.default' }), 400],
  ])('%s gives no token', async (_what, changed, status) => {
    expect(await exchanged(await changed())).toMatchObject({ status })
  })

  test('is for jobs that prove whose they are', async () => {
    expect((await job(undefined, 'wrong')).status).toBe(401)
  })
})

async function clientCredentials(changed: Record<string, string>) {
  const form = {
    client_id: deployBot?.appId ?? '',
    client_secret: 'local-deploy-bot-secret',
    grant_type: 'client_credentials',
    scope: `${apiAppId}/.default`,
  }
  return answer(await fetch(identity.tokenUrl, { method: 'POST', body: new URLSearchParams({ ...form, ...changed }) }))
}

async function graph(path: string) {
  return answer(await fetch(identity.graphUrl + path, { headers: { authorization: 'Bearer any' } }))
}

async function answer(response: Response): Promise<{ status: number; body: Record<string, unknown> }> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

function verify(token: string) {
  const keys = createRemoteJWKSet(new URL(identity.jwksUri))
  return jwtVerify(token, keys, { issuer: identity.issuer, audience: apiAppId, algorithms: ['RS256'] })
}

function statusAs(host: string): Promise<number | undefined> {
  return new Promise((done, fail) => {
    const asked = request(`${identity.origin}/local/hello`, { headers: { host } }, (res) => {
      res.resume()
      done(res.statusCode)
    })
    asked.on('error', fail).end()
  })
}
