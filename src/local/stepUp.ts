import type { IncomingMessage } from 'node:http'

/** The prompt, and the end of the address, of the page on which a person signs in once more. */
export const stepUpPrompt = 'step-up'

/** Rewrites the parameter `claims`, which the provider refuses if it is about nothing but the access token. */
export function withClaimsOfIdToken(req: IncomingMessage, authorizationPath: string): IncomingMessage {
  const url = new URL(req.url ?? '/', 'http://local')
  const claims = url.pathname === authorizationPath ? objectIn(url.searchParams.get('claims')) : null
  if (claims === null || 'id_token' in claims) return req
  url.searchParams.set('claims', JSON.stringify({ ...claims, id_token: {} }))
  req.url = url.pathname + url.search
  return req
}

/** Reads a JSON object; `null` for anything else, which the provider refuses. */
function objectIn(text: string | null): object | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
