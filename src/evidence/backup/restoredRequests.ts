import { Broken } from '../../core/data/broken.ts'
import type { RequestId, Shard } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { rebuild } from '../../core/record/rebuilding.ts'
import { readRecord } from '../../core/record/record.ts'
import { checkRow, isWholeCommit, retell, rewound } from '../../core/record/retelling.ts'
import { endingOf } from '../../core/request/ending.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { RestoredRequest, StoredRow } from '../../ports/ledgerRows.ts'
import { abreast } from '../../runtime/concurrency.ts'
import { rowsOf } from './copiedFile.ts'
import { RestoreRefused } from './refusal.ts'
import { believed, type RestoredEventsParts, type ShardStory } from './restoredEvents.ts'
import type { ShardSelection } from './selection.ts'

export type RestoredRequestsParts = RestoredEventsParts & {
  /** The ledger that is being restored, which has the events already. */
  readonly ledger: Pick<Ledger, 'events'>
}

/** The number of requests whose events are read at the same time. */
const atOnce = 16

/**
 * Writes a shard's requests as they were at its last event, and its idempotency keys.
 *
 * A row was copied after its shard's head was read, so it may be newer than the events of the snapshot. Then the
 * request is derived from its events again, as it is if chunks have later events. An open request is compared with its events
 * in any case.
 *
 * @param since requests that ended later may lack the file of their end, which a delivery then writes
 * @param wrote gets the number of requests that were written since its last call
 * @throws {RestoreRefused} naming a request without a row, or with a row that contradicts its events
 */
export async function putRequests(
  parts: RestoredRequestsParts,
  { shard, erasable }: ShardSelection,
  story: ShardStory,
  since: Instant,
  wrote: (requests: number) => void,
): Promise<void> {
  const left = new Map(story.requests)
  // The newest row of a request counts, and it comes first.
  for (const { requests } of erasable.toReversed())
    for await (const page of rowsOf(parts.backup, requests)) {
      await putKeys(parts, shard, page, story)
      const found = await abreast(atOnce, page.filter(isRequest), async (row): Promise<RestoredRequest[]> => {
        const read = await believed(shard, 0, parts.rows.request(row))
        const events = left.get(read.id)
        if (events === undefined || !left.delete(read.id)) return []
        const request = story.later.has(read.id)
          ? await continued(parts, shard, read, story)
          : // Its row is as new as its events, so it lacks what they erased.
            await asOfHead(parts, shard, read, events.events, story)
        return [{ request, row, isOutOfDate: isOutOfDate(request, since) }]
      })
      await parts.rows.putRequests(found.flat())
      wrote(found.flat().length)
    }
  await putChunked(parts, shard, story, left, wrote)
  const [lost] = left
  if (lost === undefined) return
  const [request, { first }] = lost
  const others = left.size > 1 ? `, and ${left.size - 1} others of this shard` : ''
  throw new RestoreRefused(
    'missing-row',
    `The snapshot has no row of request ${request}, which event ${first} of shard ${shard} opens${others}.`,
    { shard, seq: first, request },
  )
}

/** Writes the requests that only chunks have, and takes them from those that are left. */
async function putChunked(
  parts: RestoredRequestsParts,
  shard: Shard,
  { later }: ShardStory,
  left: Map<RequestId, unknown>,
  wrote: (requests: number) => void,
): Promise<void> {
  const ids = [...later].flatMap(([id, [first]]) => (first?.type === 'requested' && left.delete(id) ? [id] : []))
  for (let at = 0; at < ids.length; at += each) {
    const made = await abreast(atOnce, ids.slice(at, at + each), async (id): Promise<RestoredRequest[]> => {
      const told = await wholeCommits(parts, shard, { id, events: later.get(id) ?? [] })
      if (told.length === 0) return []
      const retelling = retell({ id, events: refsOf(told) }, undefined, told)
      const { agent } = retelling.life.request
      const request: ApprovalRequest = {
        ...rebuild(retelling, told, null, { agent: agent.id, policy: {} }),
        fromEvents: true,
      }
      return [{ request, row: null, isOutOfDate: false }]
    })
    await parts.rows.putRequests(made.flat())
    wrote(made.flat().length)
  }
}

/** Requests that are written together. */
const each = 500

/** Goes on from a request's row with the events that chunks have. */
async function continued(
  parts: RestoredRequestsParts,
  shard: Shard,
  read: ApprovalRequest,
  { later, erased }: ShardStory,
): Promise<ApprovalRequest> {
  const more = later.get(read.id) ?? []
  const known = read.events.filter(({ seq }) => seq < (more[0]?.seq ?? Infinity))
  const told = await wholeCommits(parts, shard, { id: read.id, events: [...known, ...more] })
  const isErased = known.some(({ hash }) => erased.get(hash)?.has('action'))
  const { summary, presentation } = read.policy
  const words = {
    agent: read.agent.name,
    policy: { ...(summary !== undefined && { summary }), ...(presentation && { presentation }) },
  }
  return lawful(shard, read.id, () => {
    const retelling = retell({ id: read.id, events: refsOf(told) }, undefined, told)
    const request = rebuild(retelling, told, isErased ? { ...read, action: null } : read, words)
    checkRow(request, retelling)
    return request
  })
}

/** Reads events of a request. Leaves out the last ones if the newest chunk does not have all of their commit. */
async function wholeCommits(
  { ledger }: RestoredRequestsParts,
  shard: Shard,
  request: Pick<ApprovalRequest, 'id' | 'events'>,
): Promise<readonly KeptEvent[]> {
  const told = await believed(shard, 0, ledger.events(request))
  let whole = told.length
  while (whole > 0 && !isWholeCommit(request.id, told.slice(0, whole))) whole -= 1
  return told.slice(0, whole)
}

const refsOf = (told: readonly KeptEvent[]): ApprovalRequest['events'] =>
  told.map(({ seq, hash, text }) => ({ seq, hash, type: readRecord(text).type }))

async function asOfHead(
  { ledger }: RestoredRequestsParts,
  shard: Shard,
  read: ApprovalRequest,
  count: number,
  { head }: ShardStory,
): Promise<ApprovalRequest> {
  const events = read.events.filter(({ seq }) => seq <= head.head.seq)
  if (events.length !== count) throw wrong(shard, read.id, `it names ${events.length} of its ${count} events`)
  const isCurrent = events.length === read.events.length
  if (isCurrent && 'closedAt' in read) return read
  const told = await believed(shard, 0, ledger.events({ ...read, events }))
  return lawful(shard, read.id, () => {
    const retelling = retell({ id: read.id, events }, undefined, told)
    const request = isCurrent ? read : rewound(read, retelling)
    checkRow(request, retelling)
    return request
  })
}

/** @throws {RestoreRefused} `broken-row` for what the rules do not give */
function lawful<T>(shard: Shard, request: RequestId, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof Broken) throw wrong(shard, request, cause.message, cause)
    throw cause
  }
}

const wrong = (shard: Shard, request: RequestId, why: string, cause?: unknown) =>
  new RestoreRefused(
    'broken-row',
    `The row of request ${request} of shard ${shard} is not what its events say: ${why}.`,
    { shard, request },
    { cause },
  )

/**
 * Writes the idempotency keys of requests that are restored. A use lies in another shard than its key, whose shard may have been
 * copied before: its claim is made again from the row of the use. Other claims are left out, because they made nothing.
 */
async function putKeys(
  { rows }: RestoredRequestsParts,
  shard: Shard,
  page: readonly StoredRow[],
  { requests }: ShardStory,
): Promise<void> {
  const kept = await abreast(atOnce, page.filter(isKey), async (row) => {
    const key = await believed(shard, 0, rows.key(row))
    return !key.isClaim && requests.has(key.request) ? [{ row, claim: key.claim }] : []
  })
  await rows.putClaims(kept.flat().flatMap(({ claim }) => (claim ? [claim] : [])))
  await rows.put(kept.flat().map(({ row }) => row))
}

/** Cards of open requests are posted again, because a snapshot does not have the places of the old ones. */
const isOutOfDate = (request: ApprovalRequest, since: Instant): boolean =>
  'closedAt' in request ? endingOf(request) !== null && request.closedAt >= since : request.policy.outcome === 'approve'

const isRequest = ({ row }: StoredRow): boolean => row.startsWith('request-')
const isKey = ({ row }: StoredRow): boolean => row.startsWith('key-')
