import type { Draft } from './event.ts'
import type { Hex, ObjectId } from '../data/id.ts'
import { Problem } from '../data/problem.ts'
import type { ApprovalRequest, Step } from './request.ts'

/** The names of texts that can be erased. `action` is the whole action; its digest stays. */
export const erasable = ['action', 'links', 'name', 'reason', 'summary'] as const

export type Erasable = (typeof erasable)[number]

/** A person's order to erase texts, with the reason. */
export interface Erasure {
  readonly names: readonly Erasable[]
  readonly why: string
  readonly by: ObjectId
  /** The application that the person used. */
  readonly client?: ObjectId
}

/** The texts that are erased from one event. */
export interface Erased {
  readonly seq: number
  readonly event: Hex
  readonly names: readonly Erasable[]
}

/** Erasures in one transaction. Each takes two of its 100 rows: the `erased` event, and the event that is cleared. */
const mostAtOnce = 40

/**
 * Erases the named texts from each event of the request that still has one. The action belongs to `requested`.
 *
 * Keeps all that proofs need: object ids, verbs and digests. Takes 40 events at a time, so callers repeat it until it
 * erases nothing.
 *
 * @throws {Problem} `still-open` while the request can still be decided, executed or reported.
 */
export function erase(
  request: ApprovalRequest,
  { names, why, by, client }: Erasure,
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
        data: { event, names, ...(client !== undefined && { client }) },
        said: { why },
      }),
    ),
    erased,
  }
}
