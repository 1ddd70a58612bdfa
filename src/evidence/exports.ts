import { recordAlone, retrying, timeOf, type ChangeParts } from '../approvals/commit.ts'
import { Broken } from '../core/data/broken.ts'
import type { Day } from '../core/data/day.ts'
import { type ObjectId, type Shard, shards } from '../core/data/id.ts'
import { hourOf } from '../core/data/instant.ts'
import { evidenceBroken } from '../core/data/problem.ts'
import { exportKey } from '../core/record/exportKey.ts'
import type { Draft, Exported, ExportedFile } from '../core/request/event.ts'
import type { Ledger } from '../ports/ledger.ts'
import { RecordedSince } from './recordedSince.ts'

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

/**
 * Records who downloads evidence, once for each person, file and hour. The chain itself tells what was recorded before, so
 * that several processes record a download once, and nobody hides one by writing a row.
 */
export class Exports {
  readonly #parts: ExportingParts
  readonly #recorded: RecordedSince<'exported'>

  constructor(parts: ExportingParts) {
    this.#parts = parts
    this.#recorded = new RecordedSince({ ledger: parts.ledger, shard, type: 'exported', keyOf: exportKey })
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
      await this.#recorded.keys((await ledger.news(shard, null)).seq, hourOf(clock.now()))
      await retrying(this.#parts, () =>
        ledger.inTurn(shard, async () => {
          const loaded = await ledger.load(shard, {})
          const at = timeOf(clock, loaded)
          const keys = await this.#recorded.keys(loaded.head.seq, hourOf(at))
          if (!keys.has(exportKey({ ...draft, at }))) await recordAlone(this.#parts, loaded, [draft], at)
        }),
      )
    } catch (cause) {
      if (cause instanceof Broken) throw evidenceBroken({ shard, row: 'exported', check: 'chain' }, cause)
      throw cause
    }
  }
}
