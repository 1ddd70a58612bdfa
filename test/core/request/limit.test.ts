import * as fc from 'fast-check'
import { type Digest, digestOf, newRequestId, type RequestId, sha256 } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import {
  answering,
  checkRepeated,
  counted,
  emptyRow,
  habits,
  type Holding,
  type LimitRow,
  reclaimed,
  released,
  type SlotHolder,
  subjectOf,
  sameness,
  taken,
  warnedByOthers,
} from '../../../src/core/request/limit.ts'
import { after, bot, code, noon, oid, problem, runner, shard } from '../../support/build.ts'

const idOf = (number: number, at: Instant = noon): RequestId =>
  newRequestId(at, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, number), shard)
const digest = (number: number): Digest => digestOf(`action ${number}`)
const subject = sha256('one verb, one target')
const other = sha256('another')

const holder = (number: number, more: Partial<SlotHolder> = {}): SlotHolder => ({
  id: idOf(number),
  digest: digest(number),
  subject,
  takenAt: noon,
  ...more,
})

const row = (...numbers: readonly number[]): LimitRow => ({ ...emptyRow, slots: numbers.map((n) => holder(n)) })

const holdings = (list: Readonly<Record<number, Holding>>) =>
  new Map(Object.entries(list).map(([number, holding]) => [idOf(Number(number)), holding] as const))

const held = ({ slots }: LimitRow): readonly RequestId[] => slots.map(({ id }) => id)

describe('taking a slot', () => {
  test('adds it while there is room', () => {
    expect(held(taken(row(1), holder(2), 2, 'x'))).toEqual([idOf(1), idOf(2)])
  })

  test('is refused when all are taken, with a time to try again', () => {
    const refused = problem(() => taken(row(1, 2), holder(3), 2, 'x'))
    expect(refused.code).toBe('too-many')
    expect(refused.details.retryAfter).toBeGreaterThan(0)
  })

  test('again by the same request keeps it, as if taken now, even in a full row', () => {
    const again = taken(row(1, 2), holder(1, { takenAt: after(50) }), 2, 'x')
    expect(held(again).toSorted()).toEqual([idOf(1), idOf(2)])
    expect(again.slots.find(({ id }) => id === idOf(1))?.takenAt).toBe(after(50))
  })
})

describe('reclaiming', () => {
  test.each<[string, Holding, number, boolean]>([
    ['of a pending request', 'pending', 999_999, true],
    ['of a closed request', 'closed', 0, false],
    ['of a denied request', { deniedAt: noon }, 0, false],
    ['of a request that is not there yet', 'missing', 59.999, true],
    ['of a request that never came', 'missing', 60, false],
  ])('the slot %s stays as long as it should (%#)', (_what, holding, seconds, stays) => {
    const now = reclaimed(row(1), holdings({ 1: holding }), after(seconds))
    expect(held(now)).toEqual(stays ? [idOf(1)] : [])
  })

  test('reclaiming keeps the slots of requests that were not looked up', () => {
    expect(held(reclaimed(row(1, 2), holdings({ 1: 'closed' }), noon))).toEqual([idOf(2)])
  })

  test('reclaiming remembers a denied action for a week', () => {
    const denied = reclaimed(row(1), holdings({ 1: { deniedAt: after(10) } }), after(20))
    expect(denied).toEqual({ ...emptyRow, denied: [{ digest: digest(1), subject, deniedAt: after(10) }] })
    const week = 7 * 86_400
    expect(reclaimed(denied, new Map(), after(week + 9.999)).denied).toHaveLength(1)
    expect(reclaimed(denied, new Map(), after(week + 10)).denied).toEqual([])
  })

  test('reclaiming remembers the newest fifty denials only', () => {
    const many = Array.from({ length: 50 }, (_, i) => ({ digest: digest(i), subject, deniedAt: after(60 - i) }))
    const { denied } = reclaimed({ ...row(77), denied: many }, holdings({ 77: { deniedAt: after(70) } }), after(80))
    expect(denied).toHaveLength(50)
    expect(denied.map(({ deniedAt }) => deniedAt)).toEqual([...denied].map(({ deniedAt }) => deniedAt).sort())
    expect(denied.at(-1)?.digest).toBe(digest(77))
    expect(denied.some((one) => one.digest === digest(49))).toBe(false)
  })
})

describe('the same action', () => {
  test('is not asked for twice at once', () => {
    const refused = problem(() => checkRepeated(row(1, 2), holder(2), noon))
    expect(refused).toMatchObject({ code: 'already-pending', details: { request: idOf(2) } })
    expect(() => checkRepeated(row(1, 2), holder(3), noon)).not.toThrow()
  })

  test('is not asked for again right after it was denied', () => {
    const denied = { ...emptyRow, denied: [{ digest: digest(1), subject, deniedAt: noon }] }
    const refused = problem(() => checkRepeated(denied, holder(1), after(1.5)))
    expect(refused).toMatchObject({ code: 'cooling-down', details: { retryAfter: 599 } })
    expect(code(() => checkRepeated(denied, holder(1), after(599.999)))).toBe('cooling-down')
    expect(() => checkRepeated(denied, holder(1), after(600))).not.toThrow()
  })
})

describe('approvers are warned', () => {
  const denied = { ...emptyRow, denied: [{ digest: digest(1), subject, deniedAt: noon }] }
  const asking = (...ago: readonly number[]) => ({
    ...emptyRow,
    asked: ago.map((seconds, i) => idOf(i, after(10_000 - seconds))),
  })
  const at = after(10_000)

  test.each<[string, LimitRow, number, readonly string[]]>([
    ['of nothing, usually', emptyRow, 1, []],
    ['of the same action, denied before', denied, 1, ['denied-before']],
    ['of the same with other params, denied before', denied, 2, ['denied-before']],
    ['of the same with other params, still pending', row(3), 2, ['asks-again']],
    ['of an agent that has used half of its hour', asking(1, 2, 3_599), 1, ['asks-often']],
    ['not of one that asks as it did, an hour later', asking(1, 2, 3_600), 1, []],
    ['of both', { ...denied, asked: asking(1, 2, 3).asked }, 1, ['denied-before', 'asks-often']],
  ])('%s', (_what, found, number, expected) => {
    expect(habits(found, holder(number, { id: idOf(99) }), { most: 6, at })).toEqual(expected)
  })

  test('an ask that is sent again does not count against itself', () => {
    expect(habits(asking(1, 2, 3), holder(1, { id: idOf(0, after(9_999)) }), { most: 6, at })).toEqual([])
  })
})

test('approvers are not warned of another target', () => {
  const denied = { ...row(3), denied: [{ digest: digest(1), subject, deniedAt: noon }] }
  expect(habits(denied, holder(9, { subject: other }), { most: 6, at: noon })).toEqual([])
})

test('approvers are warned of what was denied to other agents', () => {
  const shared = reclaimed(
    { ...emptyRow, slots: [holder(1, { agent: bot }), holder(2, { agent: runner, subject: other })] },
    holdings({ 1: { deniedAt: noon }, 2: { deniedAt: noon } }),
    noon,
  )
  expect(warnedByOthers(shared, { agent: runner, subject })).toEqual(['denied-to-others'])
  expect(warnedByOthers(shared, { agent: bot, subject })).toEqual([])
  expect(warnedByOthers(shared, { agent: bot, subject: other })).toEqual(['denied-to-others'])
  expect(warnedByOthers(shared, { agent: oid(77), subject: sha256('a third') })).toEqual([])
})

describe('an action that was denied with other params', () => {
  const denied = (...seconds: readonly number[]): LimitRow => ({
    ...emptyRow,
    denied: seconds.map((at, i) => ({ digest: digest(i), subject, deniedAt: after(at) })),
  })

  test('is refused for ten minutes after the last denial', () => {
    const refused = problem(() => checkRepeated(denied(0, 10), holder(9), after(30)))
    expect(refused).toMatchObject({ code: 'cooling-down', details: { retryAfter: 580 } })
    expect(code(() => checkRepeated(denied(0, 10), holder(9), after(609.999)))).toBe('cooling-down')
    expect(() => checkRepeated(denied(0, 10), holder(9), after(610))).not.toThrow()
  })

  test('denials of one target do not block another target', () => {
    expect(() => checkRepeated(denied(0, 10, 20), holder(9, { subject: other }), after(20))).not.toThrow()
  })

  test('a denied action is recognised by its verb and target, however it is spelled', () => {
    const one = { action: 'a.b', target: 'prod/x', environment: 'production', params: { n: 1 } }
    expect(subjectOf({ ...one, environment: 'staging', params: {} })).toBe(subjectOf(one))
    expect(subjectOf({ ...one, target: 'PROD/\uff38' })).toBe(subjectOf(one))
    expect(subjectOf({ ...one, target: 'y' })).not.toBe(subjectOf(one))
    expect(subjectOf({ ...one, action: 'a.c' })).not.toBe(subjectOf(one))
    expect(sameness({ ...one, target: 'PROD/x' })).toBe(sameness(one))
    expect(sameness({ ...one, params: { n: 2 } })).not.toBe(sameness(one))
  })
})

describe('answers of policy in an hour', () => {
  const take = (row: LimitRow, wanted: number, seconds: number, until = seconds) =>
    answering(row, { most: 10, wanted, at: after(seconds), until: after(until) })

  test('are given up to the limit, and again an hour after they were', () => {
    const one = take(emptyRow, 4, 0)
    const two = take(one.row, 8, 30, 90)
    expect([one.granted, two.granted]).toEqual([4, 6])
    const refused = problem(() => take(two.row, 1, 100))
    expect(refused).toMatchObject({ code: 'too-many', details: { retryAfter: 3_500 } })
    expect(code(() => take(two.row, 1, 3_599.999))).toBe('too-many')
    expect(take(two.row, 9, 3_600).granted).toBe(4)
    expect(take(two.row, 99, 3_690).granted).toBe(10)
  })

  test('of one minute are one entry', () => {
    let now: LimitRow = emptyRow
    for (let i = 0; i < 10; i++) now = take(now, 1, i).row
    expect(now.answered).toEqual([{ until: after(9), count: 10 }])
  })
})

describe('asks in an hour', () => {
  const asked = (...seconds: readonly number[]): LimitRow => ({
    ...emptyRow,
    asked: seconds.map((at, i) => idOf(i, after(at))),
  })

  test('are counted up to the limit, and say when there is room again', () => {
    expect(counted(asked(0, 60), idOf(9, after(120)), 3, after(120)).asked).toHaveLength(3)
    const refused = problem(() => counted(asked(60, 0, 120), idOf(9, after(120)), 3, after(120)))
    expect(refused).toMatchObject({ code: 'too-many', details: { retryAfter: 3480 } })
  })

  test('asks are forgotten after an hour, one by one', () => {
    expect(code(() => counted(asked(0, 60), idOf(9, after(3599.999)), 2, after(3599.999)))).toBe('too-many')
    const now = counted(asked(0, 60), idOf(9, after(3600)), 2, after(3600))
    expect(now.asked).toEqual([idOf(1, after(60)), idOf(9, after(3600))])
  })

  test('after the limit was lowered, an ask waits until enough older asks are forgotten', () => {
    expect(problem(() => counted(asked(0, 10, 20, 30), idOf(9), 2, after(40))).details.retryAfter).toBe(3580)
  })

  test('the same ask is not counted twice', () => {
    const now = counted(asked(0), idOf(9), 2, noon)
    expect(counted(now, idOf(9), 2, noon).asked).toHaveLength(2)
  })

  test('asks outlast reclaimed slots, and are taken back if no person was asked', () => {
    const now = counted(row(1, 2), idOf(1), 5, noon)
    expect(reclaimed(now, holdings({ 1: 'closed' }), noon).asked).toEqual([idOf(1)])
    expect(released(now, idOf(1))).toMatchObject({ slots: [{ id: idOf(2) }], asked: [] })
    expect(released(now, idOf(7))).toBe(now)
  })
})

test('a row never holds more than it may, whatever is taken and given back', () => {
  const step = fc.record({
    number: fc.nat({ max: 9 }),
    holding: fc.constantFrom<Holding>('pending', 'closed', 'missing', { deniedAt: noon }),
    seconds: fc.nat({ max: 200 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (steps, most) => {
      let now: LimitRow = emptyRow
      for (const { number, holding, seconds } of steps) {
        now = reclaimed(now, holdings({ [number]: holding }), after(seconds))
        try {
          now = taken(now, holder(number, { takenAt: after(seconds) }), most, 'x')
        } catch {
          expect(now.slots).toHaveLength(most)
        }
        expect(now.slots.length).toBeLessThanOrEqual(most)
        expect(new Set(held(now)).size).toBe(now.slots.length)
      }
    }),
  )
})
