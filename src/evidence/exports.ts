import { recordAlone, retrying, timeOf, type ChangeParts } from '../approvals/commit.ts'
import { Broken } from '../core/data/broken.ts'
import type { Day } from '../core/data/day.ts'
import { type ObjectId, type Shard, shards } from '../core/data/id.ts'
import { hourOf, type Instant } from '../core/data/instant.ts'
import { eventRow, evidenceBroken } from '../core/data/problem.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { exportKey } from '../core/record/exportKey.ts'
import type { Draft, Exported, ExportedFile } from '../core/request/event.ts'
import type { Ledger } from '../ports/ledger.ts'

export type ExportingParts = Pick<ChangeParts, 'clock' | 'policy' | 'random' | 'backOff'> & {
  readonly ledger: Pick<Ledger, 'inTurn' | 'load' | 'commit' | 'news' | 'cut' | 'stream'>
}

/** A person who is about to get a file of a sealed day. */
export interface ExportedDownload {
  readonly file: ExportedFile
  readonly date: Day
  readonly by: ObjectId
  /** The application that the person uses. */
  readonly client: ObjectId
}

/** docs/evidence/events.md: `exported` is an event of the first shard. */
const shard: Shard = shards[0] ?? ('00' as Shard)

/** The downloads of one hour that the shard records, up to one of its events. */
interface KnownExports {
  readonly hour: Instant
  readonly upTo: number
  readonly keys: ReadonlySet<string>
}

/**
 * Records who downloads evidence, once for each person, file and hour. The chain itself tells what was recorded before, so
 * that several processes record a download once, and nobody hides one by writing a row.
 */
export class Exports {
  readonly #parts: ExportingParts
  #known: KnownExports | null = null

  constructor(parts: ExportingParts) {
    this.#parts = parts
  }

  /**
   * Records a download, before the first byte is sent. After `busy` or `unavailable`, nothing may be sent.
   *
   * @throws {Problem} `busy`, `unavailable`, `evidence-broken`, `read-only`
   */
  async record({ by, file, date, client }: ExportedDownload): Promise<void> {
    const { ledger, clock } = this.#parts
    const data: Exported = { file, date, client }
    const draft = { type: 'exported', actor: { kind: 'person', id: by }, data } as const satisfies Draft
    try {
      // The events of the hour are read before the turn, so that other work on the shard does not wait for that.
      await this.#upTo((await ledger.news(shard, null)).seq, hourOf(clock.now()))
      await retrying(this.#parts, () =>
        ledger.inTurn(shard, async () => {
          const loaded = await ledger.load(shard, {})
          const at = timeOf(clock, loaded)
          const { keys } = await this.#upTo(loaded.head.seq, hourOf(at))
          if (!keys.has(exportKey({ ...draft, at }))) await recordAlone(this.#parts, loaded, [draft], at)
        }),
      )
    } catch (cause) {
      if (cause instanceof Broken) throw evidenceBroken({ shard, row: 'exported', check: 'chain' }, cause)
      throw cause
    }
  }

  /** Reads the shard's downloads since the hour began, as far as this process does not know them. */
  async #upTo(seq: number, hour: Instant): Promise<KnownExports> {
    const { ledger } = this.#parts
    const known = this.#known?.hour === hour && this.#known.upTo <= seq ? this.#known : null
    const after = known?.upTo ?? Math.min(seq, (await ledger.cut(shard, hour)).seq)
    const keys = new Set(known?.keys)
    let upTo = after
    if (after < seq)
      for await (const page of ledger.stream(shard, after, seq))
        for (const event of page) {
          upTo = event.seq
          const key = keyIn(event.text)
          if (key !== null) keys.add(key)
        }
    if (upTo < seq) throw evidenceBroken({ shard, row: eventRow(upTo + 1), check: 'missing' })
    this.#known = { hour, upTo, keys }
    return this.#known
  }
}

/** Reads a leaf only if it can be a download, since a busy hour has thousands of events. */
function keyIn(leaf: string): string | null {
  if (!leaf.includes('"type":"exported"')) return null
  const event = JSON.parse(leaf) as LogEvent
  return event.type === 'exported' ? exportKey(event) : null
}
