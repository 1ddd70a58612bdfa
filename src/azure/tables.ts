import { setMaxListeners } from 'node:events'
import { type AzureNamedKeyCredential, TableClient } from '@azure/data-tables'
import type { TokenCredential } from '@azure/identity'
import type { LedgerKey } from '../ports/ledgerKey.ts'
import { Macs } from '../runtime/macs.ts'
import { bareLineEnds, clockWatch, retries, type StorageClock } from './pipeline.ts'

/** The storage account's tables. */
export interface Tables {
  readonly ledger: TableClient
  readonly limits: TableClient
  readonly clock: StorageClock
  /** Authenticates the rows of evidence. */
  readonly macs: Macs
  /** Milliseconds of a clock that tells how long something took; the process's own, unless given. */
  readonly elapsed?: () => number
}

export interface TablesOptions {
  readonly url: string
  readonly credential: TokenCredential | AzureNamedKeyCredential
  readonly ledgerKey: LedgerKey
  /** The name of the log: a row of another log is not authentic in this one. */
  readonly origin: string
}

/** Makes the clients without sending anything. */
export function connectTables({ url, credential, ledgerKey, origin }: TablesOptions): Tables {
  const clock: StorageClock = { apart: 0 }
  const options = { retryOptions: { maxRetries: 0 }, allowInsecureConnection: url.startsWith('http://') }
  const table = (name: string): TableClient => {
    const client =
      'getToken' in credential
        ? new TableClient(url, name, credential, options)
        : new TableClient(url, name, credential, options)
    client.pipeline.addPolicy(bareLineEnds, { phase: 'Serialize' })
    client.pipeline.addPolicy(retries, { phase: 'Retry' })
    client.pipeline.addPolicy(clockWatch(clock), { afterPhase: 'Retry' })
    return client
  }
  return { ledger: table('ledger'), limits: table('limits'), clock, macs: new Macs({ origin, key: ledgerKey }) }
}

/** Options that the SDK takes with each request. */
export interface Deadline {
  readonly abortSignal: AbortSignal
}

/** Limits a call with its retries. With what is read back after it, the caller has an answer within about 8 s. */
export function within(ms = 6_000): Deadline {
  const abortSignal = AbortSignal.timeout(ms)
  // A call may read all shards at once, each with a listener. Node would warn of so many as of a leak.
  setMaxListeners(0, abortSignal)
  return { abortSignal }
}
