import { encode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { type Hex, sha256, shards } from '../../core/data/id.ts'
import { openCheckpoint } from '../../core/log/checkpoint.ts'
import { perfect } from '../../core/log/merkle.ts'
import { spkiOf } from '../../core/log/signature.ts'
import { type Manifest, type ManifestSignature, pae, parseBundle, parseStatement } from '../../core/log/statement.ts'
import { rootAt, tileOf } from '../../core/log/tile.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Cuts, Plan, SealHead, Seals } from '../../ports/seals.ts'
import type { Signer } from '../../ports/signer.ts'
import { verifySignature } from '../../verify/ecdsa.ts'
import { readTile } from '../log/tree.ts'
import { bundleOf, checkpointOf } from '../read/bundles.ts'
import { cutOf } from '../seal/plan.ts'
import { RestoreRefused } from './refusal.ts'

export interface SealedDaysParts {
  readonly archive: Pick<Archive, 'list' | 'read' | 'find'>
  readonly seals: Pick<Seals, 'head' | 'plans' | 'propose' | 'advance'>
  /** The signer of the log, which has its keys. */
  readonly signer: Pick<Signer, 'keys'>
  /** The name of the log. */
  readonly origin: string
}

/** A day whose manifest is in the archive. */
export interface SealedDay {
  readonly manifest: Manifest
  readonly signatures: readonly ManifestSignature[]
  readonly sha256: Hex
}

/**
 * Lists the days that are sealed according to the archive, oldest first, and checks that they form one log: each
 * manifest names the one before, and a key of the log signed the newest manifest and the checkpoint with its size and
 * root.
 *
 * @throws {RestoreRefused} `broken-log`, `wrong-key`
 */
export async function readSealedDays(parts: SealedDaysParts): Promise<readonly SealedDay[]> {
  const { archive, origin } = parts
  const days: SealedDay[] = []
  for (const { name } of await archive.list('manifests/')) {
    const day = await dayIn(archive, name)
    const { manifest } = day
    const before = days.at(-1)
    const continues =
      manifest.log.origin === origin &&
      manifest.number === days.length + 1 &&
      manifest.previousManifest === before?.sha256 &&
      manifest.log.from.size === (before?.manifest.log.to.size ?? 0)
    if (!continues) throw broken(`${name} does not continue the manifests before it`)
    days.push(day)
  }
  const newest = days.at(-1)
  if (newest) await checkSigned(parts, newest)
  return days
}

async function dayIn(archive: Pick<Archive, 'read'>, name: string): Promise<SealedDay> {
  const bytes = await archive.read(name)
  if (bytes === null) throw broken(`${name} is gone`)
  try {
    const { payload, signatures } = parseBundle(Buffer.from(bytes).toString('utf8'))
    return { manifest: parseStatement(payload).manifest, signatures, sha256: sha256(bytes) }
  } catch (cause) {
    if (cause instanceof Broken) throw broken(`${name} is no manifest: ${cause.message}`, cause)
    throw cause
  }
}

async function checkSigned({ archive, signer }: SealedDaysParts, { manifest, signatures }: SealedDay): Promise<void> {
  const { date, log } = manifest
  const name = `manifests/${date}`
  const bytes = await archive.read(name)
  const statement = pae(parseBundle(Buffer.from(bytes ?? []).toString('utf8')).payload)
  const keys = await signer.keys()
  const known = signatures.flatMap((one) => {
    const key = keys.find(({ kid }) => kid === one.kid)
    return key ? [{ spki: spkiOf(key), der: one.der }] : []
  })
  if (known.length === 0)
    throw new RestoreRefused('wrong-key', `${name} is signed by no key of the log that is in force.`, { file: name })
  if (!known.every(({ spki, der }) => verifySignature(spki, statement, der)))
    throw new RestoreRefused('wrong-key', `The signature of ${name} does not hold.`, { file: name })
  const note = await archive.read(checkpointOf(date))
  if (note === null) throw broken(`${checkpointOf(date)} is missing`)
  try {
    const keysOfLog = known.map(({ spki }) => spki)
    const { size, root } = openCheckpoint(Buffer.from(note).toString('utf8'), keysOfLog, verifySignature)
    if (size !== log.to.size || encode64(root) !== log.to.root)
      throw broken(`${checkpointOf(date)} is not that of ${name}`)
  } catch (cause) {
    if (cause instanceof Broken) throw broken(`${checkpointOf(date)} does not hold: ${cause.message}`, cause)
    throw cause
  }
}

/**
 * Compares the sealed days of the restored rows with those of the archive, and adds the days that were sealed after the
 * snapshot. The archive is written once, so it decides.
 *
 * @throws {RestoreRefused} `broken-log`
 */
export async function completeSeals(parts: SealedDaysParts, days: readonly SealedDay[]): Promise<void> {
  const { seals, archive } = parts
  const plans = new Map((await seals.plans()).map((plan) => [plan.date, plan]))
  for (const [place, day] of days.entries()) {
    const plan = planOf(day, days[place - 1])
    const known = plans.get(plan.date)
    if (known === undefined) await seals.propose(plan)
    else if (!isOf(known, day)) throw broken(`The plan of ${plan.date} is not what its manifest says`)
  }
  const { head, version } = await seals.head()
  const sealed = head === null ? undefined : days[head.number - 1]
  if (head !== null && (sealed?.sha256 !== head.manifest || sealed.manifest.date !== head.date))
    throw broken(`The archive has another manifest of ${head.date} than the restored rows name`)
  // A seal that crashed may have left a manifest without a bundle. The next seal finds the plan, and goes on.
  const newest = (await bundled(archive, days)).at(-1)
  if (newest && newest.manifest.number > (head?.number ?? 0)) await seals.advance(version, await headOf(parts, newest))
}

async function bundled(archive: Pick<Archive, 'list'>, days: readonly SealedDay[]): Promise<readonly SealedDay[]> {
  const names = new Set((await archive.list('bundles/')).map(({ name }) => name))
  return days.filter(({ manifest }) => names.has(bundleOf(manifest.date)))
}

function planOf({ manifest, signatures }: SealedDay, before: SealedDay | undefined): Plan {
  const { date, number, sealedAt, tool, log } = manifest
  const cut = (which: 'from' | 'to'): Cuts =>
    Object.fromEntries(
      shards.map((shard) => {
        const { from, to, head } = manifest.shards[shard] ?? { from: 0, to: 0, head: noHash }
        const hash = which === 'to' ? head : (before?.manifest.shards[shard]?.head ?? noHash)
        return [shard, { seq: which === 'to' ? to : from, hash }]
      }),
    ) as Cuts
  const key = signatures[0]?.kid ?? ''
  return { date, number, sealedAt, tool, key, size: log.from.size, from: cut('from'), to: cut('to') }
}

const noHash = '0'.repeat(64) as Hex

function isOf(plan: Plan, { manifest }: SealedDay): boolean {
  return (
    plan.number === manifest.number &&
    plan.size === manifest.log.from.size &&
    shards.every((shard) => {
      const { seq, hash } = cutOf(plan.to, shard)
      return manifest.shards[shard]?.to === seq && manifest.shards[shard].head === hash
    })
  )
}

async function headOf({ archive }: SealedDaysParts, day: SealedDay): Promise<SealHead> {
  const { manifest, signatures, sha256: hash } = day
  const { date, number, log } = manifest
  const { size, root } = log.to
  const roots = await Promise.all(
    perfect({ from: 0, to: size }).map(async (node) => {
      const place = tileOf(node, size)
      return rootAt(place, await readTile(archive, place.tile))
    }),
  )
  const key = signatures.at(-1)?.kid ?? ''
  return {
    number,
    date,
    size,
    root,
    frontier: roots.map(encode64),
    cuts: planOf(day, undefined).to,
    key,
    manifest: hash,
  }
}

const broken = (what: string, cause?: unknown) => new RestoreRefused('broken-log', `${what}.`, {}, { cause })
