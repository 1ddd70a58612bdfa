import { createHmac, verify } from 'node:crypto'
import { type Answer, type Received, startDouble } from './double.ts'

/** What becomes of a call: an answer in place of GitHub's, or that it is carried out and its answer is lost. */
export type GitHubFate = Answer | 'lost'

/** A decision that GitHub took of a deployment. */
interface Review {
  readonly state: 'approved' | 'rejected'
  readonly comment: string
  readonly environment: string
}

/**
 * A server with the three calls of GitHub that we make. It checks what GitHub checks: the app's token, the scope of the
 * installation's tokens, the path, and that a deployment that waits has one decision. It is not GitHub.
 */
export interface GitHubDouble {
  readonly url: string
  /** All calls, as `METHOD path`. */
  readonly calls: readonly string[]
  /** Words that decide nothing, by `run environment`. */
  readonly reports: ReadonlyMap<string, readonly string[]>
  /** Gives the fate of each call; `null` carries it out. */
  plan: (call: Received) => GitHubFate | null
  /** Lets a deployment wait for its rule. */
  wait(run: number, environment: string): void
  /** The decisions of a run, oldest first. */
  decisions(run: number): readonly Review[]
  close(): Promise<void>
}

export const gitHubApp = {
  appId: 'Iv1.0123456789abcdef',
  installation: 77,
  repository: { id: 1_296_269, name: 'contoso/shop' },
  secret: 'it-is-a-secret-of-the-webhook-0123456789',
} as const

interface Given {
  readonly permissions: Readonly<Record<string, string>>
  readonly repositories: readonly number[]
  readonly until: number
}

/** What a person grants the app when they install it. */
const granted: Readonly<Record<string, string>> = { deployments: 'write', actions: 'read', metadata: 'read' }

/** @param now milliseconds since 1970 */
export async function startGitHub(publicKey: string, now: () => number): Promise<GitHubDouble> {
  const calls: string[] = []
  const tokens = new Map<string, Given>()
  const waiting = new Map<string, Review | null>()
  const reports = new Map<string, string[]>()
  const { appId, installation, repository } = gitHubApp

  function newToken({ headers, body }: Received): Answer {
    if (!isAppToken(headers.authorization, publicKey, appId, now())) return { status: 401 }
    const { repository_ids: ids, permissions = {} } = JSON.parse(body) as Readonly<Record<string, never>>
    const wanted = (ids ?? [repository.id]) as readonly number[]
    if (wanted.some((id) => id !== repository.id)) return { status: 422 }
    if (Object.entries(permissions).some(([name, level]) => granted[name] !== level)) return { status: 422 }
    const token = `ghs_${tokens.size + 1}`
    tokens.set(token, { permissions, repositories: wanted, until: now() + 3_600_000 })
    return { status: 201, body: { token, permissions } }
  }

  /** The token of a call, or why it does not count. */
  function tokenOf({ headers }: Received, permission: string): Given | Answer {
    const given = tokens.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '')
    if (!given || given.until <= now()) return { status: 401 }
    if (!given.repositories.includes(repository.id)) return { status: 404 }
    return given.permissions[permission] === undefined ? { status: 403 } : given
  }

  function decide(call: Received, run: string): Answer {
    const token = tokenOf(call, 'deployments')
    if (typeof token === 'string' || !('until' in token)) return token
    if (token.permissions['deployments'] !== 'write') return { status: 403 }
    const { environment_name: environment, state, comment } = JSON.parse(call.body) as Readonly<Record<string, string>>
    const key = `${run} ${environment}`
    const known = waiting.get(key)
    if (known === undefined || environment === undefined || (comment ?? '').length > 1_024) return { status: 422 }
    if (state === undefined) {
      const told = [...(reports.get(key) ?? []), comment ?? '']
      if (comment === undefined || told.length > 10) return { status: 422 }
      reports.set(key, told)
      return { status: 204, body: '' }
    }
    if (known !== null || (state !== 'approved' && state !== 'rejected')) return { status: 422 }
    waiting.set(key, { state, comment: comment ?? '', environment })
    return { status: 204, body: '' }
  }

  const ofRun = (run: string | number): readonly Review[] =>
    [...waiting].flatMap(([key, review]) => (key.startsWith(`${run} `) && review ? [review] : []))

  function answer(call: Received): Answer {
    if (call.path === `/app/installations/${installation}/access_tokens` && call.method === 'POST')
      return newToken(call)
    const [, name, run = '', what] = /^\/repos\/([^/]+\/[^/]+)\/actions\/runs\/(\d+)\/(\w+)$/.exec(call.path) ?? []
    if (name !== repository.name) return { status: 404 }
    if (what === 'deployment_protection_rule' && call.method === 'POST') return decide(call, run)
    if (what !== 'approvals' || call.method !== 'GET') return { status: 404 }
    const token = tokenOf(call, 'actions')
    if (typeof token === 'string' || !('until' in token)) return token
    const body = ofRun(run).map(({ environment, ...review }) => ({ ...review, environments: [{ name: environment }] }))
    return { status: 200, body }
  }

  const server = await startDouble((call): Answer => {
    calls.push(`${call.method} ${call.path}`)
    const fate = double.plan(call)
    if (fate !== null && fate !== 'lost') return fate
    const answered = answer(call)
    return fate === 'lost' ? 'reset' : answered
  })
  const double: GitHubDouble = {
    url: server.origin,
    ...{ calls, reports },
    plan: () => null,
    wait: (run, environment) => void waiting.set(`${run} ${environment}`, null),
    decisions: ofRun,
    close: () => server.close(),
  }
  return double
}

/** Whether a JWT is one of the app, as GitHub documents it: RS256, of now, and for ten minutes at most. */
function isAppToken(authorization: string | undefined, publicKey: string, appId: string, now: number): boolean {
  const [head = '', body = '', signature = ''] = (authorization ?? '').replace(/^Bearer /, '').split('.')
  if (!verify('sha256', Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))) return false
  const parsed = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Readonly<Record<string, unknown>>
  const { iat, exp, iss } = parsed(body)
  if (parsed(head)['alg'] !== 'RS256' || iss !== appId || typeof iat !== 'number' || typeof exp !== 'number')
    return false
  return iat * 1000 <= now && exp * 1000 > now && exp - iat <= 600 && exp * 1000 <= now + 600_000
}

/** A call of GitHub, signed as GitHub does. */
export function delivered(event: string, payload: unknown, secret: string = gitHubApp.secret) {
  const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
  return { event, bytes, signature: `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}` }
}

/** The payload of a deployment that waits, as https://docs.github.com/webhooks describes it. */
export const waitingPayload = (run: number, more: Readonly<Record<string, unknown>> = {}) => ({
  action: 'requested',
  environment: 'production',
  event: 'push',
  deployment_callback_url: `https://api.github.com/repos/contoso/shop/actions/runs/${run}/deployment_protection_rule`,
  deployment: { id: run + 1_000, environment: 'production', sha: 'a'.repeat(40), ref: 'main' },
  pull_requests: [],
  sha: 'a'.repeat(40),
  ref: 'main',
  repository: { id: gitHubApp.repository.id, name: 'shop', full_name: gitHubApp.repository.name, private: true },
  installation: { id: gitHubApp.installation, node_id: 'MDIzOg==' },
  sender: { login: 'octocat', id: 583_231, type: 'User' },
  ...more,
})
