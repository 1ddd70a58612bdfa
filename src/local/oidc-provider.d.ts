/** Types of the parts of the package that are used here. The package has none. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  import type { JWK } from 'jose'

  export interface ResourceServer {
    readonly audience: string
    readonly scope: string
    readonly accessTokenTTL: number
    readonly accessTokenFormat: 'jwt'
    readonly jwt: { readonly sign: { readonly alg: string } }
  }

  export interface Token {
    readonly clientId: string
    readonly accountId?: string
    resourceServer?: object
    save(): Promise<string>
  }

  export interface TokenParts {
    header: Record<string, unknown> | undefined
    payload: Record<string, unknown>
  }

  export interface Context {
    readonly oidc: {
      readonly params: Readonly<Record<string, string | undefined>>
      readonly client: Client
      readonly session: { readonly accountId: string }
      /** The parameter `claims`. */
      readonly claims: ClaimsParameter
      /** What came of the pages that were shown to the person in this sign-in. */
      readonly result?: Readonly<Record<string, unknown>>
      readonly entities: { readonly AuthorizationCode?: { readonly claims?: ClaimsParameter } }
    }
  }

  type ClaimsValue = string | number | boolean | null | readonly ClaimsValue[] | ClaimsParameter

  export interface ClaimsParameter {
    readonly [member: string]: ClaimsValue
  }

  export interface Client {
    readonly clientId: string
  }

  /** A page whose content the application writes. */
  export interface PageContext {
    body: string
    set(header: string, value: string): void
  }

  export interface StoredModel {
    readonly uid?: string
    readonly userCode?: string
    readonly grantId?: string
    consumed?: number
  }

  export interface Stored {
    upsert(id: string, value: StoredModel, seconds: number): Promise<void>
    find(id: string): Promise<StoredModel | undefined>
    findByUid(uid: string): Promise<StoredModel | undefined>
    findByUserCode(code: string): Promise<StoredModel | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grant: string): Promise<void>
  }

  interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export interface Policy {
    remove(name: string): void
    add(prompt: object, at?: number): void
  }

  export interface Configuration {
    readonly jwks: { readonly keys: readonly JWK[] }
    readonly cookies: { readonly keys: readonly string[] }
    readonly clients: readonly object[]
    readonly adapter: (kind: string) => Stored
    readonly routes: Readonly<Record<string, string>>
    readonly ttl: Readonly<Record<string, number>>
    readonly clientBasedCORS: (context: unknown, origin: string, client: { readonly clientId: string }) => boolean
    readonly renderError: (context: PageContext, out: Readonly<Record<string, unknown>>, error: Error) => void
    readonly findAccount: (
      context: unknown,
      id: string,
    ) => { readonly accountId: string; readonly claims: () => Promise<{ readonly sub: string }> } | undefined
    readonly interactions: { readonly policy: Policy; readonly url: (context: unknown, of: { uid: string }) => string }
    readonly loadExistingGrant: (context: Context) => Promise<Grant>
    readonly formats: {
      readonly customizers: { readonly jwt: (context: Context | undefined, token: Token, parts: TokenParts) => void }
    }
    readonly features: {
      readonly devInteractions: { readonly enabled: boolean }
      readonly clientCredentials: { readonly enabled: boolean }
      readonly userinfo: { readonly enabled: boolean }
      readonly claimsParameter: { readonly enabled: boolean }
      readonly pushedAuthorizationRequests: { readonly enabled: boolean }
      readonly deviceFlow: {
        readonly enabled: boolean
        readonly charset: 'base-20'
        readonly mask: string
        readonly userCodeInputSource: (context: PageContext, form: string, out?: unknown, error?: Error) => void
        readonly userCodeConfirmSource: (
          context: PageContext,
          form: string,
          client: unknown,
          device: unknown,
          code: string,
        ) => void
        readonly successSource: (context: PageContext) => void
      }
      readonly rpInitiatedLogout: {
        readonly enabled: boolean
        readonly logoutSource: (context: PageContext, form: string) => void
      }
      readonly resourceIndicators: {
        readonly enabled: boolean
        readonly useGrantedResource: () => Promise<boolean>
        readonly defaultResource: (context: Context, client: Client, granted?: unknown) => string
        readonly getResourceServerInfo: (context: Context, resource: string) => ResourceServer
      }
    }
  }

  /** Why a person is shown a page, and who signed in before. */
  export interface PageWanted {
    readonly prompt: { readonly name: string }
    readonly session?: { readonly accountId?: string }
  }

  type TokenConstructor = new (of: { client: object; accountId?: string }) => Token

  export default class Provider {
    constructor(issuer: string, configuration: Configuration)
    readonly Client: { find(id: string): Promise<object | undefined> }
    readonly ResourceServer: new (
      resource: string,
      info: ResourceServer,
    ) => object
    readonly ClientCredentials: TokenConstructor
    readonly AccessToken: TokenConstructor
    readonly Grant: new (of: {
      clientId: string
      accountId: string
    }) => Grant
    interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<PageWanted>
    interactionFinished(
      req: IncomingMessage,
      res: ServerResponse,
      result: object,
      options: { mergeWithLastSubmission: boolean },
    ): Promise<void>
    on(event: 'server_error', listener: (context: unknown, error: Error) => void): this
    callback(): (req: IncomingMessage, res: ServerResponse) => Promise<void>
  }

  export const interactionPolicy: {
    base(): Policy
    readonly Prompt: new (of: { name: string; requestable: boolean }, ...checks: readonly object[]) => object
    readonly Check: new (reason: string, description: string, isPromptNeeded: (context: Context) => boolean) => object
  }

  export const errors: {
    readonly InvalidScope: new (description: string, scope: string) => Error
    readonly InvalidTarget: new () => Error
  }
}
