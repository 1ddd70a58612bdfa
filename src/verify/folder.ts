import { readdir } from 'node:fs/promises'
import { reasonOf } from './file.ts'
import { Unreadable } from './finding.ts'

/** Lists the names in a folder. @throws {Unreadable} */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    throw new Unreadable(`${folder} cannot be read: ${reasonOf(cause)}.`, { cause })
  }
}
