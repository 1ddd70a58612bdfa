import { type AzureNamedKeyCredential, TableClient } from '@azure/data-tables'
import type { TokenCredential } from '@azure/identity'
import type { LedgerKey } from '../ports/ledgerKey.ts'
import { Macs } from '../runtime/macs.ts'
import { Throttling } from './throttling.ts'
import { bareLineEnds, clockWatch, retries, type StorageClock } from './pipeline.ts'

/** The storage account's tables. */
export interface Tables {
  readonly ledger: TableClient
  readonly limits: TableClient
  readonly clock: StorageClock
  /** How often they asked to be called later; absent for tables that never do. */
  readonly throttling?: Pick<Throttling, 'recent'>
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

/**
 * Policies of the SDK that take time in every call and have nothing to do here: calls have no forms, are not traced by
 * OpenTelemetry, not redirected by storage, and get answers that are not compressed. Retries and deadlines are our own.
 */
const unused = [
  'decompressResponsePolicy',
  'defaultRetryPolicy',
  'formDataPolicy',
  'logPolicy',
  'multipartPolicy',
  'redirectPolicy',
  'tracingPolicy',
  'wrapAbortSignalLikePolicy',
]

/** Makes the clients without sending anything. */
export function connectTables({ url, credential, ledgerKey, origin }: TablesOptions): Tables {
  const clock: StorageClock = { apart: 0 }
  const throttling = new Throttling()
  const options = { retryOptions: { maxRetries: 0 }, allowInsecureConnection: url.startsWith('http://') }
  const table = (name: string): TableClient => {
    const client =
      'getToken' in credential
        ? new TableClient(url, name, credential, options)
        : new TableClient(url, name, credential, options)
    for (const name of unused) client.pipeline.removePolicy({ name })
    client.pipeline.addPolicy(bareLineEnds, { phase: 'Serialize' })
    client.pipeline.addPolicy(retries(throttling), { phase: 'Retry' })
    client.pipeline.addPolicy(clockWatch(clock), { afterPhase: 'Retry' })
    return client
  }
  const macs = new Macs({ origin, key: ledgerKey })
  return { ledger: table('ledger'), limits: table('limits'), clock, throttling, macs }
}
