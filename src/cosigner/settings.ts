import { readWitnessKey, type WitnessKey, type WitnessKeyFlaw } from '../core/log/cosignature.ts'

/** A witness, as the setting names it. */
export interface WitnessSettings {
  /** The submission prefix (C2SP tlog-witness), without a slash at its end. */
  readonly url: string
  readonly keys: readonly [WitnessKey, ...WitnessKey[]]
}

/** The setting that names the witnesses of the log. */
export const witnessSetting = 'COUNTERSIGN_WITNESS'

/** Witnesses, and keys of all of them: a note has room for so many signatures. */
const most = { witnesses: 4, keys: 8 } as const

/** Whether witnesses on this machine may be called without TLS: on a local stack. */
interface WitnessReading {
  readonly allowsLoopback?: boolean
}

/**
 * Reads the setting: addresses, each with the keys of the witness there behind it, separated by spaces.
 *
 * @throws {Error} naming the setting, the rule that is broken and what to write; never a value
 */
export function witnessesIn(
  value: string | undefined,
  { allowsLoopback = false }: WitnessReading = {},
): readonly WitnessSettings[] {
  const found: { readonly url: string; readonly keys: WitnessKey[] }[] = []
  for (const [place, word] of (value ?? '').split(/\s+/).filter(Boolean).entries()) {
    const last = found.at(-1)
    if (word.includes('://')) found.push({ url: addressIn(word, place, allowsLoopback), keys: [] })
    else if (last) last.keys.push(keyIn(word, place))
    else throw malformed(`it begins with the address of a witness. ${form}`)
  }
  checkDoubles(found)
  if (found.length > most.witnesses) throw malformed(`it names at most ${most.witnesses} witnesses.`)
  return found.map(({ url, keys: [key, ...keys] }) => {
    if (key === undefined) throw malformed(`each address is followed by a key of the witness there. ${form}`)
    return { url, keys: [key, ...keys] }
  })
}

const form =
  'Write https://witness.contoso.example <name>+<key id>+<key>, with the verifier key that the operator of the witness gave you.'

function addressIn(word: string, place: number, allowsLoopback: boolean): string {
  const url = URL.canParse(word) ? new URL(word) : null
  const isHere = allowsLoopback && url?.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  const isPlain = url && `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (!url || !isPlain || !(url.protocol === 'https:' || isHere))
    throw malformed(
      `the address in place ${place + 1} is no https address without user, query and fragment. Add-checkpoint is called below it.`,
    )
  return url.href.replace(/\/+$/, '')
}

function keyIn(word: string, place: number): WitnessKey {
  const key = readWitnessKey(word)
  if (typeof key === 'string') throw malformed(`the key in place ${place + 1} ${keyFlaws[key]}`)
  return key
}

/** What to do about a text that is no key of a witness. */
const keyFlaws: Readonly<Record<WitnessKeyFlaw, string>> = {
  form: `is no verifier key. ${form}`,
  type: 'is of another type than 4: only keys for Ed25519 cosignatures count. Ask the operator of the witness for that key.',
  id: 'does not fit its own key id: it was changed or cut on the way. Copy it again, whole.',
}

function checkDoubles(
  found: readonly WitnessSettings[] | readonly { url: string; keys: readonly WitnessKey[] }[],
): void {
  const keys = found.flatMap((one) => one.keys)
  if (keys.length > most.keys) throw malformed(`it names at most ${most.keys} keys.`)
  if (new Set(found.map(({ url }) => url)).size < found.length)
    throw malformed('it names an address twice. Leave one out.')
  // Files and rows are named by the id, which has 4 bytes.
  if (new Set(keys.map(({ keyId }) => Buffer.from(keyId).toString('hex'))).size < keys.length)
    throw malformed('it names two keys with the same id. Leave one out.')
}

const malformed = (what: string): Error => new Error(`The setting ${witnessSetting} is malformed: ${what}`)
