import * as z from 'zod'

/** The values that answers are made of. Their forms are documented, and hold for whatever reads them. */

export const anyObjectId = z.guid()
export const anyInstant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time' })
export const anyDay = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/)
  .meta({ format: 'date' })
export const anyCount = z.int().min(0)
export const anyRequestId = z.string().regex(/^[0-7][0-9a-hjkmnp-tv-z]{25}-0[0-9a-f]$/)
export const anyHoldId = z.string().regex(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/)
export const anyDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
export const anySha256 = z.string().regex(/^[0-9a-f]{64}$/)
