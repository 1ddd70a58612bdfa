import type { Client } from '../deployment/client.ts'
import { until } from '../../test/support/until.ts'

const waiters = 10

/** Seconds that agents wait if they get no answer. */
const most = 60

/**
 * Lets agents wait at one process while decisions are made at the other.
 *
 * @returns the times until the answers came, in words
 * @throws {Error} if an agent waits to the end, or gets another answer
 */
export async function hearOfEachOther({ call }: Client): Promise<string> {
  const asked = await Promise.all(
    Array.from({ length: waiters }, async (_, i) => {
      const wish = { action: 'db.export', target: `prod/heard-${i}`, environment: 'one', params: { rows: 1 } }
      const { status, body } = await call(0, 'deploy-bot', '/api/requests', { ...wish, reason: 'To be heard of' })
      if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`)
      return body as { id: string; digest: string }
    }),
  )
  const decided = new Map<string, number>()
  const heard = asked.map(async ({ id }, i) => {
    const verdict = verdictOf(i)
    const { body } = await call(0, 'deploy-bot', `/api/requests/${id}`, undefined, { prefer: `wait=${most}` })
    if (body.status !== statuses[verdict]) throw new Error(`Waited for ${verdict}, and was answered ${body.status}`)
    return performance.now() - (decided.get(id) ?? Number.NaN)
  })
  const allHeard = Promise.allSettled(heard)
  await until(
    async () => (await call(0, 'compliance', '/api/health')).body.counts?.waiting as number,
    (waiting) => waiting === waiters,
  )
  for (const [i, { id, digest }] of asked.entries()) {
    decided.set(id, performance.now())
    const decision = { verdict: verdictOf(i), digest, reason: 'Heard.' }
    const { status } = await call(1, 'dba-1', `/api/requests/${id}/decisions`, decision)
    if (status !== 200) throw new Error(`The decision was answered ${status}.`)
  }
  await allHeard
  const took = (await Promise.all(heard)).sort((a, b) => a - b)
  const [median, longest] = [took[Math.floor(took.length / 2)] ?? 0, took.at(-1) ?? 0]
  if (longest > (most * 1000) / 2) throw new Error(`An agent was answered after ${Math.round(longest)} ms`)
  return `${waiters} agents at one process were answered after decisions at the other: after ${median.toFixed(0)} ms, at most ${longest.toFixed(0)} ms`
}

const verdictOf = (i: number) => (i % 2 === 0 ? 'approve' : 'deny')
const statuses = { approve: 'approved', deny: 'denied' } as const
