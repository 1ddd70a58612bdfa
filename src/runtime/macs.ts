import { isAuthentic, type Mac, macOf } from '../core/log/mac.ts'
import { type BrokenRow, evidenceBroken, Problem } from '../core/data/problem.ts'
import type { LedgerKey } from '../ports/ledgerKey.ts'

/** The columns of {@link Mac} in a row that was read. They may hold anything. */
export interface ClaimedMac {
  readonly mac?: unknown
  readonly macKey?: unknown
}

/** Authenticates texts with the newest version of the ledger key, and checks them with the version that they name. */
export class Macs {
  /** The name of the log. Every MAC covers it, so that rows of another ledger do not pass in this one. */
  readonly origin: string
  readonly #key: LedgerKey

  constructor({ origin, key }: { readonly origin: string; readonly key: LedgerKey }) {
    this.origin = origin
    this.#key = key
  }

  /**
   * Prepares to authenticate several rows with one version.
   *
   * @throws {Problem} `unavailable` if the ledger key cannot be read
   */
  async rows(): Promise<{ readonly origin: string; readonly sign: (text: string) => Mac }> {
    const [newest] = await this.#key.versions()
    if (newest === undefined) throw new Error('The ledger key has no version.')
    return { origin: this.origin, sign: (text) => macOf(newest, text) }
  }

  /**
   * Reads a row that the service wrote.
   *
   * @param text writes the text that the row's MAC covers
   * @throws {Problem} `evidence-broken` with the place, for a row that the service did not write
   */
  async believed<T>(
    row: ClaimedMac,
    place: Omit<BrokenRow, 'check'>,
    read: () => T,
    text: (value: T) => string,
  ): Promise<T> {
    const [value, covered] = formed(place, () => {
      const value = read()
      return [value, text(value)] as const
    })
    await this.check(covered, row, place)
    return value
  }

  async isAuthentic(text: string, { mac, macKey }: ClaimedMac): Promise<boolean> {
    if (typeof mac !== 'string' || typeof macKey !== 'string') return false
    return isAuthentic(await this.#key.versions(macKey), text, { mac, macKey } as Mac)
  }

  /** @throws {Problem} `evidence-broken` with the place, for a text that the service did not write */
  async check(text: string, claimed: ClaimedMac, place: Omit<BrokenRow, 'check'>): Promise<void> {
    if (!(await this.isAuthentic(text, claimed))) throw evidenceBroken({ ...place, check: 'mac' })
  }
}

/** Reads a row. An error means that the service did not write it, unless the row has a later format. */
function formed<T>(place: Omit<BrokenRow, 'check'>, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw evidenceBroken({ ...place, check: 'form' }, cause)
  }
}
