import { rm } from 'node:fs/promises'
import { checkEnding } from './ending.ts'
import type { Grounds } from './grounds.ts'
import { openSite } from './site.ts'
import { stories, type StoryName } from './stories.ts'
import { demand } from './truth.ts'
import { isWrite, type Kill } from './wire.ts'

/** A story, and where it is interrupted. */
export interface Point extends Kill {
  readonly story: StoryName
  /** The call, as it was when the calls were counted. */
  readonly call: string
}

export interface Played {
  /** The calls that could have been the last, in order. */
  readonly calls: readonly string[]
  readonly hasCrashed: boolean
  readonly orphans: number
}

/**
 * Plays a story from the beginning, with a crash or without one, and checks what it comes to.
 *
 * @throws {Error} that says what does not hold
 */
export async function play(grounds: Grounds, story: StoryName, kill: Kill | null): Promise<Played> {
  const site = await openSite(grounds, kill)
  let hasHeld = false
  try {
    await stories[story](site)
    await site.settle()
    const calls = [...site.calls]
    const orphans = await checkEnding(site)
    demand(site.errors().length === 0, `errors were logged: ${site.errors().join('; ')}`)
    hasHeld = true
    return { calls, hasCrashed: site.hasCrashed(), orphans }
  } finally {
    await site.close(hasHeld)
    await rm(site.folder, { recursive: true, force: true })
  }
}

/**
 * Where to kill: before and after each call that writes, and before the first of those that only read. Between two
 * reads nothing changes that anybody could find afterwards.
 */
export const pointsOf = (story: StoryName, calls: readonly string[]): readonly Point[] =>
  calls.flatMap((call, i) => {
    const before: Point = { story, call, at: i + 1, when: 'before' }
    if (isWrite(call)) return [before, { ...before, when: 'after' }]
    return i === 0 || isWrite(calls[i - 1] ?? '') ? [before] : []
  })

export const nameOf = ({ story, at, when }: Omit<Point, 'call'>): string => `${story}:${at}:${when}`
