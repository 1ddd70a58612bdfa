import type { Hex } from '../data/id.ts'
import type { ChainHead } from '../request/event.ts'

/** A row of a chain as it is stored, even a foreign one. */
export interface SurveyedRow {
  readonly key: string
  /** The number in its key; `null` if the key has none. */
  readonly seq: number | null
  /** The hash of its leaf, and the hash of the event before it that the leaf names; `null` without such a leaf. */
  readonly hash: Hex | null
  readonly prev: Hex | null
  /** Why the leaf does not count; `null` if it is authentic. */
  readonly check: 'mac' | 'form' | null
  /** Whether all parts of the row can be read. */
  readonly isWhole: boolean
  /** For the adapter alone. */
  readonly version: unknown
}

/** An event whose row is missing or was changed, although a later event holds. Its leaf had this hash. */
export interface LostEvent {
  readonly seq: number
  readonly hash: Hex
}

/** The result of a survey: which rows of a chain hold. */
export interface Surveyed {
  /** The newest event that holds. */
  readonly newest: ChainHead
  /** Rows with right leaves that have to be authenticated or written again. */
  readonly mendable: readonly SurveyedRow[]
  /** Rows after the newest event that holds. */
  readonly tail: readonly SurveyedRow[]
  /** Rows between the events that are not events, each with the number of the event before it. */
  readonly strays: readonly { readonly row: SurveyedRow; readonly after: number }[]
  readonly lost: readonly LostEvent[]
}

/**
 * Finds out which rows of a chain hold. An authentic event vouches for all events before it, because each names the hash of
 * the one before. A row whose leaf has that hash is right, even if its MAC is not.
 */
export class ChainSurvey {
  #newest: ChainHead
  #open: SurveyedRow[] = []
  readonly #mendable: SurveyedRow[] = []
  #strays: { readonly row: SurveyedRow; readonly after: number }[] = []
  readonly #lost: LostEvent[] = []

  /** @param base the event before the first row, which is known to hold */
  constructor(base: ChainHead) {
    this.#newest = base
  }

  /** Takes the next row, in the order of their keys. */
  take(row: SurveyedRow): void {
    const { seq, hash, prev, check, isWhole } = row
    if (seq === null) {
      this.#strays.push({ row, after: this.#open.at(-1)?.seq ?? this.#newest.seq })
      return
    }
    if (check !== null || hash === null || prev === null) {
      this.#open.push(row)
      return
    }
    const { right, unmet } = backFrom({ seq: seq - 1, hash: prev }, this.#open)
    if (!isAt(unmet, this.#newest)) this.#lost.push(unmet)
    this.#mendable.push(...right, ...(isWhole ? [] : [row]))
    this.#newest = { seq, hash }
    this.#open = []
  }

  /** Forgets the rows after the newest event that holds, so that they can be taken again. @returns that event's number */
  rewind(): number {
    const { seq } = this.#newest
    this.#open = []
    this.#strays = this.#strays.filter(({ after }) => after < seq)
    return seq
  }

  /** @param vouchers ends of the chain that are known from other sources than its rows */
  end(vouchers: readonly ChainHead[]): Surveyed {
    for (const known of vouchers.toSorted((a, b) => a.seq - b.seq)) this.#believe(known)
    return {
      newest: this.#newest,
      mendable: this.#mendable,
      tail: this.#open,
      strays: this.#strays,
      lost: this.#lost,
    }
  }

  /** Takes the right rows up to a known end. After a wrong row nothing is known of the following ones. */
  #believe(known: ChainHead): void {
    const before = this.#open.filter((row) => row.seq !== null && row.seq <= known.seq)
    const { right, unmet } = backFrom(known, before)
    if (known.seq <= this.#newest.seq || !isAt(unmet, this.#newest)) return
    this.#mendable.push(...right)
    this.#newest = { seq: known.seq, hash: known.hash }
    this.#open = this.#open.slice(before.length)
  }
}

/** Goes back over rows from a known event, as long as each leaf has the hash that the event after it names. */
export function backFrom(
  known: ChainHead,
  rows: readonly SurveyedRow[],
): { readonly right: readonly SurveyedRow[]; readonly unmet: LostEvent } {
  const right: SurveyedRow[] = []
  let unmet: LostEvent = { seq: known.seq, hash: known.hash }
  for (const row of rows.toReversed()) {
    if (row.seq !== unmet.seq || row.hash !== unmet.hash || row.prev === null) break
    right.unshift(row)
    unmet = { seq: unmet.seq - 1, hash: row.prev }
  }
  return { right, unmet }
}

const isAt = (a: ChainHead, b: ChainHead): boolean => a.seq === b.seq && a.hash === b.hash
