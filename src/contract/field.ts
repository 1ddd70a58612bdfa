import { z } from 'zod'
import { actionLimits, controlCharacter, namePattern } from '../core/action/action.ts'
import { parseDigest, parseObjectId } from '../core/data/id.ts'

/** The fields that bodies and queries are made of. Messages are rules: they follow the field's JSON pointer. */

const codePoints = (text: string): number => [...text].length

/** Text that people read: bounded in code points, no control characters but newline. */
export const words = (least: number, most: number) =>
  z
    .string()
    .refine((text) => codePoints(text) >= least && codePoints(text) <= most, `has ${least} to ${most} characters`)
    .refine((text) => !controlCharacter.test(text.replaceAll('\n', '')), 'has no control characters but newline')
    .meta({ minLength: least, maxLength: most })

/** An action or an environment. */
export const name = z
  .string()
  .max(actionLimits.name, `has at most ${actionLimits.name} characters`)
  .regex(namePattern, 'is lower-case words of a-z and 0-9, joined by . _ or -')

/** Policies and people compare targets, so two that look alike must be equal. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]|(?! )\p{Z}/u

export const target = z
  .string()
  .refine((text) => codePoints(text) >= 1 && codePoints(text) <= actionLimits.target, 'has 1 to 256 characters')
  .refine((text) => !controlCharacter.test(text), 'has no control characters')
  .refine((text) => text === text.trim() && text === text.normalize(), 'has no white space around it, and is in NFC')
  .refine((text) => !invisible.test(text), 'has no invisible characters')
  .meta({ minLength: 1, maxLength: actionLimits.target })

export const objectId = z.guid('is a GUID').transform((text) => parseObjectId(text))

export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 lower-case hex digits')
  .transform((text) => parseDigest(text))

/** The form of a time. Whether the calendar has it is found out by `parseInstant`. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, 'is a time as 2026-01-31T09:30:00.000Z')
