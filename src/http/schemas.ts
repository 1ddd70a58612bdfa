import { z } from 'zod'
import { actionLimits, controlCharacter, namePattern } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { erasable } from '../core/request/erasure.ts'
import { statuses } from '../core/request/request.ts'

/** One schema per body and query: they parse what comes in, and the OpenAPI document is made from them. */

const codePoints = (text: string): number => [...text].length

/** Text that people read: bounded in code points, no control characters but newline. */
const words = (least: number, most: number) =>
  z
    .string()
    .refine((text) => codePoints(text) >= least && codePoints(text) <= most, `has ${least} to ${most} characters`)
    .refine((text) => !controlCharacter.test(text.replaceAll('\n', '')), 'has no control characters but newline')
    .meta({ minLength: least, maxLength: most })

const name = z
  .string()
  .max(actionLimits.name, `has at most ${actionLimits.name} characters`)
  .regex(namePattern, 'is lower-case words of a-z and 0-9, joined by . _ or -')

const objectId = z.guid('is a GUID').transform((text) => text.toLowerCase())
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 lower-case hex digits')
const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, 'is a time as 2026-01-31T09:30:00.000Z')

/** A target is compared by policies and people: two that look alike are one. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]|(?! )\p{Z}/u

const target = z
  .string()
  .refine((text) => codePoints(text) >= 1 && codePoints(text) <= actionLimits.target, 'has 1 to 256 characters')
  .refine((text) => !controlCharacter.test(text), 'has no control characters')
  .refine((text) => text === text.trim() && text === text.normalize(), 'has no white space around it, and is in NFC')
  .refine((text) => !invisible.test(text), 'has no invisible characters')
  .meta({ minLength: 1, maxLength: actionLimits.target })

const { text, expiresIn, list, token } = bounds

const link = z.strictObject({
  title: words(1, text.linkTitle).refine((text) => !text.includes('\n'), 'is one line'),
  url: z
    .url({ protocol: /^https$/, hostname: z.regexes.domain, error: 'is an https address' })
    .max(text.linkUrl, `has at most ${text.linkUrl} characters`)
    .refine((text) => /^[\x21-\x7e]+$/.test(text), 'is plain ASCII: write other characters as %-codes')
    // what is no address is looked at too: the first rule has refused it, and does not stop the others
    .refine((text) => !URL.canParse(text) || new URL(text).username === '', 'names no user'),
})

export const askBody = z.strictObject({
  action: name,
  target,
  environment: name,
  params: z.record(z.string(), z.unknown(), 'is an object').default({}),
  reason: words(1, text.reason),
  executor: objectId.optional(),
  onBehalfOf: objectId.optional(),
  links: z.array(link).max(text.links, `has at most ${text.links} links`).default([]),
  expiresIn: z
    .int('is whole seconds')
    .min(expiresIn.least, `is at least ${expiresIn.least} seconds`)
    .max(expiresIn.most, 'is at most 604,800 seconds')
    .default(expiresIn.otherwise),
})

export const decisionBody = z.strictObject({
  verdict: z.enum(['approve', 'deny'], 'is approve or deny'),
  reason: words(0, text.words).optional(),
  digest,
  confirm: words(0, actionLimits.target).optional(),
})

export const reasonBody = z.strictObject({ reason: words(0, text.words).optional() })

export const redeemBody = z.strictObject({
  grant: z.string().max(token.grant, `has at most ${token.grant} characters`),
  digest,
  redemption: z.guid('is a uuid chosen by the executor').transform((text) => text.toLowerCase()),
})

export const outcomeBody = z.strictObject({
  result: z.enum(['succeeded', 'failed'], 'is succeeded or failed'),
  summary: words(0, text.words).optional(),
  output: z
    .strictObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is 64 lower-case hex digits'),
      size: z.int('is a whole number of bytes').min(0, 'is not negative'),
    })
    .optional(),
})

export const erasureBody = z.strictObject({
  request: z.string().max(64, 'is the id of a request'),
  names: z
    .array(z.enum(erasable, `is one of ${erasable.join(', ')}`))
    .min(1, 'names at least one text')
    .refine((names) => new Set(names).size === names.length, 'names each text once'),
  why: words(1, text.words),
})

export const listQuery = z.strictObject({
  from: instant.optional(),
  to: instant.optional(),
  status: z.enum(statuses, 'is a status').optional(),
  agent: objectId.optional(),
  approver: objectId.optional(),
  action: name.optional(),
  target: target.optional(),
  environment: name.optional(),
  cursor: z.string().max(500, 'is a cursor that a list gave').optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'is a number from 1 to 100')
    .default(String(list.otherwise))
    .transform(Number),
})

export const noQuery = z.strictObject({})
