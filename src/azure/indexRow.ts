import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { TableEntity } from '@azure/data-tables'
import { type ObjectId, sha256, type Shard, shardOf } from '../core/data/id.ts'
import { rowText } from '../core/log/mac.ts'
import { nextPrompt } from '../core/request/prompt.ts'
import { type ApprovalRequest, awaitsReview, due, isStanding } from '../core/request/request.ts'
import type { Macs } from '../runtime/macs.ts'
import { keyOf, type Row } from './column.ts'
import { requestFrom, requestTexts, rowOf, type RowSigner } from './row.ts'
import { rowKey } from './rowKey.ts'

/** Characters of a request that is copied, at most: packing a longer one would take milliseconds in each commit. */
const longest = 30_000

/**
 * Voters of a request that is copied into the rows of its voters, at most. With more of them a transaction that erases 40
 * texts would have more than the 100 rows that the storage takes.
 */
const mostVoters = 10

/** The rows by which lists find a request. */
export interface IndexRows {
  /** `null` for a request without a deadline. */
  readonly due: TableEntity | null
  /** `null` for a request without a prompt. */
  readonly prompt: TableEntity | null
  /** `null` for a request of which nobody broke the glass, or that was reviewed. */
  readonly review: TableEntity | null
  readonly agent: TableEntity
  readonly voters: readonly { readonly approver: ObjectId; readonly row: TableEntity }[]
}

/**
 * Makes the rows by which lists find a request. Some have a copy of it, so that a list need not read the request's own row:
 * the deadline's row of a pending request, and the other rows of a closed one. Only these are written anew with each change
 * of such a request. A reader takes the request's own row where there is no copy, as in rows of earlier programs.
 */
export function indexRows(signer: RowSigner, request: ApprovalRequest): IndexRows {
  const { id, status, agent } = request
  const shard = shardOf(id)
  const dueKey = keyOfDue(request)
  const voters = votersOf(request)
  const hasCopies = isClosed(request)
  const packed = hasCopies || status === 'pending' ? pack(request) : null
  const columns = (key: string, isCopied: boolean) =>
    isCopied && packed ? copyColumns(signer, shard, key, packed) : {}
  const indexRow = (key: string, isCopied: boolean) => rowOf(shard, key, columns(key, isCopied))
  return {
    prompt: plainRow(shard, keyOfPrompt(request)),
    review: plainRow(shard, keyOfReview(request)),
    due:
      dueKey === null
        ? null
        : rowOf(shard, dueKey, { status: dueStatus(request), ...columns(dueKey, status === 'pending') }),
    agent: indexRow(rowKey.agent(agent.id, id), hasCopies),
    voters: voters.map((approver) => ({
      approver,
      row: indexRow(rowKey.voter(approver, id), hasCopies && voters.length <= mostVoters),
    })),
  }
}

/** The status in a deadline's row. That of an approved standing approval is its own, so that those are found alone. */
const dueStatus = (request: ApprovalRequest): string =>
  request.status === 'approved' && isStanding(request) ? 'standing' : request.status

/** Lists the rows, for a writer that puts all of them. */
export const listed = ({ due, prompt, review, agent, voters }: IndexRows): readonly TableEntity[] => [
  ...[due, prompt, review].filter((row) => row !== null),
  agent,
  ...voters.map(({ row }) => row),
]

/** Whether the rows of a request's agent and voters have copies of it, and so follow each of its changes. */
export const isClosed = (request: ApprovalRequest): boolean => 'closedAt' in request

/** Whether the rows of its voters, too. */
export const isCopiedToVoters = (request: ApprovalRequest): boolean =>
  isClosed(request) && votersOf(request).length <= mostVoters

/** The key of the row of a request's next deadline; `null` for a request without one. */
export function keyOfDue(request: ApprovalRequest): string | null {
  const at = due(request)
  return at && rowKey.due(at, request.id)
}

/** The key of the row of a request's next prompt; `null` for a request without one. */
export function keyOfPrompt(request: ApprovalRequest): string | null {
  const next = nextPrompt(request)
  return next && rowKey.prompt(next.at, request.id)
}

/** The key of the row by which a broken glass is found that nobody has reviewed; `null` where there is none. */
export const keyOfReview = (request: ApprovalRequest): string | null =>
  request.glass && awaitsReview(request) ? rowKey.review(request.glass.reviewBy, request.id) : null

const plainRow = (shard: Shard, key: string | null): TableEntity | null => (key === null ? null : rowOf(shard, key, {}))

export const votersOf = ({ decisions }: ApprovalRequest): readonly ObjectId[] => [
  ...new Set(decisions.map(({ approver }) => approver)),
]

/** Columns that a list reads of a row of an index. */
export const indexColumns = ['PartitionKey', 'RowKey', 'v', 'copy', 'mac', 'macKey'] as const

/** Reads the copy in a row; `null` if there is none, or if it is not one that the service put into this row. */
export async function copyIn(macs: Macs, row: Row): Promise<ApprovalRequest | null> {
  const { copy, partitionKey: shard } = row
  if (!(copy instanceof Uint8Array)) return null
  const text = copyText(macs.origin, shard as Shard, keyOf(row), copy)
  // Unpacked only after this: bytes of an insider could become large.
  if (!(await macs.isAuthentic(text, row))) return null
  return unpacked(copy)
}

const copyColumns = ({ origin, sign }: RowSigner, shard: Shard, key: string, copy: Uint8Array) => ({
  copy,
  ...sign(copyText(origin, shard, key, copy)),
})

const copyText = (origin: string, partition: Shard, row: string, copy: Uint8Array): string =>
  rowText({ origin, partition, row, columns: { copy: sha256(copy) } })

/** The window and tables of deflate, for a few KB: filling those of the default takes longer than packing. */
const smallMemory = { windowBits: 12, memLevel: 5 }

/** Packs the texts of a request's row; `null` if they are too long. */
function pack(request: ApprovalRequest): Uint8Array | null {
  const text = JSON.stringify(requestTexts(request))
  return text.length > longest ? null : deflateRawSync(text, smallMemory)
}

/** Undoes `pack`. */
export const unpacked = (copy: Uint8Array): ApprovalRequest =>
  requestFrom(JSON.parse(inflateRawSync(copy).toString()) as Row)
