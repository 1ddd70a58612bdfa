import { dayOf } from '../core/data/day.ts'
import { type Digest, type RequestId, type Shard, timeOf } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { exceptionLine, exceptionsHeader, requestLine, requestsHeader } from '../core/record/tables.ts'
import { type LogEvent, policyIn } from '../core/record/record.ts'
import { type Replay, replay } from '../core/record/replay.ts'
import { carriedReader } from './carried.ts'
import { comparison } from './comparison.ts'
import { type Continued, isOpen, markOf } from './continuity.ts'
import { BrokenAt, type findings, placed } from './finding.ts'

/** Members that must follow from the records, or go along with them. */
export interface Along {
  readonly carried: AsyncIterator<Uint8Array>
  readonly requests: AsyncIterator<Uint8Array>
  readonly exceptions: AsyncIterator<Uint8Array>
  readonly found: ReturnType<typeof findings>
  /** Whether {@link Continued} is asked for. */
  readonly isFollowed: boolean
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] extends readonly (infer Item)[] ? Item[] : T[Name] }

/** Rows that are compared at once. */
const someRows = 1_000

/**
 * Replays the rules, shard by shard, and writes the tables anew to compare them. Once something is found it looks only
 * for what would be named before that.
 */
export function ruling({ log, counts, date }: Manifest, { found, isFollowed, ...members }: Along) {
  const carried = carriedReader(members.carried, log)
  const requests = comparison('requests.csv', members.requests)
  const exceptions = comparison('exceptions.csv', members.exceptions)
  const policies = new Set<Digest>()
  const written = { requests: 0, exceptions: 0 }
  const continued: Mutable<Continued> = { carried: [], open: [], strange: [] }
  let rules: Replay = replay()
  let shard: Shard | null = null
  /** Rows of exceptions.csv, and of nothing else, that were not compared yet. */
  let rows = exceptionsHeader
  let isBegun = false

  function note(event: LogEvent): void {
    const policy = policyIn(event)
    if (policy !== null) policies.add(policy)
  }

  function taken(event: LogEvent, index: number, line: number): void {
    note(event)
    if (isFollowed && event.type === 'requested' && event.request && dayOf(timeOf(event.request)) !== date)
      continued.strange.push([event.request, event.at])
    try {
      for (const one of rules.take(event, index)) {
        rows += exceptionLine(one)
        written.exceptions += 1
      }
    } catch (cause) {
      found.caught(cause, { check: 'rules', member: 'records.jsonl', line })
    }
  }

  async function begun(next: Shard): Promise<void> {
    if (!isBegun) await requests.expect(requestsHeader)
    isBegun = true
    if (shard !== null) await finishShard()
    shard = next
    rules = replay()
  }

  async function finishShard(): Promise<void> {
    let text = ''
    let count = 0
    for (const row of placed({ check: 'rules', member: 'records.jsonl' }, () => rules.rows())) {
      if (isFollowed && isOpen(row)) continued.open.push([row.request.id, markOf(row)])
      text += requestLine(row)
      count += 1
      if (count % someRows !== 0) continue
      await requests.expect(text)
      text = ''
    }
    written.requests += count
    await requests.expect(text)
  }

  async function bring({ request }: LogEvent & { readonly request: RequestId }): Promise<void> {
    let last: Continued['carried'][number] | null = null
    for await (const { event, index } of carried.of(request)) {
      note(event)
      const life = placed({ check: 'rules', member: 'carried.jsonl' }, () => rules.carry(event))
      if (isFollowed) last = { request, newest: index, mark: markOf(life) }
    }
    if (last) continued.carried.push(last)
  }

  async function takeSlowly(event: LogEvent, index: number, line: number): Promise<void> {
    if (event.shard !== shard) await found.attempt(() => begun(event.shard))
    const { request } = event
    if (request !== undefined && !found.outrank('rules') && rules.needsCarried(event))
      await found.attempt(() => bring({ ...event, request }))
    if (!found.outrank('rules')) taken(event, index, line)
  }

  return {
    /** Answers at once for most events: a promise only where another file has to be read. */
    take(event: LogEvent, index: number, line: number): Promise<void> | null {
      if (found.outrank('rules')) return null
      if (event.shard !== shard || rules.needsCarried(event)) return takeSlowly(event, index, line)
      taken(event, index, line)
      return null
    },

    /** Compares what was written so far. */
    async settle(): Promise<void> {
      const text = rows
      rows = ''
      if (!found.outrank('tables')) await found.attempt(() => exceptions.expect(text))
    },

    async end(): Promise<void> {
      if (!found.outrank('carried')) await found.attempt(checkCarried)
      if (found.outrank('tables')) return
      // What the rules refuse has no row: then the tables cannot be compared to their end.
      await found.attempt(async () => {
        if (!isBegun) await requests.expect(requestsHeader)
        if (shard !== null && !found.outrank('rules')) await finishShard()
        if (found.outrank('rules')) return
        await exceptions.expect(rows)
        await requests.end()
        await exceptions.end()
        checkCounts()
      })
    },

    policies: (): readonly Digest[] => [...policies],
    continued: (): Continued | undefined => (isFollowed ? continued : undefined),
  }

  async function checkCarried(): Promise<void> {
    const { count, left } = await carried.end()
    const isJudged = !found.outrank('rules')
    const member = 'carried.jsonl'
    if (isJudged && left > 0)
      throw new BrokenAt({ check: 'carried', member }, 'bad-carried', `${member} has lines that no record needs.`)
    if (count !== counts.carried)
      throw new BrokenAt(
        { check: 'tables', member },
        'wrong-counts',
        `${member} has ${count} lines, not ${counts.carried}.`,
      )
  }

  function checkCounts(): void {
    for (const name of ['requests', 'exceptions'] as const) {
      const [here, there] = [written[name], counts[name]]
      const what = `${name}.csv has ${here} rows; the manifest says ${there}.`
      if (here !== there) throw new BrokenAt({ check: 'tables', member: `${name}.csv` }, 'wrong-counts', what)
    }
  }
}
