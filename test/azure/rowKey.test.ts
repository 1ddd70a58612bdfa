import { inverseIdIn, requestIdIn, rowKey } from '../../src/azure/rowKey.ts'
import { shardOf } from '../../src/core/data/id.ts'
import { bot, dba, noon, requestId } from '../support/build.ts'

test("a request's id is read from the row keys that contain it", () => {
  for (const key of [rowKey.due(noon, requestId), rowKey.post(requestId)]) expect(requestIdIn(key)).toBe(requestId)
  const inverted = [rowKey.request(requestId), rowKey.agent(bot, requestId), rowKey.voter(dba, requestId)]
  for (const key of inverted) expect(inverseIdIn(key, shardOf(requestId))).toBe(requestId)
})

test.each([rowKey.head, rowKey.event(7), rowKey.post(requestId), rowKey.due(noon, requestId)])(
  'no inverted id is read from %s',
  (key) => {
    expect(inverseIdIn(key, shardOf(requestId))).toBeNull()
  },
)
