import type { PeriodAccount } from './account.ts'
import type { ReportSummary } from './summary.ts'

/** One form of the report, which is written while the requests pass by. */
export interface ReportOutput {
  /** Takes the next request, in the order of the report. */
  readonly take: (account: PeriodAccount) => Promise<void>
  /** Writes what stands beside the requests, and completes its files. Returns their paths. */
  readonly end: (summary: ReportSummary) => Promise<readonly string[]>
  /** Removes what is not complete. */
  readonly discard: () => Promise<void>
}
