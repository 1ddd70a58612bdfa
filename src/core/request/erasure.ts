import type { Draft } from './event.ts'
import type { Hex, ObjectId } from '../data/id.ts'
import { Problem } from '../data/problem.ts'
import type { ApprovalRequest, Step } from './request.ts'

/** What can be erased of a request, by name; `action` is what was to be done. */
export const erasable = ['action', 'links', 'name', 'reason', 'summary'] as const

export type Erasable = (typeof erasable)[number]

/** That a person wants texts gone, and why. */
export interface Erasure {
  readonly names: readonly Erasable[]
  readonly why: string
  readonly by: ObjectId
}

/** What goes of one event. */
export interface Erased {
  readonly seq: number
  readonly event: Hex
  readonly names: readonly Erasable[]
}

/** Each takes two rows of a transaction, which holds 100: its own event, and the one that is cleared. */
const mostAtOnce = 40

/**
 * Erases what is left of the named texts, in each event of the request that has one; the action belongs to `requested`.
 * What every proof needs stays: object ids, verbs and digests. Takes 40 events at a time: call it until none is left.
 *
 * @throws {Problem} `still-open` while somebody may yet decide, execute or report.
 */
export function erase(
  request: ApprovalRequest,
  { names, why, by }: Erasure,
): Step & { readonly erased: readonly Erased[] } {
  if (!('closedAt' in request)) throw new Problem('still-open', `This request is ${request.status}: close it first.`)
  const erased = request.events
    .map(({ seq, type, hash }): Erased => {
      const texts = request.said.filter((text) => text.seq === seq).map(({ name }) => name)
      const all = [...texts, ...(type === 'requested' && request.action ? ['action'] : [])]
      return { seq, event: hash, names: erasable.filter((name) => names.includes(name) && all.includes(name)) }
    })
    .filter((event) => event.names.length > 0)
    .slice(0, mostAtOnce)
  if (erased.length === 0) return { request, events: [], erased }

  const isErased = (seq: number, name: string) =>
    erased.some((event) => event.seq === seq && event.names.some((one) => one === name))
  const hasAction = request.events.every(({ seq }) => !isErased(seq, 'action'))
  return {
    request: {
      ...request,
      action: hasAction ? request.action : null,
      said: request.said.filter(({ seq, name }) => !isErased(seq, name)),
      erasures: (request.erasures ?? 0) + erased.length,
    },
    events: erased.map(
      ({ event, names }): Draft => ({
        type: 'erased',
        actor: { kind: 'person', id: by },
        data: { event, names },
        said: { why },
      }),
    ),
    erased,
  }
}
