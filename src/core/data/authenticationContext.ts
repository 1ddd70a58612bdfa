import { isObject, type Json } from './json.ts'

/**
 * Authentication contexts of Entra, by which a program asks for a stronger sign-in:
 * https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context
 */

/** Whether a value is the id of an authentication context. Entra has `c1` to `c99`. */
export const isContext = (value: unknown): value is string => typeof value === 'string' && /^c[1-9]\d?$/.test(value)

/** The parameter `claims` of a sign-in that has to meet a context (OpenID Connect Core 1.0 section 5.5). */
export const claimsFor = (context: string): string =>
  JSON.stringify({ access_token: { acrs: { essential: true, value: context } } })

/** The context that a parameter `claims` names; `null` for none. */
export function contextIn(claims: Json | undefined): string | null {
  const value = memberOf(memberOf(memberOf(claims, 'access_token'), 'acrs'), 'value')
  return isContext(value) ? value : null
}

const memberOf = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) ? value[name] : undefined
