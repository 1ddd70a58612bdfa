import * as fc from 'fast-check'
import { digestOf, newRequestId, type RequestId, type Digest } from '../../src/core/id.ts'
import {
  checkRepeated,
  emptyRow,
  type Holding,
  type LimitRow,
  reclaimed,
  type SlotHolder,
  taken,
} from '../../src/core/limit.ts'
import { after, code, noon, problem, shard } from '../build.ts'

const idOf = (number: number): RequestId => newRequestId(noon, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, number), shard)
const digest = (number: number): Digest => digestOf(`action ${number}`)

const holder = (number: number, more: Partial<SlotHolder> = {}): SlotHolder => ({
  id: idOf(number),
  digest: digest(number),
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

  test('leaves slots alone that were not looked at', () => {
    expect(held(reclaimed(row(1, 2), holdings({ 1: 'closed' }), noon))).toEqual([idOf(2)])
  })

  test('remembers what was denied until the cool-down is over', () => {
    const denied = reclaimed(row(1), holdings({ 1: { deniedAt: after(10) } }), after(20))
    expect(denied).toEqual({ slots: [], denied: [{ digest: digest(1), deniedAt: after(10) }] })
    expect(reclaimed(denied, new Map(), after(609.999)).denied).toHaveLength(1)
    expect(reclaimed(denied, new Map(), after(610)).denied).toEqual([])
  })
})

describe('the same action', () => {
  test('is not asked for twice at once', () => {
    const refused = problem(() => checkRepeated(row(1, 2), digest(2), noon))
    expect(refused).toMatchObject({ code: 'already-pending', details: { request: idOf(2) } })
    expect(() => checkRepeated(row(1, 2), digest(3), noon)).not.toThrow()
  })

  test('is not asked for again right after it was denied', () => {
    const denied = { slots: [], denied: [{ digest: digest(1), deniedAt: noon }] }
    const refused = problem(() => checkRepeated(denied, digest(1), after(1.5)))
    expect(refused).toMatchObject({ code: 'cooling-down', details: { retryAfter: 599 } })
    expect(code(() => checkRepeated(denied, digest(1), after(599.999)))).toBe('cooling-down')
    expect(() => checkRepeated(denied, digest(1), after(600))).not.toThrow()
    expect(() => checkRepeated(denied, digest(2), after(1))).not.toThrow()
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
