import { randomUUID } from 'node:crypto'
import type { Client } from '../deployment/client.ts'
import { click } from '../../test/support/teamsDouble.ts'

/** Counts of what was done so far, by name. */
export type Counts = Map<string, number>

export interface Load {
  readonly calls: Client
  readonly counts: Counts
  /** The number of agents. */
  readonly bots: number
}

/** Channels, each with a group of its own, because Teams limits the cards in one channel. */
export const channels = Array.from({ length: 10 }, (_, i) => `channel-${i}`)

/** Kinds of lives of a request, which take turns. */
const lives = ['teams', 'api', 'denied', 'cancelled', 'revoked', 'other', 'late', 'lists'] as const

/**
 * Runs one request from its beginning to its end, while its agent waits for the decision over the API.
 *
 * @throws {Error} at an unexpected answer
 */
export async function live({ calls, counts, bots }: Load, n: number): Promise<void> {
  const bot = `bot-${n % bots}`
  const kind = lives[n % lives.length] ?? 'teams'
  const did = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
  const send = async (who: string, path: string, body?: object, headers = {}, wanted = [200, 201]) => {
    let answer = await calls.call(0, who, path, body, headers)
    // The agent is asked to try again. All its calls may arrive twice.
    for (let again = 0; answer.status === 503 && again < 8; again++) {
      did('asked to try again')
      await new Promise((done) => setTimeout(done, 1_000))
      answer = await calls.call(0, who, path, body, headers)
    }
    did('calls')
    if (!wanted.includes(answer.status)) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const wish = {
    ...{ action: 'db.export', target: `prod/soak/${n}`, environment: channels[n % channels.length] },
    params: { rows: n % 1000, tables: ['accounts', 'orders'], destination: 's3://exports' },
    reason: `Soak ${n}`,
  }
  const { id, digest } = await send(bot, '/api/requests', wish, { 'idempotency-key': randomUUID() })
  did('asks')
  const path = `/api/requests/${id}`
  const waits = send(bot, path, undefined, { prefer: 'wait=30' })
  const [first, second] = n % 2 === 0 ? ['dba-1', 'dba-2'] : ['dba-2', 'dba-1']
  const decide = async (verdict: 'approve' | 'deny') => {
    await send(first, `${path}/decisions`, { verdict, digest, reason: 'Soak.' })
    did(`${verdict} by API`)
  }
  const [decision] = await Promise.allSettled([decided()])
  const { status, grant } = await waits
  did('waits')
  if (decision.status === 'rejected') throw decision.reason
  if (status !== 'approved' || kind === 'revoked') return
  const redemption = { grant: grant.token, digest, redemption: randomUUID() }
  await send(bot, `${path}/redeem`, redemption)
  await send(bot, `${path}/outcome`, { result: n % 3 === 0 ? 'failed' : 'succeeded', summary: 'Soaked.' })
  did('redeems and outcomes')
  await send('compliance', `${path}/events`)

  async function decided(): Promise<void> {
    if (kind === 'cancelled') await send(bot, `${path}/cancel`, { reason: 'Soak.' })
    else if (kind === 'denied') await decide('deny')
    else if (kind === 'api') await decide('approve')
    else await byTeams()
    if (kind === 'cancelled') did('cancellations')
    if (kind === 'lists') await lists()
    if (kind === 'revoked') {
      await send(second, `${path}/revoke`, {})
      did('revocations')
    }
  }

  async function byTeams(): Promise<void> {
    const review = await press(first, 'review', { request: id })
    did('reviews in Teams')
    const data = dataOf(review, 'approve')
    const verb = kind === 'late' ? 'deny' : 'approve'
    await press(first, verb, { ...data, ...(kind === 'late' ? { reason: 'Soak.' } : { note: 'Soak.' }) })
    did(`${verb} in Teams`)
  }

  async function press(who: string, verb: string, data: object): Promise<unknown> {
    const answer = await send('teams', '/api/messages', click(who, verb, data))
    if (answer.statusCode !== 200) throw new Error(`${verb}: ${JSON.stringify(answer)}`)
    return answer.value as unknown
  }

  async function lists(): Promise<void> {
    await send(
      'compliance',
      `/api/requests?agent=b1000000-0000-4000-8000-${String(n % bots).padStart(12, '0')}&limit=20`,
    )
    await send('dba-1', '/api/requests?status=pending&limit=20')
    did('lists')
  }
}

/** Reads the data that a card's button sends. */
function dataOf(card: unknown, verb: string): object {
  const found = every(card).find((one) => one['type'] === 'Action.Execute' && one['verb'] === verb)
  const data = found?.['data']
  if (typeof data !== 'object' || data === null) throw new Error(`No ${verb} in ${JSON.stringify(card)?.slice(0, 500)}`)
  return data
}

function every(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(every)
  if (typeof value !== 'object' || value === null) return []
  return [value as Readonly<Record<string, unknown>>, ...Object.values(value).flatMap(every)]
}
