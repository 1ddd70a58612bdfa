import type { Hex } from '../core/data/id.ts'
import { erasable } from '../core/request/erasure.ts'
import { BrokenAt } from './finding.ts'

/** Texts to which an event commits and which are not in a said file. */
export interface MissingTexts {
  /** The hash of the event. */
  readonly event: Hex
  /** Its place in the log. */
  readonly index: number
  readonly names: readonly string[]
}

/** What an event `erased` says: texts with these names were erased from that event. */
export interface TextErasure {
  readonly event: Hex
  readonly names: readonly string[]
}

/**
 * Keeps the texts that are missing, until an event says that they were erased. A request never leaves its shard, so that
 * event comes later in the log than the event whose text it is.
 */
export class Explanations {
  readonly #missing = new Map<Hex, MissingTexts>()
  #erased = 0

  /** @throws {BrokenAt} `withheld` for a text that nobody can have erased */
  add(missing: MissingTexts): void {
    const lasting = missing.names.find((name) => !erasable.some((one) => one === name))
    if (lasting !== undefined)
      throw withheld(
        `The text “${lasting}” of record ${missing.index} is missing, and texts of this name are never erased.`,
      )
    this.#missing.set(missing.event, missing)
  }

  /** Takes what was erased from what is missing. Returns the names that are not missing here. */
  explain({ event, names }: TextErasure): readonly string[] {
    const missing = this.#missing.get(event)
    if (!missing) return names
    const left = missing.names.filter((name) => !names.includes(name))
    this.#erased += missing.names.length - left.length
    if (left.length > 0) this.#missing.set(event, { ...missing, names: left })
    else this.#missing.delete(event)
    return names.filter((name) => !missing.names.includes(name))
  }

  /** How many of the missing texts were erased. */
  erased(): number {
    return this.#erased
  }

  /** The missing texts of which no event says that they were erased, in the order in which they were added. */
  left(): readonly MissingTexts[] {
    return [...this.#missing.values()]
  }
}

/** Counts texts. */
export const countOf = (missing: readonly MissingTexts[]): number =>
  missing.reduce((sum, { names }) => sum + names.length, 0)

/** Names the first of the missing texts: `“reason” of record 12`. */
export const firstOf = ([first]: readonly MissingTexts[]): string =>
  first === undefined ? 'none' : `“${first.names[0]}” of record ${first.index}`

export const withheld = (what: string): BrokenAt => new BrokenAt({ check: 'said', member: 'said' }, 'withheld', what)
