import { randomUUID } from 'node:crypto'
import { digestOf } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { endPath } from '../../src/core/log/end.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Ask } from '../../src/approvals/ask.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { after, bot, needs, runner, slot } from '../support/build.ts'
import { rotated } from '../support/fakes.ts'
import {
  anApproved,
  asks,
  claims,
  codeOf,
  count,
  history,
  issuer,
  newSigner,
  outcomeOf,
  uuidOf,
  world,
} from '../support/world.ts'

describe('redeeming', () => {
  test('50 times at once, from three processes, gives one success and one event', async () => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, 'none')
    const places = [here, here.another(), here.another()]
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => {
        const { approvals } = places[i % 3] ?? here
        return outcomeOf(approvals.redeem(request.id, { ...claim, redemption: randomUUID() }))
      }),
    )
    expect(count(outcomes, 'ok')).toBe(1)
    expect(count(outcomes, 'already-redeemed') + count(outcomes, 'busy')).toBe(49)
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'redeemed'])
  })

  test('50 times at once with the same redemption gives 50 equal answers and one event', async () => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, randomUUID())
    const places = [here, here.another(), here.another()]
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (places[i % 3] ?? here).approvals.redeem(request.id, claim)),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'redeemed'])
  })

  test('and withdrawing at the same time lets one of the two win', async () => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, 'one')
    const outcomes = await Promise.all([
      outcomeOf(here.another().approvals.redeem(request.id, claim)),
      outcomeOf(here.another().approvals.cancel(request.id, bot)),
    ])
    expect(count(outcomes, 'ok')).toBe(1)
    expect(await history(here, request.id)).toHaveLength(4)
  })

  test('is for the executor alone, which needs the right to execute for others', async () => {
    const here = await world()
    const request = await anApproved(here, asks({ executor: runner }))
    const claim = await claims(here, request, 'one')
    const redeem = (more: Partial<typeof claim>) => codeOf(here.approvals.redeem(request.id, { ...claim, ...more }))
    expect(await redeem({ caller: bot })).toBe('grant-invalid')
    expect(await redeem({ mayRedeemForOthers: false })).toBe('not-permitted')
    expect(await redeem({ digest: digestOf('another') })).toBe('digest-mismatch')
    const other = await anApproved(here)
    expect(await codeOf(here.approvals.redeem(other.id, claim))).toBe('not-found')
    expect(await codeOf(here.approvals.redeem(other.id, { ...claim, caller: bot }))).toBe('grant-invalid')
    expect((await here.approvals.redeem(request.id, claim)).request.status).toBe('redeemed')
  })

  test('does not take the grant of another request of the same agent', async () => {
    const here = await world()
    const [one, other] = [await anApproved(here), await anApproved(here)]
    const claim = await claims(here, one, 'one')
    expect(await codeOf(here.approvals.redeem(other.id, { ...claim, digest: other.digest }))).toBe('grant-invalid')
  })

  test('ends when the grant expires, but a lost answer can be repeated', async () => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, 'one')
    here.clock.set(after(360))
    expect(await codeOf(here.approvals.redeem(request.id, claim))).toBe('grant-invalid')
    const fresh = await claims(here, request, 'one')
    expect((await here.approvals.redeem(request.id, fresh)).request.status).toBe('redeemed')
    here.clock.set(after(9000))
    expect((await here.approvals.redeem(request.id, fresh)).request.status).toBe('redeemed')
    expect(await codeOf(here.approvals.redeem(request.id, { ...fresh, redemption: uuidOf('two') }))).toBe(
      'grant-invalid',
    )
  })
})

describe('a grant', () => {
  test('is reused while half its life is left, and then replaced', async () => {
    const here = await world()
    const request = await anApproved(here)
    const at = async (seconds: number) => {
      here.clock.set(after(seconds))
      return (await here.approvals.grant(request, bot)).grant
    }
    const first = await at(60)
    expect(first?.expiresAt).toBe(after(360))
    expect(await at(209.999)).toEqual(first)
    const second = await at(210)
    expect(second?.expiresAt).toBe(after(510))
    expect(second?.token).not.toBe(first?.token)
  })

  test('is for one request only', async () => {
    const here = await world()
    const [one, other] = [await anApproved(here), await anApproved(here)]
    const tokens = await Promise.all([one, other].map((request) => here.approvals.grant(request, bot)))
    expect(tokens[0]?.grant?.token).not.toBe(tokens[1]?.grant?.token)
  })

  test('is not issued once the request is no longer approved', async () => {
    const here = await world()
    const request = await anApproved(here)
    expect((await here.approvals.grant(request, bot)).grant).not.toBeNull()
    const cancelled = await here.approvals.cancel(request.id, bot)
    expect((await here.approvals.grant(cancelled, bot)).grant).toBeNull()
  })

  test('of another process counts, and so does one from before a key rotation', async () => {
    const [older, newer] = [await newSigner(), await newSigner()]
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here.another({ signer: older }), request, 'one')
    const place = here.another({ signer: rotated(newer, older) })
    expect((await place.approvals.redeem(request.id, claim)).request.status).toBe('redeemed')
  })
})

describe('a grant is refused if it is', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const read = (text = '') => JSON.parse(Buffer.from(text, 'base64url').toString()) as JsonObject

  type Forgery = (token: string, signer: Signer) => string | Promise<string>

  const edited =
    (index: 0 | 1, change: JsonObject): Forgery =>
    (token) =>
      token
        .split('.')
        .map((text, i) => (i === index ? part({ ...read(text), ...change }) : text))
        .join('.')

  const withSignature =
    (change: (bytes: Buffer) => Buffer): Forgery =>
    (token) => {
      const [head, body, signature = ''] = token.split('.')
      return `${head}.${body}.${change(Buffer.from(signature, 'base64url')).toString('base64url')}`
    }

  /** Signed by the right key, but with another header. */
  const signedAs =
    (header: JsonObject): Forgery =>
    async (token, signer) => {
      const [head, body] = token.split('.')
      const input = `${part({ ...read(head), ...header })}.${body}`
      const { createHash } = await import('node:crypto')
      const { signature } = await signer.sign(createHash('sha256').update(input).digest())
      return `${input}.${Buffer.from(signature).toString('base64url')}`
    }

  /** 64 bytes leave four bits of the last character that say nothing. */
  const sibling = (letter = '') => (letter === 'A' ? 'B' : letter === 'Q' ? 'R' : letter === 'g' ? 'h' : 'x')

  test.each<[string, Forgery]>([
    ['a text', () => 'grant'],
    ['an empty text', () => ''],
    ['three dots', () => '...'],
    ['a token without signature', (token) => token.split('.').slice(0, 2).join('.')],
    ['a token with an empty signature', (token) => `${token.split('.').slice(0, 2).join('.')}.`],
    ['a token with a fourth part', (token) => `${token}.x`],
    ['a token with padding', (token) => `${token}=`],
    ['a token with a line break', (token) => `${token}\n`],
    ['a token with its last bits changed', (token) => token.slice(0, -1) + sibling(token.at(-1))],
    ['a token with a longer life', edited(1, { exp: 9_999_999_999 })],
    ['a token with another executor', edited(1, { aud: runner })],
    ['an unsigned token', edited(0, { alg: 'none' })],
    ['a token of another type, edited', edited(0, { typ: 'JWT' })],
    ['a token of another key', edited(0, { kid: 'unknown' })],
    ['a token of another type, that we signed', signedAs({ typ: 'JWT' })],
    ['a token of another algorithm, that we signed', signedAs({ alg: 'HS256' })],
    ['a signature of zeros', withSignature((bytes) => Buffer.alloc(bytes.length))],
    [
      'a signature with a flipped bit',
      withSignature((bytes) => Buffer.from(bytes.map((b, i) => (i === 40 ? b ^ 1 : b)))),
    ],
    ['a signature that is longer', withSignature((bytes) => Buffer.concat([bytes, Buffer.of(0)]))],
    ['a signature that is shorter', withSignature((bytes) => bytes.subarray(1))],
    ['a body that is no JSON', (token) => token.replace(/\.[^.]+\./, '.e30x.')],
    ['something enormous', (token) => `${token}${'A'.repeat(9000)}`],
  ])('%s', async (_what, forge) => {
    const signer = await newSigner()
    const here = await world()
    const place = here.another({ signer })
    const request = await anApproved(here)
    const claim = await claims(place, request, 'one')
    const grant = await forge(claim.grant, signer)
    expect(await codeOf(place.approvals.redeem(request.id, { ...claim, grant }))).toBe('grant-invalid')
    expect((await place.approvals.redeem(request.id, claim)).request.status).toBe('redeemed')
  })

  test("a token that a foreign key signed under the service's key name is not a grant", async () => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, 'one')
    const foreign = await newSigner()
    const { kid } = read(claim.grant.split('.')[0])
    const grant = await signedAs(kid === undefined ? {} : { kid })(claim.grant, foreign)
    expect(await codeOf(here.approvals.redeem(request.id, { ...claim, grant }))).toBe('grant-invalid')
  })
})

test('a grant is a JWS that names what was approved', async () => {
  const here = await world(() => needs([slot('dba')], { grant: 120 }))
  const request = await anApproved(here)
  const { grant } = await here.approvals.grant(request, bot)
  const [head, body] = (grant?.token ?? '').split('.').map((text) => Buffer.from(text, 'base64url').toString())
  expect(JSON.parse(head ?? '')).toMatchObject({ alg: 'ES256', typ: 'countersign-grant+jwt' })
  expect(JSON.parse(body ?? '')).toMatchObject({ iss: issuer, aud: bot, jti: request.id, sub: bot })
  expect(grant?.expiresAt).toBe(after(180))
})

describe('an ask that redeems', () => {
  type Judge = () => Judgement
  const allowing: Judge = () => ({ outcome: 'allow', rules: ['rule'], lapse: 3600, grant: 300 })
  const redemption = randomUUID()

  test('what policy alone allows is one commit, with its events in order and its file in the archive', async () => {
    const here = await world(allowing)
    const commit = jest.spyOn(here.ledger, 'commit')
    const { request, next, created } = await here.approvals.ask(asks({ redemption }))
    expect({ status: request.status, next, created }).toEqual({ status: 'redeemed', next: 'execute', created: true })
    expect(commit).toHaveBeenCalledTimes(1)
    expect(request.events.map(({ type }) => type)).toEqual(['requested', 'approved', 'redeemed'])
    expect((await here.archive.list('ends/')).map(({ name }) => name)).toEqual([endPath(request.id)])
    // Another process replays the events and compares the row with them.
    expect(await here.another().approvals.read(request.id, { kind: 'agent', id: bot })).toEqual(request)
    expect((await here.approvals.report(request.id, { executor: bot, result: 'succeeded' })).status).toBe('succeeded')
  })

  test('gives the same answer to the same redemption alone, within the time in which an answer may be lost', async () => {
    const here = await world(allowing)
    const ask = asks({ key: 'run-1', redemption })
    const { request } = await here.approvals.ask(ask)
    expect(await here.another().approvals.ask(ask)).toMatchObject({ created: false, next: 'execute' })
    const other = await here.approvals.ask({ ...ask, redemption: randomUUID() })
    expect(other).toMatchObject({ created: false, request: { id: request.id, status: 'redeemed' } })
    expect(other.next).toBeUndefined()
    here.clock.set(after(600))
    expect(await here.another().approvals.ask(ask)).toMatchObject({ next: 'report' })
    expect(await history(here, request.id)).toEqual(['requested', 'approved', 'redeemed'])
  })

  test('goes on with the same redemption once the archive is back', async () => {
    const here = await world(allowing)
    const ask = asks({ key: 'run-1', redemption })
    const away = jest.spyOn(here.archive, 'createOrRead').mockRejectedValueOnce(new Problem('unavailable', 'Away.'))
    expect(await codeOf(here.approvals.ask(ask))).toBe('unavailable')
    away.mockRestore()
    here.clock.set(after(86_000))
    const again = await here.another().approvals.ask(ask)
    expect(again).toMatchObject({ next: 'execute', created: false })
    expect(await history(here, again.request.id)).toEqual(['requested', 'approved', 'redeemed'])
  })

  test.each<[string, Judge, Pick<Partial<Ask>, 'executor'>, string]>([
    ['what people have to approve', () => needs([slot('dba')]), {}, 'pending'],
    ['what policy forbids', () => ({ outcome: 'forbid', rules: ['rule'] }), {}, 'denied'],
    ['what another agent executes', allowing, { executor: runner }, 'approved'],
  ])('redeems nothing of %s', async (_what, judge, more, status) => {
    const here = await world(judge)
    const { request, next } = await here.approvals.ask(asks({ ...more, redemption }))
    expect({ status: request.status, next }).toEqual({ status, next: undefined })
    expect(await here.archive.list('ends/')).toEqual([])
  })

  test('at the same time in two processes, with two redemptions, lets one of them execute', async () => {
    const here = await world(allowing)
    const ask = asks({ key: 'run-1' })
    const places = [here, here.another(), here.another()]
    const answers = await Promise.all(
      places.map(({ approvals }) => approvals.ask({ ...ask, redemption: randomUUID() })),
    )
    expect(answers.filter(({ next }) => next === 'execute')).toHaveLength(1)
    expect(new Set(answers.map(({ request }) => request.id)).size).toBe(1)
  })
})
