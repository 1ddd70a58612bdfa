import type { TableEntity, TransactionAction } from '@azure/data-tables'
import { type Shard, shardOf } from '../core/data/id.ts'
import { needsDelivery } from '../core/request/delivery.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Change, Loaded } from '../ports/ledger.ts'
import { type ReadRow, type Row, textIn } from './column.ts'
import {
  type IndexRows,
  indexRows,
  isClosed,
  isCopiedToVoters,
  keyOfDue,
  keyOfPrompt,
  keyOfReview,
  votersOf,
} from './indexRow.ts'
import { clearedRow, deputyRow, eventRow, headRow, keyRow, requestRow, rowOf, type RowSigner } from './row.ts'
import { rowKey } from './rowKey.ts'

/** The ETags with which the rows were read; `null` if there was no row. */
export interface Version {
  readonly head: string | null
  readonly request: ReadRow | null
  /** Of the claim that a key takes the place of. */
  readonly claim?: string
}

/** Computes the head after a change. */
export function headAfter({ head }: Loaded, { leaves, at, policy, logKey }: Change): Loaded['head'] {
  const newest = leaves.at(-1)
  if (!newest || leaves[0]?.seq !== head.seq + 1) throw new Error('The leaves do not continue the chain.')
  // Sealing decides by these times which events belong to a day.
  if (head.recordedAt !== null && at < head.recordedAt) throw new Error('The time of the shard never runs backwards.')
  const { seq, hash } = newest
  return { seq, hash, recordedAt: at, policy: policy ?? head.policy, logKey: logKey ?? head.logKey }
}

/** Lists the numbers of the events whose texts the change clears. */
export function clearedBy({ request }: Loaded, { cleared = [] }: Change): readonly number[] {
  // The request's row guards only the events of that request.
  if (cleared.some(({ seq }) => !request?.events.some((event) => event.seq === seq)))
    throw new Error('The change clears texts of another request than the one that was loaded.')
  return cleared.map(({ seq }) => seq)
}

/**
 * Makes one transaction of all rows that a change writes. The head comes first, so that the first answer has its ETag.
 *
 * @param signer authenticates the rows of evidence
 * @param kept the event rows whose texts it clears, as they were read, by number
 */
export function transaction(
  signer: RowSigner,
  loaded: Loaded,
  change: Change,
  version: Version,
  kept: ReadonlyMap<number, Row> = new Map(),
): TransactionAction[] {
  const { shard } = loaded
  const { request, beside, key } = change
  // A use is new, and the request that was loaded is its standing approval.
  const fresh = { ...loaded, request: null }
  return [
    putHead(headRow(signer, shard, headAfter(loaded, change)), version.head),
    ...change.leaves.map((leaf): TransactionAction => ['create', eventRow(signer, shard, change, leaf)]),
    ...(request && beside
      ? [
          ...requestRows(signer, fresh, change, request, { ...version, request: null }),
          ...requestRows(signer, loaded, change, beside, version),
        ]
      : request
        ? requestRows(signer, loaded, change, request, version)
        : []),
    ...deputyRows(loaded, change),
    ...(key ? [putKey(keyRow(signer, shard, key), version.claim)] : []),
    ...(change.cleared ?? []).flatMap(({ seq, said }): TransactionAction[] => {
      const row = kept.get(seq)
      return row ? [['update', clearedRow(row, said), 'Merge', { etag: textIn(row, 'etag') }]] : []
    }),
  ]
}

/** Writes the row of an absence, or deletes it with the word that the member is back. */
function deputyRows({ shard }: Loaded, { deputy, leaves }: Change): TransactionAction[] {
  if (!deputy) return []
  const named = leaves.findLast(({ type }) => type === 'delegated')
  if (named) return [['upsert', deputyRow(shard, { ...deputy, seq: named.seq, event: named.hash }), 'Replace']]
  return [['delete', { partitionKey: shard, rowKey: rowKey.deputy(deputy.deputy, deputy.member) }]]
}

function requestRows(
  signer: RowSigner,
  loaded: Loaded,
  change: Change,
  after: ApprovalRequest,
  version: Version,
): TransactionAction[] {
  const { shard, request: before } = loaded
  if (shardOf(after.id) !== shard || (before && before.id !== after.id))
    throw new Error('The change is about another request than the one that was loaded.')
  const index = indexRows(signer, after)
  return [
    putRequest(signer, after, version.request),
    ...dueRows(before, after, index.due),
    ...movedRow(shard, before && keyOfPrompt(before), index.prompt),
    ...movedRow(shard, before && keyOfReview(before), index.review),
    ...agentRows(before, after, index.agent),
    ...voterRows(before, after, index.voters),
    ...postRows(change, after),
  ]
}

/** Merges, so that columns which this program does not know stay. It never removes a column of its own. */
const putHead = (entity: ReturnType<typeof rowOf>, etag: string | null): TransactionAction =>
  etag === null ? ['create', entity] : ['update', entity, 'Merge', { etag }]

/** Replaces, so that nothing of the claim stays. */
const putKey = (entity: TableEntity, claim: string | undefined): TransactionAction =>
  claim === undefined ? ['create', entity] : ['update', entity, 'Replace', { etag: claim }]

/** Replaces, because a merge would leave columns of a longer text behind. */
const putRequest = (signer: RowSigner, after: ApprovalRequest, read: ReadRow | null): TransactionAction =>
  read === null
    ? ['create', requestRow(signer, after)]
    : ['update', requestRow(signer, after, read.foreign), 'Replace', { etag: read.etag }]

/**
 * Moves a deadline's row. The row has the status, so that pending requests are found without reading others, and of these a
 * copy.
 */
function dueRows(
  before: ApprovalRequest | null,
  after: ApprovalRequest,
  next: TableEntity | null,
): TransactionAction[] {
  const old = before && keyOfDue(before)
  if (next !== null && old === next.rowKey) {
    const isOutOfDate = after.status === 'pending' || before?.status !== after.status
    return isOutOfDate ? [['upsert', next, 'Replace']] : []
  }
  return movedRow(shardOf(after.id), old, next)
}

/** Moves a row whose key has a time. Writes nothing if it stays where it is. */
function movedRow(partitionKey: Shard, old: string | null, next: TableEntity | null): TransactionAction[] {
  if (old === (next?.rowKey ?? null)) return []
  return [
    ...(old === null ? [] : [['delete', { partitionKey, rowKey: old }] satisfies TransactionAction]),
    ...(next === null ? [] : [['create', next] satisfies TransactionAction]),
  ]
}

function agentRows(before: ApprovalRequest | null, after: ApprovalRequest, row: TableEntity): TransactionAction[] {
  if (before === null) return [['create', row]]
  return isClosed(after) ? [['upsert', row, 'Replace']] : []
}

function voterRows(
  before: ApprovalRequest | null,
  after: ApprovalRequest,
  voters: IndexRows['voters'],
): TransactionAction[] {
  const known = new Set(isCopiedToVoters(after) || before === null ? [] : votersOf(before))
  const out = voters.filter(({ approver }) => !known.has(approver))
  return out.map(({ row }): TransactionAction => ['upsert', row, 'Replace'])
}

/** The row that a delivery finds. */
export const postRow = (request: ApprovalRequest): ReturnType<typeof rowOf> =>
  rowOf(shardOf(request.id), rowKey.post(request.id), { rev: request.events.length })

/** Writes the row that a delivery finds. Merges, so that a claim survives. */
function postRows({ leaves }: Change, after: ApprovalRequest): TransactionAction[] {
  if (!needsDelivery(after, leaves)) return []
  return [['upsert', postRow(after), 'Merge']]
}
