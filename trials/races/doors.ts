import type { Client } from '../deployment/client.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { accountOf } from '../deployment/policy.ts'
import { type Door, eventOf, type Reply } from './race.ts'

/** A request about which callers race. */
export interface Raced {
  readonly id: string
  readonly digest: string
  readonly expiresAt: string
}

/** Opens the door of one process: its API over HTTP. */
export const doorOf =
  ({ call }: Client, { members }: Deployment, member: number, { id, digest }: Raced): Door =>
  async (wish, grant) => {
    const path = `/api/requests/${id}`
    const send = async (who: string, to: string, body?: object): Promise<Reply> => {
      const { status, body: answer } = await call(member, who, path + to, body)
      if (status === 503 && answer.code !== 'busy') throw new Error(`${status} ${answer.code}`)
      if (status >= 400) return { answer: { problem: String(answer.code) } }
      const votes: number = answer.approvals.decisions.length
      return { answer: { status: answer.status, votes }, ...(answer.grant && { grant: answer.grant }) }
    }
    switch (wish.kind) {
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

/** Reads the events of a request, and when its approval would lapse. */
export async function eventsOf(
  { call }: Client,
  { id }: Raced,
): Promise<{ events: string[]; lapsesAt: string | null }> {
  const { status, body } = await call(0, 'compliance', `/api/requests/${id}/events`, undefined, {
    accept: 'application/json',
  })
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
  const leaves = (body.events as { leaf: string }[]).map(({ leaf }) => JSON.parse(leaf) as Leaf)
  checkTimes(leaves)
  const lapsesAt = leaves.find(({ type }) => type === 'approved')?.data?.lapsesAt ?? null
  return { events: leaves.flatMap((leaf) => eventOf(leaf, nameOf) ?? []), lapsesAt }
}

type Leaf = Parameters<typeof eventOf>[0] & { readonly at: string; readonly data?: Times }

interface Times {
  readonly expiresAt?: string
  readonly lapsesAt?: string
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
