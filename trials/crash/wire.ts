import { type Call, type FaultProxy, type Plan, startFaultProxy } from '../../test/support/faultProxy.ts'
import type { Account } from './grounds.ts'
import type { GitHubDouble } from '../../test/support/gitHubDouble.ts'
import type { Rooms } from './rooms.ts'

/** The moment of the kill: at the nth call, before the call arrives or before its answer does. */
export interface Kill {
  readonly at: number
  readonly when: 'before' | 'after'
}

/** The connections of the app to its storage, to Teams, to Slack and to GitHub. Calls are counted there, and held for the kill. */
export interface Wire {
  /** The account with the addresses that the app uses. */
  readonly account: Account
  /** The address that the app uses for Slack. */
  readonly slackUrl: string
  /** The address that the app uses for GitHub. */
  readonly gitHubUrl: string
  /** The counted calls in order, one line each. */
  readonly calls: readonly string[]
  /** Begins to count. */
  count(): void
  /** Resolves when no call is under way any more. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** @param die is called once, while the call is held at which the app is killed */
export async function startWire(
  account: Account,
  { connector, slack, github }: Pick<Rooms, 'connector' | 'slack'> & { readonly github: Pick<GitHubDouble, 'url'> },
  { kill, die }: { readonly kill: Kill | null; readonly die: () => Promise<void> },
): Promise<Wire> {
  const [tables, blobs, toSlack, toGitHub] = await Promise.all(
    [account.tablesUrl, account.blobsUrl, slack.url, github.url].map((url) => startFaultProxy(url)),
  )
  if (!tables || !blobs || !toSlack || !toGitHub) throw new Error('There are four wires.')
  const calls: string[] = []
  let counting = false
  const plan =
    (way: string): Plan =>
    (call) => {
      if (!counting) return null
      calls.push(`${way} ${lineOf(call)}`)
      if (calls.length !== kill?.at) return null
      return { kind: kill.when === 'before' ? 'lost' : 'unanswered', meanwhile: die }
    }
  const proxies: readonly FaultProxy[] = [tables, blobs, toSlack, toGitHub]
  tables.plan(plan('table'))
  blobs.plan(plan('blob'))
  connector.plan(plan('teams'))
  toSlack.plan(plan('slack'))
  toGitHub.plan(plan('github'))
  return {
    account: { ...account, tablesUrl: withoutSlash(tables.url), blobsUrl: withoutSlash(blobs.url) },
    slackUrl: withoutSlash(toSlack.url),
    gitHubUrl: withoutSlash(toGitHub.url),
    calls,
    count() {
      counting = true
    },
    async idle() {
      await Promise.all([...proxies, connector].map((one) => one.idle()))
    },
    async close() {
      await Promise.all(proxies.map((one) => one.close()))
    },
  }
}

const withoutSlash = (url: string): string => url.replace(/\/$/, '')

/** Whether a call may change data. */
export const isWrite = (line: string): boolean => !/ (GET|HEAD) /.test(line)

/** Describes a call by method and path, without the parts that differ in every run. */
function lineOf({ method, path, body }: Call): string {
  const place = decodeURIComponent(path.split('?')[0] ?? '').replace(/^\/crash\d+\//, '')
  const rows = [...body.toString('latin1').matchAll(/^(?:POST|PUT|PATCH|MERGE|DELETE) .*$/gm)].length
  return `${method} ${short(place)}${rows > 0 ? ` of ${rows}` : ''}`
}

const short = (text: string): string =>
  text.replace(/[0-9a-z]{26}-[0-9a-f]{2}|[0-9a-f]{64}|[0-9a-f-]{36}|19:[^/]*|\d{13,}|\d{4}-\d\d-\d\d/g, '…')
