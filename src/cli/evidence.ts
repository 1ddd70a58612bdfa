import { readFileSync } from 'node:fs'
import { Broken } from '../core/data/broken.ts'
import { dayOf } from '../core/data/day.ts'
import { type RequestId, timeOf } from '../core/data/id.ts'
import { instant } from '../core/data/instant.ts'
import { readWitnessKey, type WitnessKeyFlaw } from '../core/log/cosignature.ts'
import { spkiFromPem } from '../core/log/signature.ts'
import { verdictOfBroken } from '../verdict/finding.ts'
import type { Teller } from '../verdict/verdict.ts'
import type { WitnessDemand } from '../verify/cosigned.ts'
import { reasonOf } from '../verify/file.ts'
import { Unreadable } from '../verify/finding.ts'
import { Exit, exits } from './exit.ts'
import type { Options } from './options.ts'
import type { Result } from './result.ts'

/**
 * Reads the public keys that `--key` names.
 *
 * @throws {Exit} 2, naming the file
 */
export function readKeys(options: Options): readonly Uint8Array[] {
  return options.many('key').map((file) => {
    const spki = spkiFromPem(readText(file))
    if (spki === null) throw new Exit(exits.unreadable, `--key: ${file} is not one public key of P-256 in PEM.`)
    return spki
  })
}

/**
 * Reads the keys that `--witness` gives; `null` without any.
 *
 * @throws {Exit} 78, naming the key and what is wrong with it
 */
export function readWitnesses(options: Options): WitnessDemand | null {
  const keys = options.many('witness').map((given) => {
    const key = readWitnessKey(given)
    if (typeof key === 'string') throw new Exit(exits.usage, `--witness: "${given}" ${keyFlaws[key]}`)
    return key
  })
  return keys.length > 0 ? { keys, now: instant(Date.now()) } : null
}

const keyFlaws: Readonly<Record<WitnessKeyFlaw, string>> = {
  form: 'is not the key of a witness, as name+hash+base64.',
  type: 'is a key of another type than Ed25519 cosignatures (type 4): ask the operator of the witness for that one.',
  id: 'does not fit its own hash: it was changed or cut on the way.',
}

/** @throws {Exit} 2, naming the file */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Exit(exits.unreadable, `${file} cannot be read: ${reasonOf(cause)}.`)
  }
}

/** Runs work that reads files. @throws {Exit} 2 if a file cannot be read */
export async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Unreadable) throw new Exit(exits.unreadable, cause.message)
    throw cause
  }
}

/** Says that a bundle has nothing of a request, and which day's bundle has: its id tells when it was made. */
export const noEvents = (file: string, id: RequestId): Exit =>
  new Exit(exits.usage, `${file} has no event of request ${id}, which was made on ${dayOf(timeOf(id))} in UTC.`)

/** What verdicts say of this command. */
export const teller: Teller = {
  noCedar: 'policy.cjs is not installed',
  laterRecord: 'verify the days together with --chain, or only count them with --allow-unexplained',
  laterDays: '--through or --checkpoint tells',
  noSaid: 'no file said-DATE.jsonl is in the folder',
}

/** Makes a result of what breaks in the work. */
export async function orBroken(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    return verdictOfBroken(cause)
  }
}
