import { type BrokenRow, isBroken } from '../core/data/problem.ts'

/** The most rows that are listed. More would tell an operator nothing new. */
const most = 100

/** Rows that this process found altered. Health lists them, and the log names each once. */
export class Alarms {
  readonly #log: (cause: unknown) => void
  readonly #rows = new Map<string, BrokenRow>()

  /** @param log writes a line for the operator. Must not throw. */
  constructor(log: (cause: unknown) => void) {
    this.#log = log
  }

  /** Takes note of an error, if it is about such a row. */
  note(cause: unknown): void {
    const row = isBroken(cause) ? cause.details.broken : undefined
    const name = row && `${row.shard} ${row.row} ${row.request ?? ''}`
    if (!row || !name || this.#rows.has(name) || this.#rows.size === most) return
    this.#rows.set(name, row)
    this.#log(cause)
  }

  /** Lists the rows, first found first. */
  rows(): readonly BrokenRow[] {
    return [...this.#rows.values()]
  }
}
