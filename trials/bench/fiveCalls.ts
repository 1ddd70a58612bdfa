import { randomUUID } from 'node:crypto'
import type { Client } from '../deployment/client.ts'
import { botId } from '../deployment/deployment.ts'
import type { PolicyFiles } from '../deployment/policy.ts'

/** Lives that are under way at once. */
export const atOnce = 16

/** Milliseconds without a call, after which nothing is under way any more. */
export const quiet = 1_500

/** Agents that ask in turn, so that none reaches its limits. */
const bots = Array.from({ length: 48 }, (_, n) => botId(n + 1))

/** The agent of the nth call. */
export const botOf = (number: number): string => `bot-${1 + (number % bots.length)}`

/** Of a deployment that they ask. */
export const policy: PolicyFiles = { bots, limits: { pending: 100, hourly: 600 } }

/** Leads the nth request through its life. */
export type Live = (number: number) => Promise<void>

/** The body of an ask that somebody has to approve. No two have one target. */
export const anAsk = () => ({
  ...{ action: 'db.export', target: `prod/postgres/customers-${randomUUID()}`, environment: 'production' },
  ...{ params: { rows: 1200 }, reason: 'Quarterly churn report' },
})

/**
 * Makes a call until it is answered, as clients of ours do where the service is busy or a part of it too slow.
 *
 * @returns the body
 * @throws {Error} for another refusal
 */
export async function made(call: Client['call'], ...given: Parameters<Client['call']>) {
  for (;;) {
    const { status, body } = await call(...given)
    if (status < 300) return body
    if (!['busy', 'unavailable'].includes(body.code))
      throw new Error(`${given[2]} answered ${status}: ${JSON.stringify(body)}`)
    await new Promise((done) => setTimeout(done, (body.retryAfter ?? 1) * 1000))
  }
}

/** Makes the function that leads a request through its life at a process: five calls. */
export function liveAt({ call }: Client, member: number): Live {
  return async (number) => {
    const bot = botOf(number)
    const key = { 'idempotency-key': randomUUID() }
    const { id, digest } = await made(call, member, bot, '/api/requests', anAsk(), key)
    const path = `/api/requests/${id}`
    await made(call, member, 'dba-1', `${path}/decisions`, { verdict: 'approve', digest })
    const { grant } = await made(call, member, bot, path)
    await made(call, member, bot, `${path}/redeem`, { grant: grant.token, digest, redemption: randomUUID() })
    await made(call, member, bot, `${path}/outcome`, { result: 'succeeded' })
  }
}
