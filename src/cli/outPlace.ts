import { mkdir, stat } from 'node:fs/promises'
import { Exit, exits } from './exit.ts'

/**
 * Makes the folder that `--out` names, if it is not there.
 *
 * @param rule what to give in the place of a path that ends like a file
 * @throws {Exit} 78 if it is no folder and cannot be one
 */
export async function checkFolder(path: string, rule: string): Promise<void> {
  if (/\.([a-z]{2,4}|jsonl)$/i.test(path) && !(await isFolder(path)))
    throw new Exit(exits.usage, `--out: ${path} ${rule}.`)
  await mkdir(path, { recursive: true }).catch(() => undefined)
  if (!(await isFolder(path))) throw new Exit(exits.usage, `--out: ${path} is not a folder and cannot be created.`)
}

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
