import {
  type FindSetting,
  type FoundSetting,
  isLoopback,
  isToken,
  misconfigured,
  needed,
  secureUrl,
  type Variables,
} from './setting.ts'

/** How a program proves to the service which agent it is. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  /** What prints a token, for a shell to run. */
  | { readonly kind: 'command'; readonly command: string; readonly environment: Variables }
  | ClientSecret
  | FederatedClient
  | ManagedIdentity

/** A client that the issuer of access tokens knows, and the scope of the tokens. */
interface TokenClient {
  readonly tokenUrl: URL
  readonly clientId: string
  readonly scope?: string
}

export interface ClientSecret extends TokenClient {
  readonly kind: 'client'
  readonly clientSecret: string
}

/** A client whose issuer trusts the tokens of another one (RFC 7523 section 2.2), so that it needs no secret. */
export interface FederatedClient extends TokenClient {
  readonly kind: 'federated'
  readonly assertion: AssertionSource
}

export type AssertionSource =
  /** A job of GitHub Actions asks for a token of the job, with the audience that Entra wants. */
  | { readonly from: 'job'; readonly url: URL; readonly token: string }
  /** A token that the platform renews in a file, as Kubernetes does. */
  | { readonly from: 'file'; readonly path: string }

/** The identity of the machine or app in Azure, for which the platform gives tokens. */
export interface ManagedIdentity {
  readonly kind: 'managed'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Reads the credentials: a token, else the command that prints one, else those of a client, which proves itself by a
 * secret, by a token of its platform, or by its managed identity.
 *
 * @throws {Misconfigured} naming the setting that is missing or malformed
 */
export function readCredentials(find: FindSetting, environment: Variables): Credentials {
  const token = find('COUNTERSIGN_TOKEN')
  if (token) return { kind: 'token', token: sendable(token) }
  const command = find('COUNTERSIGN_TOKEN_COMMAND')
  if (command) return { kind: 'command', command: command.value, environment }
  if (find('COUNTERSIGN_CLIENT_SECRET')) return clientSecret(find)
  return federated(find) ?? managed(find) ?? clientSecret(find)
}

/** A secret with other characters would not go into a header, and the error about that would show it. */
function sendable({ name, value }: FoundSetting): string {
  return isToken(value) ? value : misconfigured(`${name} is not a token: it has only visible ASCII characters`)
}

const all = 'all of COUNTERSIGN_TOKEN_URL, COUNTERSIGN_CLIENT_ID, COUNTERSIGN_CLIENT_SECRET'
const hint = `give COUNTERSIGN_TOKEN, or COUNTERSIGN_TOKEN_COMMAND, or ${all}`

const clientSecret = (find: FindSetting): ClientSecret => ({
  kind: 'client',
  ...tokenClient(find),
  clientSecret: needed(find, 'COUNTERSIGN_CLIENT_SECRET', hint).value,
})

function tokenClient(find: FindSetting): TokenClient {
  const tokenUrl = secureUrl(needed(find, 'COUNTERSIGN_TOKEN_URL', hint))
  const clientId = needed(find, 'COUNTERSIGN_CLIENT_ID', hint).value
  const scope = find('COUNTERSIGN_SCOPE')?.value
  return { tokenUrl, clientId, ...(scope && { scope }) }
}

/** A platform may give tokens to programs that do not want them: only an application's id says that this one does. */
function federated(find: FindSetting): FederatedClient | null {
  const assertion = find('COUNTERSIGN_CLIENT_ID') && assertionSource(find)
  return assertion ? { kind: 'federated', ...tokenClient(find), assertion } : null
}

function assertionSource(find: FindSetting): AssertionSource | null {
  const job = find('ACTIONS_ID_TOKEN_REQUEST_URL')
  if (job) {
    const url = URL.canParse(job.value) ? new URL(job.value) : misconfigured(`${job.name} is not a URL`)
    if (url.protocol !== 'https:' && !isLoopback(url)) misconfigured(`${job.name} starts with https://`)
    const token = needed(find, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'the job needs the permission id-token: write')
    return { from: 'job', url, token: sendable(token) }
  }
  const file = find('AZURE_FEDERATED_TOKEN_FILE')
  return file ? { from: 'file', path: file.value } : null
}

/** The Instance Metadata Service of a virtual machine, which no variable announces. */
const instanceMetadata = 'http://169.254.169.254/metadata/identity/oauth2/token'

function managed(find: FindSetting): ManagedIdentity | null {
  const [endpoint, secret] = [find('IDENTITY_ENDPOINT'), find('IDENTITY_HEADER')]
  const isWanted = find('COUNTERSIGN_MANAGED_IDENTITY')
  if (isWanted && isWanted.value !== 'on') misconfigured(`${isWanted.name} is on, or not set`)
  const ofApp = endpoint && secret && (isWanted || find('COUNTERSIGN_CLIENT_ID'))
  if (!ofApp && !isWanted) return null
  const scope = needed(find, 'COUNTERSIGN_SCOPE', 'the scope of tokens, as <application id>/.default').value
  const address = ofApp ? endpoint.value : instanceMetadata
  const url = URL.canParse(address) ? new URL(address) : misconfigured('IDENTITY_ENDPOINT is not a URL')
  url.searchParams.set('api-version', ofApp ? '2019-08-01' : '2018-02-01')
  url.searchParams.set('resource', scope.replace(/\/\.default$/, ''))
  // Without it, the platform gives tokens of the identity that it made for the machine or app itself.
  const clientId = find('COUNTERSIGN_CLIENT_ID')
  if (clientId) url.searchParams.set('client_id', clientId.value)
  return { kind: 'managed', url, headers: ofApp ? { 'x-identity-header': sendable(secret) } : { metadata: 'true' } }
}
