import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Broken } from '../../../src/core/data/broken.ts'
import { canonical, type JsonObject } from '../../../src/core/data/json.ts'
import { readCanonical } from '../../../src/core/record/canonicalRecord.ts'
import { formats } from '../../../src/core/record/eventTable.ts'
import { readRecord, readStrictly } from '../../../src/core/record/record.ts'
import { unicode } from '../../support/chance.ts'

const golden = readFileSync(join(import.meta.dirname, '../../golden/events.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
const typeIn = (leaf: string): unknown => (JSON.parse(leaf) as JsonObject)['type']

/** What a reader says of a leaf: the event, or why there is none. */
function said(read: (leaf: string) => unknown, leaf: string): unknown {
  try {
    return read(leaf)
  } catch (cause) {
    if (cause instanceof Broken) return { code: cause.code, message: cause.message }
    throw cause
  }
}

/** Checks that a leaf is judged as by the reader that compares every member. Returns whether the pattern told it. */
function judged(leaf: string): boolean {
  const strict = said(readStrictly, leaf)
  const event = readCanonical(leaf)
  if (event !== null) expect(event).toEqual(strict)
  expect(said(readRecord, leaf)).toEqual(strict)
  return event !== null
}

test('every type and version has a pattern, which tells all its golden leaves', () => {
  const types = new Set(golden.map(typeIn))
  expect([...formats.keys()].filter((type) => !types.has(type as string))).toEqual([])
  for (const versions of formats.values()) for (const form of versions.values()) expect(form.canonical).toBeDefined()
  expect(golden.filter((leaf) => !judged(leaf))).toEqual([])
})

test('a leaf whose text was changed anywhere is judged in the same way', () => {
  let told = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...golden),
      fc.nat(),
      fc.nat({ max: 12 }),
      fc.oneof(
        unicode({ maxLength: 3 }),
        fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), maxLength: 2 }),
        fc.constantFrom('{', '}', '"', ',', ':', '\\', '\\u0061', '1', '-0', '1e2', '[]', 'null', ' ', '\n', '\u2028'),
      ),
      (leaf, at, length, text) => {
        const place = at % leaf.length
        if (judged(leaf.slice(0, place) + text + leaf.slice(place + length))) told += 1
      },
    ),
    { numRuns: 4000 },
  )
  expect(told).toBeGreaterThan(0)
})

/** The values that leaves have, by the name of their member. */
function valuesIn(value: unknown, name: string, all: Map<string, unknown[]>): Map<string, unknown[]> {
  all.set(name, [...(all.get(name) ?? []), value])
  if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) valuesIn(item, Array.isArray(value) ? name : key, all)
  return all
}

const values = valuesIn(
  golden.map((leaf) => JSON.parse(leaf) as unknown),
  'log',
  new Map(),
)
const odd = [null, true, false, 0, 1, 99, 100, 1e15, 999_999_999_999_999, 2 ** 53 - 1, 2 ** 53, 0.5, -1, '', [], {}]

/** Changes one place of a value: another value, a member or item more or less, or the same members in another order. */
function altered(value: unknown, name: string, choose: (most: number) => number): unknown {
  if (typeof value === 'object' && value !== null && choose(4) > 0) {
    const entries = Object.entries(value)
    const place = choose(entries.length)
    const [key = 'extra', item] = entries[place] ?? []
    const changes = [
      entries.map(([k, v], i) => [k, i === place ? altered(v, Array.isArray(value) ? name : k, choose) : v] as const),
      entries.map(([k, v], i) => [k, i === place ? altered(v, Array.isArray(value) ? name : k, choose) : v] as const),
      entries.filter((_, i) => i !== place),
      [...entries, [['client', 'facts', 'rules', 'via', 'extra'][choose(5)] ?? key, item] as const],
      entries.toReversed(),
    ]
    const made = changes[choose(changes.length)] ?? entries
    return Array.isArray(value) ? made.map(([, v]) => v) : Object.fromEntries(made)
  }
  const others = [...(values.get(name) ?? []), ...odd]
  return others[choose(others.length)]
}

test('a leaf whose values were changed is judged in the same way, sorted or not', () => {
  let told = 0
  fc.assert(
    fc.property(fc.constantFrom(...golden), fc.gen(), fc.boolean(), (leaf, gen, isSorted) => {
      const choose = (most: number) => (most < 2 ? 0 : gen(fc.nat, { max: most - 1 }))
      const value = altered(JSON.parse(leaf), 'leaf', choose)
      if (judged(isSorted ? canonical(value as JsonObject) : JSON.stringify(value))) told += 1
    }),
    { numRuns: 4000 },
  )
  expect(told).toBeGreaterThan(0)
})

test('every day of the calendar is judged in the same way, and no other', () => {
  const leaf = golden[0] ?? ''
  const told = { by: 0, of: 0 }
  for (const year of ['0000', '1900', '2000', '2026', '2028'])
    for (let month = 0; month <= 13; month++)
      for (let day = 0; day <= 32; day++) {
        const date = [year, String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-')
        if (judged(leaf.replace(/"at":"\d{4}-\d\d-\d\d/, `"at":"${date}`))) told.by += 1
        if (!Number.isNaN(Date.parse(date)) && new Date(date).toISOString().startsWith(date)) told.of += 1
      }
  // 29 February is left to the other reader.
  expect(told.by).toBe(5 * 365)
  expect(told.of).toBe(5 * 365 + 3)
})

test.each([
  '0',
  '1',
  '999999999999999',
  '1000000000000000',
  '9007199254740991',
  '9007199254740992',
  '01',
  '-1',
  '1.0',
  '1e3',
])('the number %s is judged in the same way', (number) => {
  for (const leaf of golden)
    judged(leaf.replace(/"(seq|page|pages|size|grant|lapse|quorum|count|within)":\d+/, `"$1":${number}`))
})
