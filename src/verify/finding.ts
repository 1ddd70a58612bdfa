import { Broken, type BrokenCode } from '../core/data/broken.ts'

/** All checks, in order. If several fail, the verifier names the first. */
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
  'policy',
  'said',
] as const

export type Check = (typeof checks)[number]

/** The place in a bundle at which a check failed. */
export interface FaultPlace {
  readonly check: Check
  readonly member?: string
  /** The first is 1. */
  readonly line?: number
}

/** A failed check. It is plain data, because it may come from another thread and goes into JSON. */
export interface Finding extends FaultPlace {
  readonly code: BrokenCode
  readonly words: string
}

/** Evidence that does not hold, with the place. */
export class BrokenAt extends Broken {
  readonly place: FaultPlace

  constructor(place: FaultPlace, code: BrokenCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.name = 'BrokenAt'
    this.place = place
  }
}

/** A file that is missing, may not be read, or is of another kind. The error says nothing about evidence. */
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

/** Collects the findings of several checks that run at the same time. */
export class Findings {
  readonly #all: Finding[] = []

  add(finding: Finding): void {
    this.#all.push(finding)
  }

  /** Adds an error, as {@link findingOf} describes it. */
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
 * Orders findings. A finding `newer-format` ranks after root and consistency: it is named only if the log itself holds,
 * so that altered evidence is not mistaken for newer evidence. `cannot-judge` ranks last, since it is no fault of the
 * evidence: whatever is broken is named first.
 */
function rank({ check, code }: Finding): number {
  if (code === 'cannot-judge') return checks.length
  return code === 'newer-format' ? checks.indexOf('consistency') + 0.5 : checks.indexOf(check)
}
