import { claimsFor } from '../core/data/authenticationContext.ts'
import type { StepUpNeeded } from '../core/data/problem.ts'

/** The setting that names the authentication context for decisions of tier `high`. */
export const stepUpSetting = 'COUNTERSIGN_STEP_UP'

/** The header `WWW-Authenticate`: https://learn.microsoft.com/entra/identity-platform/claims-challenge */
export function claimsChallenge({ context, authorizationUri }: StepUpNeeded): string {
  const claims = Buffer.from(claimsFor(context)).toString('base64')
  return `Bearer error="insufficient_claims", claims="${claims}", authorization_uri="${authorizationUri}"`
}
