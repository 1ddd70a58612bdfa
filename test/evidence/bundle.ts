import { createPrivateKey, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBufferPromise } from 'yauzl'
import { encode64 } from '../../src/core/data/base64.ts'
import { formatAdd, formatCheckpoint } from '../../src/core/log/checkpoint.ts'
import { type Digest, type Hex, sha256 } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import {
  append,
  consistencyRanges,
  emptyFrontier,
  type Frontier,
  growing,
  hashLeaf,
  leafHash,
  perfect,
  rootOf,
  rootOfRange,
} from '../../src/core/log/merkle.ts'
import { formatNote, type NoteSignature } from '../../src/core/log/note.ts'
import { keyIdOf, pemOf, spkiOf } from '../../src/core/log/signature.ts'
import {
  formatBundle,
  type Manifest,
  pae,
  parseBundle,
  parseStatement,
  statementOf,
} from '../../src/core/log/statement.ts'
import type { Day } from '../../src/core/data/day.ts'
import { zipped } from '../../src/evidence/seal/bundleZip.ts'
import { fileSigner } from '../../src/local/signer.ts'
import type { Signer } from '../../src/ports/signer.ts'

/** A bundle's members by name, in their order: to be changed and zipped again. */
export type Members = Map<string, Buffer>

/** A key that signs. */
export interface Key {
  readonly spki: Uint8Array
  readonly kid: string
  readonly der: (bytes: string | Uint8Array) => Uint8Array
  readonly noteSignature: (name: string, text: string) => NoteSignature
}

const manifestName = 'manifest.sigstore.json'

export async function membersOf(zip: Uint8Array): Promise<Members> {
  const file = await fromBufferPromise(Buffer.from(zip), { lazyEntries: true })
  const members: Members = new Map()
  for await (const entry of file.eachEntry()) {
    const pieces: Buffer[] = []
    for await (const piece of await file.openReadStreamPromise(entry)) pieces.push(piece as Buffer)
    members.set(entry.fileName, Buffer.concat(pieces))
  }
  return members
}

export async function zipOf(members: ReadonlyMap<string, Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const all = [...members].map(([name, content]) => {
    const bytes = Buffer.from(content)
    return { name, bytes, sha256: sha256(bytes) }
  })
  for await (const piece of zipped(all)) pieces.push(piece)
  return Buffer.concat(pieces)
}

export const manifestIn = (members: Members): Manifest =>
  parseStatement(parseBundle(textIn(members, manifestName)).payload).manifest

export function textIn(members: Members, name: string): string {
  const bytes = members.get(name)
  if (!bytes) throw new Error(`There is no ${name}.`)
  return bytes.toString('utf8')
}

/**
 * Signs the members as they are now, as somebody who has the key would.
 *
 * @param mutate changes what the manifest says beside the digests
 */
export function resign(
  members: Members,
  keys: Key | readonly Key[],
  mutate: (manifest: Manifest) => Manifest = (manifest) => manifest,
): Members {
  const manifest = mutate(manifestIn(members))
  const subjects = [...members]
    .filter(([name]) => name !== manifestName)
    .map(([name, bytes]) => ({ name, sha256: sha256(bytes) }))
  return stated(members, keys, statementOf(subjects, manifest))
}

/** Signs any statement in place of the one that the members have. */
export function stated(members: Members, keys: Key | readonly Key[], payload: string): Members {
  const signatures = [keys].flat().map((key) => ({ kid: key.kid, der: key.der(pae(payload)) }))
  return new Map([...members, [manifestName, Buffer.from(formatBundle(payload, signatures))]])
}

/** The statement that is signed, as it stands in the manifest. */
export const statementIn = (members: Members): JsonObject =>
  JSON.parse(Buffer.from(parseBundle(textIn(members, manifestName)).payload).toString()) as JsonObject

/**
 * Makes other records the day's, as an insider would who has the key: chains them anew, and writes checkpoint, proof and
 * manifest for them. The tables stay as they were.
 *
 * @param edit changes the day's events, in their order; `seq` and `prev` are then set
 */
export function rewrite(members: Members, key: Key, edit: (events: Written[]) => Written[]): Members {
  const manifest = manifestIn(members)
  const { log, shards } = manifest
  const lines = textIn(members, 'records.jsonl').split('\n').slice(0, -1)
  const heads = new Map<string, { seq: number; hash: string }>()
  const before = new Map<string, { seq: number; hash: string }>()
  for (const line of lines) {
    const { shard, seq, prev } = JSON.parse(line) as Written
    if (!before.has(shard)) before.set(shard, { seq: seq - 1, hash: prev })
  }
  const renamed = renaming(lines)
  const leaves = edit(lines.map((line) => JSON.parse(line) as Written)).map((edited) => {
    const event = renamed.content(edited)
    const head = heads.get(event.shard) ??
      before.get(event.shard) ?? { seq: shards[event.shard]?.to ?? 0, hash: shards[event.shard]?.head ?? '' }
    const leaf = JSON.stringify({ ...event, seq: head.seq + 1, prev: head.hash })
    heads.set(event.shard, { seq: head.seq + 1, hash: leafHash(leaf) })
    renamed.take(event, leaf)
    return leaf
  })
  const cuts = Object.entries(shards).map(([shard, cut]) => {
    const head = heads.get(shard) ?? before.get(shard) ?? { seq: cut.to, hash: cut.head }
    const policyTo = inForce(leaves, shard, cut.policyFrom)
    return [shard, { ...cut, to: head.seq, head: head.hash as Hex, ...(policyTo && { policyTo }) }] as const
  })
  const from: Frontier = { size: log.from.size, roots: log.from.frontier.map((root) => Buffer.from(root, 'base64')) }
  const hashes = leaves.map((leaf) => hashLeaf(leaf))
  const to = hashes.reduce(append, from)
  const text = formatCheckpoint({ origin: log.origin, size: to.size, root: rootOf(to) })
  const note = formatNote(text, [key.noteSignature(log.origin, text)])
  const types: Record<string, number> = {}
  for (const leaf of leaves) {
    const { type } = JSON.parse(leaf) as Written
    types[type] = (types[type] ?? 0) + 1
  }
  const changed: Members = new Map([
    ...members,
    ['records.jsonl', Buffer.from(leaves.map((leaf) => `${leaf}\n`).join(''))],
    ['checkpoint', Buffer.from(note)],
    ['checkpoint.add', Buffer.from(formatAdd(from.size, consistency(from, hashes), note))],
  ])
  return resign(changed, key, (old) => ({
    ...old,
    shards: Object.fromEntries(cuts),
    counts: { ...old.counts, records: leaves.length, types },
    log: { ...log, to: { size: to.size, root: encode64(rootOf(to)) } },
  }))
}

/** The policy in force in a shard after these leaves, as the manifest has to name it. */
function inForce(leaves: readonly string[], shard: string, before: Digest | undefined): Digest | undefined {
  const events = leaves.map((leaf) => JSON.parse(leaf) as Named).filter((event) => event.shard === shard)
  const first = events.find(({ type }) => type === 'requested')?.data.policy?.version
  return events.findLast(({ type }) => type === 'policy-changed')?.data.to ?? before ?? first
}

interface Named extends Written {
  readonly data: { readonly to?: Digest; readonly policy?: { readonly version: Digest } }
}

/** Lets votes go on naming the content they were given on when its event gets another hash, by being chained anew. */
function renaming(lines: readonly string[]) {
  const asked = new Map<unknown, string>()
  const renamed = new Map<unknown, string>()
  for (const line of lines) {
    const { type, request } = JSON.parse(line) as Written
    if (type === 'requested') asked.set(request, leafHash(line))
  }
  return {
    take({ type, request }: Written, leaf: string): void {
      if (type === 'requested') renamed.set(asked.get(request), leafHash(leaf))
    },
    content(event: Written): Written {
      const data = event['data'] as { readonly content?: string } | undefined
      const content = event.type === 'decided' ? renamed.get(data?.content) : undefined
      return content === undefined ? event : { ...event, data: { ...data, content } }
    },
  }
}

/** An event as it stands in a leaf. */
export interface Written {
  readonly type: string
  readonly shard: string
  readonly seq: number
  readonly prev: string
  readonly [member: string]: unknown
}

/** The consistency proof from what the frontier and the new leaves give. */
function consistency(from: Frontier, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  const known = new Map(
    perfect({ from: 0, to: from.size }).map((node, i) => [`${node.level}/${node.index}`, from.roots[i]]),
  )
  leaves.forEach((leaf, i) => known.set(`0/${from.size + i}`, leaf))
  const size = from.size + leaves.length
  const hashOf = (level: number, index: number): Uint8Array => {
    const found = known.get(`${level}/${index}`)
    if (found) return found
    const log = growing(emptyFrontier)
    for (const child of [2 * index, 2 * index + 1]) log.add(hashOf(level - 1, child))
    return rootOf(log.frontier())
  }
  return consistencyRanges(from.size, size).map((range) =>
    rootOfRange(perfect(range).map(({ level, index }) => hashOf(level, index))),
  )
}

/** A key as the sealer has it, and as somebody has who may sign what they like. */
export async function signingKey(): Promise<{ readonly signer: Signer; readonly key: Key; readonly pem: string }> {
  const place = mkdtempSync(join(tmpdir(), 'countersign-key-'))
  try {
    const path = join(place, 'log.pem')
    const signer = await fileSigner(path)
    const [{ kid, x, y } = { kid: '', x: '', y: '' }] = await signer.keys()
    const privateKey = createPrivateKey(readFileSync(path))
    const spki = spkiOf({ x, y })
    const der = (bytes: string | Uint8Array) => sign('sha256', Buffer.from(bytes), privateKey)
    const noteSignature = (name: string, text: string) => ({ name, keyId: keyIdOf(spki), signature: der(text) })
    return { signer, key: { spki, kid, der, noteSignature }, pem: pemOf(spki) }
  } finally {
    rmSync(place, { recursive: true })
  }
}

/** A folder for bundles as files; gone with `clean`. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'countersign-bundles-'))
  return {
    path,
    write(name: string, bytes: string | Uint8Array): string {
      const file = join(path, name)
      writeFileSync(file, bytes)
      return file
    },
    async zip(members: Members, name = 'bundle.zip'): Promise<string> {
      return this.write(name, await zipOf(members))
    },
    clean: () => rmSync(path, { recursive: true }),
  }
}

export const zipName = (date: Day): string => `countersign-evidence-${date}.zip`
