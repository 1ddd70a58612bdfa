import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder's files with one of these endings, by name; none if there is no such folder. */
function readFolder(folder: string, ...endings: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)))
  return new Map(wanted.sort().map((name) => [name, readFileSync(join(folder, name))]))
}

/** The card templates: they are part of the policy's version. */
export const readCards = (folder: string) => readFolder(folder, '.json')

/** What every bundle has beside the evidence. */
export const readVerifiers = (folder: string) => readFolder(folder, '.txt', '.sh', '.py')
