import { problemType } from '../core/data/namespace.ts'
import { visible } from '../core/data/text.ts'
import { type Diagnosis, runbook, unknown, warns, well, wrong } from './diagnosis.ts'
import { documentIn, probe, type ProbeAnswer } from './probe.ts'

/** The server at an address. Only `ours` is examined further, and only `ours` may get a token. */
export type Address =
  | { readonly kind: 'ours'; readonly found: readonly Diagnosis[] }
  /** Countersign, which cannot open its storage. Its health says why. It gets no token yet. */
  | { readonly kind: 'opening'; readonly found: readonly Diagnosis[] }
  /** A host that cannot start Countersign. */
  | { readonly kind: 'not-started'; readonly found: readonly Diagnosis[] }
  | { readonly kind: 'other'; readonly found: readonly Diagnosis[] }

const day = 24 * 3600 * 1000

/** Finds out whether a Countersign service answers at this address. */
export async function findAddress(url: string, version: string): Promise<Address> {
  const reply = await probe(`${url}/api/openapi.json`)
  if ('fault' in reply) return { kind: 'other', found: [wrong('address', reply.fault, reply.remedy)] }
  const document = documentIn(reply)
  const baseUrl = document === null ? null : baseUrlIn(document)
  if (reply.status === 200 && baseUrl !== null)
    return { kind: 'ours', found: [ours(url, reply, baseUrl, version), well('start', 'the service has started')] }
  if (document !== null && isProblem(document)) return opening(url, wordsOf(document))
  return elsewhere(url, reply)
}

/** Whether this is the API's document of Countersign, and names the address under which it is served. */
function baseUrlIn({ info, servers }: Readonly<Record<string, unknown>>): string | null {
  const title = (info as { readonly title?: unknown } | undefined)?.title
  const [server] = Array.isArray(servers) ? (servers as readonly { readonly url?: unknown }[]) : []
  return title === 'Countersign' && typeof server?.url === 'string' ? server.url : null
}

function ours(url: string, { certified }: ProbeAnswer, baseUrl: string, version: string): Diagnosis {
  if (baseUrl !== url)
    return wrong(
      'address',
      `the service calls itself ${visible(baseUrl)}`,
      `Set COUNTERSIGN_BASE_URL to ${url}, which grants then name as their issuer; or ask the doctor about the other address.`,
    )
  const days = certified ? Math.floor((certified.until.getTime() - Date.now()) / day) : null
  if (days !== null && days < 14)
    return warns('address', `the certificate ends in ${days} days`, 'Renew the certificate of the domain.')
  const tls = certified ? `, ${certified.protocol}` : ''
  return well('address', `${url}${tls}, asked by the doctor of ${version}`)
}

/** A problem (RFC 9457) in Countersign's own namespace, which no other service has. */
const isProblem = ({ type, code }: Readonly<Record<string, unknown>>): boolean =>
  type === problemType('unavailable') && code === 'unavailable'

const wordsOf = ({ detail }: Readonly<Record<string, unknown>>): string =>
  typeof detail === 'string' ? visible(detail.slice(0, 200)) : 'a part cannot be reached'

/** The service runs, and each call tries to open its storage anew. */
function opening(url: string, words: string): Address {
  const roles = [
    'Give the identity of the app Storage Table Data Contributor and Storage Blob Data Contributor on the evidence account,',
    'and Key Vault Secrets User on the secret of the ledger key (npm run ledger-key -- VAULT).',
    `Roles take some minutes, and the service then starts by itself: ${runbook('the-service-does-not-start')}`,
  ].join(' ')
  return {
    kind: 'opening',
    found: [
      well('address', `${url}, a Countersign service`),
      wrong('start', `the service cannot open its storage: ${words}`, roles),
    ],
  }
}

function elsewhere(url: string, { status, headers, text }: ProbeAnswer): Address {
  const { location } = headers
  if (status >= 300 && status < 400 && location !== undefined)
    return other(`the address leads on to ${visible(location.slice(0, 200))}`, 'Give the address that it leads to.')
  if (status === 401)
    return other(
      'the platform wants callers to sign in (401)',
      'Turn the authentication of App Service off: the service looks at tokens itself, and Teams brings none of the platform’s.',
    )
  if (status === 403)
    return other(
      /stopped/i.test(text) ? 'the site is stopped (403)' : 'the platform refuses the call (403)',
      'Start the site. Take access restrictions away that keep this machine out; the Bot Connector must get in, too.',
    )
  if (status < 500) return other(`this is no Countersign service (${status})`, 'Check the address.')
  return {
    kind: 'not-started',
    found: [
      unknown('address', `the host answers ${status}, and no service of ours`, `Check the address ${url}.`),
      wrong(
        'start',
        'the host does not run the functions: a setting, the policy or the storage of another deployment stopped the start',
        `The first error in the log names it; with --app NAME the doctor reads the settings. ${runbook('the-service-does-not-start')}`,
      ),
    ],
  }
}

const other = (says: string, remedy: string): Address => ({ kind: 'other', found: [wrong('address', says, remedy)] })
