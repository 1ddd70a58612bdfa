import type { Day } from '../core/data/day.ts'
import { withDay } from './day.ts'
import { BrokenAt, Unreadable } from './finding.ts'

/** What a bundle says of itself before it is verified. */
export interface NumberedBundle {
  readonly file: string
  readonly number: number | null
  /** Not verified. */
  readonly date: Day
}

/** Picks the bundles among the names in a folder, sorted. @throws {Unreadable} if there are none */
export function bundlesIn(folder: string, names: readonly string[]): readonly string[] {
  const files = names.filter((name) => /^countersign-evidence-.*\.zip$/.test(name)).sort()
  if (files.length === 0) throw new Unreadable(`${folder} has no file countersign-evidence-*.zip.`)
  return files
}

/**
 * Reads number and date of a bundle that is not verified yet. Used only to put bundles in order, and to find files.
 *
 * @returns `null` as the number of a bundle of a later format
 */
export async function numberOf(path: string): Promise<Omit<NumberedBundle, 'file'>> {
  try {
    return await withDay(path, async ({ manifest: { number, date } }) => ({ number, date }))
  } catch (cause) {
    if (cause instanceof BrokenAt && cause.code === 'newer-format') return { number: null, date: '' as Day }
    throw cause
  }
}
