/** The package comes without types; these are of what we use of it. */
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
    readonly oidc: { readonly params: Readonly<Record<string, string | undefined>> }
  }

  export interface Stored {
    upsert(): Promise<void>
    find(): Promise<undefined>
    findByUid(): Promise<undefined>
    findByUserCode(): Promise<undefined>
    consume(): Promise<void>
    destroy(): Promise<void>
    revokeByGrantId(): Promise<void>
  }

  export interface Configuration {
    readonly jwks: { readonly keys: readonly JWK[] }
    readonly cookies: { readonly keys: readonly string[] }
    readonly clients: readonly object[]
    readonly adapter: () => Stored
    readonly routes: Readonly<Record<string, string>>
    readonly ttl: Readonly<Record<string, number>>
    readonly clientBasedCORS: () => boolean
    readonly findAccount: () => undefined
    readonly formats: {
      readonly customizers: { readonly jwt: (context: unknown, token: Token, parts: TokenParts) => void }
    }
    readonly features: {
      readonly devInteractions: { readonly enabled: boolean }
      readonly clientCredentials: { readonly enabled: boolean }
      readonly userinfo: { readonly enabled: boolean }
      readonly resourceIndicators: {
        readonly enabled: boolean
        readonly defaultResource: (context: Context) => string
        readonly getResourceServerInfo: (context: Context, resource: string) => ResourceServer
      }
    }
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
    on(event: 'server_error', listener: (context: unknown, error: Error) => void): this
    callback(): (req: IncomingMessage, res: ServerResponse) => Promise<void>
  }

  export const errors: {
    readonly InvalidScope: new (description: string, scope: string) => Error
    readonly InvalidTarget: new () => Error
  }
}
