import { Broken } from '../../src/core/data/broken.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { BadPolicy } from '../../src/policy/flaw.ts'
import { Unreadable } from '../../src/verify/finding.ts'

/** Something that reads what strangers write. */
export interface Parser {
  readonly name: string
  /** What it takes. */
  readonly samples: readonly Buffer[]
  /** Whether samples are JSON, and may be changed as such. */
  readonly json?: boolean
  /** Milliseconds for 64 KiB, where they are not those of what strangers send: operators write policies. */
  readonly most?: number
  /** How often it is tried for one try of the others: some take their time. */
  readonly share?: number
  /** Says `taken`, or the code it refuses with. @throws whatever else comes of it: that is what is looked for */
  readonly read: (bytes: Buffer) => Promise<string>
}

export interface Parsers {
  readonly all: readonly Parser[]
  readonly close: () => Promise<void>
}

/** The code of what the domain throws; whatever else is thrown flies on. */
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
