import type { Azurite } from '../../src/local/azurite.ts'
import type { Identity } from '../../src/local/identity.ts'

/** The settings of a process of a deployment. */
export interface Settings {
  readonly data: string
  readonly policy: string
  /** The address of the whole deployment, so that a grant of one process is valid at another. */
  readonly baseUrl: string
  readonly azurite: Pick<Azurite, 'tablesUrl' | 'blobsUrl' | 'account' | 'key'>
  readonly identity: Pick<Identity, 'issuer' | 'jwksUri' | 'graphUrl'>
  /** Milliseconds by which the process's clock is ahead of the machine's. */
  readonly offset: number
}

export type Order = { readonly n: number } & Task

export type Task =
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'timer'; readonly name: 'sweep' }
  | { readonly kind: 'witness' }
  | { readonly kind: 'close' }

/** A message of a process: its address, the result of an order, or an error of work whose result is not awaited. */
export type Report =
  | { readonly ready: string }
  | { readonly n: number; readonly result: unknown }
  | { readonly n: number; readonly error: string }
  | { readonly failed: string }

/** Measurements of a process: its memory after garbage collection, and its delays since the last measurement. */
export interface Witnessed {
  readonly heapBytes: number
  /** Beside the heap, for example in buffers. */
  readonly externalBytes: number
  readonly rssBytes: number
  /** Milliseconds that work had to wait for the event loop. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Open connections, also idle ones: from callers, and to storage and connector. */
  readonly sockets: number
}
