import { shards, type Shard } from '../../src/core/data/id.ts'
import { placeOf, placesOf, recordsOf } from '../../src/evidence/log/logIndex.ts'
import { planOf } from './sealed.ts'

const one = planOf(0, { '00': [0, 2], '07': [0, 3], '0f': [0, 1] })
const two = planOf(6, { '00': [2, 2], '07': [3, 5], '0a': [0, 1], '0f': [1, 1] })
const of = (shard: string, seq: number) => placeOf([one, two], shard as Shard, seq)

test('the log goes on shard by shard, and day by day', () => {
  const order = [one, two]
    .flatMap(placesOf)
    .flatMap(({ shard, after, upTo, index }) =>
      Array.from({ length: upTo - after }, (_, i) => ({ shard, seq: after + 1 + i, index: index + i })),
    )
  expect(order.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  for (const { shard, seq, index } of order) expect(of(shard, seq)).toBe(index)
  expect(order.slice(6).map(({ shard, seq }) => [shard, seq])).toEqual([
    ['07', 4],
    ['07', 5],
    ['0a', 1],
  ])
})

test.each([
  ['00', 3],
  ['07', 6],
  ['0b', 1],
  ['00', 0],
])('of shard %s the log has no event %i', (shard, seq) => {
  expect(of(shard, seq)).toBeNull()
})

test('every shard has its place, even without events', () => {
  expect(placesOf(two).map(({ shard }) => shard)).toEqual(shards)
  expect([one, two].map(recordsOf)).toEqual([6, 3])
})
