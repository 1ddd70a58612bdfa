import * as z from 'zod'
import { bounds } from '../../core/data/bound.ts'
import type { Digest, Hex, RequestId } from '../../core/data/id.ts'
import { sizes } from '../../core/policy/sizes.ts'
import { findings, type ReviewFinding } from '../../core/request/event.ts'
import { spoken } from '../../words/spoken.ts'
import { button, confirm, inputs, numbered, page, request, type Typed, typed, view, words } from './clickField.ts'

/** What a button asks for beside deciding: to ask back, to answer, to make it smaller, to break the glass, to say what to think of that. */
export type TalkClick =
  | {
      readonly kind: 'ask'
      readonly request: RequestId
      readonly view: Digest
      readonly page: number
      readonly question?: string
      readonly fault?: string
    }
  | {
      readonly kind: 'answer'
      readonly request: RequestId
      readonly page: number
      /** The hash of the question's event, and the number of the question from 1 on. */
      readonly question: Hex
      readonly number: number
      /** What was typed into all fields, by number: one of them is sent, and the others are kept. */
      readonly typed: Readonly<Record<number, string>>
      readonly fault?: string
    }
  | {
      readonly kind: 'narrow'
      readonly request: RequestId
      readonly view: Digest
      readonly page: number
      /** What was typed into the fields, by number from 1 on. */
      readonly less: Readonly<Record<number, string>>
      readonly reason?: string
      readonly fault?: string
    }
  | {
      readonly kind: 'break'
      readonly request: RequestId
      readonly view: Digest
      readonly page: number
      readonly reason?: string
      readonly confirm?: string
      readonly fault?: string
    }
  | {
      readonly kind: 'find'
      readonly request: RequestId
      readonly page: number
      readonly finding: ReviewFinding
      readonly reason?: string
      readonly fault?: string
    }

const { notOurs, notText, inputs: inputWords } = spoken.clicks

const answerData = {
  ...{ request, page: page.default(1) },
  question: z
    .string(notOurs)
    .regex(/^[0-9a-f]{64}$/, notOurs)
    .transform((hash) => hash as Hex),
  number: z.int(notOurs).min(1, notOurs).max(bounds.questions, notOurs),
  ...numbered('answer', bounds.questions, typed(inputWords.answer, bounds.text.answer)),
}

/** Characters of a field: those of the places of all items. */
const mostLess = 200

/** What a field holds: of a number its digits, of a list the places of its items. Some clients send a number as one. */
const lessField = z
  .union([z.string(notText(inputWords.less)), z.number(notText(inputWords.less))], notText(inputWords.less))
  .transform((given) => String(given).slice(0, mostLess))
  .optional()

/** The schemas of these buttons. */
export const talkButtons = [
  button('ask', { request, view, page: page.default(1), question: typed(inputWords.question) }),
  button('answer', answerData),
  button('narrow', {
    ...{ request, view, page: page.default(1), lessReason: inputs.reason },
    ...numbered('less', sizes.varied, lessField),
  }),
  button('break-glass', {
    ...{ request, view, page: page.default(1) },
    ...{ glassReason: inputs.reason, glassConfirm: confirm },
  }),
  button('review-glass', {
    ...{ request, page: page.default(1), finding: z.enum(findings, notOurs) },
    ...{ justified: inputs.reason, unjustified: inputs.reason },
  }),
] as const

type TalkAction = z.infer<(typeof talkButtons)[number]>

export function readTalk(action: TalkAction): TalkClick {
  switch (action.verb) {
    case 'ask': {
      const { question, ...shown } = action.data
      const { reason, fault } = words(question)
      return {
        ...{ kind: 'ask', ...shown },
        ...(reason !== undefined && { question: reason }),
        ...(fault !== undefined && { fault }),
      }
    }
    case 'answer':
      return readAnswer(action.data)
    case 'narrow':
      return readLess(action.data)
    case 'break-glass': {
      const { glassReason, glassConfirm, ...shown } = action.data
      return {
        kind: 'break',
        ...shown,
        ...words(glassReason),
        ...(glassConfirm !== undefined && { confirm: glassConfirm }),
      }
    }
    case 'review-glass': {
      const { request, page, finding, ...typed } = action.data
      return { kind: 'find', request, page, finding, ...words(typed[finding]) }
    }
  }
}

type LessClick = Extract<TalkClick, { kind: 'narrow' }>

function readLess({ request, view, page, lessReason, ...fields }: DataOf<'narrow'>): LessClick {
  const given = fields as Readonly<Record<string, string | undefined>>
  const numbers = Array.from({ length: sizes.varied }, (_, i) => i + 1)
  const less = Object.fromEntries(numbers.map((number) => [number, given[`less${number}`] ?? '']))
  return { kind: 'narrow', request, view, page, less, ...words(lessReason) }
}

/** Characters of answers that a card gets back beside the one that was sent. */
const mostKept = 4_000

function readAnswer({
  request,
  page,
  question,
  number,
  ...fields
}: DataOf<'answer'>): Extract<TalkClick, { kind: 'answer' }> {
  const given = fields as Readonly<Record<string, Typed | undefined>>
  const sent = given[`answer${number}`]
  const typed: Record<number, string> = sent === undefined ? {} : { [number]: sent.text }
  let room = mostKept
  for (let other = 1; other <= bounds.questions; other++) {
    const { text } = given[`answer${other}`] ?? { text: '' }
    if (other === number || text === '' || text.length > room) continue
    typed[other] = text
    room -= text.length
  }
  return {
    kind: 'answer',
    request,
    page,
    question,
    number,
    typed,
    ...(sent?.fault !== undefined && { fault: sent.fault }),
  }
}

type DataOf<Verb extends TalkAction['verb']> = Extract<TalkAction, { verb: Verb }>['data']
