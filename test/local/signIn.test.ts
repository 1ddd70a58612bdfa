import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callers } from '../../src/http/caller.ts'
import { agents, apiAppId, signInAppId, tenantId, users } from '../../src/local/accounts.ts'
import { type Identity, startIdentity } from '../../src/local/identity.ts'
import { listen } from '../../src/local/port.ts'
import { type Browser, browser } from '../support/browser.ts'

let folder: string
let identity: Identity
let program: Server
let redirectUri: string
let person: Browser

const scope = `${apiAppId}/access_as_user`
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-sign-in-'))
  identity = await startIdentity({ port: 0, dataDir: folder, failed: console.error })
  program = createServer((_req, res) => res.end('back'))
  redirectUri = `http://127.0.0.1:${await listen(program, 0)}/signed-in`
})

beforeEach(() => {
  person = browser()
})

afterAll(async () => {
  program.closeAllConnections()
  await Promise.all([identity.close(), new Promise((done) => program.close(done)), rm(folder, { recursive: true })])
})

test('a person chooses who they are, and gets a token as Entra would issue it', async () => {
  const { query, verifier } = await signIn('dba-1')
  expect(query.get('iss')).toBe(identity.issuer)
  const { status, body } = await redeem({ code: query.get('code') ?? '', code_verifier: verifier })
  expect([status, body['token_type'], body['expires_in']]).toEqual([200, 'Bearer', 3600])
  expect(Object.keys(body)).not.toContain('id_token')
  expect(await caller(String(body['access_token']))).toEqual({
    ...{ kind: 'person', id: users[0]?.oid, name: 'dba-1', roles: [] },
    ...{ client: signInAppId, agentic: false, contexts: [] },
  })
})

test('a signed-in person stays so, unless they have to choose again', async () => {
  await signIn('dba-1')
  const { url } = await person.visit(authorize({}).url)
  expect(new URL(url).searchParams.get('code')).toEqual(expect.any(String))
  expect((await person.visit(authorize({ prompt: 'select_account' }).url)).text).toContain('Who are you?')
})

describe('a sign-in that names an authentication context', () => {
  const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } })
  const openid = { scope: `openid ${scope}` }
  const tokenFor = async ({ url: back }: { url: string }, verifier: string) => {
    const { body } = await redeem({ code: new URL(back).searchParams.get('code') ?? '', code_verifier: verifier })
    return caller(String(body['access_token']))
  }

  test('has one more page each time, and the token bears what was met', async () => {
    for (const already of [false, true]) {
      const { url, verifier } = authorize({ ...openid, claims })
      const first = await person.visit(url)
      const second = already ? first : await person.press(first, 'dba-1')
      expect(second.text).toContain('Sign in once more')
      const back = await person.press(second, 'Yes, I am dba-1')
      expect(await tokenFor(back, verifier)).toMatchObject({ name: 'dba-1', contexts: ['c1'] })
    }
    const { url, verifier } = authorize({})
    expect(await tokenFor(await person.visit(url), verifier)).toMatchObject({ contexts: [] })
  })

  test('gives nothing to a person who has not chosen an account', async () => {
    const page = await person.visit(authorize({ ...openid, claims }).url)
    const skipped = await person.press({ ...page, text: page.text.replace('/dba-1"', '/step-up"') }, 'dba-1')
    expect(skipped.text).toContain('Who are you?')
  })

  test.each([
    ['is no JSON', '{', 'invalid_request'],
    ['is a list', '[]', 'invalid_request'],
    ['has no claims', '{"id_token":7}', 'invalid_request'],
  ])('is refused if what it names %s', async (_what, text, error) => {
    const { url } = await person.visit(authorize({ ...openid, claims: text }).url)
    expect(new URL(url).searchParams.get('error')).toBe(error)
  })
})

test('accounts that may not sign in are not on the page, and cannot be chosen', async () => {
  const page = await person.visit(authorize({}).url)
  for (const { name } of users) expect(page.text.includes(`>${name} <`)).toBe(!['leaver', 'worker'].includes(name))
  for (const name of ['leaver', 'worker', 'nobody', 'dba-1/more'])
    expect((await fetch(`${page.url}/${name}`, { method: 'POST' })).status).toBe(404)
})

test.each([
  ['the verifier of another', { code_verifier: 'x'.repeat(43) }],
  ['no verifier', { code_verifier: '' }],
  ['another address', { redirect_uri: 'http://127.0.0.1/signed-in' }],
])('a code gives no token with %s', async (_what, changed) => {
  const { query, verifier } = await signIn('dba-1')
  const answer = await redeem({ code: query.get('code') ?? '', code_verifier: verifier, ...changed })
  expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('a code gives one token', async () => {
  const { query, verifier } = await signIn('dba-1')
  const form = { code: query.get('code') ?? '', code_verifier: verifier }
  expect((await redeem(form)).status).toBe(200)
  expect(await redeem(form)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test.each([
  ['no challenge', { code_challenge: '' }, 'invalid_request'],
  ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['another scope', { scope: 'https://graph.microsoft.com/User.Read' }, 'invalid_scope'],
  ["an agent's scope", { scope: `${apiAppId}/.default` }, 'invalid_scope'],
  ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
])('no one is asked to sign in for %s', async (_what, changed, error) => {
  const { searchParams, hash } = new URL((await person.visit(authorize(changed).url)).url)
  expect(searchParams.get('error') ?? new URLSearchParams(hash.slice(1)).get('error')).toBe(error)
})

test.each([
  ['on another machine', 'http://192.0.2.1/signed-in'],
  ['by another path', 'http://127.0.0.1:1234/elsewhere'],
  ['that only looks like this machine', 'http://127.0.0.1.example.org/signed-in'],
])('no one is redirected to an address %s', async (_where, redirect_uri) => {
  const { status, url } = await person.visit(authorize({ redirect_uri }).url)
  expect([status, new URL(url).origin]).toEqual([400, identity.origin])
})

test('an agent signs in only as itself', async () => {
  const appId = agents[0]?.appId ?? ''
  expect((await person.visit(authorize({ client_id: appId }).url)).status).toBe(400)
  const { status, text } = await person.visit(authorize({ client_id: '<script>' }).url)
  expect([status, text.includes('This does not work'), text.includes('<script>')]).toEqual([400, true, false])
})

test('a sign-in that was begun in another browser has ended', async () => {
  const page = await person.visit(authorize({}).url)
  const other = await browser().visit(page.url)
  expect([other.status, other.text]).toEqual([400, expect.stringContaining('Start again')])
  expect((await fetch(`${page.url}/dba-1`, { method: 'POST' })).status).toBe(400)
})

test('no page runs a script, can be framed, or is cached', async () => {
  const { headers } = await person.visit(authorize({}).url)
  expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
  expect(headers.get('cache-control')).toBe('no-store')
})

describe('without a browser', () => {
  test('a code is typed on another device, and the program that waits gets the token', async () => {
    const asked = await askForCode()
    expect(asked).toMatchObject({ user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/), expires_in: 600 })
    const form = { grant_type: deviceGrant, device_code: String(asked['device_code']) }
    expect(await post(form)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    const page = await person.visit(String(asked['verification_uri']))
    const wrong = await person.press(page, 'Next', { user_code: 'BCDF-BCDF' })
    expect(wrong.text).toContain('No sign-in has this code')
    const confirm = await person.press(wrong, 'Next', { user_code: String(asked['user_code']) })
    expect(confirm.text).toContain(`<strong>${String(asked['user_code'])}</strong>`)
    const done = await person.press(await person.press(confirm, 'Yes'), 'dba-2')
    expect(done.text).toContain('You are signed in')
    const { status, body } = await post(form)
    expect(status).toBe(200)
    expect(await caller(String(body['access_token']))).toMatchObject({ name: 'dba-2', client: signInAppId })
    expect(await post(form)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('agents get no such code, and neither does another scope', async () => {
    const [agent] = agents
    const [appId, secret] = [agent?.appId ?? '', agent?.secret ?? '']
    const asked = await postTo('devicecode', { client_id: appId, client_secret: secret, scope })
    expect(asked).toMatchObject({ status: 400 })
    expect(await postTo('devicecode', { client_id: signInAppId, scope: 'openid' })).toMatchObject({ status: 400 })
  })

  async function askForCode() {
    const { status, body } = await postTo('devicecode', { client_id: signInAppId, scope })
    expect(status).toBe(200)
    return body
  }
})

test('all addresses in the discovery document lie below the tenant', async () => {
  const answer = await fetch(`${identity.issuer}/.well-known/openid-configuration`)
  const document = (await answer.json()) as Record<string, unknown>
  const places = Object.entries(document).filter(([name]) => /_(endpoint|uri)$/.test(name))
  expect(places.length).toBeGreaterThan(3)
  for (const [name, place] of places)
    expect([name, String(place)]).toEqual([name, expect.stringContaining(`${identity.origin}/${tenantId}/`)])
})

function authorize(changed: Record<string, string>) {
  const verifier = randomBytes(32).toString('base64url')
  const query = {
    ...{ client_id: signInAppId, response_type: 'code', redirect_uri: redirectUri, scope, state: 'mine' },
    ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
    ...changed,
  }
  const url = `${identity.origin}/${tenantId}/oauth2/v2.0/authorize?${new URLSearchParams(query).toString()}`
  return { url, verifier }
}

async function signIn(name: string) {
  const { url, verifier } = authorize({})
  const { url: back } = await person.press(await person.visit(url), name)
  expect(back.startsWith(`${redirectUri}?`)).toBe(true)
  const query = new URL(back).searchParams
  expect(query.get('state')).toBe('mine')
  return { query, verifier }
}

const redeem = (form: Record<string, string>) =>
  post({ grant_type: 'authorization_code', redirect_uri: redirectUri, ...form })

const post = (form: Record<string, string>) => postTo('token', { client_id: signInAppId, ...form })

async function postTo(path: string, form: Record<string, string>) {
  const url = `${identity.origin}/${tenantId}/oauth2/v2.0/${path}`
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

function caller(token: string) {
  const { issuer, jwksUri } = identity
  return callers({ tenantId, audience: apiAppId, issuers: [issuer], jwksUri })(`Bearer ${token}`)
}
