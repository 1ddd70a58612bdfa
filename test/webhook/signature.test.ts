import { Webhook } from 'standardwebhooks'
import { hookKey, signedHeaders } from '../../src/webhook/signature.ts'

const secret = (fill: number, bytes = 32) => `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`
const keyOf = (text: string): Uint8Array => {
  const key = hookKey(text)
  if (!key) throw new Error('It has the form of a secret.')
  return key
}
const now = () => Math.floor(Date.now() / 1000)
const body = '{"id":"07-5","text":"ü\\u2028😀"}'

test('the reference library verifies a signature', () => {
  const headers = signedHeaders([keyOf(secret(1))], { id: '07-5', timestamp: now(), body })
  expect(new Webhook(secret(1)).verify(body, headers)).toEqual(JSON.parse(body))
})

test('while a secret is being changed, receivers verify with either', () => {
  const headers = signedHeaders([keyOf(secret(2)), keyOf(secret(1))], { id: '07-5', timestamp: now(), body })
  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2)
  for (const fill of [1, 2]) expect(new Webhook(secret(fill)).verify(body, headers)).toEqual(JSON.parse(body))
  expect(() => new Webhook(secret(3)).verify(body, headers)).toThrow()
})

test('the published example has this signature', () => {
  const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' }
  expect(signedHeaders([key], message)['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test.each<[string, (body: string, headers: Record<string, string>) => [string, Record<string, string>]]>([
  ['another body', (text, headers) => [text.replace('07', '08'), headers]],
  ['another id', (text, headers) => [text, { ...headers, 'webhook-id': '07-6' }]],
  ['another moment', (text, headers) => [text, { ...headers, 'webhook-timestamp': String(now() + 1) }]],
])('a signature covers id, moment and body: with %s it does not verify', (_what, change) => {
  const headers = signedHeaders([keyOf(secret(1))], { id: '07-5', timestamp: now(), body })
  const [text, changed] = change(body, headers)
  expect(() => new Webhook(secret(1)).verify(text, changed)).toThrow()
})

test.each([
  ['has no prefix', Buffer.alloc(32).toString('base64')],
  ['is too short', secret(1, 23)],
  ['is too long', secret(1, 65)],
  ['is no base64', 'whsec_not base64 at all'],
  ['is another base64', `whsec_${Buffer.alloc(33, 255).toString('base64url')}`],
  ['has bits left over', `whsec_${Buffer.alloc(24).toString('base64')}B`],
  ['is empty', ''],
])('a secret that %s is none', (_how, text) => {
  expect(hookKey(text)).toBeNull()
})

test.each([24, 32, 64])('a secret has 24 to 64 bytes: %d', (bytes) => {
  expect(keyOf(`${secret(7, bytes)}\n`)).toEqual(Buffer.alloc(bytes, 7))
})
