import type { JWTVerifyResult } from 'jose'
import { VerifiedTokens } from '../../src/runtime/verifiedTokens.ts'

/** Milliseconds since 1970, as of each test's start. */
const start = 1_772_366_400_000

function remembering() {
  const keys = new Set(['k1'])
  const time = { now: start }
  const tokens = new VerifiedTokens<string>({ holds: (kid) => keys.has(kid) }, () => time.now)
  let verifications = 0
  const verified = (header: { kid?: string }, exp: number): JWTVerifyResult => ({
    payload: { exp },
    protectedHeader: { alg: 'RS256', ...header },
  })
  /** Says what a token stands for, and whether it was verified for that. */
  const ask = async (
    token: string,
    { kid = 'k1', exp = start / 1000 + 3600 }: Partial<{ kid: string | null; exp: number }> = {},
  ) => {
    const before = verifications
    const verify = async () => {
      verifications++
      return verified(kid === null ? {} : { kid }, exp)
    }
    return [await tokens.value(token, verify, () => `of ${token}`), verifications > before] as const
  }
  return { keys, time, tokens, ask }
}

test('a token is verified once in a minute', async () => {
  const { time, ask } = remembering()
  expect(await ask('a')).toEqual(['of a', true])
  expect(await ask('a')).toEqual(['of a', false])
  expect(await ask('b')).toEqual(['of b', true])
  time.now += 59_999
  expect(await ask('a')).toEqual(['of a', false])
  time.now += 1
  expect(await ask('a')).toEqual(['of a', true])
})

test('a token is forgotten when it expires, without the tolerance of clocks', async () => {
  const { time, ask } = remembering()
  const soon = { exp: start / 1000 + 10 }
  await ask('a', soon)
  time.now += 9_999
  expect(await ask('a', soon)).toEqual(['of a', false])
  time.now += 1
  expect(await ask('a', soon)).toEqual(['of a', true])
  expect(await ask('a', soon)).toEqual(['of a', true])
})

test('a token is verified again once its key is not among the published ones', async () => {
  const { keys, ask } = remembering()
  await ask('a')
  keys.clear()
  expect(await ask('a')).toEqual(['of a', true])
})

test('a token that names no key is verified each time', async () => {
  const { ask } = remembering()
  await ask('a', { kid: null })
  expect(await ask('a', { kid: null })).toEqual(['of a', true])
})

test('a refused token is not remembered, whether its signature or its claims are refused', async () => {
  const { tokens, ask } = remembering()
  const refusal = new Error('refused')
  const good = async () => ({ payload: { exp: start }, protectedHeader: { kid: 'k1' } }) as unknown as JWTVerifyResult
  await expect(tokens.value('a', () => Promise.reject(refusal), String)).rejects.toBe(refusal)
  const refuse = () => {
    throw refusal
  }
  await expect(tokens.value('a', good, refuse)).rejects.toBe(refusal)
  expect(await ask('a')).toEqual(['of a', true])
})

test('the oldest of very many tokens give way', async () => {
  const { ask } = remembering()
  for (let i = 0; i <= 10_000; i++) await ask(`token ${i}`)
  expect(await ask('token 10000')).toEqual(['of token 10000', false])
  expect(await ask('token 1')).toEqual(['of token 1', false])
  expect(await ask('token 0')).toEqual(['of token 0', true])
})
