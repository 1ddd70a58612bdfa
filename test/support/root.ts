import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The root of the repository: the nearest folder with a `package.json`, also for files in `dist/`. */
export const root = rootAbove(import.meta.dirname ?? __dirname)

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('No folder above this file has a package.json.')
  return rootAbove(parent)
}
