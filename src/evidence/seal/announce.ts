import { parseCheckpoint } from '../../core/log/checkpoint.ts'
import type { Day } from '../../core/data/day.ts'
import { plusSeconds } from '../../core/data/instant.ts'
import { parseNote } from '../../core/log/note.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Messenger, Sent } from '../../ports/messenger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Seals } from '../../ports/seals.ts'
import { spoken } from '../../words/spoken.ts'
import { checkpointOf, fileOf } from '../read/bundles.ts'

export interface AnnouncingParts {
  readonly seals: Pick<Seals, 'plan' | 'announcements' | 'announced'>
  readonly archive: Archive
  readonly messenger: Pick<Messenger, 'say'>
  /** The compliance channel; `null` if there is none, and checkpoints are not announced. */
  readonly channel: string | null
  readonly clock: Clock
  /** Is called with errors of background work. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** Seconds that a claim lasts, longer than a few sends with all their retries. */
const claimFor = 300

/**
 * Posts each sealed day's checkpoint into the compliance channel, so that a copy exists outside of the log's storage.
 *
 * A call after the claim has ended tries a failed post again, so that a message may be posted twice.
 */
export async function announce(parts: AnnouncingParts): Promise<void> {
  const now = parts.clock.now()
  for (const date of await parts.seals.announcements(now, plusSeconds(now, claimFor)))
    if (!(await post(parts, date))) return
}

/** Posts one checkpoint. Returns `false` after a failure that a later try may overcome. */
async function post(parts: AnnouncingParts, date: Day): Promise<boolean> {
  const { seals, messenger, channel, failed } = parts
  if (channel !== null) {
    const sent = await messenger.say(channel, await messageOf(parts, date))
    if ('unsent' in sent && (sent.unsent === 'passing' || sent.unsent === 'throttled')) return false
    if ('unsent' in sent) failed(new CheckpointUnannounced(date, sent.unsent))
  }
  await seals.announced(date)
  return true
}

/** A checkpoint that will not be announced. The code has its day, because logs show name and code but no message. */
class CheckpointUnannounced extends Error {
  readonly code: string

  constructor(date: Day, why: Exclude<Sent<null>, { sent: null }>['unsent']) {
    super(`The checkpoint of ${date} cannot be posted into the compliance channel: ${why}.`)
    this.name = 'CheckpointUnannounced'
    this.code = `${why}-${date}`
  }
}

async function messageOf({ seals, archive }: AnnouncingParts, date: Day): Promise<string> {
  const plan = await seals.plan(date)
  const note = Buffer.from(await fileOf(archive, checkpointOf(date))).toString('utf8')
  const { size } = parseCheckpoint(parseNote(note).text)
  return `${spoken.sealed({ date, number: plan?.number, size })}\n\n${note}`
}
