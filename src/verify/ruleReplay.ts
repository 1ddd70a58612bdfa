import { bundleFiles } from '../core/log/bundleFiles.ts'
import { dayOf } from '../core/data/day.ts'
import { type Digest, type Hex, type RequestId, type Shard, timeOf } from '../core/data/id.ts'
import type { Manifest, ShardCut } from '../core/log/manifest.ts'
import type { Instant } from '../core/data/instant.ts'
import { controlsOf } from '../core/policy/controls.ts'
import { beginOf, metricLine, Metrics, metricsHeader, type Tallies } from '../core/record/metrics.ts'
import {
  exceptionLine,
  exceptionsHeader,
  furtherHeader,
  furtherLine,
  olderRequestsHeader,
  requestLine,
  requestsHeader,
} from '../core/record/tables.ts'
import type { Life } from '../core/record/replayedRequest.ts'
import type { ControlLists } from './controlLists.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { deputyFactOf, KnownDeputies } from '../core/record/knownDeputies.ts'
import { KnownHolds } from '../core/record/knownHolds.ts'
import { lateSeal } from '../core/record/lateSeal.ts'
import { policyIn } from '../core/record/record.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { type Replay, replay } from '../core/record/replay.ts'
import { CarriedReader } from './carried.ts'
import { Comparison } from './comparison.ts'
import { type Continued, isOpen, markOf } from './continuity.ts'
import { BrokenAt, type Findings, placed } from './finding.ts'
import type { PolicyCheck } from './policyCheck.ts'

/** What a replay needs besides the records: the members to compare with them, and where to put findings. */
export interface Along {
  readonly carried: AsyncIterator<Uint8Array>
  readonly requests: AsyncIterator<Uint8Array>
  readonly exceptions: AsyncIterator<Uint8Array>
  /** Without a byte if the bundle has no such member. */
  readonly further: AsyncIterator<Uint8Array>
  /** Absent in a bundle of an earlier program, whose `requests.csv` has no controls. */
  readonly metrics?: AsyncIterator<Uint8Array>
  readonly controls: ControlLists
  readonly found: Findings
  /** Judges what the rules allow. */
  readonly policy: PolicyCheck
  /** Whether the caller needs {@link Continued}. */
  readonly isFollowed: boolean
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] extends readonly (infer Item)[] ? Item[] : T[Name] }

/** Rows that are compared at once. */
const someRows = 1_000

/** Where a record stands: its index in the log, and its line in the member, from 1. */
interface PlaceInLog {
  readonly index: number
  readonly line: number
}

/**
 * Replays the rules shard by shard, and writes the tables again to compare them with the bundle's. After a problem it
 * runs only the checks that outrank that problem.
 */
export class RuleReplay {
  readonly #manifest: Manifest
  readonly #found: Findings
  readonly #isFollowed: boolean
  readonly #carried: CarriedReader
  readonly #requests: Comparison
  readonly #exceptions: Comparison
  readonly #further: Comparison
  #hasFurther = false
  readonly #metricsTable: Comparison | null
  readonly #controls: ControlLists
  readonly #metrics = new Metrics()
  /** From when on what lives tell happened on the day: see {@link beginOf}. */
  readonly #dayFrom: Instant | null
  readonly #policies = new Set<Digest>()
  readonly #policy: PolicyCheck
  readonly #written = { requests: 0, exceptions: 0 }
  readonly #continued: Mutable<Continued> = {
    carried: [],
    open: [],
    strange: [],
    holds: [],
    erasures: [],
    deputies: [],
  }
  readonly #holds: KnownHolds
  readonly #deputies: KnownDeputies
  readonly #changes = new Set<string>()
  #rules: Replay = replay()
  #shard: Shard | null = null
  /** What was carried for events of the shard. */
  #shardCarried: Continued['carried'][number][] = []
  /** Rows of exceptions.csv that have not been compared yet. */
  #exceptionRows = exceptionsHeader
  #isBegun = false

  constructor(
    manifest: Manifest,
    { found, policy, controls, isFollowed, carried, requests, exceptions, further, metrics }: Along,
  ) {
    this.#manifest = manifest
    this.#dayFrom = beginOf(manifest)
    this.#controls = controls
    this.#metricsTable = metrics ? new Comparison(bundleFiles.metrics.name, metrics) : null
    this.#found = found
    this.#policy = policy
    for (const { policyFrom, policyTo } of Object.values(manifest.shards))
      for (const version of [policyFrom, policyTo]) if (version !== undefined) this.#policies.add(version)
    this.#isFollowed = isFollowed
    this.#holds = new KnownHolds(manifest.log.from.size === 0)
    this.#deputies = new KnownDeputies(manifest.log.from.size === 0)
    this.#carried = new CarriedReader(carried, manifest.log)
    this.#requests = new Comparison(bundleFiles.requests.name, requests)
    this.#further = new Comparison(bundleFiles.further.name, further)
    this.#exceptions = new Comparison(bundleFiles.exceptions.name, exceptions)
  }

  /**
   * Takes the next record. Returns `null` for most records, and a promise only if it must read another member.
   *
   * @param hash the record's leaf hash
   */
  take(event: LogEvent, hash: Hex, place: PlaceInLog): Promise<void> | null {
    if (this.#found.isOutranked('rules')) return null
    if (event.shard !== this.#shard || this.#rules.missing(event) !== null) return this.#takeSlowly(event, hash, place)
    this.#taken(event, hash, place)
    return null
  }

  /** Compares the exceptions that were written so far, so that they do not pile up in memory. */
  async compareExceptions(): Promise<void> {
    const text = this.#exceptionRows
    this.#exceptionRows = ''
    if (!this.#found.isOutranked('tables')) await this.#found.attempt(() => this.#exceptions.expect(text))
  }

  /** Finishes the last shard, and checks that no member goes on after the records end. */
  async end(): Promise<void> {
    if (!this.#found.isOutranked('rules'))
      await this.#found.attempt(() =>
        placed({ check: 'rules', member: bundleFiles.records.name }, () => this.#deputies.judge()),
      )
    if (!this.#found.isOutranked('carried')) await this.#found.attempt(() => this.#checkCarried())
    if (!this.#found.isOutranked('tables')) await this.#found.attempt(() => this.#endTables())
  }

  /** Returns a request as it stands after the newest record. */
  request(id: RequestId): ApprovalRequest | undefined {
    return this.#rules.life(id)?.request
  }

  /** What the day's requests come to. Complete only if nothing was found that outranks the rules. */
  tallies(): Tallies {
    return this.#metrics.tallies()
  }

  policies(): readonly Digest[] {
    return [...this.#policies]
  }

  continued(): Continued | undefined {
    return this.#isFollowed ? this.#continued : undefined
  }

  async #takeSlowly(event: LogEvent, hash: Hex, place: PlaceInLog): Promise<void> {
    if (event.shard !== this.#shard) await this.#found.attempt(() => this.#begin(event.shard))
    for (let missing = this.#missing(event); missing !== null; missing = this.#missing(event)) {
      const wanted = missing
      await this.#found.attempt(() => this.#bring(wanted))
    }
    if (!this.#found.isOutranked('rules')) this.#taken(event, hash, place)
  }

  #missing(event: LogEvent): RequestId | null {
    return this.#found.isOutranked('rules') ? null : this.#rules.missing(event)
  }

  #taken(event: LogEvent, hash: Hex, { index, line }: PlaceInLog): void {
    this.#note(event)
    const { type, request } = event
    if (this.#isFollowed && type === 'requested' && request && dayOf(timeOf(request)) !== this.#manifest.date)
      this.#continued.strange.push([request, event.at])
    try {
      for (const one of this.#rules.take(event, index, hash)) {
        this.#exceptionRows += exceptionLine(one)
        this.#written.exceptions += 1
      }
    } catch (cause) {
      this.#found.caught(cause, { check: 'rules', member: bundleFiles.records.name, line })
      return
    }
    this.#takeDeputy(event, hash)
    if (this.#isFollowed) this.#follow(event)
    if (this.#found.isOutranked('policy')) return
    try {
      const life = request === undefined ? undefined : this.#rules.life(request)
      this.#policy.take(event, life, { member: bundleFiles.records.name, line, index })
    } catch (cause) {
      this.#found.caught(cause)
    }
  }

  /** Who was away, and what deputies did, which is judged when all shards of the day were read. */
  #takeDeputy(event: LogEvent, hash: Hex): void {
    const fact = deputyFactOf(event, hash)
    if (fact === null) return
    this.#deputies.take(fact)
    if (this.#isFollowed) this.#continued.deputies.push(fact)
  }

  /** Notes what later days of a series have to agree with: holds, and what was erased. */
  #follow(event: LogEvent): void {
    const { type, at, request } = event
    if (type === 'held' || type === 'released') this.#continued.holds.push({ type, at, data: event.data })
    const life = type === 'erased' && request !== undefined ? this.#rules.life(request) : undefined
    if (life === undefined) return
    const { id, agent, createdAt } = life.request
    this.#continued.erasures.push([{ id, agent: { id: agent.id }, createdAt }, at])
  }

  async #begin(next: Shard): Promise<void> {
    await this.#writeHeader()
    if (this.#shard !== null) await this.#finishShard()
    this.#shard = next
    const cut = cutIn(this.#manifest, next)
    this.#rules = replay({ policy: cut.policyFrom, changes: this.#changes, holds: this.#holds })
    this.#policy.begin(cut)
  }

  async #writeHeader(): Promise<void> {
    if (this.#isBegun) return
    await this.#requests.expect(this.#metricsTable ? requestsHeader : olderRequestsHeader)
    this.#isBegun = true
  }

  async #finishShard(): Promise<void> {
    let [text, further] = ['', '']
    let count = 0
    this.#followUntouched()
    for (const row of placed({ check: 'rules', member: bundleFiles.records.name }, () => this.#rules.rows())) {
      if (this.#isFollowed && isOpen(row)) this.#continued.open.push([row.request.id, markOf(row)])
      text += requestLine(row, this.#metricsTable && (await this.#controlsOf(row)))
      further += furtherLine(row) ?? ''
      this.#metrics.take(row, this.#dayFrom)
      count += 1
      if (count % someRows !== 0) continue
      await this.#expectRows(text, further)
      ;[text, further] = ['', '']
    }
    this.#written.requests += count
    await this.#expectRows(text, further)
    const shard = this.#shard
    if (shard !== null && !this.#found.isOutranked('policy'))
      await this.#found.attempt(() => this.#policy.end(shard, cutIn(this.#manifest, shard)))
  }

  /** What a use needed of a standing approval of an earlier day is no event of it: it goes on from there. */
  #followUntouched(): void {
    for (const { request, mark, ended } of this.#shardCarried) {
      const life = this.#rules.life(request)
      if (!ended && life && markOf(life) === mark) this.#continued.open.push([request, mark])
    }
    this.#shardCarried = []
  }

  async #expectRows(requests: string, further: string): Promise<void> {
    await this.#requests.expect(requests)
    if (further === '') return
    await this.#further.expect(this.#hasFurther ? further : furtherHeader + further)
    this.#hasFurther = true
  }

  async #controlsOf({ request }: Life): Promise<readonly string[]> {
    const { version, rules } = request.policy
    return controlsOf(this.#controls.known(version) ?? (await this.#controls.of(version)), rules)
  }

  /** Reads the carried events of a request. */
  async #bring(request: RequestId): Promise<void> {
    let last: Continued['carried'][number] | null = null
    for await (const { event, index } of this.#carried.of(request)) {
      this.#note(event)
      const life = placed({ check: 'rules', member: bundleFiles.carried.name }, () => this.#rules.carry(event))
      if (!this.#found.isOutranked('policy'))
        await this.#found.attempt(() => this.#policy.carry(event, { member: bundleFiles.carried.name, index }))
      if (this.#isFollowed) last = { request, newest: index, mark: markOf(life), ended: !isOpen(life) }
    }
    if (!last) return
    this.#continued.carried.push(last)
    this.#shardCarried.push(last)
  }

  #note(event: LogEvent): void {
    const policy = policyIn(event)
    if (policy !== null) this.#policies.add(policy)
  }

  /** @throws {BrokenAt} `wrong-table`, `wrong-counts` */
  async #endTables(): Promise<void> {
    await this.#writeHeader()
    // An event that the rules refuse has no row, so the tables cannot be compared to their end.
    if (this.#shard !== null && !this.#found.isOutranked('rules')) await this.#finishShard()
    if (this.#found.isOutranked('rules')) return
    const late = lateSeal(this.#manifest)
    if (late) this.#written.exceptions += 1
    await this.#exceptions.expect(this.#exceptionRows + (late ? exceptionLine(late) : ''))
    await this.#requests.end()
    await this.#exceptions.end()
    await this.#further.end()
    await this.#metricsTable?.expect(metricsHeader + this.#metrics.rows().map(metricLine).join(''))
    await this.#metricsTable?.end()
    this.#checkCounts()
  }

  /** @throws {BrokenAt} `bad-carried`, `wrong-counts` */
  async #checkCarried(): Promise<void> {
    const { count, left } = await this.#carried.end()
    const isJudged = !this.#found.isOutranked('rules')
    const member = bundleFiles.carried.name
    if (isJudged && left > 0)
      throw new BrokenAt({ check: 'carried', member }, 'bad-carried', `${member} has lines that no record needs.`)
    const { carried } = this.#manifest.counts
    if (count !== carried)
      throw new BrokenAt({ check: 'tables', member }, 'wrong-counts', `${member} has ${count} lines, not ${carried}.`)
  }

  /** @throws {BrokenAt} `wrong-counts` */
  #checkCounts(): void {
    for (const name of ['requests', 'exceptions'] as const) {
      const [here, there] = [this.#written[name], this.#manifest.counts[name]]
      const what = `${bundleFiles[name].name} has ${here} rows; the manifest says ${there}.`
      if (here !== there) throw new BrokenAt({ check: 'tables', member: bundleFiles[name].name }, 'wrong-counts', what)
    }
  }
}

/** A shard's part of the day. The form of the manifest gives every shard one. */
const cutIn = ({ shards }: Manifest, shard: Shard): Partial<ShardCut> => shards[shard] ?? {}
