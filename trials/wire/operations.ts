import { randomUUID } from 'node:crypto'
import type { OperationName } from '../../src/contract/operations.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import type { Caller } from '../../src/http/caller.ts'
import { type Answered, approver, auditor, longest, patiently, type Station, type Wanted } from './station.ts'

/** One call at the HTTP door, ready to be made. */
export interface Ready {
  readonly name: OperationName
  readonly who: Caller
  readonly wanted?: Wanted
  /** Whether an answer is a success, also for a repetition. */
  readonly good: (answer: Answered) => boolean
  /** The events of the request after the call, and without it. */
  readonly events?: { readonly after: readonly string[]; readonly without: readonly string[] }
  /** The request of the call; absent for an ask, whose answer has it. */
  readonly id?: string
  /** An act of another person while the call is under way. */
  readonly meanwhile?: () => Promise<unknown>
}

export interface Operation {
  readonly name: string
  ready(station: Station): Promise<Ready>
}

const asked: readonly string[] = ['requested']
const approved: readonly string[] = [...asked, 'decided', 'approved']
const redeemed: readonly string[] = [...approved, 'redeemed']

const isIn =
  (status: string) =>
  ({ status: code, body }: Answered): boolean =>
    (code === 200 || code === 201) && body.status === status

/** The operations of agents and approvers. */
export const operations: readonly Operation[] = [
  { name: 'ask', ready: async (station) => ask(station, {}) },
  { name: 'ask with a key', ready: async (station) => ask(station, { 'idempotency-key': randomUUID() }) },
  {
    name: 'read',
    async ready(station) {
      const { id } = await pending(station)
      return { name: 'read', who: station.agent, wanted: { id }, id, good: isIn('pending'), events: same(asked) }
    },
  },
  {
    name: 'wait',
    async ready(station) {
      const request = await pending(station)
      const { id } = request
      return {
        ...{ name: 'read', who: station.agent, id, events: same(approved), good: isIn('approved') },
        wanted: { id, headers: { prefer: 'wait=4' } },
        meanwhile: () => decide(station, request),
      }
    },
  },
  {
    name: 'decide',
    async ready(station) {
      const request = await pending(station)
      const { id, digest } = request
      return {
        ...{ name: 'decide', who: approver, id, events: { without: asked, after: approved } },
        ...{ wanted: { id, body: { verdict: 'approve', digest } }, good: isIn('approved') },
      }
    },
  },
  {
    name: 'redeem',
    async ready(station) {
      const { id, body } = await redemption(station)
      const events = { without: approved, after: redeemed }
      return { name: 'redeem', who: station.agent, id, wanted: { id, body }, events, good: isIn('redeemed') }
    },
  },
  {
    name: 'report',
    async ready(station) {
      const { id, body } = await redemption(station)
      await sure(() => station.around.call('redeem', station.agent, { id, body }))
      return {
        ...{ name: 'report', who: station.agent, id, wanted: { id, body: { result: 'succeeded' } } },
        ...{ events: { without: redeemed, after: [...redeemed, 'succeeded'] }, good: isIn('succeeded') },
      }
    },
  },
  {
    name: 'cancel',
    async ready(station) {
      const { id } = await pending(station)
      const events = { without: asked, after: [...asked, 'cancelled'] as const }
      return { name: 'cancel', who: station.agent, id, wanted: { id, body: {} }, events, good: isIn('cancelled') }
    },
  },
  {
    name: 'list',
    async ready(station) {
      const { id } = await pending(station)
      const query = `?agent=${station.agent.id}&from=2026-03-04T00:00:00.000Z&to=2026-03-05T00:00:00.000Z`
      const good = ({ status, body }: Answered) =>
        status === 200 && (body.cursor !== undefined || body.requests.some((one: { id: string }) => one.id === id))
      return { name: 'list', who: auditor, wanted: { query }, id, good, events: same(asked) }
    },
  },
]

const same = (events: readonly string[]) => ({ after: events, without: events })

function ask({ agent }: Station, headers: Readonly<Record<string, string>>): Ready {
  return {
    ...{ name: 'ask', who: agent, good: isIn('pending'), events: same(asked) },
    wanted: { headers, body: wish() },
  }
}

const wish = () => ({
  ...{ action: 'db.export', target: `prod/${randomUUID()}`, environment: 'production' },
  ...{ params: { rows: 1 }, reason: 'Quarterly churn report', expiresIn: longest },
})

interface Asked {
  readonly id: string
  readonly digest: string
}

async function pending({ around, agent }: Station): Promise<Asked> {
  const wanted = { headers: { 'idempotency-key': randomUUID() }, body: wish() }
  return (await sure(() => around.call('ask', agent, wanted))).body
}

const decide = ({ around }: Station, { id, digest }: Asked): Promise<Answered> =>
  sure(() => around.call('decide', approver, { id, body: { verdict: 'approve', digest } }))

async function redemption(station: Station): Promise<{ readonly id: string; readonly body: object }> {
  const request = await pending(station)
  const { id, digest } = request
  await decide(station, request)
  const { body } = await sure(() => station.around.call('read', station.agent, { id }))
  return { id, body: { grant: body.grant.token, digest, redemption: randomUUID() } }
}

/** Makes a call that must succeed. */
async function sure(call: () => Promise<Answered>): Promise<Answered> {
  const answer = await patiently(call)
  if (answer.status > 201) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer
}

/** Lists the types of the request's events in the ledger; `null` if there is no such request. */
export async function history({ around }: Station, id: string): Promise<readonly string[] | null> {
  const request = await around.ledger.find(parseRequestId(id))
  return request && request.events.map(({ type }) => type)
}
