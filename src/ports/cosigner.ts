import type { WitnessKey } from '../core/log/cosignature.ts'

/**
 * Why a witness did not cosign.
 *
 * `fork`: the proof does not lead from the log that it has cosigned to this one; `unknown-log`, `unknown-key`: it does not know
 * the log's name, or none of the keys that signed; `malformed`: it cannot read what it was sent; `throttled`: it wants to be
 * asked later; `unexpected`: its answer is none of the protocol's; `no-answer`: there was none.
 */
export type CosignerRefusal =
  | 'fork'
  | 'unknown-log'
  | 'unknown-key'
  | 'malformed'
  | 'throttled'
  | 'unexpected'
  | 'no-answer'

/** What a witness answered. */
export type CosignerAnswer =
  /** Lines of cosignatures, as they came. */
  | { readonly lines: string }
  /** It has cosigned another size of the log than the proof begins with; `null` if it does not say which. */
  | { readonly size: number | null }
  | { readonly refusal: CosignerRefusal }

/** A witness of the log, outside of the deployment (C2SP tlog-witness). */
export interface Cosigner {
  /** Its keys, any of which counts: several while it changes its key. */
  readonly keys: readonly [WitnessKey, ...WitnessKey[]]
  /**
   * Asks for cosignatures on a checkpoint. Never throws.
   *
   * @param body as C2SP tlog-witness has it: the old size, a consistency proof from there, and the signed checkpoint
   */
  add(body: string): Promise<CosignerAnswer>
}
