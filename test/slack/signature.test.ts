import { type Instant, instant } from '../../src/core/data/instant.ts'
import { type SignedCall, signatureCheck } from '../../src/slack/signature.ts'
import { codeOf } from '../support/build.ts'

/** The code of the problem for which a call is refused. */
const refusalOf = (secrets: readonly string[], clock: ReturnType<typeof at>, call: SignedCall) =>
  codeOf((async () => signatureCheck(secrets, clock)(call))())

/** The example of https://docs.slack.dev/authentication/verifying-requests-from-slack. */
const published = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  timestamp: '1531420618',
  signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  body: [
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V',
    'channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=',
    'response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN',
    'trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  ].join('&'),
}

/** Made with Python's `hmac`. */
const own = {
  secret: '0123456789abcdef0123456789abcdef',
  timestamp: '1772625600',
  signature: 'v0=e753501f7bd241f9db89e0a4615a35763b494a4b8fcea7578d6b8b55ba635010',
  body: 'payload=%7B%22a%22%3A%22%C3%A4%22%7D',
}

type Sample = typeof published

const callOf = ({ timestamp, signature, body }: Sample, more: Partial<SignedCall> = {}): SignedCall => ({
  ...{ timestamp, signature, bytes: Buffer.from(body) },
  ...more,
})

const at = ({ timestamp }: Sample, later = 0): { readonly now: () => Instant } => ({
  now: () => instant((Number(timestamp) + later) * 1000),
})

test.each([published, own])('a call is let in that Slack signed: $timestamp', (sample) => {
  expect(() => signatureCheck([sample.secret], at(sample))(callOf(sample))).not.toThrow()
})

test('while the secret is being changed, the old one and the new one count, and no third', async () => {
  for (const secrets of [
    [own.secret, published.secret],
    [published.secret, own.secret],
  ])
    for (const sample of [published, own])
      expect(() => signatureCheck(secrets, at(sample))(callOf(sample))).not.toThrow()
  expect(await refusalOf(['f'.repeat(32), published.secret], at(own), callOf(own))).toBe('unauthenticated')
})

test.each([-300, 300])('a clock that is off by %d s is tolerated', (seconds) => {
  expect(() => signatureCheck([own.secret], at(own, seconds))(callOf(own))).not.toThrow()
})

test.each<[string, Partial<SignedCall>, number?]>([
  ['with another body', { bytes: Buffer.from(`${own.body} `) }],
  ['without a signature', { signature: null }],
  ['with an empty signature', { signature: 'v0=' }],
  ['of another version', { signature: own.signature.replace('v0', 'v1') }],
  ['with a signature in capitals', { signature: own.signature.toUpperCase() }],
  ['with one more digit', { signature: `${own.signature}0` }],
  ['without a time', { timestamp: null }],
  ['of another time', { timestamp: String(Number(own.timestamp) + 1) }],
  ['with a time that is no number', { timestamp: `${own.timestamp}.0` }],
  ['that is older than five minutes', {}, 301],
  ['from more than five minutes ahead', {}, -301],
])('a call is refused %s', async (_what, more, later = 0) => {
  expect(await refusalOf([own.secret], at(own, later), callOf(own, more))).toBe('unauthenticated')
})

test('there is no check without a secret', () => {
  for (const secrets of [[], [''], [own.secret, '']])
    expect(() => signatureCheck(secrets, at(own))).toThrow('needs a signing secret')
})
