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
import { deputyRow, eventRow } from '../core/data/problem.ts'

/** The keys of a shard's rows. */
export const rowKey = {
  head: 'head',
  event: eventRow,
  request: (id: RequestId) => `request-${inverse(id)}`,
  key: (hash: Hex) => `key-${hash}`,
  due: (at: Instant, id: RequestId) => `due-${at}-${id}`,
  prompt: (at: Instant, id: RequestId) => `prompt-${at}-${id}`,
  review: (by: Instant, id: RequestId) => `review-${by}-${id}`,
  agent: (agent: ObjectId, id: RequestId) => `agent-${agent}-${inverse(id)}`,
  deputy: deputyRow,
  voter: (approver: ObjectId, id: RequestId) => `voter-${approver}-${inverse(id)}`,
  post: (id: RequestId) => `post-${id}`,
}

const timedForm = /^(?:due|prompt|review)-.{24}-(.+)$/
const postForm = /^post-(.+)$/
const inverseForm = /^(?:request|agent-.{36}|voter-.{36})-(.{26})$/

/**
 * Reads the request from a key of `rowKey.post`, or of one that begins with a time.
 *
 * @throws {Problem} `invalid-input` for another key
 */
export const requestIdIn = (key: string): RequestId =>
  parseRequestId((timedForm.exec(key) ?? postForm.exec(key))?.[1] ?? '')

/** Reads the request from a key that begins with a time; `null` for another key, which the service did not write. */
export function timedIdIn(key: string): RequestId | null {
  const [, id = ''] = timedForm.exec(key) ?? []
  return isRequestId(id) ? (id as RequestId) : null
}

/** Reads the request from a key of `rowKey.request`, `.agent` or `.voter`; `null` for another key. */
export function inverseIdIn(key: string, shard: Shard): RequestId | null {
  const [, inverted] = inverseForm.exec(key) ?? []
  return inverted === undefined ? null : fromInverse(inverted, shard)
}
