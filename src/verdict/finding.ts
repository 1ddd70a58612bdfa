import type { Broken } from '../core/data/broken.ts'
import type { JsonObject } from '../core/data/json.ts'
import type { Finding } from '../verify/finding.ts'
import { type EvidenceVerdict, type VerdictExit, verdictExits, type VerdictLine } from './verdict.ts'

export const exitOfFinding = ({ code }: Pick<Finding, 'code'>): VerdictExit =>
  notBroken(code) === null ? verdictExits.broken : verdictExits.unreadable

/** What is said in the place of BROKEN of evidence that is not known to be broken. */
const notBroken = (code: Finding['code']): string | null => {
  if (code === 'newer-format') return 'too new'
  if (code === 'cannot-judge') return 'CANNOT JUDGE'
  return code === 'unexplained' ? 'CANNOT TELL' : null
}

/** Describes what does not hold. */
export function describeFinding({ code, words, member, line }: Pick<Finding, 'code' | 'words' | 'member' | 'line'>) {
  const where = [member, line !== undefined && `line ${line}`].filter(Boolean).join(', ')
  const place: readonly VerdictLine[] = where === '' ? [] : [['where', where]]
  return [[notBroken(code) ?? 'BROKEN', words] as const, ...place, ['code', code] as const]
}

export const findingRecord = ({ code, words, ...place }: Finding & { readonly file?: string }): JsonObject => ({
  code,
  message: words,
  ...place,
})

/** The verdict on what does not hold, where no check of a bundle has a name. */
export function verdictOfBroken({ code, message }: Pick<Broken, 'code' | 'message'>): EvidenceVerdict {
  const exit = exitOfFinding({ code })
  const lines = describeFinding({ code, words: message })
  return { exit, lines, to: 'stderr', record: { exit, ok: false, problem: { code, message } } }
}

/**
 * What is said of evidence that holds.
 *
 * @param tamperings how many of its events record that somebody had changed what was stored
 * @param isUnexplained whether texts are missing, and nothing says why
 */
export function verdictOf(
  tamperings: number,
  isUnexplained = false,
): { readonly exit: VerdictExit; readonly verdict: string } {
  const but = [
    ...(tamperings > 0 ? ['WITH A RECORDED TAMPERING'] : []),
    ...(isUnexplained ? ['WITH TEXTS MISSING THAT NOTHING EXPLAINS'] : []),
  ]
  const exit = tamperings > 0 ? verdictExits.tampered : verdictExits.ok
  return { exit, verdict: but.length === 0 ? 'VERIFIED' : ['HOLDS', but.join(' AND ')].join(', ') }
}
