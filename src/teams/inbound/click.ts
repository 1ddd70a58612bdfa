import * as z from 'zod'
import { actionLimits, controlCharacter } from '../../core/action/action.ts'
import type { VoteMark, MarkedVote } from '../../core/request/batch.ts'
import type { Verdict } from '../../core/request/event.ts'
import { type Digest, parseDigest, parseRequestId, type RequestId } from '../../core/data/id.ts'
import type { Json } from '../../core/data/json.ts'
import { unbroken } from '../../core/data/text.ts'
import { bounds } from '../../core/data/bound.ts'
import { Problem } from '../../core/data/problem.ts'
import { mostViewPages } from '../../core/request/viewPage.ts'
import { spoken } from '../../words/spoken.ts'

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

/** An input that was left empty says nothing. */
const words = (typed: Typed | undefined) =>
  typed === undefined || typed.text === ''
    ? {}
    : { reason: typed.text, ...(typed.fault !== undefined && { fault: typed.fault }) }

/** Every fault without a sentence of its own is answered with `notOurs`. */
const {
  notOurs,
  outdated,
  noRequest,
  noPage,
  automatic,
  inputs: inputWords,
  notText,
  tooLong,
  invisible,
} = spoken.clicks

/** A text that one of our own parsers must accept. */
const parsed = <T>(parse: (text: string) => T, why: string) =>
  z.string(why).transform((text, context): T => {
    try {
      return parse(text)
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause
      context.addIssue(why)
      return z.NEVER
    }
  })

const request = parsed(parseRequestId, noRequest)
const view = parsed((text) => parseDigest(text), outdated)
const page = z.int(noPage).min(1, noPage).max(mostViewPages, noPage)

const codePoints = (text: string): number => [...text].length

/** What a person typed, and what keeps it from being taken. */
interface Typed {
  readonly text: string
  readonly fault?: string
}

/** Characters that a form gets back. Clients of ours send no more than fits the form. */
const mostTyped = 2_000

/** What a person typed: as in the API, but forgiving of what clients put around it. */
const typed = (name: string) =>
  z
    .string(notText(name))
    .transform((given): Typed => {
      const text = given.slice(0, mostTyped).replaceAll('\r\n', '\n').trim()
      if (codePoints(text) > 500) return { text, fault: tooLong(name, 500) }
      return controlCharacter.test(text.replace(/[\n\t]/g, ' ')) ? { text, fault: invisible(name) } : { text }
    })
    .optional()

const confirm = z
  .string(notText(inputWords.confirm))
  .transform(unbroken)
  .refine((text) => codePoints(text) <= actionLimits.target, tooLong(inputWords.confirm, actionLimits.target))
  .optional()

/** Teams merges the typed inputs into the data: the note of an approval, the reason of a denial. */
const inputs = { reason: typed(inputWords.reason), note: typed(inputWords.note) }

const button = <Verb extends string, Data extends z.ZodRawShape>(verb: Verb, data: Data) =>
  z.object({
    type: z.literal('Action.Execute'),
    verb: z.literal(verb),
    data: z.object(data),
  })

const requests = z.array(request, notOurs).min(1, notOurs).max(bounds.batch, notOurs)

const mark = z.object({ request, view, verdict: z.enum(['approve', 'deny'], notOurs) })

/** The data of a batch's buttons. A mark for a request outside of the batch would have no inputs. */
const batch = {
  requests,
  marks: z.array(mark, notOurs).max(bounds.batch, notOurs).default([]),
}

/** The inputs of each request of a batch, by its number from 1 on. */
const numbered = <Input extends z.ZodType>(name: string, input: Input): Readonly<Record<string, Input>> =>
  Object.fromEntries(Array.from({ length: bounds.batch }, (_, i) => [`${name}${i + 1}`, input]))

const actionSchema = z.discriminatedUnion('verb', [
  button('review', { request, page: page.default(1), posted: z.boolean(notOurs).default(false) }),
  button('approve', { request, view, page: page.default(1), ...inputs, confirm }),
  button('deny', { request, view, page: page.default(1), ...inputs }),
  button('revoke', { request, page: page.default(1), ...inputs }),
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
  button('submit', { ...batch, ...numbered('reason', inputs.reason), ...numbered('confirm', confirm) }),
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
