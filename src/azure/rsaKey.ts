import { CryptographyClient, KeyClient, parseKeyVaultKeyIdentifier } from '@azure/keyvault-keys'
import { Problem } from '../core/data/problem.ts'
import type { RsaKey } from '../ports/signer.ts'
import type { VaultSettings } from './signer.ts'

/** Milliseconds for which a version of the key is used before the newest one is looked for again. */
const tenMinutes = 600_000

/** Signs with an RSA key that never leaves Azure Key Vault. A key id without a version means the newest one. */
export class VaultRsaKey implements RsaKey {
  readonly #settings: VaultSettings
  readonly #keys: KeyClient
  readonly #name: string
  readonly #version: string | undefined
  #vault: { readonly since: number; readonly client: Promise<CryptographyClient> } | null = null

  constructor(settings: VaultSettings) {
    const { vaultUrl, name, version } = parseKeyVaultKeyIdentifier(settings.keyId)
    this.#settings = settings
    this.#name = name
    this.#version = version
    this.#keys = new KeyClient(vaultUrl, settings.credential, this.#options())
  }

  async sign(bytes: Uint8Array): Promise<Uint8Array> {
    const abortSignal = AbortSignal.timeout(this.#settings.timeout ?? 2_500)
    try {
      const vault = await this.#client(abortSignal)
      return (await vault.signData('RS256', bytes, { abortSignal })).result
    } catch (cause) {
      this.#vault = null
      throw new Problem('unavailable', 'The key of the GitHub App cannot be reached.', { cause, retryAfter: 10 })
    }
  }

  #client(abortSignal: AbortSignal): Promise<CryptographyClient> {
    const now = performance.now()
    if (this.#vault !== null && now - this.#vault.since < tenMinutes) return this.#vault.client
    const wanted = { abortSignal, ...(this.#version !== undefined && { version: this.#version }) }
    const client = this.#keys.getKey(this.#name, wanted).then((key) => {
      if (key.keyType !== 'RSA' && key.keyType !== 'RSA-HSM') throw new Error(`${this.#name} is not an RSA key.`)
      return new CryptographyClient(key, this.#settings.credential, this.#options())
    })
    this.#vault = { since: now, client }
    return client
  }

  /** Makes new options for each client, because clients write into them. */
  #options() {
    return { ...this.#settings.connection, retryOptions: { maxRetries: 1, retryDelayInMs: 200 } }
  }
}
