import { createHash, createPublicKey, verify } from 'node:crypto'
import { makeWitness } from './cosigning.ts'
import { type Answer, type Received, startDouble } from './double.ts'

/**
 * A witness as C2SP tlog-witness, tlog-cosignature and signed-note describe it, written from these pages and without any code of
 * `src/`: it verifies the log's signature and the consistency proof, and remembers the newest checkpoint that it has cosigned.
 */
export interface WitnessDouble {
  /** Its submission prefix. */
  readonly url: string
  /** As the setting has it: the address and the key. */
  readonly setting: string
  /** Its verifier key. */
  readonly key: string
  /** All bodies that it was sent, oldest first. */
  readonly received: readonly Received[]
  /** What it has cosigned last, by log. */
  readonly cosigned: ReadonlyMap<string, Tree>
  /** Cosigns a note as the witness does, without looking at anything. */
  readonly sign: (note: string, time?: number) => string
  /** What it does to the next calls in place of its work, one after another. */
  readonly fault: (...faults: readonly WitnessFault[]) => void
  /** Lets it know another log than the one that it is sent, as after a fork. */
  readonly believe: (origin: string, tree: Tree) => void
  readonly close: () => Promise<void>
}

interface Tree {
  readonly size: number
  readonly root: Buffer
}

/** An answer in place of its own; or one that is made of its own, which has taken effect. */
export type WitnessFault = Answer | ((own: Answer) => Answer | Promise<Answer>)

export interface WitnessOptions {
  /** The logs that it knows: the public keys of each (SPKI), by origin. */
  readonly logs: Readonly<Record<string, readonly Uint8Array[]>>
  readonly name?: string
  /** Seconds since 1970. */
  readonly now: () => number
}

export async function startWitness({ logs, name = 'witness.example/w1', now }: WitnessOptions): Promise<WitnessDouble> {
  const { key, line } = makeWitness(name)
  const cosigned = new Map<string, Tree>()
  const faults: WitnessFault[] = []
  const signed = (note: string, time = now()) => line(textOf(note), time)
  const work = (body: string): Answer => {
    const order = orderIn(body)
    if (order === null) return told(400)
    const { from, proof, note } = order
    const [origin = '', sizeLine = '', rootLine = ''] = textOf(note).split('\n')
    const known = logs[origin]
    if (known === undefined) return told(404)
    if (!known.some((spki) => isSignedBy(note, origin, spki))) return told(403)
    const [size, root] = [Number(sizeLine), Buffer.from(rootLine, 'base64')]
    if (from > size) return told(400)
    const newest = cosigned.get(origin) ?? { size: 0, root: sha256(Buffer.alloc(0)) }
    if (from !== newest.size) return conflict(newest.size)
    if (from === size && !root.equals(newest.root)) return conflict(newest.size)
    if (!isConsistent(newest, { size, root }, proof)) return told(422)
    cosigned.set(origin, { size, root })
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: signed(note) }
  }
  const double = await startDouble(async ({ method, path, body }) => {
    if (method !== 'POST' || path !== '/below/add-checkpoint') return told(405)
    const fault = faults.shift()
    if (fault === undefined) return work(body)
    return typeof fault === 'function' ? fault(work(body)) : fault
  })
  const url = `${double.origin}/below`
  return {
    ...{ url, key, cosigned, received: double.received, sign: signed },
    setting: `${url} ${key}`,
    fault: (...more) => void faults.push(...more),
    believe: (origin, tree) => void cosigned.set(origin, tree),
    close: () => double.close(),
  }
}

const told = (status: number): Answer => ({ status, headers: { 'content-type': 'text/plain' }, body: 'no\n' })

const conflict = (size: number): Answer => ({
  status: 409,
  headers: { 'content-type': 'text/x.tlog.size' },
  body: `${size}\n`,
})

const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()

/** signed-note: the text ends with the newline before the empty line. */
const textOf = (note: string): string => note.slice(0, note.lastIndexOf('\n\n') + 1)

/** "The request body MUST be a sequence of": an old size line, proof lines, an empty line, a checkpoint. */
function orderIn(
  body: string,
): { readonly from: number; readonly proof: readonly Buffer[]; readonly note: string } | null {
  const [, from, lines = '', note = ''] = /^old (0|[1-9]\d*)\n((?:[A-Za-z0-9+/=]{44}\n)*)\n([^]+)$/.exec(body) ?? []
  const proof = lines.split('\n').slice(0, -1)
  if (from === undefined || proof.length > 63) return null
  if (!/^[^\n]+\n(0|[1-9]\d*)\n[A-Za-z0-9+/=]{44}\n\n(— [^ \n]+ [A-Za-z0-9+/=]+\n)+$/.test(note)) return null
  return { from: Number(from), proof: proof.map((line) => Buffer.from(line, 'base64')), note }
}

/** signed-note: of an ECDSA key, the key id is the beginning of the hash of its SPKI. */
function isSignedBy(note: string, name: string, spki: Uint8Array): boolean {
  const text = textOf(note)
  const lines = note
    .slice(text.length + 1)
    .split('\n')
    .slice(0, -1)
  return lines.some((line) => {
    const [, signer, encoded = ''] = line.split(' ')
    const bytes = Buffer.from(encoded, 'base64')
    if (signer !== name || !bytes.subarray(0, 4).equals(sha256(spki).subarray(0, 4))) return false
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return verify('sha256', Buffer.from(text), key, bytes.subarray(4))
  })
}

/** RFC 9162, section 2.1.4.2, step by step. */
function isConsistent(first: Tree, second: Tree, proof: readonly Buffer[]): boolean {
  if (first.size === 0 || first.size === second.size) return proof.length === 0
  if (proof.length === 0) return false
  const isPower = (first.size & (first.size - 1)) === 0
  const path = isPower ? [first.root, ...proof] : [...proof]
  let [fn, sn] = [first.size - 1, second.size - 1]
  while (fn % 2 === 1) [fn, sn] = [fn >> 1, sn >> 1]
  let [fr, sr] = [path[0] ?? Buffer.alloc(0), path[0] ?? Buffer.alloc(0)]
  const node = (left: Buffer, right: Buffer) => sha256(Buffer.of(1), left, right)
  for (const c of path.slice(1)) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      ;[fr, sr] = [node(c, fr), node(c, sr)]
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1]
    } else sr = node(sr, c)
    ;[fn, sn] = [fn >> 1, sn >> 1]
  }
  return sn === 0 && fr.equals(first.root) && sr.equals(second.root)
}
