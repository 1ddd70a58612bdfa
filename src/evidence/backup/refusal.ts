import type { RequestId, Shard } from '../../core/data/id.ts'

/** Why nothing is restored. Scripts rely on the codes. */
export type RefusalCode =
  | 'no-snapshot'
  | 'not-empty'
  | 'missing-file'
  | 'altered-file'
  | 'missing-row'
  | 'broken-row'
  | 'broken-log'
  | 'wrong-key'

/** The place of the missing or altered part. */
export interface RefusedPlace {
  readonly file?: string
  readonly shard?: Shard
  readonly seq?: number
  readonly request?: RequestId
}

/** A snapshot cannot be restored, because a part is missing or was altered. The message names the place. */
export class RestoreRefused extends Error {
  readonly code: RefusalCode
  readonly place: RefusedPlace

  constructor(code: RefusalCode, message: string, place: RefusedPlace = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RestoreRefused'
    this.code = code
    this.place = place
  }
}
