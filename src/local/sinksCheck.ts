import { readFile } from 'node:fs/promises'
import { BadPolicy, sentenceOf } from '../policy/flaw.ts'
import { cloudNames, clouds } from '../runtime/cloud.ts'
import { readSinks } from '../sinksFile.ts'

/** A file of sinks that may be deployed, or its flaws, each in one sentence with its line. */
export type CheckedSinks = { readonly bytes: Uint8Array } | { readonly flaws: readonly string[] }

/**
 * Reads a file of sinks as the service does, for a deployment in any cloud: its addresses have to be those of one.
 *
 * @throws {Error} if there is no such file
 */
export async function checkSinks(file: string): Promise<CheckedSinks> {
  const bytes = await readFile(file)
  const found = cloudNames.map((name) => flawsIn(bytes, name))
  return found.some((flaws) => flaws.length === 0) ? { bytes } : { flaws: found[0] ?? [] }
}

function flawsIn(bytes: Uint8Array, cloud: (typeof cloudNames)[number]): readonly string[] {
  try {
    readSinks(bytes, clouds[cloud])
    return []
  } catch (cause) {
    if (!(cause instanceof BadPolicy)) throw cause
    return cause.flaws.map(sentenceOf)
  }
}
