import { sha256, type Shard } from '../../src/core/data/id.ts'
import type { LogEvent } from '../../src/core/record/eventType.ts'
import { Chains } from '../../src/verify/chains.ts'
import type { Day } from '../../src/core/data/day.ts'
import { noon } from '../support/build.ts'

const nothing = '0'.repeat(64)
const hashes = ['one', 'two', 'three'].map((text) => sha256(text))
const last = hashes[2] ?? sha256('')
const shards = { '00': { from: 0, to: 3, head: last } }

/** Takes three events that each name the one before, numbered so. */
function taken(numbers: readonly number[], shard = '00'): void {
  const follow = new Chains({ date: noon.slice(0, 10) as Day, number: 1, shards })
  for (const [i, hash] of hashes.entries()) {
    const event = { shard: shard as Shard, seq: numbers[i] ?? 0, prev: hashes[i - 1] ?? nothing, at: noon }
    follow.take(event as LogEvent, hash, i + 1)
  }
  follow.end()
}

test('events in their places are accepted', () => {
  expect(() => taken([1, 2, 3])).not.toThrow()
})

test.each([
  ['a number is left out', [1, 3, 4], '00'],
  ['a number comes twice', [1, 1, 2], '00'],
  ['the first is missing', [2, 3, 4], '00'],
  ['the shard is another', [1, 2, 3], '01'],
])('although events follow each other by hash, it is found that %s', (_what, numbers, shard) => {
  expect(() => taken(numbers, shard)).toThrow('stands where record')
})
