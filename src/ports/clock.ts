import type { Instant } from '../core/instant.ts'

export interface Clock {
  now(): Instant
}
