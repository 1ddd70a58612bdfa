import { Broken } from '../core/data/broken.ts'
import { checkProof, type Proven } from '../verify/proof.ts'
import { verdictOfBroken } from './finding.ts'
import { type EvidenceVerdict, verdictExits } from './verdict.ts'

/** The verdict on a proof of one event, with what is proved if it holds. */
export type ProofVerdict = EvidenceVerdict & { readonly proven?: Proven }

/**
 * Judges a proof of one event, without its bundle.
 *
 * @param keys to trust (SPKI)
 */
export function verdictOnProof(text: string, keys: readonly Uint8Array[]): ProofVerdict {
  try {
    const proven = checkProof(text, keys)
    const { index, origin, size } = proven
    const lines = [
      ['VERIFIED', 'the log has this event'] as const,
      ['log', origin] as const,
      ['index', `${index} of ${size}`] as const,
    ]
    const exit = verdictExits.ok
    return { exit, lines, to: 'stdout', record: { exit, ok: true, origin, index, size }, proven }
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    return verdictOfBroken(cause)
  }
}
