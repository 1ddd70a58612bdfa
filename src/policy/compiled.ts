import { readFile } from 'node:fs/promises'
import type { PolicyJson, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs'
import { type Hex, sha256 } from '../core/data/id.ts'
import { canonical } from '../core/data/json.ts'

/** What Cedar said of the texts of a policy that it found valid. Reading it takes less time than asking Cedar again. */
export interface CompiledPolicy {
  /** {@link digestOfTexts} of the texts. */
  readonly of: Hex
  readonly schema: SchemaJson<string>
  /** By file, each rule in the order of the file. */
  readonly rules: Readonly<Record<string, readonly PolicyJson[]>>
}

/** What was compiled counts only for the same texts. Another Cedar may read them in another way. */
export const digestOfTexts = (texts: Readonly<Record<string, string>>, cedarVersion: string): Hex =>
  sha256(canonical({ v: 1, cedar: cedarVersion, texts: { ...texts } }))

/** The name of the file that has it: beside the deployed program, and in the data folder of the local stack. */
export const compiledFile = 'compiled-policy.json'

/**
 * Reads such a file. Whoever can write it can write the program that it lies beside, too.
 *
 * @returns `null` if there is none, or something else, as after an interrupted write
 */
export async function readCompiled(path: string): Promise<CompiledPolicy | null> {
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as Partial<CompiledPolicy> | null
    return found && typeof found.of === 'string' && found.schema && found.rules ? (found as CompiledPolicy) : null
  } catch {
    return null
  }
}

export const formatCompiled = (compiled: CompiledPolicy): string => `${JSON.stringify(compiled)}\n`
