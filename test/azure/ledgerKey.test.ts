import type { TokenCredential } from '@azure/identity'
import { VaultLedgerKey } from '../../src/azure/ledgerKey.ts'
import { codeOf } from '../support/build.ts'
import { type Answer, type Double, type Received, startDouble } from '../support/double.ts'

/** A version of the secret `ledger`, as the vault has it. */
interface Version {
  readonly attributes: { readonly enabled: boolean; readonly created: number; readonly nbf?: number }
  readonly value: string
}

const perPage = 2

let versions: Map<string, Version>
let trouble: (request: Received) => Answer | null
let now: number
let scopes: string[]
let vault: Double

beforeEach(async () => {
  versions = new Map()
  trouble = () => null
  now = 0
  scopes = []
  vault = await startDouble((request) => trouble(request) ?? answer(request))
})

afterEach(() => vault.close())

test('versions are newest first, over all pages, and only those in force', async () => {
  version('old', { created: 1 })
  version('disabled', { created: 5, enabled: false })
  version('newest', { created: 4 })
  version('future', { created: 6, nbf: Date.now() / 1000 + 3600 })
  version('middle', { created: 3 })
  const found = await keyOf().versions()
  expect(found.map(({ id }) => id)).toEqual(['newest', 'middle', 'old'])
  expect(found[0]?.secret).toEqual(secretOf('newest'))
  expect(vault.received.every(({ headers }) => headers.authorization === 'Bearer a-token')).toBe(true)
  expect(new Set(scopes)).toEqual(new Set([`${audience}/.default`]))
})

test('all instances agree on the order of versions of one second', async () => {
  for (const name of ['c', 'a', 'b']) version(name, { created: 1 })
  expect((await keyOf().versions()).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})

test('an unknown version is looked up once a minute, and each value is read once', async () => {
  version('v1', { created: 1 })
  const key = keyOf()
  await key.versions()
  version('v2', { created: 2 })
  const asked = () => vault.received.length
  const before = asked()
  for (let i = 0; i < 5; i++) expect((await key.versions('v2')).map(({ id }) => id)).toEqual(['v1'])
  expect(asked()).toBe(before)
  now += 60_000
  expect((await key.versions('v2')).map(({ id }) => id)).toEqual(['v2', 'v1'])
  expect(asked()).toBe(before + 2)
})

test('a new version is used a minute later without a restart', async () => {
  version('v1', { created: 1 })
  const key = keyOf()
  await key.versions()
  version('v2', { created: 2 })
  now += 60_000
  expect((await key.versions()).map(({ id }) => id)).toEqual(['v1'])
  // the reading that this began is shared by whoever needs it
  now += 60_000
  expect((await key.versions('v2')).map(({ id }) => id)).toEqual(['v2', 'v1'])
})

test('a disabled version is no longer accepted', async () => {
  version('v1', { created: 1 })
  version('v2', { created: 2 })
  const key = keyOf()
  await key.versions()
  version('v1', { created: 1, enabled: false })
  now += 60_000
  expect((await key.versions('other')).map(({ id }) => id)).toEqual(['v2'])
})

test('while the vault does not answer, known versions stay in use', async () => {
  version('v1', { created: 1 })
  const key = keyOf()
  await key.versions()
  trouble = () => ({ status: 503 })
  now += 60_000
  expect((await key.versions('v2')).map(({ id }) => id)).toEqual(['v1'])
})

test.each<[string, (request: Received) => Answer | null]>([
  ['refuses', () => ({ status: 403 })],
  ['hangs up', () => 'reset'],
  ['has no version', () => ({ status: 200, body: { value: [] } })],
  ['answers otherwise', () => ({ status: 200, body: 'secret' })],
  ['lists a version of another secret', () => listed('http://127.0.0.1/secrets/other/v1')],
  ['names a page of another host', () => ({ status: 200, body: { value: [], nextLink: 'http://127.0.0.1:1/more' } })],
  ['redirects', () => ({ status: 302, headers: { location: `${vault.origin}/secrets/ledger/versions` } })],
])('a vault that %s is unavailable, and asked again at the next call', async (_what, how) => {
  version('v1', { created: 1 })
  const key = keyOf()
  trouble = how
  expect(await codeOf(key.versions())).toBe('unavailable')
  trouble = () => null
  expect(await key.versions()).toHaveLength(1)
})

test.each([
  ['too short', Buffer.alloc(16).toString('base64')],
  ['too long', Buffer.alloc(33).toString('base64')],
  ['no base64', 'a passphrase that somebody typed'],
])('a secret that is %s is not a ledger key', async (_what, value) => {
  versions.set('v1', { attributes: { enabled: true, created: 1 }, value })
  expect(await codeOf(keyOf().versions())).toBe('unavailable')
})

function version(name: string, { enabled = true, ...rest }: Partial<Version['attributes']> & { created: number }) {
  versions.set(name, { attributes: { enabled, ...rest }, value: secretOf(name).toString('base64') })
}

const secretOf = (name: string): Buffer => Buffer.alloc(32, name)

const credential: TokenCredential = {
  async getToken(scope) {
    scopes.push([scope].flat().join())
    return { token: 'a-token', expiresOnTimestamp: 1e15 }
  },
}

const audience = 'https://vault.usgovcloudapi.net'

const keyOf = () =>
  new VaultLedgerKey({
    secretId: `${vault.origin}/secrets/ledger`,
    audience,
    credential,
    now: () => now,
    timeout: 2_000,
  })

const listed = (id: string): Answer => ({
  status: 200,
  body: { value: [{ id, attributes: { enabled: true, created: 1 } }] },
})

function answer({ path, query }: Received): Answer {
  const base = `${vault.origin}/secrets/ledger`
  if (path === '/secrets/ledger/versions') {
    const from = Number(query.get('from') ?? 0)
    const all = [...versions].map(([name, { attributes }]) => ({ id: `${base}/${name}`, attributes }))
    const more = from + perPage < all.length
    const nextLink = more ? `${base}/versions?api-version=7.4&from=${from + perPage}` : null
    return { status: 200, body: { value: all.slice(from, from + perPage), nextLink } }
  }
  const found = versions.get(path.slice('/secrets/ledger/'.length))
  return found ? { status: 200, body: { value: found.value } } : { status: 404 }
}
