import type { Digest } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { contentOf, storedOf } from './content.ts'
import type { Continued } from './continuity.ts'
import type { Extent } from './zip/centralDirectory.ts'
import { type Finding, Findings } from './finding.ts'
import { type Lines, startOfLine } from './lines.ts'
import { RuleReplay } from './ruleReplay.ts'
import { type SaidCount, SaidReader } from './saidReader.ts'

/** What an examination works on. Plain data: it may go to another thread of this process. */
export interface Subjects {
  readonly manifest: Manifest
  /** The zip, open, and where members lie in it. */
  readonly fd: number
  readonly carried: Extent
  readonly requests: Extent
  readonly exceptions: Extent
  /** The file of what people wrote, open. */
  readonly said?: number
  /** Whether the bundle is one of a series. */
  readonly isFollowed: boolean
}

/** What the records turned out to say. */
export interface Examined {
  readonly found: readonly Finding[]
  /** Policy versions that the bundle has to explain. */
  readonly policies: readonly Digest[]
  readonly said?: SaidCount
  readonly continued?: Continued
}

/** Takes the day's records, in order and found to be well formed, and then says what it found. */
export interface Examination {
  /** The lines are given away. */
  take(lines: Lines): Promise<void>
  end(): Promise<Examined>
}

/** Examines what records say together: the rules, the tables that follow from them, and what people wrote. */
export function examination({ manifest, fd, said: saidFile, isFollowed, ...extents }: Subjects): Examination {
  const found = new Findings()
  const rules = new RuleReplay(manifest, {
    carried: contentOf(fd, extents.carried),
    requests: contentOf(fd, extents.requests),
    exceptions: contentOf(fd, extents.exceptions),
    found,
    isFollowed,
  })
  const said = saidFile === undefined ? null : new SaidReader(storedOf(saidFile, { start: 0, size: Infinity }))
  let index = manifest.log.from.size
  let count: SaidCount | undefined

  return {
    async take(lines) {
      const { bytes, ends, first } = lines
      const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      for (let k = 0; k < ends.length; k++) {
        // Its form was checked: this only takes it apart again, as that costs less than to hand it over in parts.
        const event = JSON.parse(all.toString('utf8', startOfLine(lines, k), ends[k])) as LogEvent
        const waiting = rules.take(event, index, first + k)
        if (waiting) await waiting
        if (said?.concerns(event) && !found.isOutranked('said')) await found.attempt(() => said.take(event, index))
        index += 1
      }
      await rules.compareExceptions()
    },

    async end() {
      await rules.end()
      if (said && !found.isOutranked('said'))
        await found.attempt(async () => {
          count = await said.end()
        })
      const continued = rules.continued()
      const more = { ...(count && { said: count }), ...(continued && { continued }) }
      return { found: found.all(), policies: rules.policies(), ...more }
    },
  }
}
