import type { Digest } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { contentOf, storedOf } from './content.ts'
import type { Continued } from './continuity.ts'
import type { Extent } from './zip/centralDirectory.ts'
import { type Finding, Findings } from './finding.ts'
import { type Lines, startOfLine } from './lines.ts'
import { PolicyCheck } from './policyCheck.ts'
import { RuleReplay } from './ruleReplay.ts'
import { type SaidCount, SaidReader } from './saidReader.ts'
import type { VersionFiles } from './versionFiles.ts'

/** The input of an examination. It is plain data, because it may be sent to another thread of this process. */
export interface Subjects {
  readonly manifest: Manifest
  /** The open zip; the extents below say where members lie in it. */
  readonly fd: number
  readonly carried: Extent
  readonly requests: Extent
  readonly exceptions: Extent
  readonly policies: readonly VersionFiles[]
  /** The open said file. */
  readonly said?: number
  /** Whether the bundle is one of a series. */
  readonly isFollowed: boolean
}

/** The result of an examination. */
export interface Examined {
  readonly found: readonly Finding[]
  /** The policy versions that events name. The bundle must contain their files. */
  readonly policies: readonly Digest[]
  readonly judged: JudgedCount
  readonly said?: SaidCount
  readonly continued?: Continued
}

/** How many of the day's asks, carried ones included, were judged: by the structure of their policy, and anew by Cedar. */
export interface JudgedCount {
  readonly asks: number
  readonly anew: number
}

/** Takes the day's records in order, after their form was checked, and reports what it found at the end. */
export interface Examination {
  /** Takes ownership of the lines: the caller must not use their buffers afterwards. */
  take(lines: Lines): Promise<void>
  end(): Promise<Examined>
}

/** Examines the records together: whether they follow the rules, and whether tables and the said file fit them. */
export class RecordExamination implements Examination {
  readonly #found = new Findings()
  readonly #rules: RuleReplay
  readonly #policy: PolicyCheck
  readonly #said: SaidReader | null
  #index: number

  constructor({ manifest, fd, policies, said, isFollowed, ...extents }: Subjects) {
    this.#policy = new PolicyCheck(policies)
    this.#rules = new RuleReplay(manifest, {
      carried: contentOf(fd, extents.carried),
      requests: contentOf(fd, extents.requests),
      exceptions: contentOf(fd, extents.exceptions),
      found: this.#found,
      policy: this.#policy,
      isFollowed,
    })
    this.#said = said === undefined ? null : new SaidReader(storedOf(said, { start: 0, size: Infinity }))
    this.#index = manifest.log.from.size
  }

  async take(lines: Lines): Promise<void> {
    const { bytes, ends, first } = lines
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const said = this.#said
    for (let k = 0; k < ends.length; k++) {
      // The record's form was checked before. To parse it again is faster than to send parsed events to a thread.
      const event = JSON.parse(all.toString('utf8', startOfLine(lines, k), ends[k])) as LogEvent
      const index = this.#index++
      const waiting = this.#rules.take(event, index, first + k)
      if (waiting) await waiting
      if (said?.concerns(event) && !this.#found.isOutranked('said'))
        await this.#found.attempt(() => said.take(event, index))
    }
    await this.#rules.compareExceptions()
  }

  async end(): Promise<Examined> {
    await this.#rules.end()
    const said = await this.#endSaid()
    const continued = this.#rules.continued()
    const more = { ...(said && { said }), ...(continued && { continued }) }
    const judged = { asks: this.#policy.asks(), anew: 0 }
    return { found: this.#found.all(), policies: this.#rules.policies(), judged, ...more }
  }

  async #endSaid(): Promise<SaidCount | null> {
    const said = this.#said
    let count: SaidCount | null = null
    if (said && !this.#found.isOutranked('said'))
      await this.#found.attempt(async () => {
        count = await said.end()
      })
    return count
  }
}
