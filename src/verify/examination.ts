import type { Digest, Hex } from '../core/data/id.ts'
import { bundleFiles } from '../core/log/bundleFiles.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { leafHash } from '../core/log/merkle.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import type { Tallies } from '../core/record/metrics.ts'
import { contentOf, storedOf } from './content.ts'
import type { Continued } from './continuity.ts'
import { ControlLists, type RuleListPlace } from './controlLists.ts'
import type { Extent } from './zip/centralDirectory.ts'
import { type Finding, Findings } from './finding.ts'
import { type Lines, startOfLine } from './lines.ts'
import { Explanations, type MissingTexts, type TextErasure } from './missingTexts.ts'
import { type JudgedCount, PolicyCheck } from './policyCheck.ts'
import type { LoadVersion } from './policyJudge.ts'
import { RuleReplay } from './ruleReplay.ts'
import { missingNames, SaidReader, type Text } from './saidReader.ts'
import type { VersionFiles } from './versionFiles.ts'

/** Lines with their leaf hashes, 32 bytes each, in a buffer of its own. */
export interface HashedLines extends Lines {
  readonly hashes: Uint8Array
}

/** The input of an examination. It is plain data, because it may be sent to another thread of this process. */
export interface Subjects {
  readonly manifest: Manifest
  /** The open zip; the extents below say where members lie in it. */
  readonly fd: number
  readonly carried: Extent
  readonly requests: Extent
  readonly exceptions: Extent
  /** Absent in a bundle of an earlier program. */
  readonly metrics?: Extent
  readonly ruleLists: readonly RuleListPlace[]
  readonly policies: readonly VersionFiles[]
  /** The open said file. */
  readonly said?: number
  /** Whether the bundle is one of a series. */
  readonly isFollowed: boolean
  /** Whether the result says what the day's requests come to. */
  readonly isCounted: boolean
}

/** The result of an examination. */
export interface Examined {
  readonly found: readonly Finding[]
  /** The policy versions that events name. The bundle must contain their files. */
  readonly policies: readonly Digest[]
  readonly judged: JudgedCount
  readonly said?: SaidOfDay
  /** What the day's events say was erased from events of earlier days, or of a day whose texts were not given. */
  readonly erasures: readonly TextErasure[]
  readonly continued?: Continued
  readonly tallies?: Tallies
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

/** Takes the day's records in order, after their form was checked, and reports what it found at the end. */
export interface Examination {
  /** Takes ownership of the lines: the caller must not use their buffers afterwards. */
  take(lines: HashedLines): Promise<void>
  end(): Promise<Examined>
}

/** Examines the records together: whether they follow the rules, and whether tables and the said file fit them. */
export class RecordExamination implements Examination {
  readonly #found = new Findings()
  readonly #rules: RuleReplay
  readonly #policy: PolicyCheck
  readonly #said: SaidReader | null
  readonly #texts = new Explanations()
  readonly #erasures: TextErasure[] = []
  readonly #isFollowed: boolean
  readonly #isCounted: boolean
  #index: number

  /** @param load loads policies with Cedar, if it is at hand */
  constructor(
    { manifest, fd, policies, ruleLists, said, isFollowed, isCounted, ...extents }: Subjects,
    load?: LoadVersion,
  ) {
    this.#policy = new PolicyCheck(policies, load)
    this.#rules = new RuleReplay(manifest, {
      carried: contentOf(fd, extents.carried),
      requests: contentOf(fd, extents.requests),
      exceptions: contentOf(fd, extents.exceptions),
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
    const { bytes, ends, first, hashes } = lines
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const said = this.#said
    for (let k = 0; k < ends.length; k++) {
      // The record's form was checked before. To parse it again is faster than to send parsed events to a thread.
      const text = all.toString('utf8', startOfLine(lines, k), ends[k])
      const event = JSON.parse(text) as LogEvent
      const index = this.#index++
      const hash = Buffer.from(hashes.buffer, hashes.byteOffset + 32 * k, 32).toString('hex') as Hex
      const waiting = this.#rules.take(event, hash, { index, line: first + k })
      if (waiting) await waiting
      if (said?.concerns(event) && !this.#found.isOutranked('said'))
        await this.#found.attempt(() => this.#readTexts(said, event, { index, leaf: text, line: first + k }))
      if (event.type === 'erased') this.#explain(event.data)
    }
    await this.#rules.compareExceptions()
  }

  /** Judges an ask anew whose action is given. */
  #judge(event: LogEvent, texts: readonly Text[], index: number, line: number): void {
    if (event.type !== 'requested' || this.#found.isOutranked('policy')) return
    const action = texts.find(({ name }) => name === 'action')
    if (action) this.#policy.anew(event, action.text, { member: bundleFiles.records.name, line, index })
  }

  async end(): Promise<Examined> {
    await this.#rules.end()
    const said = await this.#endSaid()
    const continued = this.#rules.continued()
    const tallies = this.#isCounted && { tallies: this.#rules.tallies() }
    const more = { ...(said && { said }), ...(continued && { continued }), ...tallies, erasures: this.#erasures }
    const judged = this.#policy.judged()
    return { found: this.#found.all(), policies: this.#rules.policies(), judged, ...more }
  }

  async #readTexts(
    said: SaidReader,
    event: LogEvent,
    { index, leaf, line }: { readonly index: number; readonly leaf: string; readonly line: number },
  ) {
    const texts = await said.take(event, index)
    const names = missingNames(event, texts)
    if (names.length > 0) this.#texts.add({ event: leafHash(leaf), index, names })
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
