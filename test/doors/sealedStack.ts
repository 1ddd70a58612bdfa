import { createHash, randomUUID, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { VerifySignature } from '../../src/core/log/checkpoint.ts'
import { type Day, nextDay, parseDay } from '../../src/core/data/day.ts'
import { spkiFromPem } from '../../src/core/log/signature.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'

/** What somebody wrote and should not have. */
export const secret = 'The password is hunter2'

export type SealedStack = Awaited<ReturnType<typeof sealedStack>>

/** A stack of its own that has sealed two days: one without requests, and one with requests. The third goes on. */
export async function sealedStack() {
  const stack = await startStack({ args: ['--no-timers'] })
  const early = await stack.local('seal')
  const first = parseDay(/^nothing to seal: (\S+) ends/.exec(early)?.[1] ?? early)
  /** One on which nobody asks, a full one, and the one on which what began the day before ends. */
  const days: readonly [Day, Day, Day] = [first, nextDay(first), nextDay(nextDay(first))]
  // noon of the second day: whenever this runs, what follows is of one day
  const noon = Date.parse(`${days[1]}T12:00:00Z`)
  await stack.local('advance', `${Math.ceil((noon - Date.now()) / 1000)}s`)
  const done = await live(stack)
  const late = await askIn(stack, { expiresIn: 3600 * 24 })
  await stack.local('advance', '25h')
  const seals = [early, await stack.local('seal'), await stack.local('seal')]
  const key = await stack.local('key')

  const evidence = (path: string, headers: Record<string, string> = {}) =>
    stack.call('compliance', `/api/evidence/${path}`, undefined, headers)

  /** As bytes. */
  async function download(path: string): Promise<Buffer> {
    const headers = { authorization: `Bearer ${await stack.token('compliance')}` }
    const answer = await fetch(`${stack.api}/api/evidence/${path}`, { headers })
    expect(answer.status).toBe(200)
    return Buffer.from(await answer.arrayBuffer())
  }

  return {
    ...{ stack, days, key, evidence, download },
    /** Succeeded on the second day; and one that expires on the third. */
    ...{ done, late },
    /** What `npm run local -- seal` said. */
    seals,
    /** Of the log after the second day: each of up to two shards also says which policy is in force. */
    size: (await evidence('bundles')).body.bundles[1].to as number,
    ask: () => askIn(stack),

    saidLines: async (day: Day): Promise<Record<string, string>[]> =>
      (await download(`said/${day}`))
        .toString()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, string>),

    trusted: async (): Promise<readonly Uint8Array[]> => {
      const spki = spkiFromPem(await readFile(key, 'utf8'))
      return spki === null ? [] : [spki]
    },

    /** Erases the reasons of what is done, by the orders of two people. */
    async erase(): Promise<Answer['body']> {
      const erasure = { request: done.id, names: ['reason'], why: 'A secret was in it.' }
      await stack.call('compliance-2', '/api/evidence/erasures', erasure)
      return (await stack.call('compliance', '/api/evidence/erasures', erasure)).body
    },

    /** Seals the third day; says what the command said. */
    async sealThird(): Promise<string> {
      await stack.local('advance', '24h')
      return stack.local('seal')
    },
  }
}

const askIn = async (stack: Stack, more: Record<string, unknown> = {}): Promise<Answer['body']> =>
  (await stack.call('deploy-bot', '/api/requests', wish(more))).body

/** From ask to outcome. */
async function live(stack: Stack): Promise<Answer['body']> {
  const request = await askIn(stack, { reason: secret })
  const { id, digest } = request
  const post = (who: string, step: string, body: object) => stack.call(who, `/api/requests/${id}/${step}`, body)
  await post('dba-1', 'decisions', { verdict: 'approve', digest, reason: 'checked' })
  const { grant } = (await stack.call('deploy-bot', `/api/requests/${id}`)).body
  await post('deploy-bot', 'redeem', { grant: grant.token, digest, redemption: randomUUID() })
  return (await post('deploy-bot', 'outcome', { result: 'succeeded', summary: '1200 rows' })).body
}

export const holds: VerifySignature = (spki, bytes, der) =>
  verify('sha256', bytes, { key: Buffer.from(spki), format: 'der', type: 'spki' }, der)

export const hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
