import { join } from 'node:path'
import type { Day } from '../core/data/day.ts'
import { Unreadable } from './finding.ts'
import { namesIn } from './folder.ts'
import { saidName } from './saidSeries.ts'

/** The said files of a folder, as they were downloaded: one for each day. */
export interface SaidFolder {
  /** The path of a day's file; absent if there is none. */
  readonly of: (date: Day) => string | undefined
  /** The files that {@link of} was not asked for, sorted. */
  readonly unused: () => readonly string[]
}

export const noSaidFiles: SaidFolder = { of: () => undefined, unused: () => [] }

/** The folder with the bundles, and what is in it. */
interface BundleFolder {
  readonly folder: string
  readonly names: readonly string[]
}

/**
 * Finds the said files that belong to bundles.
 *
 * @param said the folder that has them; absent if they lie beside the bundles, and need not be there
 * @throws {Unreadable} if the given folder cannot be read, or has no said file
 */
export async function saidFilesIn(said: string | undefined, beside: BundleFolder): Promise<SaidFolder> {
  const { folder, names } = said === undefined ? beside : { folder: said, names: await namesIn(said) }
  const files = new Set(names.filter((name) => /^said-\d{4}-\d\d-\d\d\.jsonl$/.test(name)))
  if (said !== undefined && files.size === 0) throw new Unreadable(`${said} has no file said-DATE.jsonl.`)
  const used = new Set<string>()
  return {
    of(date) {
      const name = saidName(date)
      if (!files.has(name)) return undefined
      used.add(name)
      return join(folder, name)
    },
    unused: () => [...files].filter((name) => !used.has(name)).sort(),
  }
}
