import { Macs } from '../../../src/runtime/macs.ts'

/** A ledger key of one version, the same in every test. */
export const testKey = { id: 'key-1', secret: Buffer.alloc(32, 7) }

/** Authenticates as the service does, for the log of this name. */
export const macsFor = (origin: string): Macs => new Macs({ origin, key: { versions: async () => [testKey] } })

export const testOrigin = 'approvals.example/evidence'
