import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JWK } from 'jose'
import type {
  Configuration,
  Context,
  interactionPolicy,
  Policy,
  ResourceServer,
  Token,
  TokenParts,
} from 'oidc-provider'
import { contextIn } from '../core/data/authenticationContext.ts'
import { type Agent, agents, apiAppId, consoleAppId, signInAppId, tenantId, type User, users } from './accounts.ts'
import { signingIn } from './signingIn.ts'
import { loopback } from './port.ts'
import { answerSignIn, devicePages, logoutSource, renderError, signInPath } from './signInPages.ts'
import { stepUpPrompt, withClaimsOfIdToken } from './stepUp.ts'

export interface Issuer {
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>
  mint(account: Agent | User): Promise<string>
}

/** Entra's paths, below the tenant. */
export const paths = {
  authorization: `/${tenantId}/oauth2/v2.0/authorize`,
  token: `/${tenantId}/oauth2/v2.0/token`,
  jwks: `/${tenantId}/discovery/v2.0/keys`,
}

/** How the provider names the API: it wants a URI. No caller sees it, since Entra's scopes name the application's id. */
const resource = `api://${apiAppId}`

/** The scope with which a program acts for a person. */
const peoplesScope = `${apiAppId}/access_as_user`

/** Seconds that a token is valid, by real time and not by the stack's clock. */
export const lifetime = 3600

/**
 * Issues access tokens as Entra's v2.0 endpoint does: to agents by client credentials, and to people by authorization
 * code with PKCE (RFC 7636) or by device code (RFC 8628). `mint` issues one to any account.
 */
export async function createIssuer(issuer: string, key: JWK, failed: (cause: unknown) => void): Promise<Issuer> {
  const { default: Provider, errors, interactionPolicy: prompts } = await loadQuietly()
  const info: ResourceServer = {
    audience: apiAppId,
    scope: peoplesScope,
    accessTokenTTL: lifetime,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  }
  const provider = new Provider(issuer, {
    ...configuration(key),
    interactions: { policy: promptsOf(prompts), url: (_context, { uid }) => `${signInPath}/${uid}` },
    // Consent is given already, as in a tenant whose administrator consented for all.
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
      grant.addOIDCScope('openid')
      grant.addResourceScope(resource, peoplesScope)
      await grant.save()
      return grant
    },
    features: {
      devInteractions: { enabled: false },
      ...{ userinfo: { enabled: false }, claimsParameter: { enabled: true } },
      ...{ clientCredentials: { enabled: true }, rpInitiatedLogout: { enabled: true, logoutSource } },
      pushedAuthorizationRequests: { enabled: false },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****', ...devicePages },
      resourceIndicators: {
        enabled: true,
        // A code is valid only for the resource that its request named.
        useGrantedResource: async () => true,
        // Entra v2.0 has no parameter `resource`; the scope names the resource.
        defaultResource({ oidc }: Context, client, granted) {
          if (granted !== undefined) return resource
          const scope = oidc.params['scope'] ?? ''
          const wanted = isForPeople(client.clientId) ? peoplesScope : `${apiAppId}/.default`
          if (!scope.split(' ').includes(wanted)) throw new errors.InvalidScope(`scope must be ${wanted}`, scope)
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
  const handle = provider.callback()

  return {
    async handle(req, res) {
      if (!(await answerSignIn(provider, req, res))) await handle(withClaimsOfIdToken(req, paths.authorization), res)
    },
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

/**
 * Never asks for consent. Lets people choose an account if the program asks for that. After that, asks for a step-up in each
 * sign-in that names an authentication context, however often the person has met it before.
 */
function promptsOf(prompts: typeof interactionPolicy): Policy {
  const policy = prompts.base()
  policy.remove('consent')
  policy.add(new prompts.Prompt({ name: 'select_account', requestable: true }), 0)
  const isMissing = ({ oidc }: Context) => contextIn(oidc.claims) !== null && oidc.result?.[stepUpPrompt] === undefined
  const check = new prompts.Check('context', 'The person has to sign in once more.', isMissing)
  policy.add(new prompts.Prompt({ name: stepUpPrompt, requestable: false }, check))
  return policy
}

/** Loads the package without its warning about every Node before 22. It works on 20. */
async function loadQuietly(): Promise<typeof import('oidc-provider')> {
  const { warn } = console
  console.warn = () => undefined
  try {
    return await import('oidc-provider')
  } finally {
    console.warn = warn
  }
}

function configuration(key: JWK): Omit<Configuration, 'features' | 'interactions' | 'loadExistingGrant'> {
  return {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clients: [...agents.map(confidential), signIn, theConsole],
    adapter: signingIn(),
    // All paths lie below the tenant, where callers reach the provider.
    routes: {
      ...paths,
      device_authorization: `/${tenantId}/oauth2/v2.0/devicecode`,
      code_verification: `/${tenantId}/oauth2/deviceauth`,
      end_session: `/${tenantId}/oauth2/v2.0/logout`,
    },
    ttl: {
      ...{ AccessToken: lifetime, ClientCredentials: lifetime, Grant: lifetime, IdToken: lifetime, Session: lifetime },
      ...{ Interaction: 600, DeviceCode: 600, AuthorizationCode: 60 },
    },
    renderError,
    // Its pages come from the API's port, whichever that is.
    clientBasedCORS: (_context, origin, { clientId }) =>
      clientId === consoleAppId && new URL(origin).hostname === loopback,
    findAccount: (_context, id) =>
      users.some(({ oid }) => oid === id) ? { accountId: id, claims: async () => ({ sub: id }) } : undefined,
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

/** RFC 8252 section 7.3: any port of the loopback address is accepted. */
const signIn = {
  client_id: signInAppId,
  client_name: 'the countersign command',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/signed-in'],
}

const theConsole = {
  client_id: consoleAppId,
  client_name: 'the console',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/console/'],
  post_logout_redirect_uris: ['http://127.0.0.1/console/'],
}

const isForPeople = (clientId: string): boolean => [signIn, theConsole].some(({ client_id }) => client_id === clientId)

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
function shapeAsEntra(context: Context | undefined, token: Token, parts: TokenParts): void {
  const { iss, aud, iat, exp, jti } = parts.payload
  const account = token.accountId === undefined ? agentClaims(token.clientId) : userClaims(token.accountId)
  // There is no code for such a sign-in before the person has met the context.
  const met = contextIn(context?.oidc.entities.AuthorizationCode?.claims)
  parts.header = { typ: 'JWT' }
  parts.payload = {
    ...{ aud, iss, iat, nbf: iat, exp, azp: token.clientId, tid: tenantId, uti: jti, ver: '2.0', ...account },
    ...(met !== null && { acrs: [met] }),
  }
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
  const claims = { idtyp: 'user', oid, sub: oid, scp: 'access_as_user', name, preferred_username: upn, ...roles(user) }
  return user.identityParentId === undefined ? claims : { ...claims, ...agentsAccount(user.identityParentId) }
}

/** https://learn.microsoft.com/entra/agent-id/agent-token-claims: the agent acts, and its account is the subject. */
function agentsAccount(agentId: string) {
  const agent = agents.find((each) => each.oid === agentId)
  if (agent === undefined) throw new Error(`No agent has the object id ${agentId}.`)
  return { azp: agent.appId, xms_act_fct: '9 11', xms_sub_fct: '13' }
}

/** Entra leaves the claim out if there is no role. */
const roles = (account: Agent | User) => (account.roles.length === 0 ? {} : { roles: account.roles })
