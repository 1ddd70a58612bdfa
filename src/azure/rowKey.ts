import {
  fromInverse,
  type Hex,
  inverse,
  isRequestId,
  type ObjectId,
  parseRequestId,
  type RequestId,
  type Shard,
} from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { eventRow } from '../core/data/problem.ts'

/** The keys of a shard's rows. */
export const rowKey = {
  head: 'head',
  event: eventRow,
  request: (id: RequestId) => `request-${inverse(id)}`,
  key: (hash: Hex) => `key-${hash}`,
  due: (at: Instant, id: RequestId) => `due-${at}-${id}`,
  agent: (agent: ObjectId, id: RequestId) => `agent-${agent}-${inverse(id)}`,
  voter: (approver: ObjectId, id: RequestId) => `voter-${approver}-${inverse(id)}`,
  post: (id: RequestId) => `post-${id}`,
}

const dueForm = /^due-.{24}-(.+)$/
const postForm = /^post-(.+)$/
const inverseForm = /^(?:request|agent-.{36}|voter-.{36})-(.{26})$/

/**
 * Reads the request from a key of `rowKey.due` or `rowKey.post`.
 *
 * @throws {Problem} `invalid-input` for another key
 */
export const requestIdIn = (key: string): RequestId =>
  parseRequestId((dueForm.exec(key) ?? postForm.exec(key))?.[1] ?? '')

/** Reads the request from a key of `rowKey.due`; `null` for another key, which the service did not write. */
export function dueIdIn(key: string): RequestId | null {
  const [, id = ''] = dueForm.exec(key) ?? []
  return isRequestId(id) ? (id as RequestId) : null
}

/** Reads the request from a key of `rowKey.request`, `.agent` or `.voter`; `null` for another key. */
export function inverseIdIn(key: string, shard: Shard): RequestId | null {
  const [, inverted] = inverseForm.exec(key) ?? []
  return inverted === undefined ? null : fromInverse(inverted, shard)
}
