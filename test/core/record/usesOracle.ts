import type { RequestId } from '../../../src/core/data/id.ts'

/** An event as an auditor reads it. */
interface Told {
  readonly type: string
  readonly at: string
  readonly seq: number
  readonly request?: string
  readonly actor: { readonly kind: string; readonly id?: string }
  readonly data?: unknown
}

type Facts = Readonly<Record<string, string | number | undefined>>

/**
 * Counts the uses of a standing approval in a log, and finds that no more is granted or redeemed than was approved: written
 * from docs/evidence/events.md, without the rules that wrote the events.
 *
 * @throws {Error} for what may not be
 */
export function uses(events: readonly Told[], under: RequestId): number {
  const of = (id: string | undefined, type: string) => events.find((one) => one.request === id && one.type === type)
  const dataOf = (event: Told | undefined): Facts => (event?.data ?? {}) as Facts
  const demand = (claim: boolean, what: string): void => {
    if (!claim) throw new Error(what)
  }
  const asked = of(under, 'requested')
  const most = (dataOf(asked)['standing'] as unknown as { readonly uses: number }).uses
  const approved = of(under, 'approved')
  const takenBack = events.find((one) => one.request === under && ['revoked', 'cancelled'].includes(one.type))
  const used = events.filter((one) => one.request === under && one.type === 'used')
  const grants = events.filter((one) => one.type === 'approved' && dataOf(one)['standing'] === under)
  demand(grants.length === used.length, 'as many grants as uses')
  demand(used.length <= most, 'no more uses than were approved')
  for (const [i, one] of used.entries()) {
    const { use, request, digest } = dataOf(one)
    const ask = of(String(request), 'requested')
    demand(use === i + 1, 'numbers without gaps')
    demand(approved !== undefined && one.seq > approved.seq, 'after the approval')
    demand(one.at < String(dataOf(approved)['lapsesAt']), 'before the end')
    demand(takenBack === undefined || one.seq < takenBack.seq, 'not after it was taken back')
    demand(dataOf(ask)['digest'] === digest && dataOf(ask)['under'] === under, 'with its ask')
    demand(ask?.actor.id === asked?.actor.id && one.actor.id === asked?.actor.id, 'by the same agent')
    for (const name of ['executor', 'onBehalfOf']) demand(dataOf(ask)[name] === dataOf(asked)[name], `the same ${name}`)
    const redeemed = of(String(request), 'redeemed')
    demand(!redeemed || takenBack === undefined || redeemed.seq < takenBack.seq, 'redeemed before it was taken back')
    demand(!redeemed || redeemed.at < String(dataOf(of(String(request), 'approved'))['lapsesAt']), 'redeemed in time')
  }
  return used.length
}
