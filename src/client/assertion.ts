import { readFile } from 'node:fs/promises'
import { isObject } from '../core/data/json.ts'
import type { AssertionSource } from './credentials.ts'
import { Unreachable } from './failure.ts'
import { type Patience, send } from './http.ts'
import { isToken, misconfigured } from './setting.ts'

/** The audience that Entra wants in tokens of other issuers, by the cloud of its token endpoint. */
const audiences: Readonly<Record<string, string>> = {
  'login.microsoftonline.us': 'api://AzureADTokenExchangeUSGov',
  'login.partner.microsoftonline.cn': 'api://AzureADTokenExchangeChina',
}

/**
 * Gets the token with which the platform vouches for this program. It is short-lived, so it is read anew each time.
 *
 * @throws {Misconfigured} if there is no such file, or it holds something else
 * @throws {Unreachable} if the platform gives none
 */
export async function assertionFrom(source: AssertionSource, tokenUrl: URL, patience: Patience): Promise<string> {
  return source.from === 'file' ? fromFile(source.path) : fromJob(source, tokenUrl, patience)
}

async function fromFile(path: string): Promise<string> {
  let token: string
  try {
    token = (await readFile(path, 'utf8')).trim()
  } catch {
    return misconfigured('AZURE_FEDERATED_TOKEN_FILE is not a file that can be read')
  }
  return isToken(token) ? token : misconfigured('AZURE_FEDERATED_TOKEN_FILE holds no token')
}

/** https://docs.github.com/actions/reference/security/oidc: the job's own token, whose subject names the repository. */
async function fromJob(
  { url, token }: AssertionSource & { from: 'job' },
  tokenUrl: URL,
  patience: Patience,
): Promise<string> {
  const to = new URL(url)
  to.searchParams.set('audience', audiences[tokenUrl.hostname] ?? 'api://AzureADTokenExchange')
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` }
  const { status, json } = await send({ url: to, method: 'GET', headers, seconds: 15 }, patience)
  const value = isObject(json) ? json['value'] : undefined
  if (status !== 200 || !isToken(value))
    throw new Unreachable(`ACTIONS_ID_TOKEN_REQUEST_URL answered no token (status ${status}).`)
  return value
}
