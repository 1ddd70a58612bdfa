import { endOf } from '../../core/data/day.ts'
import { plusSeconds } from '../../core/data/instant.ts'
import { isBroken } from '../../core/data/problem.ts'
import { sealWithin } from '../../core/record/lateSeal.ts'
import type { Cosigner } from '../../ports/cosigner.ts'
import type { CosigningFault, SealHead } from '../../ports/seals.ts'
import { type CosigningParts, witnessName } from './cosign.ts'

/** Why a witness has not cosigned all that it should have. */
interface UncosignedDay {
  /** The name of the witness. */
  readonly witness: string
  /** `late` if nothing is known but that there is no cosignature; `unknown` if what the service keeps of it was changed. */
  readonly fault: CosigningFault['code'] | 'late' | 'unknown'
  /** The first day without a cosignature; absent if it is not known. */
  readonly date?: CosigningFault['date']
  readonly since?: CosigningFault['since']
}

export interface CosigningState {
  /** `refused`: a witness has seen another log than this one, or a longer one. */
  readonly state: 'ok' | 'failing' | 'refused' | 'off'
  readonly uncosigned: readonly UncosignedDay[]
}

/** The faults that say that a witness has cosigned another log. */
export const ofAnotherLog: readonly string[] = ['fork', 'stale-size']

/** Tells for health whether each witness has cosigned the sealed days. */
export async function cosigningState({
  cosigners,
  ...parts
}: Pick<CosigningParts, 'cosigners' | 'seals' | 'clock'>): Promise<CosigningState> {
  if (cosigners.length === 0) return { state: 'off', uncosigned: [] }
  const { head } = await parts.seals.head()
  const found = await Promise.all(cosigners.map((cosigner) => uncosignedBy(parts, cosigner, head)))
  const uncosigned = found.flatMap((one) => one ?? [])
  const isRefused = uncosigned.some(({ fault }) => ofAnotherLog.includes(fault))
  return { state: isRefused ? 'refused' : uncosigned.length > 0 ? 'failing' : 'ok', uncosigned }
}

async function uncosignedBy(
  { seals, clock }: Pick<CosigningParts, 'seals' | 'clock'>,
  cosigner: Cosigner,
  head: SealHead | null,
): Promise<UncosignedDay | null> {
  const [{ name: witness }] = cosigner.keys
  try {
    const { through, fault } = (await seals.cosigning(witnessName(cosigner))) ?? { through: null }
    if (fault) return { witness, fault: fault.code, date: fault.date, since: fault.since }
    if (head === null || (through !== null && through >= head.date)) return null
    return clock.now() > plusSeconds(endOf(head.date), sealWithin) ? { witness, fault: 'late' } : null
  } catch (cause) {
    if (!isBroken(cause)) throw cause
    return { witness, fault: 'unknown' }
  }
}
