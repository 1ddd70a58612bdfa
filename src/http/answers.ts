import { z } from 'zod'
import { problemCodes } from '../core/data/problem.ts'
import { statuses } from '../core/request/request.ts'

/** The shapes of what the API answers: for its document, and for the tests that hold real answers against it. */

const guid = z.guid()
const instant = z.iso.datetime({ precision: 3 })
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const optionalText = z.string().optional()

export const requestAnswer = z.strictObject({
  id: z.string().regex(/^[0-7][0-9a-hjkmnp-tv-z]{25}-0[0-9a-f]$/),
  status: z.enum(statuses),
  action: z.string(),
  target: optionalText,
  environment: optionalText,
  params: z.record(z.string(), z.unknown()).optional(),
  reason: optionalText,
  links: z.array(z.strictObject({ title: z.string(), url: z.string() })).optional(),
  digest,
  agent: z.strictObject({ id: guid, name: z.string() }),
  executor: guid,
  onBehalfOf: guid.optional(),
  policy: z.strictObject({
    outcome: z.enum(['approve', 'allow', 'forbid', 'no-policy']),
    rules: z.array(z.string()),
    version: digest,
    tier: z.enum(['low', 'medium', 'high']).optional(),
    summary: optionalText,
  }),
  approvals: z.strictObject({
    required: z.array(z.strictObject({ groups: z.array(z.string()), quorum: z.int(), have: z.int() })),
    decisions: z.array(
      z.strictObject({
        approver: guid,
        name: optionalText,
        verdict: z.enum(['approve', 'deny']),
        reason: optionalText,
        via: z.string(),
        at: instant,
      }),
    ),
  }),
  delivery: z.enum(['ok', 'late', 'undeliverable']),
  createdAt: instant,
  expiresAt: instant.optional(),
  approvedAt: instant.optional(),
  lapsesAt: instant.optional(),
  redeemedAt: instant.optional(),
  closedAt: instant.optional(),
  outcome: z
    .strictObject({
      result: z.enum(['succeeded', 'failed']),
      summary: optionalText,
      output: z.strictObject({ sha256: z.string(), size: z.int() }).optional(),
    })
    .optional(),
  next: z.enum(['wait', 'redeem', 'execute', 'report', 'stop']),
  stop: z.strictObject({ code: z.string(), words: z.string() }).optional(),
  grant: z.strictObject({ token: z.string(), expiresAt: instant }).optional(),
})

export const problemAnswerSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(problemCodes as [string, ...string[]]),
  instance: z.string(),
  pointer: optionalText,
  request: optionalText,
})
