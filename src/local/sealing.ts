import { type Day, endOf, nextDay } from '../core/data/day.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Bundles, SealedBundle } from '../evidence/read/bundles.ts'
import type { Alarm, Seals } from '../ports/seals.ts'

/** The result of sealing every day that is due. */
export interface SealReport {
  /** Oldest first. */
  readonly sealed: readonly SealedBundle[]
  /** The evidence that does not hold, at which sealing stopped. */
  readonly alarm: Alarm | null
  /** The first day that is not sealed, and when it ends. */
  readonly next: { readonly date: Day; readonly end: Instant }
  /** Files of cosignatures that were kept then; none without witnesses. */
  readonly cosigned: readonly string[]
  /** Files of the snapshot that was kept then; none without backups, or if nothing is due. */
  readonly kept: readonly string[]
}

export interface LocalSealingParts {
  readonly seal: () => Promise<readonly Day[]>
  readonly cosign: () => Promise<readonly string[]>
  readonly snapshot: () => Promise<readonly string[]>
  readonly seals: Pick<Seals, 'first' | 'head' | 'alarm'>
  readonly bundles: Pick<Bundles, 'list'>
}

/** Seals every day that has ended, has it cosigned if there are witnesses, takes a snapshot if backups are on, and reports the result. */
export async function sealNow({ seal, cosign, snapshot, seals, bundles }: LocalSealingParts): Promise<SealReport> {
  const days = new Set(await seal())
  const cosigned = await cosign()
  const kept = await snapshot()
  const [{ bundles: all }, alarm, first, { head }] = await Promise.all([
    bundles.list(),
    seals.alarm(),
    seals.first(),
    seals.head(),
  ])
  const date = head ? nextDay(head.date) : first
  const sealed = all.filter((bundle) => days.has(bundle.date))
  return { sealed, alarm, next: { date, end: endOf(date) }, cosigned, kept }
}

export const sealedLine = ({ date, number, records, bytes, sha256 }: SealedBundle): string =>
  `${date} is sealed: bundle ${number}, ${records} records, ${bytes} bytes, sha256 ${sha256 ?? 'unknown'}`
