import * as z from 'zod'
import { problemCodes } from '../core/data/problem.ts'
import { component } from './component.ts'
import { example } from './example.ts'

export const problemCode = component('ProblemCode', z.enum(problemCodes))

const instance = z.string().meta({ description: 'The trace of the call, to find it in the log by.' })

/** What a caller caused, or has to know (RFC 9457). */
export const problemAnswer = component(
  'Problem',
  z
    .object({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      code: problemCode,
      instance,
      pointer: z.string().optional().meta({ description: 'A JSON pointer (RFC 6901) into what was sent.' }),
      request: z.string().optional().meta({ description: 'The id of the request that stands in the way.' }),
      hold: z.string().optional().meta({ description: 'The id of the hold that stands in the way.' }),
    })
    .meta({ description: 'What a caller caused, or has to know (RFC 9457). Programs branch on `code`.' }),
  {
    type: 'urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/problem/already-pending',
    ...{ title: 'The same action is already pending', status: 409, detail: 'This agent already waits for it.' },
    ...{ code: 'already-pending', instance: example.trace, request: example.request },
  },
)

/** A bug of the service: it says nothing of what is inside. */
export const internalError = component(
  'InternalError',
  z.object({ type: z.literal('about:blank'), title: z.string(), status: z.literal(500), instance }).meta({
    description: 'A bug of the service. It says nothing of what is inside.',
  }),
  { type: 'about:blank', title: 'Internal error', status: 500, instance: example.trace },
)
