import * as z from 'zod'
import type { VoteMark, MarkedVote } from '../../core/request/batch.ts'
import type { Verdict } from '../../core/request/event.ts'
import type { Digest, RequestId } from '../../core/data/id.ts'
import type { Json } from '../../core/data/json.ts'
import { bounds } from '../../core/data/bound.ts'
import { spoken } from '../../words/spoken.ts'
import { button, confirm, inputs, numbered, page, request, type Typed, view, words } from './clickField.ts'
import { readTalk, talkButtons, type TalkClick } from './talkClick.ts'

/** What a button of a card asks for. The sender's client wrote all of it, so none of it is trusted. */
export type Click =
  | {
      readonly kind: 'review'
      readonly request: RequestId
      readonly page: number
      /** The button stands on a card that shows this request to a channel, so that card may be kept up to date. */
      readonly posted: boolean
    }
  | {
      readonly kind: 'decide'
      readonly request: RequestId
      readonly verdict: Verdict
      readonly view: Digest
      readonly reason?: string
      readonly confirm?: string
      readonly page: number
      readonly fault?: string
    }
  | {
      readonly kind: 'revoke'
      readonly request: RequestId
      readonly reason?: string
      readonly page: number
      /** Why the typed words cannot be taken. The person gets the form back, with these words in it. */
      readonly fault?: string
    }
  | TalkClick
  /** `at` counts the requests of a batch from 1 on; one more is the card on which the marks are sent. */
  | {
      readonly kind: 'batch'
      readonly requests: readonly RequestId[]
      readonly marks: readonly VoteMark[]
      readonly at: number
      readonly page: number
    }
  | { readonly kind: 'submit'; readonly requests: readonly RequestId[]; readonly votes: readonly TypedVote[] }

/** A vote of a batch, and why the words that were typed for it cannot be taken. */
type TypedVote = MarkedVote & { readonly fault?: string }

/** Reads the invoke of a card's button. For an invoke that is not one of ours, returns why, for the person who clicked. */
export function parseClick(invoke: Json): Click | { readonly why: string } {
  const { data, error } = invokeSchema.safeParse(invoke, { error: () => notOurs })
  if (data === undefined) return { why: error.issues[0]?.message ?? notOurs }
  const { action } = data.value
  switch (action.verb) {
    case 'review':
      return { kind: 'review', ...action.data }
    case 'revoke': {
      const { request, page, reason, note } = action.data
      return { kind: 'revoke', request, page, ...words(reason ?? note) }
    }
    case 'approve': {
      const { request, view, page, reason, note, confirm } = action.data
      const typed = confirm === undefined ? {} : { confirm }
      return { kind: 'decide', verdict: 'approve', request, view, page, ...words(note ?? reason), ...typed }
    }
    case 'deny': {
      const { request, view, page, reason, note } = action.data
      return { kind: 'decide', verdict: 'deny', request, view, page, ...words(reason ?? note) }
    }
    case 'ask':
    case 'answer':
    case 'narrow':
    case 'break-glass':
    case 'review-glass':
      return readTalk(action)
    case 'batch': {
      const { requests, marks, at, page, shown, choice } = action.data
      return { kind: 'batch', requests, marks: remarked(marks, shown, choice), at, page }
    }
    case 'submit': {
      const { requests, marks, ...typed } = action.data
      return {
        kind: 'submit',
        requests,
        votes: marks.map((mark) => wordedMark(mark, requests.indexOf(mark.request), typed)),
      }
    }
  }
}

/** Takes the choice on the page that the person leaves into the marks. Without inputs the page leaves them alone. */
function remarked(
  marks: readonly VoteMark[],
  shown: Omit<VoteMark, 'verdict'> | undefined,
  choice: Verdict | 'open' | undefined,
): readonly VoteMark[] {
  if (!shown || choice === undefined) return marks
  const others = marks.filter(({ request }) => request !== shown.request)
  return choice === 'open' ? others : [...others, { ...shown, verdict: choice }]
}

/** Gives a mark the words that were typed for it, in inputs that bear the number of the request. */
function wordedMark(mark: VoteMark, index: number, typed: Readonly<Record<string, unknown>>): TypedVote {
  const reason = typed[`reason${index + 1}`] as Typed | undefined
  const confirm = typed[`confirm${index + 1}`] as string | undefined
  return { ...mark, ...words(reason), ...(confirm !== undefined && { confirm }) }
}

/** Every fault without a sentence of its own is answered with `notOurs`. */
const { notOurs, automatic } = spoken.clicks

const requests = z.array(request, notOurs).min(1, notOurs).max(bounds.batch, notOurs)

const mark = z.object({ request, view, verdict: z.enum(['approve', 'deny'], notOurs) })

/** The data of a batch's buttons. A mark for a request outside of the batch would have no inputs. */
const batch = {
  requests,
  marks: z.array(mark, notOurs).max(bounds.batch, notOurs).default([]),
}

const actionSchema = z.discriminatedUnion('verb', [
  button('review', { request, page: page.default(1), posted: z.boolean(notOurs).default(false) }),
  button('approve', { request, view, page: page.default(1), ...inputs, confirm }),
  button('deny', { request, view, page: page.default(1), ...inputs }),
  button('revoke', { request, page: page.default(1), ...inputs }),
  ...talkButtons,
  button('batch', {
    ...batch,
    at: z
      .int(notOurs)
      .min(1, notOurs)
      .max(bounds.batch + 1, notOurs)
      .default(1),
    page: page.default(1),
    shown: z.object({ request, view }).optional(),
    choice: z.enum(['approve', 'deny', 'open'], notOurs).optional(),
  }),
  button('submit', {
    ...batch,
    ...numbered('reason', bounds.batch, inputs.reason),
    ...numbered('confirm', bounds.batch, confirm),
  }),
])

const invokeSchema = z.object({
  name: z.literal('adaptiveCard/action'),
  value: z.object({
    // A client that refreshes a card by itself has shown it to no person.
    trigger: z
      .unknown()
      .refine((trigger) => trigger !== 'automatic', automatic)
      .optional(),
    action: actionSchema,
  }),
})
