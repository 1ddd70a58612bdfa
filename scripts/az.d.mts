export type AzKind = 'missing' | 'signed-out' | 'refused' | 'absent' | 'conflict' | 'busy' | 'failed'
export class AzFault extends Error {
  readonly kind: AzKind
  readonly code: string
}
export function az(args: readonly string[], options?: { secret?: string; signal?: AbortSignal }): Promise<unknown>
