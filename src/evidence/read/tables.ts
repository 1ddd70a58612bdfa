import { bounds } from '../../core/data/bound.ts'
import { csvRows } from '../../core/data/csv.ts'
import { type Day, nextDay } from '../../core/data/day.ts'
import { type Hex, sha256 } from '../../core/data/id.ts'
import { evidenceBroken, Problem } from '../../core/data/problem.ts'
import { authenticatedCopy, type CopiedTable, parseCopy, tablePath } from '../../core/log/tableCopy.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Seals } from '../../ports/seals.ts'
import { bind } from '../../runtime/bind.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { Macs } from '../../runtime/macs.ts'

export interface TablesParts {
  readonly seals: Pick<Seals, 'first' | 'head'>
  readonly archive: Pick<Archive, 'find' | 'open'>
  /** Authenticates the notes beside the files. */
  readonly macs: Macs
}

/**
 * Why a day has no table here. `before-log`: the log began later; `not-sealed`: not yet; `no-table`: an earlier version of
 * the service sealed it, and its bundle has the evidence.
 */
type TableGap = 'before-log' | 'not-sealed' | 'no-table'

/** A row by the names of its columns. Empty cells are left out. */
export type TableRow = Readonly<Record<string, string>>

/** The rows of a sealed day, or why there are none. */
type TableOfDay = { readonly date: Day } & ({ readonly rows: readonly TableRow[] } | { readonly missing: TableGap })

/** Days, both included. */
export interface DayRange {
  readonly from: Day
  readonly to: Day
}

export type SealedTables = ReturnType<typeof tables>

/**
 * Reads the tables that were laid beside the bundles of sealed days.
 *
 * @param noted is called with every error that a caller gets. Must not throw.
 */
export const tables = (parts: TablesParts, noted?: (cause: unknown) => void) => bind(parts, { rows }, noted)

/** Files that are looked up at the same time. */
const atOnce = 8

/**
 * Reads a table of each day of a range, oldest first.
 *
 * @throws {Problem} `invalid-input` for a range that is none or too long; `too-large` if the tables are larger together than
 *   one answer may be; `evidence-broken` for a file that the service did not write
 */
async function rows({ seals, archive, macs }: TablesParts, table: CopiedTable, range: DayRange) {
  const days = daysOf(range)
  const [first, { head }] = await Promise.all([seals.first(), seals.head()])
  const found = await abreast(atOnce, days, async (date) => {
    if (date < first) return { date, missing: 'before-log' } as const
    if (head === null || date > head.date) return { date, missing: 'not-sealed' } as const
    const file = await archive.find(tablePath(date, table))
    return file ? { date, file } : ({ date, missing: 'no-table' } as const)
  })
  const bytes = found.reduce((sum, one) => sum + ('file' in one ? one.file.size : 0), 0)
  if (bytes > bounds.tables.bytes)
    throw new Problem(
      'too-large',
      `The tables of these days have ${bytes} bytes, and an answer has at most ${bounds.tables.bytes}: ask for fewer days, or download the bundle of the day.`,
    )
  const read: TableOfDay[] = []
  for (const { date, ...one } of found)
    read.push('file' in one ? { date, rows: await rowsOf({ archive, macs }, one.file) } : { date, ...one })
  return read
}

function daysOf({ from, to }: DayRange): readonly Day[] {
  if (to < from) throw new Problem('invalid-input', 'The last day is not before the first.', { pointer: '/to' })
  const days: Day[] = []
  for (let date = from; date <= to; date = nextDay(date)) {
    if (days.length === bounds.tables.days)
      throw new Problem('invalid-input', `A range has at most ${bounds.tables.days} days: ask for the rest apart.`, {
        pointer: '/to',
      })
    days.push(date)
  }
  return days
}

/** @throws {Problem} `evidence-broken` */
async function rowsOf(
  { archive, macs }: Pick<TablesParts, 'archive' | 'macs'>,
  file: ArchivedFile,
): Promise<readonly TableRow[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of (await archive.open(file.name, { from: 0, size: file.size })) ?? []) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  if (!(await isCopy(macs, file, sha256(bytes))))
    throw evidenceBroken({ shard: 'tables', row: file.name, check: 'mac' })
  const [header = [], ...lines] = csvRows(bytes.toString('utf8'))
  return lines.map((cells) =>
    Object.fromEntries(
      header.flatMap((name, place) => {
        const cell = cells[place] ?? ''
        return cell === '' ? [] : [[name, cell]]
      }),
    ),
  )
}

/** Whether the service wrote a file with this content: the note beside it says so. */
export async function isCopy(macs: Macs, { name, note }: ArchivedFile, content: Hex): Promise<boolean> {
  const read = note === undefined ? null : parseCopy(note)
  if (!read || read.copy.file !== name || read.copy.sha256 !== content) return false
  return macs.isAuthentic(authenticatedCopy(macs.origin, read.copy), read.mac)
}
