import { takeTurns } from '../../src/azure/turns.ts'
import { shards } from '../../src/core/id.ts'

const [shard = 'none' as never] = shards

test('who waits too long for a turn hears busy, and the turns go on', async () => {
  const inTurn = takeTurns(20)
  const order: string[] = []
  let release = () => {}
  const held = inTurn(shard, () => new Promise<void>((done) => (release = done)))
  const late = inTurn(shard, async () => order.push('late'))
  await expect(late).rejects.toMatchObject({ code: 'busy', details: { retryAfter: 2 } })

  const other = inTurn(shard, async () => order.push('overlapping'))
  await expect(other).rejects.toMatchObject({ code: 'busy' })
  release()
  await held
  await inTurn(shard, async () => order.push('next'))
  expect(order).toEqual(['next'])
})
