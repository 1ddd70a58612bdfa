import { existsSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instant } from '../core/data/instant.ts'
import type { Clock } from '../ports/clock.ts'

/** The machine's clock plus an offset that can only grow. The offset is kept with the data. */
export interface LocalClock extends Clock {
  /** Whether this clock is ahead of the machine's. */
  isMoved(): boolean
  advance(seconds: number): Promise<void>
}

export function localClock(folder: string): LocalClock {
  const file = join(folder, 'clock.json')
  let offset = existsSync(file) ? offsetIn(file) : 0
  return {
    now: () => instant(Date.now() + offset),
    isMoved: () => offset !== 0,
    async advance(seconds) {
      offset += seconds * 1000
      await writeFile(`${file}.new`, JSON.stringify({ offset }))
      await rename(`${file}.new`, file)
    },
  }
}

function offsetIn(file: string): number {
  const { offset } = JSON.parse(readFileSync(file, 'utf8')) as { offset?: unknown }
  if (typeof offset !== 'number' || !Number.isFinite(offset))
    throw new Error(`${file} holds no offset in milliseconds; delete it to go back to the machine's time.`)
  return offset
}
