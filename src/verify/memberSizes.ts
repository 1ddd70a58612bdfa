import { bundleFiles } from '../core/log/bundleFiles.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { maxLeafBytes } from '../core/request/event.ts'
import { mostCarried } from './carried.ts'
import type { ZipMembers } from './zip/centralDirectory.ts'
import { BrokenAt } from './finding.ts'

/** The most bytes of a table's row: it lists people and rules, which come from events of 4 KiB. */
export const mostRow = 65_536

/** More bytes than one record can add to `metrics.csv`: some 30 metrics of 12 rules, an agent and an approver. */
const mostMetrics = 65_536

/**
 * Checks, before reading them, that large members are not larger than the lines that the manifest counts can be.
 *
 * @throws {BrokenAt} `wrong-digest`, because a larger member cannot be the signed one
 */
export function checkBounds(members: ZipMembers, { counts }: Manifest): void {
  const most = {
    [bundleFiles.records.name]: counts.records * (maxLeafBytes + 1),
    [bundleFiles.carried.name]: counts.carried * (mostCarried + 1),
    [bundleFiles.requests.name]: (counts.requests + 1) * mostRow,
    [bundleFiles.exceptions.name]: (counts.exceptions + 1) * mostRow,
    [bundleFiles.further.name]: (counts.requests + 1) * mostRow,
    [bundleFiles.metrics.name]: (counts.records + 1) * mostMetrics,
  }
  for (const [member, bytes] of Object.entries(most))
    if ((members.get(member)?.length ?? 0) > bytes) {
      const what = `${member} is larger than the lines that the manifest counts can be.`
      throw new BrokenAt({ check: 'members', member }, 'wrong-digest', what)
    }
}
