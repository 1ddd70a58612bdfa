import { emptyRow, type LimitRow } from '../../../src/core/request/limit.ts'
import { Conflict } from '../../../src/ports/ledger.ts'
import type { LimitKey, Limits } from '../../../src/ports/limits.ts'

/** Slots in memory. They are kept as JSON text, so that callers share no state with them. */
export class MemoryLimits implements Limits {
  private readonly rows = new Map<string, { readonly text: string; readonly version: number }>()

  async read(key: LimitKey): Promise<{ readonly row: LimitRow; readonly version: number | null }> {
    const kept = this.rows.get(name(key))
    return kept
      ? { row: JSON.parse(kept.text) as LimitRow, version: kept.version }
      : { row: structuredClone(emptyRow), version: null }
  }

  async replace(key: LimitKey, version: unknown, row: LimitRow): Promise<number> {
    const kept = this.rows.get(name(key))
    if ((kept?.version ?? null) !== version) throw new Conflict()
    const next = (kept?.version ?? 0) + 1
    this.rows.set(name(key), { text: JSON.stringify(row), version: next })
    return next
  }
}

const name = (key: LimitKey): string => JSON.stringify(key)
