import { Broken } from '../../src/core/data/broken.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { BadPolicy } from '../../src/policy/flaw.ts'
import { Unreadable } from '../../src/verify/finding.ts'

/** A parser of input from outside. */
export interface Parser {
  readonly name: string
  /** Valid inputs. */
  readonly samples: readonly Buffer[]
  /** Whether the samples are JSON, and are also changed as JSON. */
  readonly json?: boolean
  /** Milliseconds for 64 KiB, if another limit holds: only operators write policies. */
  readonly most?: number
  /** Tries for one try of the other parsers: slow parsers have a fraction. */
  readonly share?: number
  /** Returns `taken`, or the code of the refusal. @throws any other error, which is a bug */
  readonly read: (bytes: Buffer) => Promise<string>
}

export interface Parsers {
  readonly all: readonly Parser[]
  readonly close: () => Promise<void>
}

/** Returns the code of an error of the domain, and throws all others. */
export async function coded(work: () => Promise<string | void>): Promise<string> {
  try {
    return (await work()) ?? 'taken'
  } catch (cause) {
    if (cause instanceof Problem || cause instanceof Broken) return cause.code
    if (cause instanceof BadPolicy) return 'bad-policy'
    if (cause instanceof Unreadable) return 'unreadable'
    throw cause
  }
}
