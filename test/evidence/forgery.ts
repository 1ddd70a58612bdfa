import { createHash, createPublicKey, sign } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { canonical } from '../../src/core/data/json.ts'

/** An unpacked bundle in memory, to be tampered with. */
export type Members = Map<string, Buffer>

/** What the tests change in a statement. */
export interface Statement {
  predicateType: string
  subject: { name: string; digest: { sha256: string } }[]
  predicate: {
    date: string
    log: {
      origin: string
      from: { size: number; root: string; frontier: string[] }
      to: { size: number; root: string }
    }
    shards: Record<string, { from: number; to: number; head: string }>
    counts: { records: number; carried: number; requests: number; types: Record<string, number> }
  }
}

export interface Envelope {
  mediaType: string
  dsseEnvelope: { payload: string; payloadType: string; signatures: { keyid: string; sig: string }[] }
  verificationMaterial: { publicKey: { hint: string } }
}

const manifestName = 'manifest.sigstore.json'

export function readFolder(folder: string): Members {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]))
}

export function writeFolder(folder: string, members: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, bytes] of members) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
}

const textOf = (members: Members, name: string): string => {
  const bytes = members.get(name)
  if (!bytes) throw new Error(`There is no member ${name}.`)
  return bytes.toString('utf8')
}

export const edit = (members: Members, name: string, change: (text: string) => string): void =>
  void members.set(name, Buffer.from(change(textOf(members, name))))

/** Changes the lines of a member, each with its end. */
export const editLines = (members: Members, name: string, change: (lines: string[]) => string[]): void =>
  edit(members, name, (text) => change(text.split(/(?<=\n)/)).join(''))

export const editEnvelope = (members: Members, change: (envelope: Envelope) => void): void =>
  edit(members, manifestName, (text) => {
    const envelope = JSON.parse(text) as Envelope
    change(envelope)
    return canonical({ ...envelope })
  })

/** What the holder of the key could do: changes the manifest and signs it anew, with the digests of the members. */
export function resign(members: Members, key: string, change: (statement: Statement) => void = () => undefined): void {
  editEnvelope(members, ({ dsseEnvelope }) => {
    const statement = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8')) as Statement
    for (const { name, digest } of statement.subject)
      digest.sha256 = createHash('sha256')
        .update(members.get(name) ?? '')
        .digest('hex')
    change(statement)
    signPayload(dsseEnvelope, canonical({ ...statement }), key)
  })
}

/** Signs a payload as it is, with DSSE's pre-authentication encoding. */
export function signPayload(envelope: Envelope['dsseEnvelope'], payload: string, key: string): void {
  const bytes = Buffer.from(payload)
  const head = `DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${bytes.length} `
  const sig = sign('sha256', Buffer.concat([Buffer.from(head), bytes]), key).toString('base64')
  envelope.payload = bytes.toString('base64')
  envelope.signatures = envelope.signatures.map(({ keyid }) => ({ keyid, sig }))
}

/** Writes and signs a checkpoint. */
export function noteOf({ origin, size, root }: { origin: string; size: number; root: string }, key: string): string {
  const text = `${origin}\n${size}\n${root}\n`
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const keyId = createHash('sha256').update(spki).digest().subarray(0, 4)
  const signature = Buffer.concat([keyId, sign('sha256', Buffer.from(text), key)]).toString('base64')
  return `${text}\n— ${origin} ${signature}\n`
}
