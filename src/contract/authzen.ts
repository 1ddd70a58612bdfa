import * as z from 'zod'
import { bounds } from '../core/data/bound.ts'
import type { JsonObject } from '../core/data/json.ts'
import { environment, verb, words } from './field.ts'

/**
 * What the door for AuthZEN takes: Authorization API 1.0 (OpenID, January 2026), one evaluation at a time, and the core of
 * its Access Request extension (working draft 1, June 2026). Members that these schemas do not name are ignored, as AuthZEN
 * wants; this door alone does that.
 */
export const authzenRoutes = {
  authzenConfiguration: { method: 'GET', path: '.well-known/authzen-configuration' },
  evaluate: { method: 'POST', path: 'access/v1/evaluation' },
  requestAccess: { method: 'POST', path: 'access/v1/requests' },
  accessTask: { method: 'GET', path: 'access/v1/requests/{id}' },
  cancelAccess: { method: 'POST', path: 'access/v1/requests/{id}/cancel' },
} as const satisfies Readonly<Record<string, { readonly method: 'GET' | 'POST'; readonly path: string }>>

export type AuthzenRoute = keyof typeof authzenRoutes

export const authzenRouteNames = Object.keys(authzenRoutes) as readonly AuthzenRoute[]

/** Characters of a type or an id. What is made of them is held to the limits of an action. */
const longestName = 512

const properties = z
  .record(z.string(), z.unknown(), 'is an object')
  // Bodies are read by the strict JSON reader, which makes nothing else.
  .transform((value) => value as JsonObject)
  .optional()

const entity = z.object({
  // With a slash in it, two resources could be one target.
  type: words(1, longestName).regex(/^[^/]*$/, 'has no slash'),
  id: words(1, longestName),
  properties,
})

const question = {
  subject: entity,
  action: z.object({ name: verb, properties }),
  resource: entity,
}

export const evaluationBody = z.object({
  ...question,
  context: z
    .object({
      environment: environment.optional(),
      approval: z.object({ id: z.string() }).optional(),
    })
    .optional(),
})

export const accessRequestBody = z.object({
  ...question,
  context: z
    .object({
      environment: environment.optional(),
      reason: words(1, bounds.text.reason, 'say it in fewer words').optional(),
    })
    .optional(),
  denial: z.object({ binding_token: z.string(), evaluation_id: z.string().optional() }),
})

export const accessCancelBody = z.object({ reason: words(0, bounds.text.words).optional() })

/** What is asked about. */
export type AuthzenQuestion = Pick<z.output<typeof evaluationBody>, 'subject' | 'action' | 'resource'> & {
  readonly context?: { readonly environment?: string | undefined } | undefined
}
export type AuthzenEvaluation = z.output<typeof evaluationBody>
export type AccessRequest = z.output<typeof accessRequestBody>
