import type { Connector } from '../../test/support/connector.ts'
import { type Call, type FaultProxy, type Plan, startFaultProxy } from '../../test/support/faultProxy.ts'
import type { Account } from './grounds.ts'

/** Where the app is killed: at its n-th call, before the call arrives or when its answer is about to. */
export interface Kill {
  readonly at: number
  readonly when: 'before' | 'after'
}

/** The ways from the app to its storage and to Teams; calls are counted there, and held when the app is to die. */
export interface Wire {
  /** The account, as the app reaches it. */
  readonly account: Account
  /** What was counted, in order: one line each. */
  readonly calls: readonly string[]
  /** Begins to count. */
  count(): void
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** @param die called once, when the call to be killed at is held */
export async function startWire(
  account: Account,
  connector: Connector,
  { kill, die }: { readonly kill: Kill | null; readonly die: () => Promise<void> },
): Promise<Wire> {
  const [tables, blobs] = await Promise.all([startFaultProxy(account.tablesUrl), startFaultProxy(account.blobsUrl)])
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
  const proxies: readonly FaultProxy[] = [tables, blobs]
  tables.plan(plan('table'))
  blobs.plan(plan('blob'))
  connector.plan(plan('teams'))
  return {
    account: { ...account, tablesUrl: tables.url.replace(/\/$/, ''), blobsUrl: blobs.url.replace(/\/$/, '') },
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

/** Whether a call changes something. */
export const isWrite = (line: string): boolean => !/ (GET|HEAD) /.test(line)

/** Method and place, with whatever is new in every run left out. */
function lineOf({ method, path, body }: Call): string {
  const place = decodeURIComponent(path.split('?')[0] ?? '').replace(/^\/crash\d+\//, '')
  const rows = [...body.toString('latin1').matchAll(/^(?:POST|PUT|PATCH|MERGE|DELETE) .*$/gm)].length
  return `${method} ${short(place)}${rows > 0 ? ` of ${rows}` : ''}`
}

const short = (text: string): string =>
  text.replace(/[0-9a-z]{26}-[0-9a-f]{2}|[0-9a-f]{64}|[0-9a-f-]{36}|19:[^/]*|\d{13,}|\d{4}-\d\d-\d\d/g, '…')
