import { parseRetryAfter } from '../../core/data/retryAfter.ts'
import { ClientAssertionCredential, ManagedIdentityCredential, type TokenCredential } from '@azure/identity'
import { CloudAdapter, ConfigurationBotFrameworkAuthentication } from 'botbuilder'
import type { AppType, TeamsSettings } from '../settings.ts'

/** Teams answered, and not with success. */
export class Refusal extends Error {
  readonly status: number
  /** Seconds that Teams asked us to wait. */
  readonly retryAfter: number | undefined

  constructor(status: number, retryAfter: number | undefined) {
    super(`Teams answered ${status}.`)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** The bot's way out to Teams. Nothing comes in through it: activities pass our own gate. */
export class TeamsAdapter extends CloudAdapter {
  readonly #settings: TeamsSettings

  constructor(settings: TeamsSettings, credentials?: 'none') {
    const tokens = credentials === 'none' ? null : identity[settings.appType](settings)
    super(new ConfigurationBotFrameworkAuthentication({}, signing(tokens), undefined, undefined, { httpClient }))
    this.#settings = settings
  }

  /** The client of the Bot Connector. It sends once, and fails with a `Refusal` if the answer is no success. */
  connector() {
    const { appId, serviceUrl } = this.#settings
    return this.botFrameworkAuthentication.createConnectorFactory(this.createClaimsIdentity(appId)).create(serviceUrl)
  }
}

/**
 * Who the bot is to Entra. Named here one by one, since the SDK would also take whatever credentials it finds in the
 * environment; a typo in the app type has no entry.
 */
const identity: Readonly<Record<AppType, (settings: TeamsSettings) => TokenCredential>> = {
  UserAssignedMsi: ({ appId }) => new ManagedIdentityCredential({ clientId: appId }),
  SingleTenant: (settings) => federated(settings.tenantId, settings),
  MultiTenant: (settings) => federated('botframework.com', settings),
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity */
function federated(tenantId: string, { appId, clientId }: TeamsSettings): TokenCredential {
  const managed = new ManagedIdentityCredential({ clientId })
  const assertion = async () => (await managed.getToken('api://AzureADTokenExchange/.default')).token
  return new ClientAssertionCredential(tenantId, appId, assertion)
}

/** Tokens in the form that the SDK wants: it asks for credentials, and has them sign each request. */
function signing(tokens: TokenCredential | null): SdkCredentials {
  return {
    isValidAppId: async () => true,
    isAuthenticationDisabled: async () => tokens === null,
    createCredentials: async () => ({
      async signRequest(request) {
        const token = await tokens?.getToken('https://api.botframework.com/.default')
        if (token) request.headers.set('authorization', `Bearer ${token.token}`)
        return request
      },
    }),
  }
}

/**
 * Sends a request once. The SDK would repeat a post whose answer was lost, and so show a second card; it lets errors
 * pass that are not its own.
 */
const httpClient: HttpClient = {
  async sendRequest(request) {
    const { url, method, abortSignal } = request
    const body: unknown = request.body
    const stop = new AbortController()
    // whoever waited for a token may have given up meanwhile: then nothing is sent
    if (abortSignal?.aborted) stop.abort()
    abortSignal?.addEventListener('abort', () => stop.abort())
    const answer = await fetch(url, {
      method,
      headers: request.headers.toJson(),
      body: typeof body === 'string' ? body : null,
      redirect: 'manual', // the token is for this host alone
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
