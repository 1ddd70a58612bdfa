import * as z from 'zod'
import { actionLimits, actionPattern, environmentPattern } from '../core/action/action.ts'
import { flawInEnvironment, flawInVerb, flawInWords } from '../core/action/flaw.ts'
import { parseDigest, parseObjectId, type RequestId, requestIdPattern } from '../core/data/id.ts'
import { codePointName, deceptive } from '../core/data/text.ts'

/** The fields that bodies and queries are made of. Messages are rules: they follow the field's JSON pointer. */

const codePoints = (text: string): number => [...text].length

/** A text with a rule that says what it found. */
export const ruled = (flawIn: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const flaw = flawIn(text)
    if (flaw !== null) context.addIssue(flaw)
  })

/**
 * Text that people read: bounded in code points, no control characters but tab and line ends.
 *
 * @param way what to do with a longer text
 */
export const words = (least: number, most: number, way?: string) =>
  ruled((text) => flawInWords(text, least, most, way)).meta({
    minLength: least,
    maxLength: most,
    description: 'No control characters but tab, newline, and carriage return before newline.',
  })

/** The verb of an action. */
export const verb = ruled(flawInVerb).meta({
  minLength: 1,
  maxLength: actionLimits.verb,
  pattern: actionPattern.source,
  description: 'The name of the action, as the tool has it: letters, digits and _ . : / -',
})

export const environment = ruled(flawInEnvironment).meta({
  minLength: 1,
  maxLength: actionLimits.environment,
  pattern: environmentPattern.source,
  description: 'Lower-case words of a-z and 0-9, joined by . _ or -',
})

/** What stands in the way of a target, and the way out, in words; `null` for a target that may be sent. */
function targetFlaw(text: string): string | null {
  const length = codePoints(text)
  if (length < 1 || length > actionLimits.target)
    return `has 1 to ${actionLimits.target} characters, and this has ${length}`
  const hidden = [...text].findIndex(
    (character, i) => invisible.test(character) || (i === 0 && /\p{M}/u.test(character)),
  )
  if (hidden >= 0)
    return `has only characters that people see, and this has ${nameOf(text, hidden)} as character ${hidden + 1}: ${exact}`
  if (text !== text.trim()) return `has no white space around it: ${exact}`
  const composed = [...text.normalize()]
  const other = [...text].findIndex((character, i) => character !== composed[i])
  return other < 0
    ? null
    : `is in Unicode's form NFC, and this is not, from character ${other + 1} on (${nameOf(text, other)}): ${exact}`
}

/** Characters that cards write out, or that take no room. Policies and people compare targets, so none has them. */
const invisible = new RegExp(`${deceptive.source}|\\p{Default_Ignorable_Code_Point}`, 'u')

const exact = 'send it without that, and the exact name in a param'

const nameOf = (text: string, i: number): string => codePointName([...text][i] ?? '')

export const target = z
  .string()
  .superRefine((text, context) => {
    const flaw = targetFlaw(text)
    if (flaw !== null) context.addIssue(flaw)
  })
  .meta({
    minLength: 1,
    maxLength: actionLimits.target,
    description:
      'In NFC, without invisible characters and white space around it. Rules compare it in NFKC and lower case; for an action whose rules do, it has no dot segments, no empty parts and no word of several scripts.',
  })

export const objectId = z.guid('is a GUID').transform((text) => parseObjectId(text))

export const requestId = z
  .string()
  .regex(requestIdPattern, 'is the id of a request')
  .transform((text) => text as RequestId)

export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 lower-case hex digits')
  .transform((text) => parseDigest(text))

/** The form of a day. Whether the calendar has it is found out by `parseDay`. */
export const day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'is a day as 2026-01-31')
  .meta({ format: 'date', description: 'In UTC.' })

/** The form of a time. Whether the calendar has it is found out by `parseInstant`. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, 'is a time as 2026-01-31T09:30:00.000Z')
