import type { KeyVersion } from '../core/log/mac.ts'

/** The secret that authenticates what the service writes to the ledger. It leaves the process in no form. */
export interface LedgerKey {
  /**
   * Lists the versions, newest first. The newest authenticates; a MAC of any version is accepted.
   *
   * The list is read once and remembered. It is read again only if it lacks `wanted`, and at most once a minute, so
   * that rows with invented versions cause no calls.
   *
   * @param wanted the id of a version that a row names
   * @throws {Problem} `unavailable` if the list was never read and cannot be read now
   */
  versions(wanted?: string): Promise<readonly KeyVersion[]>
}
