import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JWK } from 'jose'
import type { Configuration, Context, ResourceServer, Stored, Token, TokenParts } from 'oidc-provider'
import { type Agent, agents, apiAppId, signInAppId, tenantId, type User, users } from './accounts.ts'

export interface Issuer {
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>
  mint(account: Agent | User): Promise<string>
}

/** Where Entra has them, below the tenant. */
export const paths = {
  token: `/${tenantId}/oauth2/v2.0/token`,
  jwks: `/${tenantId}/discovery/v2.0/keys`,
}

const resource = `api://${apiAppId}`

/** Every token is good for an hour of real time, whatever the stack's clock says. */
const lifetime = 3600

/** Issues access tokens as Entra's v2.0 endpoint does: by client credentials to agents, and by `mint` to anybody. */
export async function createIssuer(issuer: string, key: JWK, failed: (cause: unknown) => void): Promise<Issuer> {
  const { default: Provider, errors } = await loadQuietly()
  const info: ResourceServer = {
    audience: apiAppId,
    scope: '',
    accessTokenTTL: lifetime,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  }
  const provider = new Provider(issuer, {
    ...configuration(key),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // Entra v2.0 has no `resource`: the scope names it
        defaultResource({ oidc }: Context) {
          const scope = oidc.params['scope'] ?? ''
          if (scope !== `${resource}/.default`)
            throw new errors.InvalidScope(`scope must be ${resource}/.default`, scope)
          return resource
        },
        getResourceServerInfo(_context, wanted) {
          if (wanted !== resource) throw new errors.InvalidTarget()
          return info
        },
      },
    },
  })
  provider.on('server_error', (_context, error) => failed(error))

  return {
    handle: provider.callback(),
    async mint(account) {
      const client = await provider.Client.find('appId' in account ? account.appId : signInAppId)
      if (client === undefined) throw new Error(`No application is registered for ${account.name}.`)
      const token =
        'appId' in account
          ? new provider.ClientCredentials({ client })
          : new provider.AccessToken({ client, accountId: account.oid })
      token.resourceServer = new provider.ResourceServer(resource, info)
      return token.save()
    },
  }
}

/** It warns of every Node before 22 when it loads; it works on 20 all the same. */
async function loadQuietly(): Promise<typeof import('oidc-provider')> {
  const { warn } = console
  console.warn = () => undefined
  try {
    return await import('oidc-provider')
  } finally {
    console.warn = warn
  }
}

function configuration(key: JWK): Omit<Configuration, 'features'> {
  return {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clients: [...agents.map(confidential), signIn],
    adapter: () => nothing,
    routes: { ...paths, authorization: `/${tenantId}/oauth2/v2.0/authorize` },
    ttl: { AccessToken: lifetime, ClientCredentials: lifetime },
    clientBasedCORS: () => false,
    findAccount: () => undefined,
    formats: { customizers: { jwt: shapeAsEntra } },
  }
}

const confidential = (agent: Agent) => ({
  client_id: agent.appId,
  client_secret: agent.secret,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
})

const signIn = {
  client_id: signInAppId,
  token_endpoint_auth_method: 'none',
  grant_types: [],
  response_types: [],
  redirect_uris: [],
}

/** Access tokens are JWTs, which nobody stores, and there are no sessions. */
const nothing: Stored = {
  upsert: async () => undefined,
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
function shapeAsEntra(_context: unknown, token: Token, parts: TokenParts): void {
  const { iss, aud, iat, exp, jti } = parts.payload
  const account = token.accountId === undefined ? agentClaims(token.clientId) : userClaims(token.accountId)
  parts.header = { typ: 'JWT' }
  parts.payload = { aud, iss, iat, nbf: iat, exp, azp: token.clientId, tid: tenantId, uti: jti, ver: '2.0', ...account }
}

function agentClaims(appId: string) {
  const agent = agents.find((each) => each.appId === appId)
  if (agent === undefined) throw new Error(`No agent has the application ${appId}.`)
  return { idtyp: 'app', oid: agent.oid, sub: agent.oid, ...roles(agent) }
}

function userClaims(oid: string) {
  const user = users.find((each) => each.oid === oid)
  if (user === undefined) throw new Error(`No user has the object id ${oid}.`)
  const { name, upn } = user
  return { idtyp: 'user', oid, sub: oid, scp: 'access_as_user', name, preferred_username: upn, ...roles(user) }
}

/** Entra leaves the claim out where there is no role. */
const roles = (account: Agent | User) => (account.roles.length === 0 ? {} : { roles: account.roles })
