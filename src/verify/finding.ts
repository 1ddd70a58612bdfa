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
export interface Place {
  readonly check: Check
  readonly member?: string
  /** The first is 1. */
  readonly line?: number
}

/** Something that does not hold: plain data, as it comes from another thread or goes into JSON. */
export interface Finding extends Place {
  readonly code: BrokenCode
  readonly words: string
}

/** Evidence that does not hold, and where. */
export class BrokenAt extends Broken {
  readonly place: Place

  constructor(place: Place, code: BrokenCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.name = 'BrokenAt'
    this.place = place
  }
}

/** A file that is not there, may not be read, or is something else: says nothing about evidence. */
export class Unreadable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Unreadable'
  }
}

/** Does what may find evidence broken, and says where it was. */
export function placed<T>(place: Place, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof Broken) || cause instanceof BrokenAt) throw cause
    throw new BrokenAt(place, cause.code, cause.message, { cause })
  }
}

/** Says what broke, and where. Whatever else was thrown is a fault, and flies on. */
export function findingOf(cause: unknown, place?: Place): Finding {
  if (!(cause instanceof Broken)) throw cause
  const where = cause instanceof BrokenAt ? cause.place : place
  if (!where) throw cause
  return { ...where, code: cause.code, words: cause.message }
}

/** Collects what is found while several checks go on side by side. */
export function findings() {
  const all: Finding[] = []
  const first = (): Finding | undefined => all.toSorted((a, b) => rank(a) - rank(b))[0]

  const caught = (cause: unknown, place?: Place): void => void all.push(findingOf(cause, place))

  return {
    add: (finding: Finding): void => void all.push(finding),

    /** Adds what broke, as {@link findingOf} has it. */
    caught,

    /** Does work and adds what breaks in it; answers whether nothing did. */
    async attempt(work: () => unknown): Promise<boolean> {
      try {
        await work()
        return true
      } catch (cause) {
        caught(cause)
        return false
      }
    },

    /** Whether nothing that is found by this check, or a later one, would be named any more. */
    outrank: (check: Check): boolean => all.some((finding) => rank(finding) <= checks.indexOf(check)),

    /** The first in the order of {@link checks}, or of being found. */
    first,
    all: (): readonly Finding[] => all,
  }
}

/** What is too new to be understood is named only if the bundle and the log hold it: after root and consistency. */
const rank = ({ check, code }: Finding): number =>
  checks.indexOf(code === 'newer-format' ? 'consistency' : check) + (code === 'newer-format' ? 0.5 : 0)
