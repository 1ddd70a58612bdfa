import { TableLedger } from '../../src/azure/ledger.ts'
import type { RowSigner } from '../../src/azure/row.ts'
import { transaction, type Version } from '../../src/azure/transaction.ts'
import { dayOf } from '../../src/core/data/day.ts'
import { type Hex, type ObjectId, sha256 } from '../../src/core/data/id.ts'
import { type Instant, instant } from '../../src/core/data/instant.ts'
import { emptyChain, type Leaf } from '../../src/core/request/event.ts'
import { authenticatedChunk, type ChunkNote, chunkPath, chunksOf, formatChunk } from '../../src/core/log/chunk.ts'
import { authenticatedEnd, type End, endPath, endsPrefix, formatEnd } from '../../src/core/log/end.ts'
import { type Mac, macOf } from '../../src/core/log/mac.ts'
import { authenticatedHeads, formatHeads, headsPath, headsPrefix, type Witnessed } from '../../src/core/log/witness.ts'
import { decide } from '../../src/core/request/decision.ts'
import { redeem } from '../../src/core/request/redemption.ts'
import type { ApprovalRequest, Step } from '../../src/core/request/request.ts'
import { cancel } from '../../src/core/request/withdrawal.ts'
import { changeOf } from '../../test/ports/story.ts'
import { dba, dba2, owner, security } from '../../test/support/build.ts'
import { testKey, testOrigin } from '../../test/support/fakes/macs.ts'
import type { Target } from './edits.ts'

/** Makes rows or files that only the service can make, as exactly as is possible without the ledger key. */
export type Forgery = (target: Target) => Promise<void>

/** B: events that the rules allow are chained to the head, with head and row as the service would write them. */
export const forgedEvents: Forgery = async ({ stores, shard, id, journal, pick }) => {
  const rule = rules[pick % rules.length] ?? voting(dba)
  const loaded = await new TableLedger(stores.reach(() => 0)).load(shard, { request: id })
  if (!loaded.request) return
  const step = rule(loaded.request, loaded.head.recordedAt ?? loaded.request.createdAt)
  if (step.events.length === 0) return
  const change = changeOf(loaded, step, loaded.head.recordedAt ?? loaded.request.createdAt)
  const seen = journal.find(({ partition, columns }) => partition === shard && columns?.['leaf'] !== undefined)?.columns
  const signer = signers[Math.floor(pick / rules.length) % signers.length]?.(seen ?? {}) ?? ownKey()
  await stores.rows.ledger.submitTransaction(transaction(signer, loaded, change, loaded.version as Version))
}

/**
 * A file says how a request ended. If one has ended and has no file yet, the insider's says the same as the service's will,
 * with another key; else the file has any text, or is the true one of another request.
 */
export const forgedEnd: Forgery = async ({ stores, id, pick }) => {
  const { files, leaves } = stores.seen
  const isOpen = ({ request, type }: Leaf) => request !== undefined && isAct(type) && !files.has(endPath(request))
  const ended = leaves.findLast(({ leaf }) => isOpen(leaf))
  if (ended && pick % 4 > 0) {
    const { request = id, seq, hash: leaf, type, text } = ended.leaf
    const { data } = JSON.parse(text) as { readonly data?: { readonly redemption?: string } }
    const at = instant(stores.time.ms + 3_600_000)
    const redemption = data?.redemption === undefined ? {} : { redemption: data.redemption }
    const end: End = { request, act: type as End['act'], ...redemption, shard: ended.shard, seq, leaf, at }
    return create(stores, endPath(request), formatEnd(end, ownKey().sign(authenticatedEnd(testOrigin, end))))
  }
  const other = [...files].find(([name]) => name.startsWith(endsPrefix) && name !== endPath(id))?.[1].text
  return create(stores, endPath(id), pick % 8 > 0 && other !== undefined ? other : 'anything')
}

const isAct = (type: string): boolean => ['redeemed', 'revoked', 'cancelled', 'denied'].includes(type)

/** A file says where the chains stood: low heads made with another key, or an earlier true file under a newer name. */
export const forgedHeads: Forgery = async ({ stores, shard, pick }) => {
  const at = instant(stores.time.ms)
  const heads: Witnessed = { at, heads: { [shard]: { seq: 1, hash: 'a'.repeat(64) as Hex } } }
  const own = formatHeads(heads, ownKey().sign(authenticatedHeads(testOrigin, heads)))
  const earlier = [...stores.seen.files].find(([name]) => name.startsWith(headsPrefix))?.[1].text
  const name = pick % 2 ? headsPath(at) : `${headsPath(at)}.ffffffffffffffff`
  await create(stores, name, pick % 3 ? own : (earlier ?? own))
}

/**
 * A file has the name that the next chunk of the shard may have: its note is made with another key, is that of a true chunk, or
 * is none. Its content is anything.
 */
export const forgedChunk: Forgery = async ({ stores, shard, pick }) => {
  const at = instant(stores.time.ms)
  const mine = stores.seen.leaves.filter((one) => one.shard === shard).map(({ leaf }) => leaf)
  const [from = emptyChain, to = { seq: 1, hash: 'a'.repeat(64) as Hex }] =
    pick % 2 ? [emptyChain, mine.at(-1)] : mine.slice(-2)
  const part = { size: 8, sha256: sha256('anything') }
  const note: ChunkNote = {
    ...{ date: dayOf(at), shard, at, tool: 'countersign 0.1.0', bytes: 8 },
    ...{ from: { seq: from.seq, hash: from.hash }, to: { seq: to.seq, hash: to.hash } },
    parts: { hashes: part, rows: part, leaves: part, lives: part },
  }
  const own = formatChunk(note, ownKey().sign(authenticatedChunk(testOrigin, note)))
  const [known] = await stores.archive.list(chunksOf(note.date, shard))
  const text = [own, known?.note, 'anything'][pick % 3] ?? own
  await create(stores, pick % 5 ? chunkPath(note) : `${known?.name ?? chunkPath(note)}.ffff`, text)
}

const create = async ({ archive }: Target['stores'], name: string, text: string): Promise<void> =>
  void (await archive.createOrRead(name, Buffer.from(text), 'application/json', text))

type Rule = (request: ApprovalRequest, at: Instant) => Step

const factsOf = (approver: ObjectId, at: Instant) =>
  ({ accounts: [approver], groups: ['dba', 'security'], member: true, enabled: true, asOf: at }) as const

/** The votes of these people, in one transaction. */
const voting =
  (...approvers: readonly ObjectId[]): Rule =>
  (request, at) =>
    approvers.reduce<Step>(
      ({ request, events }, approver) => {
        if (request.status !== 'pending') return { request, events }
        const seen = { via: 'api', digest: request.digest } as const
        const step = decide(request, {
          approver,
          name: 'Dana',
          verdict: 'approve',
          seen,
          facts: factsOf(approver, at),
          at,
        })
        return { request: step.request, events: [...events, ...step.events] }
      },
      { request, events: [] },
    )

const redeeming: Rule = (request, at) => {
  const grantExpiresAt = '2036-01-01T00:00:00.000Z' as Instant
  return redeem(request, {
    redemption: '6f9619ff-8b86-4d01-b42d-00c04fc964f2',
    digest: request.digest,
    grantExpiresAt,
    at,
  })
}

const cancelling: Rule = (request, at) => cancel(request, { at })

const rules = [voting(dba), voting(dba, dba2), voting(dba, security), voting(owner), redeeming, cancelling] as const

/** Signs with another secret under the name of the service's key, with an empty MAC, or with the MAC of another event. */
const signers = [
  () => ownKey(),
  () => ownKey(() => ({ mac: '' as Hex, macKey: testKey.id })),
  ({ mac, macKey }: Readonly<Record<string, unknown>>) => ownKey(() => ({ mac, macKey }) as Mac),
] as const

const secret = Buffer.alloc(32, 'insider')

const ownKey = (sign: RowSigner['sign'] = (text) => macOf({ id: testKey.id, secret }, text)): RowSigner => ({
  origin: testOrigin,
  sign,
})
