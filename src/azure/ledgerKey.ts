import type { KeyVersion } from '../core/log/mac.ts'
import type { LedgerKey } from '../ports/ledgerKey.ts'
import { type SecretVersion, VaultSecret, type VaultSecretSettings } from './vaultSecret.ts'

/** Reads the ledger key's versions from a secret of Azure Key Vault. */
export class VaultLedgerKey implements LedgerKey {
  readonly #secret: VaultSecret<KeyVersion>

  constructor(settings: VaultSecretSettings) {
    this.#secret = new VaultSecret('The ledger key', settings, keyFrom)
  }

  versions(wanted?: string): Promise<readonly KeyVersion[]> {
    return this.#secret.versions(wanted)
  }
}

function keyFrom({ id, value }: SecretVersion): KeyVersion {
  const secret = Buffer.from(value, 'base64')
  if (secret.length !== 32) throw new Error('A version of the ledger key is not base64 of 32 bytes.')
  return { id, secret }
}
