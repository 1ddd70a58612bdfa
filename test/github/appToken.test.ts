import { createPublicKey, verify } from 'node:crypto'
import { appToken } from '../../src/github/appToken.ts'
import { gitHubApiSetting, gitHubSettings, webOf } from '../../src/github/settings.ts'
import { localRsaKey } from '../../src/local/rsaKey.ts'

test('the app’s token is signed with RS256, begins a minute ago, and ends within ten', async () => {
  const key = localRsaKey()
  const now = Date.parse('2026-03-04T12:00:00.700Z')
  const [head = '', body = '', signature = ''] = (await appToken(key, 'Iv1.abc', now)).split('.')
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  expect(read(head)).toEqual({ alg: 'RS256', typ: 'JWT' })
  const seconds = Math.floor(now / 1000)
  expect(read(body)).toEqual({ iat: seconds - 60, exp: seconds + 480, iss: 'Iv1.abc' })
  const publicKey = createPublicKey(key.publicKey)
  expect(verify('sha256', Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
})

test.each([
  ['https://api.github.com', 'https://github.com'],
  ['https://api.contoso.ghe.com', 'https://contoso.ghe.com'],
  ['https://github.contoso.example/api/v3', 'https://github.contoso.example'],
])('the runs of %s are seen at %s', (api, web) => {
  expect(gitHubApiSetting.form.test(api)).toBe(true)
  expect(webOf(api)).toBe(web)
})

test.each([
  'http://api.github.com',
  'https://api.github.com/',
  'https://user@api.github.com',
  'https://api.github.com/api/v4',
  'https://api.github.com?x',
  'https://-a.example',
])('is no address of GitHub’s API: %s', (api) => {
  expect(gitHubApiSetting.form.test(api)).toBe(false)
})

test('a secret that is short enough to be guessed is refused', () => {
  const { form } = gitHubSettings.COUNTERSIGN_GITHUB_SECRET
  expect([
    form.test('x'.repeat(31)),
    form.test('x'.repeat(32)),
    form.test('a secret with blanks in it, 0123456'),
  ]).toEqual([false, true, false])
})
