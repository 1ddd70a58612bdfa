import { endOf } from '../data/day.ts'
import { milliseconds } from '../data/instant.ts'
import type { Manifest } from '../log/manifest.ts'
import type { Exceptional } from './auditException.ts'

/** Seconds after its end in which a day is sealed, unless something is wrong: two runs of the timer. */
export const sealWithin = 2 * 3600

/**
 * Makes the row of a day that was sealed late, which is the last of its exceptions; `null` for a day that was sealed in time.
 * It is about no event: `sealedAt` of the manifest tells.
 */
export function lateSeal({ date, sealedAt }: Pick<Manifest, 'date' | 'sealedAt'>): Exceptional | null {
  const minutes = Math.floor((milliseconds(sealedAt) - milliseconds(endOf(date))) / 60_000)
  if (minutes * 60 <= sealWithin) return null
  const detail = `sealed ${Math.floor(minutes / 60)} h ${minutes % 60} min after the day`
  return { at: sealedAt, kind: 'late-seal', actor: 'system', detail }
}
