import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCredentials } from '../../src/client/credentials.ts'
import { settingsIn, type Variables } from '../../src/client/setting.ts'
import { tokenSource } from '../../src/client/token.ts'

interface Seen {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly form: Readonly<Record<string, string>>
}

type Answers = Readonly<Record<string, readonly [status: number, body: object]>>

let origin: string
let folder: string
let answers: Answers
const seen: Seen[] = []

/** Stands in for the platform and the token endpoint, and keeps what each of them was sent. */
const server = createServer((req, res) => {
  let text = ''
  req.setEncoding('utf8').on('data', (more: string) => (text += more))
  req.on('end', () => {
    const { pathname: path, searchParams } = new URL(req.url ?? '/', origin)
    const form = Object.fromEntries(new URLSearchParams(text))
    seen.push({ path, query: Object.fromEntries(searchParams), headers: req.headers, form })
    const [status, body] = answers[path] ?? [404, {}]
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-sign-in-'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  seen.length = 0
  answers = {
    '/job': [200, { value: 'assertion-of-the-job' }],
    '/token': [200, { access_token: 'access', expires_in: 3600 }],
    '/identity': [200, { access_token: 'access', expires_on: String(Math.floor(Date.now() / 1000) + 3600) }],
  }
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

const patience = { seconds: 0, queue: 0 }
const source = (variables: Variables) => tokenSource(readCredentials(settingsIn(variables), variables), patience)
const tokenOf = async (variables: Variables) => source(variables)(false)

const client = () => ({
  ...{ COUNTERSIGN_TOKEN_URL: `${origin}/token`, COUNTERSIGN_CLIENT_ID: 'the-client' },
  COUNTERSIGN_SCOPE: 'api-app/.default',
})
const job = () => ({
  ...{ ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/job?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-job' },
})
const app = () => ({ IDENTITY_ENDPOINT: `${origin}/identity`, IDENTITY_HEADER: 'of-the-app' })
const assertion = (token: string) => ({
  grant_type: 'client_credentials',
  client_id: 'the-client',
  scope: 'api-app/.default',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: token,
})

describe('without a secret', () => {
  test('a job of GitHub Actions sends its own token, which Entra trusts', async () => {
    expect(await tokenOf({ ...client(), ...job() })).toBe('access')
    expect(seen).toMatchObject([
      {
        ...{ path: '/job', query: { 'api-version': '2.0', audience: 'api://AzureADTokenExchange' } },
        headers: { authorization: 'Bearer of-the-job' },
      },
      { path: '/token', form: assertion('assertion-of-the-job') },
    ])
  })

  test('a pod sends the token in its file, which is read anew each time', async () => {
    const file = join(folder, 'token')
    const token = source({ ...client(), AZURE_FEDERATED_TOKEN_FILE: file })
    for (const text of ['first', 'second']) {
      writeFileSync(file, `${text}\n`)
      expect(await token(true)).toBe('access')
    }
    expect(seen.map(({ form }) => form)).toEqual([assertion('first'), assertion('second')])
  })

  test('an app of Azure asks its platform, for an identity of its own or one that it was given', async () => {
    const scope = { COUNTERSIGN_SCOPE: 'api-app/.default' }
    const token = source({ ...app(), ...scope, COUNTERSIGN_MANAGED_IDENTITY: 'on' })
    expect([await token(false), await token(false)]).toEqual(['access', 'access'])
    await tokenOf({ ...app(), ...scope, COUNTERSIGN_CLIENT_ID: 'an-identity' })
    const query = { resource: 'api-app', 'api-version': '2019-08-01' }
    expect(seen).toMatchObject([
      { path: '/identity', query, headers: { 'x-identity-header': 'of-the-app' } },
      { path: '/identity', query: { ...query, client_id: 'an-identity' } },
    ])
  })

  test('a virtual machine asks the metadata service', () => {
    const variables = { COUNTERSIGN_MANAGED_IDENTITY: 'on', COUNTERSIGN_SCOPE: 'api-app/.default' }
    expect(readCredentials(settingsIn(variables), variables)).toEqual({
      kind: 'managed',
      url: new URL('http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api-app'),
      headers: { metadata: 'true' },
    })
  })

  test.each([
    ['https://login.microsoftonline.us/t/oauth2/v2.0/token', 'api://AzureADTokenExchangeUSGov'],
    ['https://login.microsoftonline.com/t/oauth2/v2.0/token', 'api://AzureADTokenExchange'],
  ])('the audience of the job is that of the cloud of %s', async (tokenUrl, audience) => {
    const fake = async (url: URL, init: RequestInit) =>
      url.href.startsWith(origin) ? fetch(url, init) : Response.json({ access_token: 'access' })
    const variables = { ...client(), ...job(), COUNTERSIGN_TOKEN_URL: tokenUrl }
    const token = tokenSource(readCredentials(settingsIn(variables), variables), { ...patience, fetch: fake })
    expect(await token(false)).toBe('access')
    expect(seen[0]?.query['audience']).toBe(audience)
  })
})

test.each<[string, () => Variables, string]>([
  ['a secret that was given', () => ({ ...client(), ...job(), COUNTERSIGN_CLIENT_SECRET: 's' }), 'client'],
  ['the token of the job', () => ({ ...client(), ...job(), ...app() }), 'federated'],
  ['a managed identity that is wanted', () => ({ ...client(), COUNTERSIGN_MANAGED_IDENTITY: 'on' }), 'managed'],
  ['a token', () => ({ ...client(), ...job(), COUNTERSIGN_TOKEN: 't' }), 'token'],
  ['a command', () => ({ ...client(), ...job(), COUNTERSIGN_TOKEN_COMMAND: 'c' }), 'command'],
])('%s comes first', (_what, variables, kind) => {
  expect(readCredentials(settingsIn(variables()), variables()).kind).toBe(kind)
})

test.each<[string, () => Variables, RegExp]>([
  ['a platform that nobody asked for', () => ({ ...job(), ...app() }), /COUNTERSIGN_TOKEN_URL is not set/],
  [
    'a job without the permission',
    () => ({ ...client(), ...job(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' }),
    /id-token: write/,
  ],
  [
    'a token of the job that no header can hold',
    () => ({ ...client(), ...job(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret\n' }),
    /^ACTIONS_ID_TOKEN_REQUEST_TOKEN is not a token: it has only visible ASCII characters\.$/,
  ],
  [
    'a secret of the app that no header can hold',
    () => ({ ...client(), ...app(), IDENTITY_HEADER: 'sécret' }),
    /^IDENTITY_HEADER is not a token: it has only visible ASCII characters\.$/,
  ],
  [
    'a job on plain http',
    () => ({ ...client(), ...job(), ACTIONS_ID_TOKEN_REQUEST_URL: 'http://example.org' }),
    /ACTIONS_ID_TOKEN_REQUEST_URL starts with https/,
  ],
  ['a file that is not there', () => ({ ...client(), AZURE_FEDERATED_TOKEN_FILE: '/nowhere' }), /FEDERATED_TOKEN_FILE/],
  ['an identity without a scope', () => ({ COUNTERSIGN_MANAGED_IDENTITY: 'on' }), /COUNTERSIGN_SCOPE is not set/],
  ['an identity that is neither on nor off', () => ({ COUNTERSIGN_MANAGED_IDENTITY: 'no' }), /is on, or not set/],
  ['a client without a secret', () => client(), /COUNTERSIGN_CLIENT_SECRET is not set/],
])('%s is named', async (_what, variables, words) => {
  await expect((async () => tokenOf(variables()))()).rejects.toMatchObject({
    ...{ name: 'Misconfigured', message: expect.stringMatching(words) as string },
  })
})

test.each<[string, () => Variables, Answers, object]>([
  [
    'a job whose platform gives none',
    () => ({ ...client(), ...job() }),
    { '/job': [500, {}] },
    { name: 'Unreachable' },
  ],
  [
    'an issuer that does not trust the token',
    () => ({ ...client(), ...job() }),
    { '/job': [200, { value: 'v' }], '/token': [401, { error: 'invalid_client' }] },
    { name: 'Refused', code: 'unauthenticated' },
  ],
  [
    'an identity that does not exist',
    () => ({ ...app(), ...client() }),
    { '/identity': [400, { error: 'invalid_request' }] },
    { name: 'Unreachable', message: expect.stringContaining('invalid_request') as string },
  ],
])('%s is no token', async (_what, variables, given, expected) => {
  answers = given
  await expect(tokenOf(variables())).rejects.toMatchObject(expected)
})
