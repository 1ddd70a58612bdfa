import type { TransactionAction } from '@azure/data-tables'
import { type ObjectId, type Shard, shardOf } from '../core/data/id.ts'
import { needsDelivery } from '../core/request/delivery.ts'
import { type ApprovalRequest, due } from '../core/request/request.ts'
import type { Change, Loaded } from '../ports/ledger.ts'
import { type ReadRow, type Row, textIn } from './column.ts'
import { clearedRow, eventRow, headRow, keyRow, requestRow, rowOf, type RowSigner } from './row.ts'
import { rowKey } from './rowKey.ts'

/** The ETags with which the rows were read; `null` if there was no row. */
export interface Version {
  readonly head: string | null
  readonly request: ReadRow | null
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
  const { request, key } = change
  return [
    putHead(headRow(signer, shard, headAfter(loaded, change)), version.head),
    ...change.leaves.map((leaf): TransactionAction => ['create', eventRow(signer, shard, change, leaf)]),
    ...(request ? requestRows(signer, loaded, change, request, version) : []),
    ...(key ? [['create', keyRow(signer, shard, key)] satisfies TransactionAction] : []),
    ...(change.cleared ?? []).flatMap(({ seq, said }): TransactionAction[] => {
      const row = kept.get(seq)
      return row ? [['update', clearedRow(row, said), 'Merge', { etag: textIn(row, 'etag') }]] : []
    }),
  ]
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
  return [
    putRequest(signer, after, version.request),
    ...dueRows(shard, before, after),
    ...(before ? [] : [['create', rowOf(shard, rowKey.agent(after.agent.id, after.id))] satisfies TransactionAction]),
    ...newVoters(before, after).map(
      (approver): TransactionAction => ['upsert', rowOf(shard, rowKey.voter(approver, after.id)), 'Replace'],
    ),
    ...postRows(change, after),
  ]
}

/** Merges, so that columns which this program does not know stay. It never removes a column of its own. */
const putHead = (entity: ReturnType<typeof rowOf>, etag: string | null): TransactionAction =>
  etag === null ? ['create', entity] : ['update', entity, 'Merge', { etag }]

/** Replaces, because a merge would leave columns of a longer text behind. */
const putRequest = (signer: RowSigner, after: ApprovalRequest, read: ReadRow | null): TransactionAction =>
  read === null
    ? ['create', requestRow(signer, after)]
    : ['update', requestRow(signer, after, read.foreign), 'Replace', { etag: read.etag }]

/** Moves a deadline's row. The row has the status, so that pending requests are found without reading others. */
function dueRows(shard: Shard, before: ApprovalRequest | null, after: ApprovalRequest): TransactionAction[] {
  const [old, next] = [before && dueRow(shard, before), dueRow(shard, after)]
  if (old?.rowKey === next?.rowKey) return next && before?.status !== after.status ? [['upsert', next, 'Replace']] : []
  return [
    ...(old ? [['delete', old] satisfies TransactionAction] : []),
    ...(next ? [['create', next] satisfies TransactionAction] : []),
  ]
}

function dueRow(shard: Shard, request: ApprovalRequest): ReturnType<typeof rowOf> | null {
  const at = due(request)
  return at && rowOf(shard, rowKey.due(at, request.id), { status: request.status })
}

/** The rows by which a request is found: its deadline, and the indexes of its agent and of those who voted. */
export function indexRows(request: ApprovalRequest): ReturnType<typeof rowOf>[] {
  const shard = shardOf(request.id)
  const deadline = dueRow(shard, request)
  return [
    ...(deadline ? [deadline] : []),
    rowOf(shard, rowKey.agent(request.agent.id, request.id)),
    ...newVoters(null, request).map((approver) => rowOf(shard, rowKey.voter(approver, request.id))),
  ]
}

/** The row that a delivery finds. */
export const postRow = (request: ApprovalRequest): ReturnType<typeof rowOf> =>
  rowOf(shardOf(request.id), rowKey.post(request.id), { rev: request.events.length })

function newVoters(before: ApprovalRequest | null, after: ApprovalRequest): ObjectId[] {
  const known = new Set(before?.decisions.map((decision) => decision.approver))
  return [...new Set(after.decisions.map((decision) => decision.approver))].filter((approver) => !known.has(approver))
}

/** Writes the row that a delivery finds. Merges, so that a claim survives. */
function postRows({ leaves }: Change, after: ApprovalRequest): TransactionAction[] {
  if (!needsDelivery(after, leaves)) return []
  return [['upsert', postRow(after), 'Merge']]
}
