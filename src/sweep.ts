import type { Approvals } from './approvals/approvals.ts'
import type { backlog } from './approvals/backlog.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { Witness } from './evidence/witness.ts'
import { inTime } from './runtime/deadline.ts'

export interface SweepParts {
  readonly approvals: Pick<Approvals, 'sweep'>
  /** `null` where no cards are sent. */
  readonly delivery: Pick<Delivery, 'sweep'> | null
  readonly witness: Pick<Witness, 'record'>
  readonly backlog: ReturnType<typeof backlog>
  /** Is called with the errors that the sweep does not throw. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** Milliseconds. A sweep comes twice a minute, and deadlines do not wait for Teams. */
const longestDelivery = 25_000

/**
 * Does the work that is due twice a minute: applies passed deadlines, finishes deliveries that were left behind, and
 * stores the heads of all chains, and counts the requests that wait for people. None of them waits for another.
 *
 * @returns the number of overdue requests, of deliveries (absent while some still run), and of files of heads; every five
 *   minutes also the backlog
 * @throws the first failure, after all have ended
 */
export async function sweep(parts: SweepParts): Promise<Readonly<Record<string, number>>> {
  const { approvals, delivery, witness, backlog, failed } = parts
  const delivered = inTime(delivery?.sweep() ?? Promise.resolve(null), longestDelivery, () => null)
  const ended = await Promise.allSettled([approvals.sweep(), delivered, witness.record(), backlog()])
  const failures = ended.flatMap((one): readonly unknown[] => (one.status === 'rejected' ? [one.reason] : []))
  for (const cause of failures.slice(1)) failed(cause)
  const [requests, deliveries, heads, waiting] = ended
  if (requests.status === 'rejected' || deliveries.status === 'rejected') throw failures[0]
  if (heads.status === 'rejected' || waiting.status === 'rejected') throw failures[0]
  return {
    requests: requests.value,
    ...(deliveries.value !== null && { deliveries: deliveries.value }),
    heads: Number(heads.value),
    ...waiting.value,
  }
}
