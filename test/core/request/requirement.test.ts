import * as fc from 'fast-check'
import { type Candidate, fill, fills, type Slot } from '../../../src/core/request/requirement.ts'
import { oid, slot } from '../../support/build.ts'

const person = (number: number, groups: readonly string[]): Candidate => ({ accounts: [oid(number)], groups })

test.each<[string, readonly Slot[], readonly (readonly string[])[], readonly number[]]>([
  ['nobody fills nothing', [slot('a')], [], [0]],
  ['one of the group fills its slot', [slot('a')], [['a']], [1]],
  ['one of another group does not', [slot('a')], [['b']], [0]],
  ['either group fills a slot of both', [slot('a|b')], [['b']], [1]],
  ['one person in both groups fills one slot', [slot('a'), slot('b')], [['a', 'b']], [1, 0]],
  ['one person does not fill two places of a slot', [slot('a', 2)], [['a']], [1]],
  ['the first one moves over for the second', [slot('a|b'), slot('a')], [['a'], ['a', 'b']], [1, 1]],
  ['a whole row moves over', [slot('a|b'), slot('b|c'), slot('c')], [['c'], ['b', 'c'], ['a', 'b']], [1, 1, 1]],
  ['more people than places', [slot('a', 2)], [['a'], ['a'], ['a']], [2]],
])('%s', (_what, slots, people, expected) => {
  const candidates = people.map((groups, i) => person(i, groups))
  expect(fill(slots, candidates)).toEqual(expected)
  expect(fills(slots, candidates)).toBe(slots.every(({ quorum }, i) => expected[i] === quorum))
})

const groups = fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 })
const slots = fc.array(fc.record({ groups, quorum: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 3 })
const people = fc
  .array(fc.subarray(['a', 'b', 'c', 'd']), { maxLength: 6 })
  .map((list) => list.map((groups, i) => person(i, groups)))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

test('as many places are filled as trying everything could fill', () => {
  fc.assert(
    fc.property(slots, people, (slots, people) => {
      const have = fill(slots, people)
      const places = slots.flatMap(({ groups, quorum }) => Array.from({ length: quorum }, () => groups))
      expect(sum(have)).toBe(mostSeated(places, people))
      expect(fills(slots, people)).toBe(mostSeated(places, people) === places.length)
    }),
    { numRuns: 500 },
  )
})

test('no slot is overfilled, and there are never more places filled than people', () => {
  fc.assert(
    fc.property(slots, people, (slots, people) => {
      const have = fill(slots, people)
      expect(have).toHaveLength(slots.length)
      expect(have.every((count, i) => count <= (slots[i]?.quorum ?? 0))).toBe(true)
      expect(sum(have)).toBeLessThanOrEqual(people.length)
    }),
  )
})

test('the order of the votes does not matter', () => {
  const shuffled = people.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
  )
  fc.assert(
    fc.property(slots, shuffled, (slots, [one, other]) => {
      expect(sum(fill(slots, other))).toBe(sum(fill(slots, one)))
      expect(fills(slots, other)).toBe(fills(slots, one))
    }),
  )
})

test('one more vote never takes a place away', () => {
  fc.assert(
    fc.property(slots, people, (slots, people) => {
      expect(sum(fill(slots, people))).toBeGreaterThanOrEqual(sum(fill(slots, people.slice(0, -1))))
    }),
  )
})

/** Tries every way to seat people on distinct places. */
function mostSeated(places: readonly (readonly string[])[], people: readonly Candidate[]): number {
  const [first, ...rest] = people
  if (!first) return 0
  const unseated = mostSeated(places, rest)
  const seated = places.flatMap((groups, i) =>
    groups.some((group) => first.groups.includes(group)) ? [1 + mostSeated(places.toSpliced(i, 1), rest)] : [],
  )
  return Math.max(unseated, ...seated)
}
