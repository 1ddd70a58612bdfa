import { type BrokenRow, isBroken } from '../core/data/problem.ts'
import { abreast } from './concurrency.ts'

/** The most rows that are listed. More would tell an operator nothing new. */
const most = 100

/** Rows that are looked at again at the same time. */
const atOnce = 8

/** Rows that this process found altered. Health lists them, and the log names each once. */
export class Alarms {
  readonly #log: (cause: unknown) => void
  readonly #rows = new Map<string, BrokenRow>()

  /** @param log writes a line for the operator. Must not throw. */
  constructor(log: (cause: unknown) => void) {
    this.#log = log
  }

  /** Takes an error of work whose result is not awaited: notes the row that it is about, or writes its line. Never throws. */
  readonly failed = (cause: unknown): void => {
    if (isBroken(cause)) this.note(cause)
    else this.#log(cause)
  }

  /** Takes note of an error, if it is about such a row. */
  note(cause: unknown): void {
    const row = isBroken(cause) ? cause.details.broken : undefined
    if (!row || this.#rows.has(nameOf(row)) || this.#rows.size === most) return
    this.#rows.set(nameOf(row), row)
    this.#log(cause)
  }

  /** Lists the rows, first found first. */
  rows(): readonly BrokenRow[] {
    return [...this.#rows.values()]
  }

  /**
   * Looks at the rows again, and forgets those that hold by now: an operator put them back, or a person repaired them.
   *
   * @param holds tells whether a row holds. A row that it throws for is kept.
   */
  async recheck(holds: (row: BrokenRow) => Promise<boolean>): Promise<void> {
    await abreast(atOnce, this.rows(), async (row) => {
      if (await holds(row).catch(() => false)) this.#rows.delete(nameOf(row))
    })
  }
}

const nameOf = ({ shard, row, request = '' }: BrokenRow): string => `${shard} ${row} ${request}`
