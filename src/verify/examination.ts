import type { Digest } from '../core/data/id.ts'
import { bundleFiles } from '../core/log/bundleFiles.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { EventOf, LogEvent } from '../core/record/eventType.ts'
import type { Tallies } from '../core/record/metrics.ts'
import { contentOf, storedOf } from './content.ts'
import type { Continued } from './continuity.ts'
import { ControlLists, type RuleListPlace } from './controlLists.ts'
import type { Extent } from './zip/centralDirectory.ts'
import { type Finding, Findings } from './finding.ts'
import type { HashedLines } from './lines.ts'
import { Explanations, type MissingTexts, type TextErasure } from './missingTexts.ts'
import { type JudgedCount, PolicyCheck, type RecordPlace } from './policyCheck.ts'
import type { LoadVersion } from './policyJudge.ts'
import { type ReadRecord, RecordChecks, type RecordsRead } from './recordChecks.ts'
import { RuleReplay } from './ruleReplay.ts'
import { type KnownNarrowable, NarrowingCheck } from './narrowingCheck.ts'
import { missingNames, SaidReader, type Text } from './saidReader.ts'
import { type KnownScopes, ScopeCheck } from './scopeCheck.ts'
import type { VersionFiles } from './versionFiles.ts'

/** The input of an examination. It is plain data, because it may be sent to another thread of this process. */
export interface Subjects {
  readonly manifest: Manifest
  /** The open zip; the extents below say where members lie in it. */
  readonly fd: number
  readonly carried: Extent
  readonly requests: Extent
  readonly exceptions: Extent
  /** Absent in a bundle of an earlier program. */
  readonly further?: Extent
  readonly metrics?: Extent
  readonly ruleLists: readonly RuleListPlace[]
  readonly policies: readonly VersionFiles[]
  /** The open said file. */
  readonly said?: number
  /** Standing approvals of earlier days whose actions are known. */
  readonly scopes?: KnownScopes
  /** Requests of earlier days that approvers may make smaller, and whose actions are known. */
  readonly narrowable?: KnownNarrowable
  /** Whether the bundle is one of a series. */
  readonly isFollowed: boolean
  /** Whether the result says what the day's requests come to. */
  readonly isCounted: boolean
}

/** The result of an examination: what it found, and what the records say if all of them can be read. */
export interface Examination {
  readonly found: readonly Finding[]
  readonly examined: Examined | null
}

/** What readable records say. */
export interface Examined {
  readonly read: RecordsRead
  /** The policy versions that events name. The bundle must contain their files. */
  readonly policies: readonly Digest[]
  readonly judged: JudgedCount
  readonly said?: SaidOfDay
  /** What the day's events say was erased from events of earlier days, or of a day whose texts were not given. */
  readonly erasures: readonly TextErasure[]
  readonly continued?: Continued
  readonly tallies?: Tallies
  /** Standing approvals whose actions are known after the day. */
  readonly scopes: KnownScopes
  /** Requests that approvers may make smaller, and whose actions are known after the day. */
  readonly narrowable: KnownNarrowable
}

/** What a said file has of the texts to which the day's events commit. */
export interface SaidOfDay {
  /** How many texts are in the file. */
  readonly given: number
  /** How many are not, and an event of the day says that they were erased. */
  readonly erased: number
  /** Those of which no event of the day says it. An event of a later day may. */
  readonly missing: readonly MissingTexts[]
}

/** Takes the day's records in order, and reports what it found at the end. */
export interface Examiner {
  /** Takes ownership of the lines: the caller must not use their buffers afterwards. */
  take(lines: HashedLines): Promise<void>
  /** @param isWhole false if the records broke off: then it reports only what is wrong with those that it took */
  end(isWhole: boolean): Promise<Examination>
}

/** The content of a member that the bundle does not have. */
const noBytes: AsyncIterator<Uint8Array> = { next: async () => ({ done: true, value: undefined }) }

/**
 * Examines the records: the form and chain of each, and all of them together: whether they follow the rules, and whether
 * tables and the said file fit them.
 */
export class RecordExaminer implements Examiner {
  readonly #checks: RecordChecks
  /** What is wrong with records by themselves. After a record that cannot be read, nothing else is examined. */
  readonly #unreadable = new Findings()
  readonly #found = new Findings()
  readonly #rules: RuleReplay
  readonly #policy: PolicyCheck
  readonly #said: SaidReader | null
  readonly #scopes: ScopeCheck
  readonly #narrowings: NarrowingCheck
  readonly #texts = new Explanations()
  readonly #erasures: TextErasure[] = []
  readonly #isFollowed: boolean
  readonly #isCounted: boolean
  #index: number

  /** @param load loads policies with Cedar, if it is at hand */
  constructor(
    { manifest, fd, policies, ruleLists, said, scopes, narrowable, isFollowed, isCounted, ...extents }: Subjects,
    load?: LoadVersion,
  ) {
    this.#checks = new RecordChecks(manifest)
    this.#scopes = new ScopeCheck(scopes)
    this.#narrowings = new NarrowingCheck(narrowable)
    this.#policy = new PolicyCheck(policies, load)
    this.#rules = new RuleReplay(manifest, {
      carried: contentOf(fd, extents.carried),
      requests: contentOf(fd, extents.requests),
      exceptions: contentOf(fd, extents.exceptions),
      further: extents.further ? contentOf(fd, extents.further) : noBytes,
      ...(extents.metrics && { metrics: contentOf(fd, extents.metrics) }),
      controls: new ControlLists(fd, ruleLists),
      found: this.#found,
      policy: this.#policy,
      isFollowed,
    })
    this.#said = said === undefined ? null : new SaidReader(storedOf(said, { start: 0, size: Infinity }))
    this.#isFollowed = isFollowed
    this.#isCounted = isCounted
    this.#index = manifest.log.from.size
  }

  async take(lines: HashedLines): Promise<void> {
    if (this.#unreadable.first()) return
    let records: readonly ReadRecord[] = []
    await this.#unreadable.attempt(() => {
      records = this.#checks.take(lines)
    })
    // After a record that is too new, only the chains are still checked.
    if (!this.#unreadable.first() && this.#checks.newer() === null) await this.#examine(records)
  }

  async #examine(records: readonly ReadRecord[]): Promise<void> {
    const said = this.#said
    for (const record of records) {
      const { event, hash, line } = record
      const index = this.#index++
      const waiting = this.#rules.take(event, hash, { index, line })
      if (waiting) await waiting
      if (said?.concerns(event) && !this.#found.isOutranked('said'))
        await this.#found.attempt(() => this.#readTexts(said, record, index))
      if (event.type === 'erased') this.#explain(event.data)
    }
    await this.#rules.compareExceptions()
  }

  /** Judges anew an ask whose action is given, and what approvers left of it. */
  #judge(event: LogEvent, texts: readonly Text[], index: number, line: number): void {
    if (this.#found.isOutranked('policy')) return
    const place = { member: bundleFiles.records.name, line, index }
    if (event.type === 'narrowed') return this.#judgeLeft(event, texts, place)
    const action = texts.find(({ name }) => name === 'action')
    if (event.type !== 'requested' || !action) return
    this.#narrowings.ask(event, action.text)
    this.#policy.anew(event, action.text, place)
    this.#scopes.take(event, action.text, () => this.#policy.sessionOf(event, place), place)
  }

  #judgeLeft(event: EventOf<'narrowed'>, texts: readonly Text[], place: RecordPlace): void {
    const left = this.#narrowings.take(event, texts.find(({ name }) => name === 'edits')?.text, place)
    const request = event.request === undefined ? undefined : this.#rules.request(event.request)
    if (left !== null && request) this.#policy.left(event, left, request, place)
  }

  async end(isWhole: boolean): Promise<Examination> {
    const read = isWhole && !this.#unreadable.first() ? await this.#endRecords() : null
    return read ? this.#endExamination(read) : { found: this.#unreadable.all(), examined: null }
  }

  /** Finishes the chains. Returns what the records say; `null` if one of them cannot be read. */
  async #endRecords(): Promise<RecordsRead | null> {
    let read: RecordsRead | null = null
    await this.#unreadable.attempt(() => {
      read = this.#checks.end()
    })
    const newer = this.#checks.newer()
    if (newer) this.#unreadable.caught(newer)
    return newer ? null : read
  }

  async #endExamination(read: RecordsRead): Promise<Examination> {
    const types = new Findings()
    await types.attempt(() => this.#checks.checkTypes())
    await this.#rules.end()
    const said = await this.#endSaid()
    const continued = this.#rules.continued()
    const tallies = this.#isCounted && { tallies: this.#rules.tallies() }
    const more = {
      ...(said && { said }),
      ...(continued && { continued }),
      ...tallies,
      erasures: this.#erasures,
      scopes: this.#scopes.known(),
      narrowable: this.#narrowings.known(),
    }
    const examined = { read, policies: this.#rules.policies(), judged: this.#policy.judged(), ...more }
    return { found: [...types.all(), ...this.#found.all()], examined }
  }

  async #readTexts(said: SaidReader, { event, hash, line }: ReadRecord, index: number): Promise<void> {
    const texts = await said.take(event, index)
    const names = missingNames(event, texts)
    if (names.length > 0) this.#texts.add({ event: hash, index, names })
    this.#judge(event, texts, index, line)
  }

  #explain({ event, names }: TextErasure): void {
    const others = this.#texts.explain({ event, names })
    if (this.#isFollowed && others.length > 0) this.#erasures.push({ event, names: others })
  }

  async #endSaid(): Promise<SaidOfDay | null> {
    const said = this.#said
    let day: SaidOfDay | null = null
    if (said && !this.#found.isOutranked('said'))
      await this.#found.attempt(async () => {
        const { given } = await said.end()
        day = { given, erased: this.#texts.erased(), missing: this.#texts.left() }
      })
    return day
  }
}
