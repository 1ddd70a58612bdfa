import { Broken, type BrokenCode } from '../core/data/broken.ts'

/** What is checked, in this order: the first that does not hold is the one that is named. */
export const checks = [
  'zip',
  'manifest',
  'members',
  'checkpoints',
  'records',
  'root',
  'consistency',
  'carried',
  'tables',
  'rules',
  'said',
] as const

export type Check = (typeof checks)[number]

/** Where in a bundle something does not hold. */
export interface FaultPlace {
  readonly check: Check
  readonly member?: string
  /** The first is 1. */
  readonly line?: number
}

/** Something that does not hold: plain data, as it comes from another thread or goes into JSON. */
export interface Finding extends FaultPlace {
  readonly code: BrokenCode
  readonly words: string
}

/** Evidence that does not hold, and where. */
export class BrokenAt extends Broken {
  readonly place: FaultPlace

  constructor(place: FaultPlace, code: BrokenCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.name = 'BrokenAt'
    this.place = place
  }
}

/** A file that is missing, may not be read, or is something else. The error says nothing about evidence. */
export class Unreadable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Unreadable'
  }
}

/** Does work that may find evidence broken, and adds the place to what it throws. */
export function placed<T>(place: FaultPlace, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof Broken) || cause instanceof BrokenAt) throw cause
    throw new BrokenAt(place, cause.code, cause.message, { cause })
  }
}

/** Says what broke, and where. Rethrows any other error, because it is a fault of this program. */
export function findingOf(cause: unknown, place?: FaultPlace): Finding {
  if (!(cause instanceof Broken)) throw cause
  const where = cause instanceof BrokenAt ? cause.place : place
  if (!where) throw cause
  return { ...where, code: cause.code, words: cause.message }
}

/** Collects what is found while several checks go on side by side. */
export class Findings {
  readonly #all: Finding[] = []

  add(finding: Finding): void {
    this.#all.push(finding)
  }

  /** Adds what broke, as {@link findingOf} has it. */
  caught(cause: unknown, place?: FaultPlace): void {
    this.#all.push(findingOf(cause, place))
  }

  /** Does work and adds what breaks in it. Returns whether nothing broke. */
  async attempt(work: () => unknown): Promise<boolean> {
    try {
      await work()
      return true
    } catch (cause) {
      this.caught(cause)
      return false
    }
  }

  /** True if an already found problem outranks everything from this check on. */
  isOutranked(check: Check): boolean {
    return this.#all.some((finding) => rank(finding) <= checks.indexOf(check))
  }

  /** Returns the first finding in the order of {@link checks}, then of discovery. */
  first(): Finding | undefined {
    return this.#all.toSorted((a, b) => rank(a) - rank(b))[0]
  }

  all(): readonly Finding[] {
    return this.#all
  }
}

/**
 * Orders findings. Anything that is too new to be understood ranks after root and consistency, so that it is named only
 * if the bundle and the log hold it as it is.
 */
const rank = ({ check, code }: Finding): number =>
  checks.indexOf(code === 'newer-format' ? 'consistency' : check) + (code === 'newer-format' ? 0.5 : 0)
