import { createHash } from 'node:crypto'
import { Broken } from '../../core/data/broken.ts'
import { type Checkpoint, formatCheckpoint, openCheckpoint } from '../../core/log/checkpoint.ts'
import type { Day } from '../../core/data/day.ts'
import { type Digest, sha256, type Shard } from '../../core/data/id.ts'
import { formatNote } from '../../core/log/note.ts'
import { evidenceBroken, Problem } from '../../core/data/problem.ts'
import { derOf, keyIdOf, spkiOf } from '../../core/log/signature.ts'
import { formatBundle, pae, parseBundle, parseStatement } from '../../core/log/statement.ts'
import type { Signer } from '../../ports/signer.ts'
import type { Archive } from '../../ports/archive.ts'
import type { SealHead } from '../../ports/seals.ts'
import { checkpointOf, manifestOf, manifestsPrefix } from '../read/bundles.ts'
import { verifySignature } from '../../verify/ecdsa.ts'

export interface AttestingParts {
  /** Signs with the log's keys. */
  readonly signer: Signer
  readonly archive: Pick<Archive, 'createOrRead' | 'read'>
}

/** A key of the log. */
export interface LogKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly spki: Uint8Array
}

/**
 * Finds the keys of these names, in this order.
 *
 * @throws {Problem} `unavailable` if the signer does not have one of them
 */
export async function keysOf(signer: Pick<Signer, 'keys'>, kids: readonly string[]): Promise<readonly LogKey[]> {
  const known = new Map((await signer.keys()).map((key) => [key.kid, key]))
  return kids.map((kid) => {
    const key = known.get(kid)
    if (!key) throw new Problem('unavailable', 'The log’s key to sign with is missing.', { retryAfter: 10 })
    return { kid, spki: spkiOf(key) }
  })
}

/**
 * Signs a checkpoint with each key and stores it, unless the archive has one already, which then counts.
 *
 * @returns the stored note, to the byte
 * @throws {Broken} if the stored note is not this checkpoint, signed by these keys
 */
export async function createOrReadCheckpoint(
  { signer, archive }: AttestingParts,
  date: Day | '0',
  checkpoint: Checkpoint,
  keys: readonly LogKey[],
): Promise<string> {
  const text = formatCheckpoint(checkpoint)
  const signatures = await Promise.all(
    keys.map(async ({ kid, spki }) => ({
      name: checkpoint.origin,
      keyId: keyIdOf(spki),
      signature: await signed(signer, kid, Buffer.from(text)),
    })),
  )
  const note = formatNote(text, signatures)
  checkNote(note, checkpoint, keys)
  const kept = textOf(await archive.createOrRead(checkpointOf(date), Buffer.from(note), 'text/plain; charset=utf-8'))
  checkNote(kept, checkpoint, keys)
  return kept
}

/** Reads a stored checkpoint. @throws {Broken} if it is not this one, signed by these keys */
export async function keptCheckpoint(
  archive: Pick<Archive, 'read'>,
  date: Day,
  checkpoint: Checkpoint,
  keys: readonly LogKey[],
): Promise<string> {
  const bytes = await archive.read(checkpointOf(date))
  if (bytes === null) throw new Broken('missing-member', `The archive has no checkpoint of ${date}.`)
  const note = textOf(bytes)
  checkNote(note, checkpoint, keys)
  return note
}

/**
 * Signs a statement with each key and stores it, unless the archive has one already, which then counts.
 *
 * @returns the stored manifest, to the byte
 * @throws {Broken} if the stored manifest has another statement, or is not signed by these keys
 */
export async function createOrReadManifest(
  { signer, archive }: AttestingParts,
  date: Day,
  payload: string,
  keys: readonly LogKey[],
): Promise<Uint8Array> {
  const statement = pae(payload)
  const signatures = await Promise.all(
    keys.map(async ({ kid }) => ({ kid, der: await signed(signer, kid, statement) })),
  )
  const made = formatBundle(payload, signatures)
  checkManifest(made, payload, keys)
  const kept = await archive.createOrRead(manifestOf(date), Buffer.from(made), 'application/json')
  checkManifest(textOf(kept), payload, keys)
  return kept
}

/**
 * Compares the head in the tables with the manifest of its day in the archive. Files of the archive are written once,
 * so the manifest is trusted more than the row.
 *
 * @returns the policy version that each shard had in force after that day
 * @throws {Broken} `broken-series` if the two differ
 */
export async function checkHead(archive: Pick<Archive, 'read'>, head: SealHead): Promise<PoliciesInForce> {
  const bytes = await archive.read(manifestOf(head.date))
  if (bytes === null) throw new Broken('missing-member', `The archive has no manifest of ${head.date}.`)
  const { number, log, shards } = parseStatement(parseBundle(textOf(bytes)).payload).manifest
  const cuts = Object.entries(shards).map(([shard, { to, head }]) => [shard, { seq: to, hash: head }] as const)
  const isSame =
    sha256(bytes) === head.manifest &&
    number === head.number &&
    log.to.size === head.size &&
    log.to.root === head.root &&
    cuts.every(
      ([shard, { seq, hash }]) => head.cuts[shard as Shard]?.seq === seq && head.cuts[shard as Shard]?.hash === hash,
    )
  if (!isSame)
    throw new Broken('broken-series', `The ledger’s head of the log is not what the manifest of ${head.date} says.`)
  return new Map(Object.entries(shards).flatMap(([shard, { policyTo }]) => (policyTo ? [[shard, policyTo]] : [])))
}

/** The policy version that is in force in each shard of which an event named one. */
export type PoliciesInForce = ReadonlyMap<string, Digest>

/**
 * Finds that the archive has no signed manifest of a later day than the one that is due. The head in the tables may be an
 * authentic row of an earlier time, put back; the archive is written once.
 *
 * @param failed is called for each file of that place that the log's keys did not sign: those stop nothing
 * @throws {Broken} `broken-series` if it has one
 */
export async function checkNewest(
  { archive, signer }: { readonly archive: Pick<Archive, 'list' | 'read'>; readonly signer: Pick<Signer, 'keys'> },
  due: Day,
  failed: (cause: unknown) => void,
): Promise<void> {
  const later = (await archive.list(manifestsPrefix)).filter(({ name }) => name > manifestOf(due))
  if (later.length === 0) return
  const keys = (await signer.keys()).map((key) => ({ kid: key.kid, spki: spkiOf(key) }))
  for (const { name } of later.toReversed()) {
    const bytes = await archive.read(name)
    if (bytes && isSigned(textOf(bytes), keys)) {
      const newest = name.slice(manifestsPrefix.length)
      throw new Broken('broken-series', `The archive has the manifest of ${newest}, and the ledger would seal ${due}.`)
    }
    failed(evidenceBroken({ shard: 'manifests', row: name, check: 'mac' }))
  }
}

function isSigned(text: string, keys: readonly LogKey[]): boolean {
  try {
    const { payload, signatures } = parseBundle(text)
    const statement = pae(payload)
    return signatures.some((one) =>
      keys.some(({ kid, spki }) => kid === one.kid && verifySignature(spki, statement, one.der)),
    )
  } catch (cause) {
    if (cause instanceof Broken) return false
    throw cause
  }
}

function checkNote(note: string, { origin, size, root }: Checkpoint, keys: readonly LogKey[]): void {
  const spkis = keys.map(({ spki }) => spki)
  const found = openCheckpoint(note, spkis, verifySignature)
  if (found.origin !== origin || found.size !== size || Buffer.compare(found.root, root) !== 0)
    throw new Broken('bad-checkpoint', 'The checkpoint in the archive is not that of the sealed log.')
  if (spkis.some((spki) => !found.signedBy.includes(spki)))
    throw new Broken('wrong-key', 'The checkpoint in the archive is not signed by every key that must.')
}

function checkManifest(text: string, payload: string, keys: readonly LogKey[]): void {
  const { payload: found, signatures } = parseBundle(text)
  if (Buffer.compare(found, Buffer.from(payload)) !== 0)
    throw new Broken('bad-manifest', 'The manifest in the archive does not say what the day holds.')
  const statement = pae(found)
  const isSigned = keys.every(({ kid, spki }, place) => {
    const signature = signatures[place]
    return signature?.kid === kid && verifySignature(spki, statement, signature.der)
  })
  if (!isSigned || signatures.length !== keys.length)
    throw new Broken('bad-signature', 'The manifest in the archive is not signed by the keys that must.')
}

/** Signs bytes. Returns the signature in DER. */
async function signed(signer: Signer, kid: string, bytes: Uint8Array): Promise<Uint8Array> {
  return derOf((await signer.sign(createHash('sha256').update(bytes).digest(), kid)).signature)
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
