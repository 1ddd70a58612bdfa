import type { Azurite } from '../../src/local/azurite.ts'
import type { Identity } from '../../src/local/identity.ts'

/** What a process of a deployment is started with. */
export interface Settings {
  readonly data: string
  readonly policy: string
  /** Of the whole deployment: grants of one process are good at another. */
  readonly baseUrl: string
  readonly azurite: Pick<Azurite, 'tablesUrl' | 'blobsUrl' | 'account' | 'key'>
  readonly identity: Pick<Identity, 'issuer' | 'jwksUri' | 'graphUrl'>
  /** Milliseconds by which its clock is ahead of the machine's. */
  readonly offset: number
}

export type Order = { readonly n: number } & Task

export type Task =
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'timer'; readonly name: 'sweep' | 'deliver' }
  | { readonly kind: 'witness' }
  | { readonly kind: 'close' }

/** What a process says: where it listens, what came of an order, what went wrong where nobody waits. */
export type Told =
  | { readonly ready: string }
  | { readonly n: number; readonly result: unknown }
  | { readonly n: number; readonly error: string }
  | { readonly failed: string }

/** What a process holds, once all garbage is collected, and how late it was since it was last asked. */
export interface Witnessed {
  readonly heapBytes: number
  readonly rssBytes: number
  /** Milliseconds that work had to wait for the event loop. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Open connections, idle ones too: of callers, and to storage and connector. */
  readonly sockets: number
}
