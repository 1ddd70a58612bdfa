import type { Draft } from './event.ts'
import type { Hex, ObjectId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import { type ApprovalRequest, awaitsReview, type ErasureAsk, type Step } from './request.ts'
import { overlap } from './requirement.ts'

/** The names of texts that can be erased. `action` is the whole action; its digest stays. */
export const erasable = [
  'action',
  'answer',
  'edits',
  'for',
  'links',
  'name',
  'owner',
  'question',
  'reason',
  'summary',
] as const

export type Erasable = (typeof erasable)[number]

/** A person's order to erase texts, with the reason. Two people have to give it. */
export interface Erasure {
  readonly names: readonly Erasable[]
  readonly why: string
  readonly by: ObjectId
  /** All accounts of that person. */
  readonly accounts: readonly ObjectId[]
  /** The application that the person used. */
  readonly client?: ObjectId
  readonly at: Instant
}

/** The texts that are erased from one event. */
export interface Erased {
  readonly seq: number
  readonly event: Hex
  readonly names: readonly Erasable[]
}

/** Seconds for which an ask waits. */
const waitsFor = 7 * 86_400

/** Erasures in one transaction. Each takes two of its 100 rows: the `erased` event, and the event that is cleared. */
const mostAtOnce = 40

/** When an ask ends. From then on, the same order is a first one again. */
export const endOf = ({ at }: Pick<ErasureAsk, 'at'>): Instant => plusSeconds(at, waitsFor)

/**
 * Erases the named texts from each event of the request that still has one, if another person has asked for it in the last
 * seven days; otherwise records that this person asks for it. The action belongs to `requested`.
 *
 * Keeps all that proofs need: object ids, verbs and digests. Takes 40 events at a time, so callers repeat it until it
 * erases nothing. Records nothing if no such text is left, or for the same ask again.
 *
 * @returns `waits`: the ask that waits for another person; `null` if texts were erased, or none was left
 * @throws {Problem} `still-open` while the request can still be decided, executed or reported.
 */
export function erase(
  request: ApprovalRequest,
  erasure: Erasure,
): Step & { readonly erased: readonly Erased[]; readonly waits: ErasureAsk | null } {
  checkClosed(request)
  const erased = textsOf(request, erasure.names)
  if (erased.length === 0) return { request, events: [], erased, waits: null }
  const asked = askOf(request, erasure)
  if (asked === null || overlap(asked.accounts, erasure.accounts)) {
    const step = askErasure(request, erasure)
    return { ...step, erased: [], waits: askOf(step.request, erasure) }
  }
  const { why, by, accounts, client } = erasure
  const isErased = (seq: number, name: string) =>
    erased.some((event) => event.seq === seq && event.names.some((one) => one === name))
  const hasAction = request.events.every(({ seq }) => !isErased(seq, 'action'))
  return {
    request: {
      ...request,
      action: hasAction ? request.action : null,
      ...(request.askedAction && !hasAction && { askedAction: null }),
      said: request.said.filter(({ seq, name }) => !isErased(seq, name)),
    },
    events: erased.map(
      ({ event, names }): Draft => ({
        type: 'erased',
        actor: { kind: 'person', id: by },
        request: request.id,
        data: { event, names, askedBy: asked.by, accounts, ...(client !== undefined && { client }) },
        said: { why },
      }),
    ),
    erased,
    waits: null,
  }
}

/**
 * Records that a person asks to erase texts. Changes nothing while an ask for the same texts waits.
 *
 * @throws {Problem} `still-open`
 */
export function askErasure(request: ApprovalRequest, erasure: Erasure): Step {
  checkClosed(request)
  if (askOf(request, erasure) !== null) return { request, events: [] }
  const { names, why, by, accounts, client, at } = erasure
  const waiting = (request.erasureAsks ?? []).filter((ask) => at < endOf(ask))
  return {
    request: { ...request, erasureAsks: [...waiting, { by, accounts, names, at }] },
    events: [
      {
        type: 'erasure-asked',
        actor: { kind: 'person', id: by },
        request: request.id,
        data: { names, accounts, ...(client !== undefined && { client }) },
        said: { why },
      },
    ],
  }
}

/** What an `erased` event says of its own two people, and of what they erased. */
interface ErasedBy {
  readonly event: Hex
  readonly names: readonly string[]
  readonly askedBy: ObjectId
  readonly accounts: readonly ObjectId[]
  readonly at: Instant
}

/** Whether another person had asked for an erasure, and the ask still waited: what a replay can tell without the texts. */
export const isAskedFor = (
  { erasureAsks = [], events }: ApprovalRequest,
  { event, names, askedBy, accounts, at }: ErasedBy,
): boolean =>
  events.some(({ hash }) => hash === event) &&
  erasureAsks.some(
    (ask) =>
      ask.by === askedBy &&
      at < endOf(ask) &&
      !overlap(ask.accounts, accounts) &&
      names.every((name) => ask.names.includes(name)),
  )

function checkClosed(request: ApprovalRequest): void {
  if (!('closedAt' in request)) throw new Problem('still-open', `This request is ${request.status}: close it first.`)
  if (awaitsReview(request)) throw new Problem('still-open', 'The glass was broken for it: have that reviewed first.')
}

/** Finds the ask for the same texts that waits. There is at most one. */
const askOf = ({ erasureAsks = [] }: ApprovalRequest, { names, at }: Erasure): ErasureAsk | null =>
  erasureAsks.find((ask) => at < endOf(ask) && isSameSet(ask.names, names)) ?? null

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

/** Lists the texts with these names that events still have, of at most 40 events. */
const textsOf = (request: ApprovalRequest, names: readonly Erasable[]): readonly Erased[] =>
  request.events
    .map(({ seq, type, hash }): Erased => {
      const texts = request.said.filter((text) => text.seq === seq).map(({ name }) => name)
      const all = [...texts, ...(type === 'requested' && request.action ? ['action'] : [])]
      return { seq, event: hash, names: erasable.filter((name) => names.includes(name) && all.includes(name)) }
    })
    .filter((event) => event.names.length > 0)
    .slice(0, mostAtOnce)
