import { randomBytes, randomFillSync } from 'node:crypto'

/** Bytes that are drawn from the system at once. */
const size = 4096

const pool = Buffer.alloc(size)
let used = size

/**
 * Draws random bytes for ids, from a pool, because each call of the system takes longer than copying. Bytes are erased
 * from the pool when they are given out. Keys and secrets are drawn from `node:crypto` itself.
 */
export function random(count: number): Buffer {
  if (count > size / 16) return randomBytes(count)
  if (used + count > size) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = Buffer.from(pool.subarray(used, used + count))
  pool.fill(0, used, used + count)
  used += count
  return bytes
}
