import { rm } from 'node:fs/promises'
import { checkEnding } from './ending.ts'
import type { Grounds } from './grounds.ts'
import { openSite } from './site.ts'
import { stories, type Story, type StoryName } from './stories.ts'
import { demand } from './truth.ts'
import { isWrite, type Kill } from './wire.ts'

/** A story, and the call at which it is interrupted. */
export interface Point extends Kill {
  readonly story: StoryName
  /** The call at this number in the run that counted the calls. */
  readonly call: string
}

export interface Played {
  /** The calls at which the app can be killed, in order. */
  readonly calls: readonly string[]
  readonly hasCrashed: boolean
  readonly orphans: number
}

/**
 * Plays a story from the beginning, with or without a crash, and checks the result.
 *
 * @throws {Error} naming the invariant that does not hold
 */
export async function play(grounds: Grounds, story: StoryName, kill: Kill | null): Promise<Played> {
  const { tell, ...parts }: Story = stories[story]
  const site = await openSite(grounds, parts, kill)
  let hasHeld = false
  try {
    await tell(site)
    await site.deliverAll()
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
 * Lists the points at which to kill: before and after each call that writes, and before the first read of a sequence.
 * Between two reads nothing changes that could be found afterwards.
 */
export const pointsOf = (story: StoryName, calls: readonly string[]): readonly Point[] =>
  calls.flatMap((call, i) => {
    const before: Point = { story, call, at: i + 1, when: 'before' }
    if (isWrite(call)) return [before, { ...before, when: 'after' }]
    return i === 0 || isWrite(calls[i - 1] ?? '') ? [before] : []
  })

export const pointName = ({ story, at, when }: Omit<Point, 'call'>): string => `${story}:${at}:${when}`
