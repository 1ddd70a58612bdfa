import type { Client } from '../deployment/client.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { accountOf } from '../deployment/policy.ts'
import { type Door, eventOf, type Reply, type Wish } from './race.ts'

/** A request about which callers race. */
export interface Raced {
  readonly id: string
  readonly digest: string
  readonly expiresAt: string
  /** The sample of a standing approval. */
  readonly target: string
}

/** A use that was granted. */
interface GrantedUse {
  readonly id: string
  readonly digest: string
  readonly grant: { readonly token: string }
}

/** The uses that callers were granted, by the key of the call. All doors to a standing approval share them. */
export type GrantedUses = Map<string, GrantedUse>

/** Opens the door of one process: its API over HTTP. */
export const doorOf =
  (
    { call }: Client,
    { members }: Deployment,
    member: number,
    { id, digest, target, granted }: Raced & { readonly granted: GrantedUses },
  ): Door =>
  async (wish, grant) => {
    const path = `/api/requests/${id}`
    const send = async (who: string, to: string, body?: object): Promise<Reply> => {
      const { status, body: answer } = await call(member, who, path + to, body)
      if (status === 503 && answer.code !== 'busy') throw new Error(`${status} ${answer.code}`)
      if (status >= 400) return { answer: { problem: String(answer.code) } }
      const votes: number = answer.approvals.decisions.length
      return { answer: { status: answer.status, votes }, ...(answer.grant && { grant: answer.grant }) }
    }
    /** The key is that of the race, too: other standing approvals have uses of the same name. */
    const use = async ({ key }: Extract<Wish, { kind: 'use' }>): Promise<Reply> => {
      const wished = { action: 'db.export', target, environment: 'standing', params: { rows: 1 }, reason: 'A race' }
      const named = { 'idempotency-key': `${id}:${key}` }
      const { status, body } = await call(member, 'deploy-bot', '/api/requests', { ...wished, under: id }, named)
      if (status === 503 && body.code !== 'busy') throw new Error(`${status} ${body.code}`)
      if (status >= 400) return { answer: { problem: String(body.code) } }
      if (body.grant) granted.set(key, body as GrantedUse)
      return { answer: { use: body.use } }
    }
    const carry = async ({ key, redemption }: Extract<Wish, { kind: 'carry' }>): Promise<Reply> => {
      const one = granted.get(key)
      if (!one) throw new Error(`There is no use ${key}.`)
      const claim = { grant: one.grant.token, digest: one.digest, redemption }
      const { status, body } = await call(member, 'deploy-bot', `/api/requests/${one.id}/redeem`, claim)
      if (status === 503 && body.code !== 'busy') throw new Error(`${status} ${body.code}`)
      return { answer: status === 200 ? 'carried' : { problem: String(body.code) } }
    }
    switch (wish.kind) {
      case 'use':
        return use(wish)
      case 'carry':
        return carry(wish)
      case 'sweep':
        await members[member]?.timer('sweep')
        return { answer: 'done' }
      case 'read':
        return send('deploy-bot', '')
      case 'cancel':
        return send('deploy-bot', '/cancel', {})
      case 'revoke':
        return send(wish.who, '/revoke', {})
      case 'approve':
        return send(wish.who, '/decisions', { verdict: 'approve', digest })
      case 'deny':
        return send(wish.who, '/decisions', { verdict: 'deny', digest, reason: 'No.' })
      case 'redeem':
        return send('deploy-bot', '/redeem', { grant: grant?.token ?? '', digest, redemption: wish.redemption })
      case 'report':
        return send('deploy-bot', '/outcome', { result: wish.result })
    }
  }

/** Reads the events of a request and of its uses, and when its approval would lapse. */
export async function eventsOf(
  calls: Client,
  { id }: Pick<Raced, 'id'>,
): Promise<{ events: string[]; lapsesAt: string | null }> {
  const own = await leavesOf(calls, id)
  const uses = own.flatMap(({ type, data }) => (type === 'used' && data?.request !== undefined ? [data.request] : []))
  const ofUses = (await Promise.all(uses.map((use) => leavesOf(calls, use)))).flat()
  // Of a use only the redemption is no part of another event.
  const all = [...own, ...ofUses.filter(({ type }) => type === 'redeemed')].toSorted(
    (one, other) => one.seq - other.seq,
  )
  const lapsesAt = own.find(({ type }) => type === 'approved')?.data?.lapsesAt ?? null
  return { events: all.flatMap((leaf) => eventOf(leaf, nameOf) ?? []), lapsesAt }
}

async function leavesOf({ call }: Client, id: string): Promise<readonly Leaf[]> {
  const { status, body } = await call(0, 'compliance', `/api/requests/${id}/events`, undefined, {
    accept: 'application/json',
  })
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
  const leaves = (body.events as { leaf: string }[]).map(({ leaf }) => JSON.parse(leaf) as Leaf)
  checkTimes(leaves)
  return leaves
}

type Leaf = Parameters<typeof eventOf>[0] & { readonly seq: number; readonly at: string; readonly data?: Times }

interface Times {
  readonly expiresAt?: string
  readonly lapsesAt?: string
  /** Of \`used\`: the use. */
  readonly request?: string
}

/** Checks that only `expired` is recorded after the deadline, and not before it; and `lapsed` likewise. */
function checkTimes(leaves: readonly Leaf[]): void {
  let deadline = ''
  for (const { type, at, data } of leaves) {
    if (type === 'expired' || type === 'lapsed' ? at < deadline : deadline !== '' && at >= deadline)
      throw new Error(`${type} at ${at}, with a deadline at ${deadline}: ${JSON.stringify(leaves)}`)
    if (type === 'requested') deadline = data?.expiresAt ?? ''
    if (type === 'approved') deadline = data?.lapsesAt ?? ''
    if (type === 'redeemed') deadline = ''
  }
}

const nameOf = (id: string): string => ['dba-1', 'dba-2'].find((name) => accountOf(name) === id) ?? id
