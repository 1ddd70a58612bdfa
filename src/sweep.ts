import type { Approvals } from './approvals/approvals.ts'
import type { backlog } from './approvals/backlog.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { Witness } from './evidence/witness.ts'
import type { Sinks } from './sinks/sinks.ts'
import { inTime } from './runtime/deadline.ts'

export interface SweepParts {
  readonly approvals: Pick<Approvals, 'sweep'>
  /** `null` where no cards are sent. */
  readonly delivery: Pick<Delivery, 'sweep'> | null
  /** `null` where no other system is told. */
  readonly sinks: Pick<Sinks, 'sweep'> | null
  readonly witness: Pick<Witness, 'record'>
  readonly backlog: ReturnType<typeof backlog>
  /** Is called with the errors that the sweep does not throw. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** Milliseconds. A sweep comes twice a minute, and deadlines wait for no other system. */
const longestTelling = 25_000

/**
 * Does the work that is due twice a minute: applies passed deadlines, finishes deliveries that were left behind, sends other
 * systems what they were not sent, stores the heads of all chains, and counts the requests that wait for people. None of them
 * waits for another.
 *
 * @returns the number of overdue requests, of deliveries (absent while some still run), of events that sinks were sent (absent
 *   without sinks, and while some are being sent), and of files of heads; every five minutes also the backlog
 * @throws the first failure, after all have ended
 */
export async function sweep(parts: SweepParts): Promise<Readonly<Record<string, number>>> {
  const { approvals, delivery, sinks, witness, backlog, failed } = parts
  const inSweep = async (one: { sweep: () => Promise<number> } | null): Promise<number | null> =>
    one && inTime(one.sweep(), longestTelling, () => null)
  const ended = await Promise.allSettled([
    approvals.sweep(),
    inSweep(delivery),
    inSweep(sinks),
    witness.record(),
    backlog(),
  ])
  const failures = ended.flatMap((one): readonly unknown[] => (one.status === 'rejected' ? [one.reason] : []))
  for (const cause of failures.slice(1)) failed(cause)
  const [requests, deliveries, sent, heads, waiting] = ended
  if (requests.status === 'rejected' || deliveries.status === 'rejected') throw failures[0]
  if (sent.status === 'rejected' || heads.status === 'rejected' || waiting.status === 'rejected') throw failures[0]
  return {
    requests: requests.value,
    ...(deliveries.value !== null && { deliveries: deliveries.value }),
    ...(sent.value !== null && { sinks: sent.value }),
    heads: Number(heads.value),
    ...waiting.value,
  }
}
