/** Why a person or an agent was refused: the problem's code, and two reasons that such a code does not tell apart. */
export const refusalCodes = [
  'self-approval',
  'not-permitted',
  'blind-view',
  'digest-mismatch',
  'grant-invalid',
  'borrowed-token',
] as const
export type RefusedCode = (typeof refusalCodes)[number]

/** What a caller may be refused. */
export const refusedActs = [
  'decide',
  'revoke',
  'redeem',
  'view',
  'ask',
  'answer',
  'narrow',
  'break-glass',
  'review',
] as const
export type RefusedAct = (typeof refusedActs)[number]
