import { z } from 'zod'
import { bounds } from '../core/data/bound.ts'
import { statuses } from '../core/request/request.ts'
import { environment, instant, objectId, target, verb } from './field.ts'

/** What operations take as query parameters. An unknown one is refused. */

export const listQuery = z.strictObject({
  from: instant.optional(),
  to: instant.optional(),
  status: z.enum(statuses, 'is a status').optional(),
  agent: objectId.optional(),
  approver: objectId.optional(),
  action: verb.optional(),
  target: target.optional(),
  environment: environment.optional(),
  cursor: z.string().max(500, 'is a cursor that a list gave').optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'is a number from 1 to 100')
    .default(String(bounds.list.otherwise))
    .transform(Number),
})

export type ListQuery = z.output<typeof listQuery>

export const noQuery = z.strictObject({})
