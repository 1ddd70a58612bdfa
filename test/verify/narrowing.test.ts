import { type Action, actionDigest, canonicalAction } from '../../src/core/action/action.ts'
import { type Edits, edited, editsText } from '../../src/core/action/edits.ts'
import type { Digest } from '../../src/core/data/id.ts'
import type { EventOf } from '../../src/core/record/eventType.ts'
import { NarrowingCheck } from '../../src/verify/narrowingCheck.ts'
import { BrokenAt } from '../../src/verify/finding.ts'
import { action as sample, requestId } from '../support/build.ts'

const action: Action = { ...sample, params: { rows: 120_000, tables: ['a', 'b'] } }
const standing: Action = { ...sample, standing: { uses: 20, for: 14_400, vary: {} } }
const place = { member: 'records.jsonl', index: 7 }

const asked = (of: Action, narrowable?: readonly string[]) =>
  ({
    type: 'requested',
    request: requestId,
    data: {
      digest: actionDigest(of),
      ...(narrowable && { narrowable }),
      ...(of.standing && { standing: { uses: 20 } }),
    },
  }) as never as EventOf<'requested'>

const narrowed = (edits: Edits, of: Action, other: { digest?: Digest; params?: readonly string[] } = {}) => {
  const left = edited(of, edits)
  const terms = left.standing && { standing: { uses: left.standing.uses, seconds: left.standing.for } }
  const what = terms ?? { params: 'params' in edits ? Object.keys(edits.params).sort() : [] }
  const data = { digest: actionDigest(left), ...what, ...other }
  return { type: 'narrowed', request: requestId, data } as never as EventOf<'narrowed'>
}

/** The check after an ask whose action is given. */
function knowing(of = action, narrowable: readonly string[] | undefined = ['rows', 'tables']): NarrowingCheck {
  const check = new NarrowingCheck()
  check.ask(asked(of, narrowable), canonicalAction(of))
  return check
}

const tenth = { params: { rows: 12_000 } }
const found = (check: NarrowingCheck, edits: Edits, of = action, other = {}) => {
  try {
    return check.take(narrowed(edits, of, other), editsText(edits), place)
  } catch (cause) {
    if (cause instanceof BrokenAt) return cause.code
    throw cause
  }
}

test('each step is computed from the one before it, also on a later day', () => {
  const first = knowing()
  const left = edited(action, tenth)
  expect(found(first, tenth)).toBe(canonicalAction(left))
  const next = new NarrowingCheck(first.known())
  const less = { params: { rows: 5, tables: ['b'] } }
  expect(found(next, less, left)).toBe(canonicalAction(edited(left, less)))
})

test.each<[string, Edits, object]>([
  ['more rows', { params: { rows: 120_001 } }, {}],
  ['all rows, in other words', { params: { rows: -1 } }, {}],
  ['an empty list', { params: { tables: [] } }, {}],
  ['a param that the request does not name', { params: { limit: 1 } }, {}],
  ['another digest', tenth, { digest: actionDigest(action) }],
  ['other names', tenth, { params: ['rows', 'tables'] }],
])('a narrowing to %s is found with the texts', (_what, edits, other) => {
  expect(found(knowing(), edits, action, other)).toBe('against-policy')
})

test('a standing approval gets less, and not more', () => {
  const known = () => knowing(standing, undefined)
  const less = { standing: { uses: 5 } }
  expect(found(known(), less, standing)).toBe(canonicalAction(edited(standing, less)))
  expect(found(known(), { standing: { uses: 21 } }, standing)).toBe('against-policy')
})

test('nothing is found of what is erased, and of nothing that follows it', () => {
  const check = knowing()
  expect(check.take(narrowed(tenth, action), undefined, place)).toBeNull()
  expect(check.known()).toEqual([])
  expect(found(check, { params: { rows: 999_999 } })).toBeNull()
  expect(found(new NarrowingCheck(), tenth)).toBeNull()
})
