import * as z from 'zod'
import { actionLimits } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { tiers } from '../core/request/event.ts'
import { statuses } from '../core/request/request.ts'
import { day, environment, instant, objectId, target, verb } from './field.ts'

/** What operations take as query parameters. An unknown one is refused. */

export const listQuery = z.strictObject({
  from: instant.optional(),
  to: instant.optional(),
  status: z.enum(statuses, 'is a status').optional(),
  agent: objectId.optional(),
  approver: objectId.optional(),
  onBehalfOf: objectId.optional(),
  person: objectId.optional().meta({
    description:
      'A person who decided or revoked it, for whom it was made, or who may not approve it, as an owner or sponsor of the agent.',
  }),
  action: verb.optional(),
  target: target.optional(),
  environment: environment.optional(),
  prefix: z
    .string()
    .min(1, 'is the beginning of a target')
    .max(actionLimits.target, `has at most ${actionLimits.target} characters`)
    .optional()
    .meta({ description: 'How the target begins.' }),
  tier: z.enum(tiers, 'is a tier').optional(),
  rule: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'is the id of a rule')
    .optional()
    .meta({ description: 'The id of a rule that decided: of a policy of then, which may be gone.' }),
  review: z
    .literal('due', 'is due')
    .optional()
    .meta({ description: 'Only requests whose glass was broken and that nobody has reviewed, by when that is due.' }),
  standing: z
    .literal('open', 'is open')
    .optional()
    .meta({ description: 'Only standing approvals that can be used, by when they end.' }),
  cursor: z.string().max(500, 'is a cursor that a list gave').optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'is a number from 1 to 100')
    .default(String(bounds.list.otherwise))
    .transform(Number),
})

export type ListQuery = z.output<typeof listQuery>

export const holdsQuery = z.strictObject({
  released: z
    .enum(['true', 'false'], 'is true or false')
    .default('false')
    .transform((text) => text === 'true')
    .meta({ description: 'Whether holds that were released are listed, too.' }),
})

/** Days in UTC, both included. */
export const daysQuery = z.strictObject({ from: day, to: day })

/** Where a said file begins. */
export const saidQuery = z.strictObject({
  from: z
    .string()
    .regex(/^(0|[1-9]\d{0,14})$/, 'is a log index')
    .transform(Number)
    .optional()
    .meta({ description: 'The log index of the first event, to go on where a download was broken off.' }),
})

/** Which page of a view that was shown. */
export const pageQuery = z.strictObject({
  page: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'is the number of a page')
    .transform(Number)
    .optional(),
})

export const noQuery = z.strictObject({})
