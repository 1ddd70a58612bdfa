import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables'
import { cardFrom } from '../../src/azure/card.ts'
import { integerIn, type Row, textIn } from '../../src/azure/column.ts'
import { unpacked } from '../../src/azure/indexRow.ts'
import { requestFrom } from '../../src/azure/row.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { parseRequestId, type RequestId, shardOf } from '../../src/core/data/id.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import { type ApprovalRequest, due } from '../../src/core/request/request.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import { fold, type Read } from '../../test/core/log/fold.ts'
import type { Account } from './grounds.ts'

/** An event that a caller knows of, by its type and request. */
export interface Acknowledged {
  readonly request: string
  readonly event: string
}

/** The ledger, read from the tables and not through the app. */
export interface Truth {
  readonly requests: ReadonlyMap<RequestId, ApprovalRequest>
  /** The cards that the app knows of. */
  cards(request: RequestId): readonly PostedCard[]
  /** Requests whose cards are out of date. */
  readonly undelivered: readonly RequestId[]
  /** The number of events, of requests and of the log itself. */
  readonly events: number
  /** The hashes of all leaves by shard, in their order. */
  readonly leaves: ReadonlyMap<string, readonly string[]>
}

type Shards = ReadonlyMap<string, readonly Row[]>

/** A leaf, with the members that {@link fold} reads, its request and its hash. */
type Event = Read & { readonly request?: RequestId; readonly hash: string }

/**
 * Reads the ledger, and checks the invariants that hold for one without interruption.
 *
 * @throws {Error} naming the invariant that does not hold
 */
export async function truthOf(account: Account, acknowledged: readonly Acknowledged[]): Promise<Truth> {
  const shards = await read(account)
  const chains = new Map([...shards].map(([shard, rows]) => [shard, chained(shard, rows)]))
  const events = [...chains.values()].flat()
  const all = [...shards.values()].flat()
  const beginning = (prefix: string) => all.filter((row) => textIn(row, 'rowKey').startsWith(prefix))
  const requests = new Map(
    beginning('request-')
      .map(requestFrom)
      .map((request) => [request.id, request]),
  )
  for (const request of requests.values()) {
    checkRequest(request, events, all)
    if (request.standing) checkUses(request, events, [...requests.values()])
  }
  for (const { request } of events) demand(!request || requests.has(request), `${request} has events and no row`)
  for (const key of beginning('key-'))
    demand(requests.has(parseRequestId(textIn(key, 'request'))), 'an idempotency key names no request')
  for (const { request, event } of acknowledged)
    demand(
      events.some((one) => one.request === request && one.type === event),
      `“${event}” of ${request} was acknowledged and is lost`,
    )
  return {
    requests,
    events: events.length,
    leaves: new Map([...chains].map(([shard, chain]) => [shard, chain.map(({ hash }) => hash)])),
    undelivered: beginning('post-').map((row) => parseRequestId(textIn(row, 'rowKey').slice('post-'.length))),
    cards: (request) => beginning(`card-${request}-`).flatMap((row) => cardFrom(row).card ?? []),
  }
}

/** Reads the ledger's rows by shard; none if the table does not exist yet. */
async function read({ tablesUrl, account, key }: Account): Promise<Shards> {
  const credential = new AzureNamedKeyCredential(account, key)
  const table = new TableClient(tablesUrl, 'ledger', credential, { allowInsecureConnection: true })
  const shards = new Map<string, Row[]>()
  try {
    for await (const row of table.listEntities<Row>())
      if (row.partitionKey !== 'seal')
        shards.set(row.partitionKey ?? '', [...(shards.get(row.partitionKey ?? '') ?? []), row])
  } catch (cause) {
    if (!(cause instanceof Error && 'statusCode' in cause && cause.statusCode === 404)) throw cause
  }
  return shards
}

/** Reads a shard's events. Checks their numbers, that each names the one before, and the head. */
function chained(shard: string, rows: readonly Row[]): readonly Event[] {
  const kept = rows.filter((row) => textIn(row, 'rowKey').startsWith('event-'))
  const head = rows.find((row) => row['rowKey'] === rowKey.head)
  let hash = '0'.repeat(64)
  const events = kept.map((row, i) => {
    const leaf = textIn(row, 'leaf')
    const event: Event = { ...(JSON.parse(leaf) as Event), hash: leafHash(leaf) }
    demand(row['rowKey'] === rowKey.event(i + 1) && event.seq === i + 1, `shard ${shard} has a gap before ${i + 1}`)
    demand(event.prev === hash, `the chain of shard ${shard} is broken at ${event.seq}`)
    hash = leafHash(leaf)
    return event
  })
  if (head) demand(integerIn(head, 'seq') === events.length, `the head of shard ${shard} counts other events`)
  else demand(events.length === 0, `shard ${shard} has events and no head`)
  if (head && events.length > 0) demand(head['hash'] === hash, `the head of shard ${shard} has another hash`)
  return events
}

function checkRequest(request: ApprovalRequest, all: readonly Event[], rows: readonly Row[]): void {
  const { id, status } = request
  const events = all.filter((event) => event.request === id)
  demand(fold(events) === status, `${id} is ${status}, and its events are ${events.map(({ type }) => type).join(', ')}`)
  demand(
    JSON.stringify(events.map(({ seq }) => seq)) === JSON.stringify(request.events.map(({ seq }) => seq)),
    `the row of ${id} names other events`,
  )
  const mine = rows.filter((row) => row['partitionKey'] === shardOf(id)).map((row) => textIn(row, 'rowKey'))
  const deadline = due(request)
  const deadlines = mine.filter((key) => key.startsWith('due-') && key.endsWith(id))
  demand(
    JSON.stringify(deadlines) === JSON.stringify(deadline === null ? [] : [rowKey.due(deadline, id)]),
    `${id} is ${status}, and its deadlines are ${deadlines.join(', ')}`,
  )
  demand(mine.includes(rowKey.agent(request.agent.id, id)), `${id} is not in the index of its agent`)
  const copies = rows.flatMap(({ copy }) => (copy instanceof Uint8Array ? unpacked(copy) : []))
  for (const copy of copies.filter((one) => one.id === id))
    demand(JSON.stringify(copy) === JSON.stringify(request), `a copy of ${id} in an index is out of date`)
}

/** Checks that a standing approval counts each of its uses once, in their order, and no more than people approved. */
function checkUses(
  { id, standing }: ApprovalRequest,
  all: readonly Event[],
  requests: readonly ApprovalRequest[],
): void {
  const counted = all.filter((event) => event.request === id && event.type === 'used').map(({ data }) => data)
  const there = requests.filter(({ under }) => under === id).map((request) => request.id)
  demand(standing?.used === counted.length, `${id} says ${standing?.used} uses, and its events ${counted.length}`)
  demand(counted.length <= (standing?.uses ?? 0), `${id} was used ${counted.length} times`)
  demand(
    counted.every((data, i) => data?.use === i + 1),
    `the uses of ${id} are numbered ${JSON.stringify(counted)}`,
  )
  const named = counted.flatMap((data) => data?.request ?? []).toSorted()
  demand(JSON.stringify(named) === JSON.stringify(there.toSorted()), `${id} counts uses that are not its requests`)
}

export function demand(claim: boolean, what: string): asserts claim {
  if (!claim) throw new Error(`Does not hold: ${what}.`)
}
