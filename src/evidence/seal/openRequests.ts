import { Broken } from '../../core/data/broken.ts'
import type { Day } from '../../core/data/day.ts'
import type { RequestId } from '../../core/data/id.ts'
import { authenticatedOpen, formatOpen, openPath, parseOpen } from '../../core/log/openRequests.ts'
import { type ApprovalRequest, isOpen } from '../../core/request/request.ts'
import type { Archive } from '../../ports/archive.ts'
import type { SealHead } from '../../ports/seals.ts'
import type { Macs } from '../../runtime/macs.ts'

export interface OpenRequestsParts {
  readonly archive: Pick<Archive, 'createOrRead' | 'list' | 'read'>
  readonly macs: Macs
  readonly random: (bytes: number) => Uint8Array
}

/**
 * Lists the requests that were open at the newest seal; none before the first seal.
 *
 * @throws {Broken} `missing-member` if the archive does not have the list of that day
 */
export async function openBefore(
  parts: OpenRequestsParts,
  head: Pick<SealHead, 'date'> | null,
): Promise<readonly RequestId[]> {
  if (head === null) return []
  const ids = await keptOpen(parts, head.date)
  if (ids === null)
    throw new Broken('missing-member', `The archive has no list of requests that were open on ${head.date}.`)
  return ids
}

/** Stores the list of a day, unless the archive has it. If a forged file has its name, stores it under another. */
export async function keepOpen(parts: OpenRequestsParts, date: Day, ids: readonly RequestId[]): Promise<void> {
  const { archive, macs, random } = parts
  const { sign } = await macs.rows()
  const open = { date, ids }
  const bytes = Buffer.from(formatOpen(open, sign(authenticatedOpen(macs.origin, open))))
  const type = 'text/plain; charset=utf-8'
  const standing = await archive.createOrRead(openPath(date), bytes, type)
  if (Buffer.compare(standing, bytes) !== 0 && (await keptOpen(parts, date)) === null)
    await archive.createOrRead(`${openPath(date)}.${Buffer.from(random(8)).toString('hex')}`, bytes, type)
}

/** Lists the requests that are open after a day: earlier ones without an event on that day, and the day's own. */
export function openAfter(
  before: readonly RequestId[],
  day: readonly Pick<ApprovalRequest, 'id' | 'status'>[],
): readonly RequestId[] {
  const ofDay = new Set(day.map(({ id }) => id))
  const open = day.filter(isOpen).map(({ id }) => id)
  return [...before.filter((id) => !ofDay.has(id)), ...open].sort()
}

async function keptOpen({ archive, macs }: OpenRequestsParts, date: Day): Promise<readonly RequestId[] | null> {
  for (const { name } of await archive.list(openPath(date))) {
    const bytes = await archive.read(name)
    const read = bytes && parseOpen(Buffer.from(bytes).toString('utf8'), date)
    if (read && (await macs.isAuthentic(authenticatedOpen(macs.origin, read.open), read.mac))) return read.open.ids
  }
  return null
}
