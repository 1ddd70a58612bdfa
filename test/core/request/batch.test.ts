import { bounds } from '../../../src/core/data/bound.ts'
import { parseRequestId } from '../../../src/core/data/id.ts'
import { Problem } from '../../../src/core/data/problem.ts'
import { checkBatch, checkOneAgent } from '../../../src/core/request/batch.ts'
import { oid, pending } from '../../support/build.ts'

/** Problems are told by their codes. */
function codeIn(check: () => void): string | null {
  try {
    check()
    return null
  } catch (cause) {
    if (cause instanceof Problem) return cause.code
    throw cause
  }
}

const id = (digit: number) => parseRequestId(`01kjw2xm00abcdefghjkmnpqr${digit}-07`)
const ids = (count: number) => Array.from({ length: count }, (_, i) => id(i))

test('a batch has one to five requests', () => {
  expect(bounds.batch).toBe(5)
  for (const count of [1, 2, 5]) expect(codeIn(() => checkBatch(ids(count)))).toBeNull()
  for (const count of [0, 6]) expect(codeIn(() => checkBatch(ids(count)))).toBe('invalid-input')
})

test('a batch has no request twice', () => {
  expect(codeIn(() => checkBatch([id(1), id(2), id(1)]))).toBe('invalid-input')
})

test('a batch has the requests of one agent', () => {
  const other = { agent: { id: oid(5), name: 'deploy-bot' } }
  expect(codeIn(() => checkOneAgent([]))).toBeNull()
  expect(codeIn(() => checkOneAgent([pending(), pending()]))).toBeNull()
  expect(codeIn(() => checkOneAgent([pending(), pending(other)]))).toBe('invalid-input')
})
