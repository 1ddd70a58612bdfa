import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { keyIdOf, thumbprintOf } from '../../../src/core/log/signature.ts'
import { type Key, resign as resignAs, rewrite, type Written } from '../bundle.ts'
import {
  editEnvelope,
  editLines,
  type Envelope,
  type Members,
  resign,
  signPayload,
  type Statement,
} from '../forgery.ts'
import type { Change, Secrets } from './variant.ts'

export const nothing = (): void => undefined
export const publicPem = (secret: string | KeyObject): string =>
  createPublicKey(secret).export({ type: 'spki', format: 'pem' }).toString()
export const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
export const strangerPem = stranger.export({ type: 'pkcs8', format: 'pem' }).toString()

/** A key as the sealer has it. */
export function keyOf(secret: string): Key {
  const spki = new Uint8Array(createPublicKey(secret).export({ type: 'spki', format: 'der' }))
  const der = (bytes: string | Uint8Array) => sign('sha256', Buffer.from(bytes), createPrivateKey(secret))
  const noteSignature = (name: string, text: string) => ({ name, keyId: keyIdOf(spki), signature: der(text) })
  return { spki, kid: thumbprintOf(spki), der, noteSignature }
}

// How bundles are changed. What the key's holder changes is signed anew.

export const signing =
  (change: (statement: Statement) => void): Change =>
  (members, { log }) =>
    resign(members, log, change)

export const predicate = (change: (predicate: Statement['predicate'] & Record<string, unknown>) => void): Change =>
  signing(({ predicate: one }) => change(one))

/** Signs the statement's text as it is, even if it is not canonical. */
export const text =
  (change: (statement: string) => string | Buffer): Change =>
  (members, { log }) =>
    editEnvelope(members, ({ dsseEnvelope }) => {
      const changed = change(Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8'))
      if (typeof changed === 'string') signPayload(dsseEnvelope, changed, log)
      else {
        const head = `DSSEv1 ${dsseEnvelope.payloadType.length} ${dsseEnvelope.payloadType} ${changed.length} `
        const sig = sign('sha256', Buffer.concat([Buffer.from(head), changed]), log).toString('base64')
        Object.assign(dsseEnvelope, { payload: changed.toString('base64') })
        dsseEnvelope.signatures = dsseEnvelope.signatures.map(({ keyid }) => ({ keyid, sig }))
      }
    })

export const envelope =
  (change: (envelope: Envelope) => void): Change =>
  (members) =>
    editEnvelope(members, change)

export const manifest =
  (change: (text: string) => string | Buffer): Change =>
  (members) =>
    void members.set(manifestName, Buffer.from(change(members.get(manifestName)?.toString() ?? '')))

export const lines =
  (name: string, change: (lines: string[]) => string[]): Change =>
  (members, { log }) => {
    editLines(members, name, change)
    resign(members, log)
  }

/** Changes a checkpoint, and with the newer one its copy behind the proof. */
export const note =
  (change: (note: string, secrets: Secrets) => string | Buffer, name = 'checkpoint', signers = [0]): Change =>
  (members, secrets) => {
    const bytes = Buffer.from(change(members.get(name)?.toString() ?? '', secrets))
    members.set(name, bytes)
    if (name === 'checkpoint') {
      const add = members.get('checkpoint.add') ?? Buffer.alloc(0)
      members.set('checkpoint.add', Buffer.concat([add.subarray(0, add.indexOf('\n\n') + 2), bytes]))
    }
    const keys = [keyOf(secrets.log), keyOf(secrets.next)]
    return resignAs(
      members,
      keys.filter((_, i) => signers.includes(i)),
    )
  }

/** Adds a line to a checkpoint, before the signatures or behind them. */
export const signatureLine = (
  line: string | ((note: string, secrets: Secrets) => string),
  where: 'first' | 'last' = 'last',
) =>
  note((old, secrets) => {
    const added = typeof line === 'string' ? line : line(old, secrets)
    const at = where === 'last' ? old.length : old.indexOf('\n\n') + 2
    return `${old.slice(0, at)}${added}${old.slice(at)}`
  })

export const events =
  (change: (events: Written[]) => Written[]): Change =>
  (members, { log }) =>
    rewrite(members, keyOf(log), change)

export const everyEvent = (type: string, change: object): Change =>
  events((all) => all.map((event) => (event.type === type ? sorted({ ...event, ...change }) : event)))

export const sorted = (event: object): Written =>
  Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as Written

export const add =
  (name: string, content = 'x'): Change =>
  (members) =>
    void members.set(name, Buffer.from(content))

/** Lets the key's holder list what was added, too. */
export const listed =
  (name: string, content = 'x'): Change =>
  (members, secrets) => {
    members.set(name, Buffer.from(content))
    return resignAs(members, keyOf(secrets.log))
  }

export const flip =
  (name: string): Change =>
  (members) => {
    const found = [...members.keys()].find((one) => one.startsWith(name)) ?? ''
    const bytes = members.get(found) ?? Buffer.alloc(1)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  }

export const manifestName = 'manifest.sigstore.json'
export const wrong = Buffer.alloc(32, 7).toString('base64')
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The other signature that ECDSA accepts for the same bytes: everybody can make it (r, n - s). */
export function otherOf(signature: string): string {
  const der = Buffer.from(signature, 'base64')
  const r = der.subarray(4, 4 + (der[3] ?? 0))
  const s = der.subarray(6 + r.length)
  const hex = (order - BigInt(`0x${s.toString('hex')}`)).toString(16).padStart(64, '0')
  const digits = Buffer.from(hex, 'hex')
  const start = digits.findIndex((byte) => byte !== 0)
  const short = digits.subarray(start)
  const t = (short[0] ?? 0) < 0x80 ? short : Buffer.concat([Buffer.of(0), short])
  return Buffer.concat([Buffer.of(0x30, 4 + r.length + t.length, 2, r.length), r, Buffer.of(2, t.length), t]).toString(
    'base64',
  )
}

/** A note's signature line by a stranger. */
export const strangeLine = (name: string, bytes = 70): string =>
  `— ${name} ${Buffer.alloc(bytes, 9).toString('base64')}\n`

export const ownLine = (old: string): string => old.slice(old.indexOf('\n\n') + 2)
export const originIn = (old: string): string => old.slice(0, old.indexOf('\n'))

export const statementIn = (members: Members): Statement => {
  const { dsseEnvelope } = JSON.parse(members.get(manifestName)?.toString() ?? '') as Envelope
  return JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()) as Statement
}

export const sizeAndRoot = (old: string): { size: number; root: string } => {
  const [, size = '', root = ''] = old.split('\n')
  return { size: Number(size), root }
}
