import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Reads a folder's files with one of these endings, by name. A missing folder has no files. */
function readFolder(folder: string, ...endings: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)))
  return new Map(wanted.sort().map((name) => [name, readFileSync(join(folder, name))]))
}

/** Reads the card templates, which are part of the policy version. */
export const readCards = (folder: string) => readFolder(folder, '.json')

/** Reads the files that every bundle has in addition to the evidence: verifiers and their instructions. */
export const readVerifiers = (folder: string) => readFolder(folder, '.txt', '.sh', '.py')

/** Reads the pages of the console, with their compressed forms, and its assets below `assets/`. */
export const readConsole = (folder: string): ReadonlyMap<string, Uint8Array> =>
  new Map([
    ...readFolder(folder, '.html', '.br'),
    ...[...readFolder(join(folder, 'assets'), '.js', '.css', '.br')].map(
      ([name, bytes]) => [`assets/${name}`, bytes] as const,
    ),
  ])
