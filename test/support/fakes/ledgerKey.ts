import { type KeyVersion, macOf } from '../../../src/core/log/mac.ts'
import type { LedgerKey } from '../../../src/ports/ledgerKey.ts'
import type { RowSigner } from '../../../src/azure/row.ts'

/** A ledger key with the versions that a test gives, newest first. */
export const keyVersions = (...names: readonly string[]): LedgerKey => ({ versions: async () => names.map(keyVersion) })

/** The ledger key of tests that are not about keys. */
export const ledgerKey: LedgerKey = keyVersions('v1')

/** Authenticates rows that a test writes itself, as the service does. */
export const rowSigner = (origin: string): RowSigner => ({ origin, sign: (text) => macOf(keyVersion('v1'), text) })

const keyVersion = (id: string): KeyVersion => ({ id, secret: Buffer.alloc(32, id) })
