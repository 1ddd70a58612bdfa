import * as z from 'zod'
import { Problem } from '../core/data/problem.ts'
import { clouds } from '../runtime/cloud.ts'
import { Exit, exits } from '../cli/exit.ts'
import { callers } from '../http/caller.ts'
import type { EntraConfig } from './config.ts'

/** The scope that hosts ask for, so that a token for another use of the application is refused. */
const scope = 'access_as_user'

/** Who may call the gateway over HTTP. */
export interface Doorkeeper {
  /** The path of the metadata (RFC 9728 section 3.1). */
  readonly path: string
  readonly metadata: object
  /** Tells who calls. @returns the object id, or the answer that refuses the call */
  readonly caller: (authorization: string | null) => Promise<string | Response>
}

/**
 * Lets people in who have an Entra token for the gateway's own application. The object id of a person becomes
 * `onBehalfOf`, so that no person approves what was called for them.
 *
 * @throws {Exit} 69 if the issuer does not say where its keys are
 */
export async function doorkeeper(config: EntraConfig): Promise<Doorkeeper> {
  const { tenant, application, url } = config
  const { issuer, jwksUri } = await issuerOf(config)
  const identify = callers({ jwksUri, tenantId: tenant, audience: application, issuers: [issuer] })
  const path = `/.well-known/oauth-protected-resource${url.pathname === '/' ? '' : url.pathname}`
  const challenge = `Bearer resource_metadata="${new URL(path, url).href}", scope="api://${application}/${scope}"`
  const refuse = (status: number, error: string, detail: string): Response =>
    Response.json({ error, error_description: detail }, { status, headers: { 'www-authenticate': challenge } })
  return {
    path,
    metadata: {
      resource: url.href,
      authorization_servers: [issuer],
      scopes_supported: [`api://${application}/${scope}`],
      bearer_methods_supported: ['header'],
    },
    caller: async (authorization) => {
      try {
        const caller = await identify(authorization)
        // An application has nobody who could be kept from approving.
        if (caller.kind === 'person' && !caller.agentic) return caller.id
        return refuse(403, 'insufficient_scope', 'This server is for people, and for agents that act for a person.')
      } catch (cause) {
        if (!(cause instanceof Problem)) throw cause
        if (cause.code === 'unauthenticated') return refuse(401, 'invalid_token', 'Sign in first.')
        return Response.json({ error: 'temporarily_unavailable' }, { status: 503, headers: { 'retry-after': '5' } })
      }
    },
  }
}

const discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url() })

async function issuerOf({ tenant, cloud, authority }: EntraConfig): Promise<{ issuer: string; jwksUri: string }> {
  if (authority === undefined) {
    const at = `${clouds[cloud].login}/${tenant}`
    return { issuer: `${at}/v2.0`, jwksUri: `${at}/discovery/v2.0/keys` }
  }
  const issuer = authority.href.replace(/\/$/, '')
  try {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    const found = discovery.parse(await answer.json())
    if (found.issuer !== issuer) throw new Error('It is another issuer.')
    return { issuer, jwksUri: found.jwks_uri }
  } catch {
    throw new Exit(exits.unreachable, `entra.authority: ${issuer} does not say where its keys are.`)
  }
}
