import type { Instant } from '../core/data/instant.ts'

export interface Clock {
  now(): Instant
}
