import type { KeyVersion } from '../core/log/mac.ts'

/** The secret that authenticates what the service writes to the ledger. It leaves the process in no form. */
export interface LedgerKey {
  /**
   * Lists the versions, newest first; the newest authenticates, and every one of them is believed.
   *
   * The list is read when it is first asked for, and remembered. It is read again only if it lacks `wanted`, and at most
   * once a minute, so that rows which name invented versions cost nothing.
   *
   * @param wanted the id of a version that a row names
   * @throws {Problem} `unavailable` if the list was never read and cannot be read now
   */
  versions(wanted?: string): Promise<readonly KeyVersion[]>
}
