import { Broken } from '../../core/data/broken.ts'
import type { Shard } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { checkRow, retell, rewound } from '../../core/record/retelling.ts'
import { endingOf } from '../../core/request/ending.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { Ledger } from '../../ports/ledger.ts'
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
 * Writes a shard's requests as they were at its head, and its idempotency keys.
 *
 * A row was copied after its shard's head was read, so it may be newer than the events of the snapshot. Then the
 * request is derived from its events again. An open request is compared with its events in any case.
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
      const keys = await keysIn(parts, shard, page, story)
      await parts.rows.put(keys)
      const found = await abreast(atOnce, page.filter(isRequest), async (row): Promise<RestoredRequest[]> => {
        const read = await believed(shard, 0, parts.rows.request(row))
        const events = left.get(read.id)
        if (events === undefined || !left.delete(read.id)) return []
        // Its row is as new as its events, so it lacks what they erased.
        const request = await asOfHead(parts, shard, read, events.events, story)
        return [{ request, row, isOutOfDate: isOutOfDate(request, since) }]
      })
      await parts.rows.putRequests(found.flat())
      wrote(found.flat().length)
    }
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

async function asOfHead(
  { ledger }: RestoredRequestsParts,
  shard: Shard,
  read: ApprovalRequest,
  count: number,
  { head }: ShardStory,
): Promise<ApprovalRequest> {
  const events = read.events.filter(({ seq }) => seq <= head.head.seq)
  const wrong = (why: string, cause?: unknown) =>
    new RestoreRefused(
      'broken-row',
      `The row of request ${read.id} of shard ${shard} is not what its events say: ${why}.`,
      {
        ...{ shard, request: read.id },
      },
      { cause },
    )
  if (events.length !== count) throw wrong(`it names ${events.length} of its ${count} events`)
  const isCurrent = events.length === read.events.length
  if (isCurrent && 'closedAt' in read) return read
  const told = await believed(shard, 0, ledger.events({ ...read, events }))
  try {
    const retelling = retell({ id: read.id, events }, undefined, told)
    const request = isCurrent ? read : rewound(read, retelling)
    checkRow(request, retelling)
    return request
  } catch (cause) {
    if (cause instanceof Broken) throw wrong(cause.message, cause)
    throw cause
  }
}

async function keysIn(
  { rows }: RestoredRequestsParts,
  shard: Shard,
  page: readonly StoredRow[],
  { requests }: ShardStory,
): Promise<readonly StoredRow[]> {
  const kept = await abreast(atOnce, page.filter(isKey), async (row) => {
    const { request } = await believed(shard, 0, rows.key(row))
    return requests.has(request) ? [row] : []
  })
  return kept.flat()
}

/** Cards of open requests are posted again, because a snapshot does not have the places of the old ones. */
const isOutOfDate = (request: ApprovalRequest, since: Instant): boolean =>
  'closedAt' in request ? endingOf(request) !== null && request.closedAt >= since : request.policy.outcome === 'approve'

const isRequest = ({ row }: StoredRow): boolean => row.startsWith('request-')
const isKey = ({ row }: StoredRow): boolean => row.startsWith('key-')
