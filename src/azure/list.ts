import { odata, type TableClient } from '@azure/data-tables'
import { bounds } from '../core/data/bound.ts'
import { inverse, newRequestId, type RequestId, shardAt, shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { asNewer, type NewerRow } from '../core/data/problem.ts'
import { type ApprovalRequest, awaitsReview } from '../core/request/request.ts'
import type { Keep, RequestPage, Scope } from '../ports/ledger.ts'
import { cursorOf, idAt, isByTime, inverseLength, momentAt, type Position, parseCursor } from './cursor.ts'
import { isNewer, keyOf, newerRow, type Row } from './column.ts'
import { indexColumns } from './indexRow.ts'
import { type MergedRow, MergedShards, type MergePlan } from './merge.ts'
import { requestFrom } from './row.ts'
import type { Deadline } from './deadline.ts'

export interface Listing {
  readonly keep: Keep
  readonly limit: number
  readonly cursor?: string
}

export interface ListSource {
  readonly table: TableClient
  /** Reads the request's own row. */
  readonly find: (id: RequestId) => Promise<ApprovalRequest | null>
  /** Reads the copy in a row of an index; `null` if it has none that the service put there. */
  readonly copyIn: (row: Row) => Promise<ApprovalRequest | null>
  readonly deadline: Deadline
}

/** Milliseconds of reading after which a page is returned as it is, with a cursor. */
const longEnough = 3_500

/** Requests that are read at the same time. */
const width = 16

/**
 * Reads one page of requests from all shards. A request whose row this program is too old to read is left out and
 * named, so that it hides none of the others.
 */
export async function listRequests(
  source: ListSource,
  scope: Scope,
  { keep, limit, cursor }: Listing,
): Promise<RequestPage> {
  const began = performance.now()
  const firstSize = Math.ceil((2 * limit) / shards.length)
  const merged = new MergedShards(planOf(scope, cursor), { ...source, mostRows: bounds.list.rows, firstSize })
  const requests: ApprovalRequest[] = []
  const newer: NewerRow[] = []
  let last: MergedRow | undefined
  let isCut = false
  while (requests.length < limit && performance.now() - began < longEnough) {
    const placed = await merged.take(width)
    if (placed.length === 0) break
    const candidates = await Promise.all(placed.map((one) => requestOf(source, scope, one)))
    for (const [i, found] of candidates.entries()) {
      isCut = requests.length === limit
      if (isCut) break
      last = placed[i]
      if ('newer' in found) newer.push(found.newer)
      else if (found.request && (await keep(found.request))) requests.push(found.request)
    }
  }
  const isLast = !isCut && merged.isAtEnd()
  const next = last && !isLast && { cursor: cursorOf(scope, last.position), until: momentAt(scope, last.position) }
  return { requests, ...next, ...(newer.length > 0 && { newer }) }
}

/**
 * Reads a request: its copy in the row of the index, or its own row where there is none. `null` if it was closed since its
 * deadline was read.
 */
async function requestOf(
  { find, copyIn }: ListSource,
  scope: Scope,
  { row, position }: MergedRow,
): Promise<{ readonly request: ApprovalRequest | null } | { readonly newer: NewerRow }> {
  const id = idAt(scope, position)
  if (isNewer(row)) return { newer: { ...newerRow(row), request: id } }
  if (scope.by === 'time') return { request: requestFrom(row) }
  const copy = await copyIn(row)
  const found = copy ? { request: copy } : await find(id).then((request) => ({ request }), asNewer)
  const request = 'request' in found ? found.request : null
  const isOver = request !== null && isPassed(scope, request)
  return isOver ? { request: null } : found
}

/** Whether a request has left a list since its row was read. */
function isPassed({ by }: Scope, request: ApprovalRequest): boolean {
  if (by === 'pending') return request.status !== 'pending'
  if (by === 'standing') return request.status !== 'approved'
  return by === 'review' && !awaitsReview(request)
}

/** Says which rows a list reads, and gives each its position. */
function planOf(scope: Scope, cursor: string | undefined): MergePlan {
  const isTimed = isByTime(scope)
  const status = scope.by === 'pending' || scope.by === 'standing' ? scope.by : null
  const prefix = prefixOf(scope)
  const { from = null, to = null } = isByTime(scope) ? {} : scope
  const position = cursor === undefined ? '' : parseCursor(scope, cursor)
  const newest = to === null ? '' : `${oldestAt(to)}-~`
  const after = (position > newest ? position : newest) as Position
  const start = prefix + (isTimed ? after : after.slice(0, inverseLength))
  const end = prefix + (from === null ? '~' : oldestAt(from))
  return {
    after,
    query: (shard) => {
      const range = odata`PartitionKey eq ${shard} and RowKey ge ${start} and RowKey le ${end}`
      if (scope.by === 'time') return { filter: range }
      return { filter: status === null ? range : `${range} and status eq '${status}'`, select: indexColumns }
    },
    place: (row, shard) => {
      const rest = keyOf(row).slice(prefix.length)
      return { row, position: (isTimed ? rest : `${rest}-${shard}`) as Position }
    },
  }
}

const kinds = {
  time: 'request',
  agent: 'agent',
  approver: 'voter',
  pending: 'due',
  review: 'review',
  standing: 'due',
} as const

const prefixOf = (scope: Scope): string => `${kinds[scope.by]}-${'id' in scope ? `${scope.id}-` : ''}`

/** Gives the last key of a moment: newer requests sort before it, older ones after it. */
const oldestAt = (at: Instant): string => inverse(newRequestId(at, new Uint8Array(10), shardAt('0')))
