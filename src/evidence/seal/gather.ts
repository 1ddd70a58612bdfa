import { join } from 'node:path'
import { decode64 } from '../../core/data/base64.ts'
import type { ChainHead } from '../../core/request/event.ts'
import { type Digest, type RequestId, type Shard, shards } from '../../core/data/id.ts'
import type { Manifest } from '../../core/log/manifest.ts'
import type { Frontier } from '../../core/log/merkle.ts'
import { exceptionLine, exceptionsHeader, requestLine, requestsHeader } from '../../core/record/tables.ts'
import { type LogEvent, policyIn } from '../../core/record/record.ts'
import { type Replay, replay } from '../../core/record/replay.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan, Seals } from '../../ports/seals.ts'
import { type Carried, carrying } from './carriedEvents.ts'
import { bad, check, type Checked, placeIn, type Place } from './eventCheck.ts'
import { abreast } from '../../runtime/concurrency.ts'
import { growth } from '../log/tileWriter.ts'
import { cutOf, type Standing } from './plan.ts'
import { spool, type Spooled } from './spool.ts'

export interface GatheringParts {
  readonly ledger: Pick<Ledger, 'stream' | 'find' | 'events'>
  readonly seals: Pick<Seals, 'first' | 'plan'>
  readonly archive: Archive
}

/** What a day holds, found to be in order. */
export interface Gathered {
  readonly to: Frontier
  readonly files: Readonly<Record<Table, Spooled>>
  readonly counts: Manifest['counts']
  /** Policy versions that the bundle has to explain. */
  readonly policies: ReadonlySet<Digest>
  /** The key that `key-rotated` names (SPKI, base64); `null` on other days. */
  readonly newKey: string | null
}

type Table = keyof typeof names

const names = {
  records: 'records.jsonl',
  carried: 'carried.jsonl',
  requests: 'requests.csv',
  exceptions: 'exceptions.csv',
} as const

/** Requests that are looked up at the same time. */
const atOnce = 8

/** Rows that are written before there has to be room for more. */
const someRows = 1_000

/**
 * Reads the planned day from the ledger, checks every event and every rule, and writes tiles and temporary files.
 * In memory is one shard's requests.
 *
 * @throws {Broken} for the first thing that does not hold
 */
export async function gather(parts: GatheringParts, plan: Plan, from: Standing, folder: string): Promise<Gathered> {
  const day = await opened(parts, plan, from, folder)
  for (const shard of shards) await gatherShard(parts, day, plan, shard)
  return day.end()
}

type Gathering = Awaited<ReturnType<typeof opened>>

/** All that is written while a day is read. */
async function opened(parts: GatheringParts, plan: Plan, from: Standing, folder: string) {
  const [grown, records, carried, requests, exceptions] = await Promise.all([
    growth(parts.archive, from),
    spool(join(folder, names.records)),
    spool(join(folder, names.carried)),
    spool(join(folder, names.requests)),
    spool(join(folder, names.exceptions)),
  ])
  const root = decode64(from.root) ?? new Uint8Array()
  const counts = { records: 0, carried: 0, requests: 0, exceptions: 0, types: new Map<string, number>() }
  const policies = new Set<Digest>()
  let newKey: string | null = null
  requests.add(requestsHeader)
  exceptions.add(exceptionsHeader)

  function note(event: LogEvent): void {
    const policy = policyIn(event)
    if (policy !== null) policies.add(policy)
    if (event.type === 'key-rotated') newKey = event.data.key
  }

  return {
    earlier: carrying(parts, plan, root),

    take(rules: Replay, { event, text, hash }: Checked): void {
      for (const one of rules.take(event, plan.size + counts.records, hash)) {
        exceptions.add(exceptionLine(one))
        counts.exceptions += 1
      }
      note(event)
      grown.add(text, Buffer.from(hash, 'hex'))
      records.add(text)
      records.add('\n')
      counts.records += 1
      counts.types.set(event.type, (counts.types.get(event.type) ?? 0) + 1)
    },

    carry(rules: Replay, { event, line }: Carried): void {
      rules.carry(event)
      note(event)
      carried.add(line)
      counts.carried += 1
    },

    async rows(rules: Replay): Promise<void> {
      for (const row of rules.rows()) {
        requests.add(requestLine(row))
        counts.requests += 1
        if (counts.requests % someRows === 0) await requests.room()
      }
    },

    room: () => Promise.all([grown, records, carried, exceptions].map((file) => file.room())),

    async end(): Promise<Gathered> {
      const to = await grown.end()
      const files = {
        records: await records.end(),
        carried: await carried.end(),
        requests: await requests.end(),
        exceptions: await exceptions.end(),
      }
      return { to, files, policies, newKey, counts: { ...counts, types: Object.fromEntries(counts.types) } }
    },
  }
}

async function gatherShard({ ledger }: GatheringParts, day: Gathering, plan: Plan, shard: Shard): Promise<void> {
  const rules = replay()
  const from = cutOf(plan.from, shard)
  const to = cutOf(plan.to, shard)
  const place = placeIn(plan, shard)
  let head = from
  for await (const page of ledger.stream(shard, from.seq, to.seq)) {
    head = await gatherPage(day, rules, page, head, place)
    await day.room()
  }
  if (head.seq !== to.seq) throw bad(head.seq + 1, shard, 'broken-chain', 'is missing')
  if (head.hash !== to.hash) throw bad(to.seq, shard, 'broken-chain', 'is not the one that was planned')
  await day.rows(rules)
}

/** @returns the last of the events */
async function gatherPage(
  day: Gathering,
  rules: Replay,
  page: readonly KeptEvent[],
  before: ChainHead,
  place: Place,
): Promise<ChainHead> {
  let head = before
  const events: Checked[] = []
  for (const kept of page) {
    events.push(check(kept, head, place))
    head = kept
  }
  const earlier = await earlierOf(day, rules, events)
  for (const checked of events) {
    const { request } = checked.event
    if (request !== undefined && rules.needsCarried(checked.event))
      for (const one of earlier.get(request) ?? []) day.carry(rules, one)
    day.take(rules, checked)
  }
  return head
}

/** Looks up together what the requests of a page bring from earlier days. */
async function earlierOf(
  day: Gathering,
  rules: Replay,
  events: readonly Checked[],
): Promise<ReadonlyMap<RequestId, readonly Carried[]>> {
  const seen = new Set<RequestId>()
  const wanted = new Set<RequestId>()
  for (const { event } of events) {
    if (event.request === undefined || seen.has(event.request)) continue
    seen.add(event.request)
    if (rules.needsCarried(event)) wanted.add(event.request)
  }
  return new Map(await abreast(atOnce, [...wanted], async (id) => [id, await day.earlier(id)] as const))
}
