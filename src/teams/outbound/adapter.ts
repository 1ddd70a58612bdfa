import { parseRetryAfter } from '../../core/data/retryAfter.ts'
import { ClientAssertionCredential, ManagedIdentityCredential, type TokenCredential } from '@azure/identity'
import { CloudAdapter, ConfigurationBotFrameworkAuthentication } from 'botbuilder'
import type { AppType, TeamsSettings } from '../settings.ts'

/** An answer of Teams other than success. */
export class Refusal extends Error {
  readonly status: number
  /** Seconds to wait, where Teams asked for it. */
  readonly retryAfter: number | undefined

  constructor(status: number, retryAfter: number | undefined) {
    super(`Teams answered ${status}.`)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** Sends to Teams. Receives nothing: activities come in through our own gate. */
export class TeamsAdapter extends CloudAdapter {
  readonly #settings: TeamsSettings

  constructor(settings: TeamsSettings, credentials?: 'none') {
    const tokens = credentials === 'none' ? null : identity[settings.appType](settings)
    const signer = signing(tokens, settings.cloud.bots.scope)
    super(new ConfigurationBotFrameworkAuthentication({}, signer, undefined, undefined, { httpClient }))
    this.#settings = settings
  }

  /** The client of the Bot Connector. It sends once, and fails with a `Refusal` if the answer is no success. */
  connector() {
    const { appId, serviceUrl } = this.#settings
    return this.botFrameworkAuthentication.createConnectorFactory(this.createClaimsIdentity(appId)).create(serviceUrl)
  }
}

/**
 * Credentials of the bot, by app type. Each is named here, because the SDK would also take credentials that it finds in
 * the environment, and would read a typo in the app type as MultiTenant.
 */
const identity: Readonly<Record<AppType, (settings: TeamsSettings) => TokenCredential>> = {
  UserAssignedMsi: ({ appId }) => new ManagedIdentityCredential({ clientId: appId }),
  SingleTenant: (settings) => federated(settings.tenantId, settings),
  MultiTenant: (settings) => federated(settings.cloud.bots.tenant, settings),
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity */
function federated(tenantId: string, { appId, clientId, cloud }: TeamsSettings): TokenCredential {
  const managed = new ManagedIdentityCredential({ clientId })
  const assertion = async () => (await managed.getToken(`${cloud.exchange}/.default`)).token
  return new ClientAssertionCredential(tenantId, appId, assertion, { authorityHost: cloud.login })
}

/** Wraps tokens as the SDK's credentials, which sign each request. */
function signing(tokens: TokenCredential | null, scope: string): SdkCredentials {
  return {
    isValidAppId: async () => true,
    isAuthenticationDisabled: async () => tokens === null,
    createCredentials: async () => ({
      async signRequest(request) {
        const token = await tokens?.getToken(scope)
        if (token) request.headers.set('authorization', `Bearer ${token.token}`)
        return request
      },
    }),
  }
}

/**
 * Sends a request once. The SDK's own client would repeat a post whose answer was lost, and so show a second card. The
 * SDK passes on errors that are not its own.
 */
const httpClient: HttpClient = {
  async sendRequest(request) {
    const { url, method, abortSignal } = request
    const body: unknown = request.body
    const stop = new AbortController()
    // The caller may have given up while it waited for a token. Then nothing is sent.
    if (abortSignal?.aborted) stop.abort()
    abortSignal?.addEventListener('abort', () => stop.abort())
    const answer = await fetch(url, {
      method,
      headers: request.headers.toJson(),
      body: typeof body === 'string' ? body : null,
      redirect: 'manual', // The token is for this host alone.
      signal: stop.signal,
    })
    const bodyAsText = await answer.text()
    if (!answer.ok) throw new Refusal(answer.status, retryAfterOf(answer.headers))
    const headers = request.headers.clone() // its class is not exported
    for (const name of headers.headerNames()) headers.remove(name)
    answer.headers.forEach((value, name) => headers.set(name, value))
    return { request, status: answer.status, headers, bodyAsText }
  },
}

type SdkOptions = Required<ConstructorParameters<typeof ConfigurationBotFrameworkAuthentication>>
type SdkCredentials = SdkOptions[1]
type HttpClient = NonNullable<SdkOptions[4]['httpClient']>

/** Whole seconds, rounded up. */
function retryAfterOf(headers: Headers): number | undefined {
  const seconds = parseRetryAfter(headers.get('retry-after'), Date.now())
  return seconds === null ? undefined : Math.ceil(seconds)
}
