import * as z from 'zod'
import type { ObjectId } from '../core/data/id.ts'

/** An object id of Entra, or another id of that form, as `approvers.json` has it. */
export const guid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, {
    error: ({ input }) => `an id is a GUID in lower case, and this is ${JSON.stringify(input)}`,
  })
  .transform((id) => id as ObjectId)
