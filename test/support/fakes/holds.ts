import type { HoldId } from '../../../src/core/data/id.ts'
import type { HoldRow, HoldRows, StoredHold } from '../../../src/ports/holds.ts'
import { Conflict } from '../../../src/ports/ledger.ts'

/** Rows of holds in memory. They are kept as JSON text, so that callers share no state with them. */
export class MemoryHolds implements HoldRows {
  private readonly kept = new Map<HoldId, { readonly text: string; readonly version: number }>()

  async all(): Promise<readonly StoredHold[]> {
    return [...this.kept.keys()].sort().flatMap((hold) => this.stored(hold) ?? [])
  }

  async find(hold: HoldId): Promise<StoredHold | null> {
    return this.stored(hold)
  }

  async create(row: HoldRow): Promise<StoredHold> {
    if (!this.kept.has(row.hold)) this.kept.set(row.hold, { text: JSON.stringify(row), version: 1 })
    return this.stored(row.hold) as StoredHold
  }

  async replace(version: unknown, row: HoldRow): Promise<StoredHold> {
    const known = this.kept.get(row.hold)
    if (known === undefined || known.version !== version) throw new Conflict()
    this.kept.set(row.hold, { text: JSON.stringify(row), version: known.version + 1 })
    return this.stored(row.hold) as StoredHold
  }

  /** Deletes a row, as somebody with access to the storage can. */
  drop(hold: HoldId): void {
    this.kept.delete(hold)
  }

  private stored(hold: HoldId): StoredHold | null {
    const kept = this.kept.get(hold)
    return kept ? { row: JSON.parse(kept.text) as HoldRow, version: kept.version } : null
  }
}
