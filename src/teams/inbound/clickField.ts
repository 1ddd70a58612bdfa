import * as z from 'zod'
import { actionLimits, controlCharacter } from '../../core/action/action.ts'
import { bounds } from '../../core/data/bound.ts'
import { parseDigest, parseRequestId } from '../../core/data/id.ts'
import { Problem } from '../../core/data/problem.ts'
import { unbroken } from '../../core/data/text.ts'
import { mostViewPages } from '../../core/request/viewPage.ts'
import { spoken } from '../../words/spoken.ts'

const { outdated, noRequest, noPage, inputs: inputWords, notText, tooLong, invisible } = spoken.clicks

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

export const request = parsed(parseRequestId, noRequest)
export const view = parsed((text) => parseDigest(text), outdated)
export const page = z.int(noPage).min(1, noPage).max(mostViewPages, noPage)

const codePoints = (text: string): number => [...text].length

/** What a person typed, and what keeps it from being taken. */
export interface Typed {
  readonly text: string
  readonly fault?: string
}

/** Characters that a form gets back. Clients of ours send no more than fits the form. */
const mostTyped = 2_000

/** What a person typed: as in the API, but forgiving of what clients put around it. */
export const typed = (name: string, most: number = bounds.text.words) =>
  z
    .string(notText(name))
    .transform((given): Typed => {
      const text = given.slice(0, mostTyped).replaceAll('\r\n', '\n').trim()
      if (codePoints(text) > most) return { text, fault: tooLong(name, most) }
      return controlCharacter.test(text.replace(/[\n\t]/g, ' ')) ? { text, fault: invisible(name) } : { text }
    })
    .optional()

export const confirm = z
  .string(notText(inputWords.confirm))
  .transform(unbroken)
  .refine((text) => codePoints(text) <= actionLimits.target, tooLong(inputWords.confirm, actionLimits.target))
  .optional()

/** Teams merges the typed inputs into the data: the note of an approval, the reason of a denial. */
export const inputs = { reason: typed(inputWords.reason), note: typed(inputWords.note) }

/** A button of a card, by its verb. */
export const button = <Verb extends string, Data extends z.ZodRawShape>(verb: Verb, data: Data) =>
  z.object({
    type: z.literal('Action.Execute'),
    verb: z.literal(verb),
    data: z.object(data),
  })

/** An input that was left empty says nothing. */
export const words = (typed: Typed | undefined): { readonly reason?: string; readonly fault?: string } =>
  typed === undefined || typed.text === ''
    ? {}
    : { reason: typed.text, ...(typed.fault !== undefined && { fault: typed.fault }) }

/** So many inputs of a name, each with its number from 1 on. */
export const numbered = <Input extends z.ZodType>(
  name: string,
  many: number,
  input: Input,
): Readonly<Record<string, Input>> =>
  Object.fromEntries(Array.from({ length: many }, (_, i) => [`${name}${i + 1}`, input]))
