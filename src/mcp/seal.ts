import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { isRequestId } from '../core/data/id.ts'
import type { Environment } from '../cli/environment.ts'
import { Exit, exits } from '../cli/exit.ts'

/** What goes through a host and back: a request, how often its call has come back, and what for. */
export interface Sealed {
  /** The id of the request. */
  readonly id: string
  readonly round: number
}

/** What a seal is for: one that was made for a call names no task. */
type SealKind = 'call' | 'task'

/** HostSeals what a host gives back later, so that a host can neither invent it nor use that of another caller. */
export interface HostSeals {
  readonly seal: (kind: SealKind, sealed: Sealed, caller: string) => string
  /** `null` for a text that this gateway did not make for this caller. */
  readonly open: (kind: SealKind, text: string, caller: string) => Sealed | null
}

const setting = 'COUNTERSIGN_GATEWAY_KEY'

/** Characters of the key, at least: those of 256 bits in base64. */
const least = 32

/**
 * Reads the key of the seals. Without one each process makes its own, and what it sealed ends with it.
 *
 * @throws {Exit} 78, naming the variable, for a short key
 */
export function sealKey(environment: Environment): string | Uint8Array {
  const key = environment[setting]
  if (!key) return randomBytes(32)
  if (key.length < least) throw new Exit(exits.usage, `${setting} has at least ${least} characters.`)
  return key
}

/** Makes seals by HMAC-SHA-256 (RFC 2104). */
export function sealing(key: string | Uint8Array): HostSeals {
  const mac = (kind: SealKind, text: string, caller: string): Buffer =>
    createHmac('sha256', key).update(`countersign/mcp/${kind}\n${text}\n${caller}`).digest()
  return {
    seal: (kind, { id, round }, caller) => {
      const text = `${id}.${round}`
      return `${text}.${mac(kind, text, caller).toString('base64url')}`
    },
    open: (kind, sealed, caller) => {
      const [, text = '', id = '', round = '', tag = ''] = /^((.{1,64})\.(\d{1,3}))\.([\w-]{43})$/.exec(sealed) ?? []
      if (!isRequestId(id)) return null
      const given = Buffer.from(tag, 'base64url')
      const right = mac(kind, text, caller)
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null
      return { id, round: Number(round) }
    },
  }
}
