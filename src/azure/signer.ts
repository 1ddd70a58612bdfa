import type { TokenCredential } from '@azure/identity'
import { CryptographyClient, KeyClient, type KeyVaultKey, parseKeyVaultKeyIdentifier } from '@azure/keyvault-keys'
import { calculateJwkThumbprint } from 'jose'
import { Problem } from '../core/data/problem.ts'
import type { PublicKey, Signer } from '../ports/signer.ts'

export interface VaultSettings {
  /** A Key Vault key id. If it has a version, that version signs, otherwise the newest version in force. */
  readonly keyId: string
  readonly credential: TokenCredential
  /** In milliseconds, for each call with all its retries. */
  readonly timeout?: number
  /** Overrides how the vault is reached, for a vault outside of Azure. */
  readonly connection?: {
    readonly allowInsecureConnection?: boolean
    readonly disableChallengeResourceVerification?: boolean
  }
}

interface Version {
  readonly publicKey: PublicKey
  readonly vault: CryptographyClient
}

interface Call {
  readonly abortSignal: AbortSignal
}

const keyIdPattern = /^https?:\/\/[^/]+\/keys\/[0-9a-zA-Z-]+(\/\w+)?$/

const tenMinutes = 600_000

/**
 * Signs with a P-256 key that never leaves Azure Key Vault. The list of its versions is read every 10 minutes, and only
 * versions on the list sign.
 */
export class VaultSigner implements Signer {
  readonly #settings: VaultSettings
  readonly #name: string
  readonly #pinned: string | undefined
  readonly #vault: KeyClient
  /** A version's key never changes, so it is fetched once; `null` for one that is not P-256. */
  readonly #fetched = new Map<string, Promise<Version | null>>()
  #list: { readonly since: number; readonly versions: Promise<readonly Version[]> } | null = null

  /** @throws {Error} if the key id is malformed */
  constructor(settings: VaultSettings) {
    // The SDK's parser also accepts ids of secrets, and ids without a name.
    if (!keyIdPattern.test(settings.keyId)) throw new Error(`${settings.keyId} is not the id of a key in Key Vault.`)
    const { vaultUrl, name, version } = parseKeyVaultKeyIdentifier(settings.keyId)
    this.#settings = settings
    this.#name = name
    this.#pinned = version
    this.#vault = new KeyClient(vaultUrl, settings.credential, this.#options())
  }

  async keys(): Promise<readonly PublicKey[]> {
    return (await this.#versions()).map(({ publicKey }) => publicKey)
  }

  async sign(digest: Uint8Array, kid?: string): Promise<{ kid: string; signature: Uint8Array }> {
    if (digest.length !== 32) throw new Error('A SHA-256 digest has 32 bytes.')
    const { publicKey, vault } = await this.#version(kid)
    const { result } = await this.#reach((call) => vault.sign('ES256', digest, call))
    if (result.length !== 64) throw new Error('Key Vault did not answer with a signature of P-256.')
    return { kid: publicKey.kid, signature: result }
  }

  async #version(kid: string | undefined): Promise<Version> {
    const among = (versions: readonly Version[]) =>
      versions.find(({ publicKey }) => kid === undefined || publicKey.kid === kid)
    const known = among(await this.#versions())
    if (known !== undefined) return known
    // Another instance may have read a newer list, and have signed with a version that is not on this one.
    this.#list = null
    const found = among(await this.#versions())
    if (found === undefined)
      throw new Problem('unavailable', 'The key to sign with is not there, or not enabled.', { retryAfter: 10 })
    return found
  }

  #versions(): Promise<readonly Version[]> {
    if (this.#list !== null && performance.now() - this.#list.since < tenMinutes) return this.#list.versions
    const list = { since: performance.now(), versions: this.#reach((call) => this.#enabled(call)) }
    this.#list = list
    list.versions.catch(() => {
      if (this.#list === list) this.#list = null
    })
    return list.versions
  }

  /** Lists the versions in force, newest first, and a pinned version before all others. */
  async #enabled(call: Call): Promise<readonly Version[]> {
    const found: { version: string; rank: number }[] = []
    for await (const { version = '', enabled, notBefore, createdOn } of this.#vault.listPropertiesOfKeyVersions(
      this.#name,
      call,
    )) {
      const pinned = version === this.#pinned
      if (enabled === true && (notBefore === undefined || notBefore.getTime() <= Date.now()))
        found.push({ version, rank: pinned ? Number.POSITIVE_INFINITY : (createdOn?.getTime() ?? 0) })
    }
    // Two versions may have been created in one second, and all instances must agree on their order.
    found.sort((a, b) => b.rank - a.rank || (a.version < b.version ? -1 : 1))
    const versions = await Promise.all(found.map(({ version }) => this.#fetch(version, call)))
    if (this.#pinned !== undefined && (found[0]?.version !== this.#pinned || versions[0] === null))
      throw new Error(`The version ${this.#pinned} of the key ${this.#name} is not an enabled P-256 key.`)
    const usable = versions.filter((version) => version !== null)
    if (usable.length === 0) throw new Error(`No version of the key ${this.#name} is an enabled P-256 key.`)
    return usable
  }

  #fetch(version: string, call: Call): Promise<Version | null> {
    const earlier = this.#fetched.get(version)
    if (earlier !== undefined) return earlier
    const fetched = this.#vault.getKey(this.#name, { ...call, version }).then(async (key) => {
      const publicKey = await publicKeyOf(key)
      if (publicKey === null) return null
      // Given the whole key, the client does not fetch it from the vault again.
      return { publicKey, vault: new CryptographyClient(key, this.#settings.credential, this.#options()) }
    })
    this.#fetched.set(version, fetched)
    fetched.catch(() => this.#fetched.delete(version))
    return fetched
  }

  async #reach<T>(work: (call: Call) => Promise<T>): Promise<T> {
    try {
      return await work({ abortSignal: AbortSignal.timeout(this.#settings.timeout ?? 5_000) })
    } catch (cause) {
      // The version may have been disabled or deleted, so the next call must read the list again.
      if (cause instanceof Error && 'statusCode' in cause && (cause.statusCode === 403 || cause.statusCode === 404))
        this.#list = null
      throw new Problem('unavailable', 'The signing key cannot be reached.', { cause, retryAfter: 5 })
    }
  }

  /** Makes new options for each client, because clients write into them. */
  #options() {
    return {
      ...this.#settings.connection,
      retryOptions: { maxRetries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
    }
  }
}

async function publicKeyOf({ key }: KeyVaultKey): Promise<PublicKey | null> {
  if ((key?.kty !== 'EC' && key?.kty !== 'EC-HSM') || key.crv !== 'P-256' || key.x === undefined || key.y === undefined)
    return null
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(key.x), y: coordinate(key.y) } as const
  return { kid: await calculateJwkThumbprint(jwk), ...jwk }
}

/** RFC 7518 section 6.2.1.2: always 32 bytes, leading zeros too. */
const coordinate = (bytes: Uint8Array): string =>
  Buffer.concat([Buffer.alloc(Math.max(0, 32 - bytes.length)), bytes]).toString('base64url')
