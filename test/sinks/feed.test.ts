import { Feed } from '../../src/sinks/feed.ts'
import { shard } from '../ports/story.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { sinkWorld } from './world.ts'

const three = shard(3)

/** A log of so many events in one shard, and how far it was read each time. */
async function logOf(count: number) {
  const ledger = new MemoryLedger()
  await sinkWorld([], { ledger }).commit(count)
  const read: number[] = []
  const stream = ledger.stream.bind(ledger)
  ledger.stream = (place, after, upTo) => {
    read.push(upTo)
    return stream(place, after, upTo)
  }
  return { feed: new Feed({ ledger }), read }
}

test('a sink that is behind another finds what that one read', async () => {
  const { feed, read } = await logOf(12)
  await feed.read(three, 0, 6)
  await feed.read(three, 6, 12)
  const events = await feed.read(three, 2, 12)
  expect(events.map(({ event }) => event.seq)).toEqual([3, 4, 5, 6])
  expect(read).toEqual([6, 12])
})

test('no more than 500 events of a shard are remembered, but for those that were read last', async () => {
  const { feed, read } = await logOf(520)
  await feed.read(three, 0, 10)
  await feed.read(three, 10, 520)
  await feed.read(three, 0, 10)
  expect(read).toEqual([10, 510, 10])
})
