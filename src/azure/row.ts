import type { TableEntity } from '@azure/data-tables'
import { type Action, canonicalAction } from '../core/action/action.ts'
import type { Leaf, Salted } from '../core/request/event.ts'
import {
  type Digest,
  type Hex,
  isObjectId,
  type ObjectId,
  type RequestId,
  type Shard,
  shardOf,
} from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { JsonObject } from '../core/data/json.ts'
import { eventText, headText, type Mac, rowText } from '../core/log/mac.ts'
import { leafHash } from '../core/log/merkle.ts'
import type { ApprovalRequest, Said } from '../core/request/request.ts'
import { type Change, type DeputyRow, isClaim, type KeptEvent, type KeyRow, type Loaded } from '../ports/ledger.ts'
import { checkSaidForm } from './rowForm.ts'
import { rowKey } from './rowKey.ts'
import { foreignColumns, integerIn, keyOf, type Row, rowVersion, split, textIn, textOrNull } from './column.ts'

export const rowOf = (shard: Shard, key: string, columns: Record<string, unknown> = {}): TableEntity => ({
  partitionKey: shard,
  rowKey: key,
  v: rowVersion,
  ...columns,
})

/** Authenticates the texts of one ledger's rows. */
export interface RowSigner {
  /** The name of the log. */
  readonly origin: string
  readonly sign: (text: string) => Mac
}

/**
 * Makes the authenticated text of a request's row, of the members that never change and that no event has. All other
 * members are either those of the request's events, or of no effect.
 */
export const requestText = (origin: string, { id, agent, policy, fromEvents }: ApprovalRequest): string =>
  rowText({
    origin,
    partition: shardOf(id),
    row: rowKey.request(id),
    columns: JSON.parse(
      JSON.stringify({ agent: agent.name, summary: policy.summary, presentation: policy.presentation, fromEvents }),
    ) as JsonObject,
  })

/** The texts of a request's row, by column. {@link requestFrom} reads them. */
export function requestTexts(request: ApprovalRequest): Readonly<Record<string, string>> {
  const { action, said, ...state } = request
  return {
    state: JSON.stringify(state),
    ...(action && { action: canonicalAction(action) }),
    said: JSON.stringify(said),
  }
}

/** @param foreign columns of the row as it was read that this program does not know */
export function requestRow({ origin, sign }: RowSigner, request: ApprovalRequest, foreign: Row = {}): TableEntity {
  const texts = Object.entries(requestTexts(request)).flatMap(([name, text]) => Object.entries(split(name, text)))
  return rowOf(shardOf(request.id), rowKey.request(request.id), {
    ...foreign,
    ...Object.fromEntries(texts),
    ...sign(requestText(origin, request)),
  })
}

export const foreignIn = (row: Row): Row => foreignColumns(row, ['state', 'action', 'said', 'mac', 'macKey'])

export function requestFrom(row: Row): ApprovalRequest {
  const state = JSON.parse(textIn(row, 'state')) as Omit<ApprovalRequest, 'action' | 'said'>
  const action = textOrNull(row, 'action')
  const said = JSON.parse(textIn(row, 'said')) as Said[]
  return { ...state, action: action === null ? null : actionFrom(action), said } as ApprovalRequest
}

/** Leaves out the document's type, which is present only to be hashed. */
function actionFrom(text: string): Action {
  const { action, target, environment, params, standing } = JSON.parse(text) as Action
  return { action, target, environment, params, ...(standing && { standing }) }
}

export function eventRow(
  { origin, sign }: RowSigner,
  shard: Shard,
  { op, trace }: Pick<Change, 'op' | 'trace'>,
  { seq, type, request, hash, text, said }: Leaf,
): TableEntity {
  return rowOf(shard, rowKey.event(seq), {
    leaf: text,
    op,
    ...(trace !== undefined && { trace }),
    type,
    ...(request && { request }),
    ...split('said', JSON.stringify(said)),
    ...sign(eventText({ origin, shard, seq, leaf: hash })),
  })
}

export function eventFrom(seq: number, row: Row): KeptEvent {
  const leaf = textIn(row, 'leaf')
  const said = JSON.parse(textIn(row, 'said')) as Record<string, Salted>
  checkSaidForm(said)
  const trace = textOrNull(row, 'trace')
  return { seq, hash: leafHash(leaf), text: leaf, said, ...(trace !== null && { trace }) }
}

/** Makes a row that replaces the texts beside an event. Surplus columns become empty: a merge removes no column. */
export function clearedRow(row: Row, said: Readonly<Record<string, Salted>>): TableEntity {
  const empty = Object.keys(row).flatMap((name) => (/^said\d*$/.test(name) ? [[name, ''] as const] : []))
  return rowOf(textIn(row, 'partitionKey') as Shard, textIn(row, 'rowKey'), {
    ...Object.fromEntries(empty),
    ...split('said', JSON.stringify(said)),
  })
}

export function headRow({ origin, sign }: RowSigner, shard: Shard, head: Loaded['head']): TableEntity {
  const { seq, hash, recordedAt, policy, logKey } = head
  return rowOf(shard, rowKey.head, {
    seq,
    hash,
    recordedAt,
    ...(policy && { policy }),
    ...(logKey && { logKey }),
    ...sign(headText({ origin, shard, ...head })),
  })
}

export const headFrom = (row: Row): Loaded['head'] => ({
  seq: integerIn(row, 'seq'),
  hash: textIn(row, 'hash') as Hex,
  recordedAt: textIn(row, 'recordedAt') as Instant,
  policy: textOrNull(row, 'policy') as Digest | null,
  logKey: textOrNull(row, 'logKey'),
})

/** Makes the row that names an absence. It is not authenticated, since the event is. */
export const deputyRow = (shard: Shard, { deputy, member, seq, event }: DeputyRow): TableEntity =>
  rowOf(shard, rowKey.deputy(deputy, member), { deputy, member, seq, event })

/** Reads such a row; `null` for one that the service did not write. */
export function deputyFrom(row: Row): DeputyRow | null {
  const { deputy, member, seq, event } = row
  const isNamed = typeof deputy === 'string' && typeof member === 'string' && typeof event === 'string'
  if (!isNamed || typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return null
  const read: DeputyRow = { deputy: deputy as ObjectId, member: member as ObjectId, seq, event: event as Hex }
  return isObjectId(deputy) && isObjectId(member) && keyOf(row) === rowKey.deputy(read.deputy, read.member)
    ? read
    : null
}

/** Makes the authenticated text of an idempotency key's row. */
export const keyText = (origin: string, shard: Shard, hash: Hex, key: KeyRow): string =>
  rowText({ origin, partition: shard, row: rowKey.key(hash), columns: { ...keyColumns(key) } })

export const keyRow = (
  { origin, sign }: RowSigner,
  shard: Shard,
  { hash, ...key }: KeyRow & { readonly hash: Hex },
): TableEntity => rowOf(shard, rowKey.key(hash), { ...keyColumns(key), ...sign(keyText(origin, shard, hash, key)) })

function keyColumns(key: KeyRow) {
  const { request, body } = key
  if (isClaim(key)) return { request, body, under: key.under }
  return { request, body, ...(key.claim && { claim: key.claim.hash, claimUnder: key.claim.under }) }
}

export function keyFrom(row: Row): KeyRow {
  const used = { request: textIn(row, 'request') as RequestId, body: textIn(row, 'body') as Hex }
  const under = textOrNull(row, 'under') as RequestId | null
  if (under !== null) return { ...used, under }
  const claim = textOrNull(row, 'claim') as Hex | null
  return claim === null ? used : { ...used, claim: { hash: claim, under: textIn(row, 'claimUnder') as RequestId } }
}
