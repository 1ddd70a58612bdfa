import type { Day } from '../../core/data/day.ts'
import { evidenceBroken } from '../../core/data/problem.ts'
import { authenticatedCopy, type CopiedTable, copiedTables, formatCopy, tablePath } from '../../core/log/tableCopy.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Macs } from '../../runtime/macs.ts'
import { isCopy } from '../read/tables.ts'
import { type Packed, unpacked } from './spool.ts'

export interface TableCopiesParts {
  readonly archive: Pick<Archive, 'write'>
  /** Authenticates files of the archive that are not signed. */
  readonly macs: Macs
  /** Is called with errors of background work. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/**
 * Lays tables of a day beside its bundle, unless they lie there. A file of that name that the service did not write, or
 * another, is told and stops nothing: readers compare each with its note, and the bundle has the tables in any case.
 */
export async function layTables(
  { archive, macs, failed }: TableCopiesParts,
  date: Day,
  tables: Readonly<Record<CopiedTable, Packed>>,
): Promise<void> {
  const { origin, sign } = await macs.rows()
  for (const table of copiedTables) {
    const { sha256 } = tables[table]
    const file = tablePath(date, table)
    const copy = { file, sha256 }
    const note = () => formatCopy(copy, sign(authenticatedCopy(origin, copy)))
    const standing = await archive.write(file, unpacked(tables[table]), 'text/csv; charset=utf-8', note)
    if (!(await isCopy(macs, standing, sha256))) failed(evidenceBroken({ shard: 'tables', row: file, check: 'mac' }))
  }
}
