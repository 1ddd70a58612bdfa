import type { TokenCredential } from '@azure/identity'
import * as z from 'zod'
import { Problem } from '../core/data/problem.ts'
import { UnexpectedStatus } from './unexpectedStatus.ts'

export interface VaultSecretSettings {
  /** A Key Vault secret id without a version: `https://<vault>/secrets/<name>`. */
  readonly secretId: string
  /** The audience of tokens for Key Vault in this cloud, such as `https://vault.azure.net`. */
  readonly audience: string
  readonly credential: TokenCredential
  /** In milliseconds, for one reading of the list with all its pages. */
  readonly timeout?: number
  /** Gives milliseconds on a scale of its own; `performance.now()` by default. */
  readonly now?: () => number
}

/** A version of a secret. The id is its own part of the version's. */
export interface SecretVersion {
  readonly id: string
  readonly value: string
}

const oneMinute = 60_000

const apiVersion = 'api-version=7.4'

/** More versions than any rotation leaves. Each is read by a call of its own. */
const mostVersions = 50

/**
 * Reads the versions of a secret of Azure Key Vault. A version's value never changes, so it is read once; a version that was
 * disabled or deleted is gone from the next list on.
 */
export class VaultSecret<Version extends { readonly id: string }> {
  readonly #settings: VaultSecretSettings
  readonly #called: string
  readonly #read: (version: SecretVersion) => Version
  readonly #now: () => number
  readonly #values = new Map<string, Version>()
  #list: { readonly since: number; readonly versions: Promise<readonly Version[]> } | null = null
  /** The newest list that was read in full. */
  #known: readonly Version[] | null = null

  /**
   * @param called as in "The ledger key"
   * @param read reads a version; an error means that the secret cannot be used
   */
  constructor(called: string, settings: VaultSecretSettings, read: (version: SecretVersion) => Version) {
    this.#called = called
    this.#read = read
    this.#settings = settings
    this.#now = settings.now ?? (() => performance.now())
  }

  /**
   * Lists the versions in force, newest first. The list is read again after a minute, in the background unless it lacks the
   * wanted version.
   *
   * @throws {Problem} `unavailable`
   */
  async versions(wanted?: string): Promise<readonly Version[]> {
    if (this.#known !== null && (wanted === undefined || this.#known.some(({ id }) => id === wanted))) {
      // Reads the list again in the background, so that a new version is used without a restart.
      if (this.#isOld()) this.#readList().catch(() => undefined)
      return this.#known
    }
    if (this.#list !== null && !this.#isOld()) return this.#known ?? this.#list.versions
    const known = this.#known
    return known === null ? this.#readList() : this.#readList().catch(() => known)
  }

  #isOld(): boolean {
    return this.#list === null || this.#now() - this.#list.since >= oneMinute
  }

  #readList(): Promise<readonly Version[]> {
    const list = { since: this.#now(), versions: this.#listed() }
    this.#list = list
    list.versions.catch(() => {
      // Without any list nothing works, so the next call tries again at once.
      if (this.#list === list && this.#known === null) this.#list = null
    })
    return list.versions
  }

  async #listed(): Promise<readonly Version[]> {
    try {
      const signal = AbortSignal.timeout(this.#settings.timeout ?? 5_000)
      const found = await this.#enabled(signal)
      const versions = await Promise.all(found.map((id) => this.#value(id, signal)))
      if (versions.length === 0) throw new Error(`${this.#called} has no version that is enabled.`)
      this.#known = versions
      return versions
    } catch (cause) {
      throw new Problem('unavailable', `${this.#called} cannot be reached.`, { cause, retryAfter: 5 })
    }
  }

  /** Lists the ids of the versions in force, newest first. */
  async #enabled(signal: AbortSignal): Promise<readonly string[]> {
    const { secretId } = this.#settings
    const found: { id: string; created: number }[] = []
    let next: string | null | undefined = `${secretId}/versions?${apiVersion}`
    while (next) {
      const page = listSchema.parse(await this.#get(next, signal))
      for (const { id, attributes } of page.value) {
        if (!id.startsWith(`${secretId}/`)) throw new Error('The vault listed a version of another secret.')
        if (attributes.enabled && (attributes.nbf ?? 0) * 1000 <= Date.now())
          found.push({ id, created: attributes.created })
      }
      if (found.length > mostVersions) throw new Error(`${this.#called} has over ${mostVersions} versions.`)
      next = page.nextLink
    }
    // Two versions may have been created in one second, and all instances must agree on their order.
    found.sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1))
    return found.map(({ id }) => id)
  }

  async #value(address: string, signal: AbortSignal): Promise<Version> {
    const known = this.#values.get(address)
    if (known) return known
    const { value } = valueSchema.parse(await this.#get(`${address}?${apiVersion}`, signal))
    const version = this.#read({ id: address.slice(this.#settings.secretId.length + 1), value })
    this.#values.set(address, version)
    return version
  }

  async #get(address: string, signal: AbortSignal): Promise<unknown> {
    // The link to the next page comes from outside: the token is sent to this vault only.
    if (new URL(address).origin !== new URL(this.#settings.secretId).origin)
      throw new Error('The vault named a page that is not its own.')
    const { credential, audience } = this.#settings
    const token = await credential.getToken(`${audience}/.default`, { abortSignal: signal })
    if (token === null) throw new Error('There is no token for the vault.')
    const headers = { authorization: `Bearer ${token.token}` }
    const response = await fetch(address, { headers, redirect: 'error', signal })
    if (response.status === 200) return response.json()
    await response.body?.cancel()
    throw new UnexpectedStatus('The vault', response.status)
  }
}

const listSchema = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      attributes: z.object({ enabled: z.boolean(), created: z.number(), nbf: z.number().optional() }),
    }),
  ),
  nextLink: z.string().nullish(),
})

const valueSchema = z.object({ value: z.string() })
