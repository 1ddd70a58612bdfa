import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { takeTurns } from '../../src/azure/turns.ts'
import { shards } from '../../src/core/data/id.ts'

const [shard = 'none' as never] = shards

test('a call that waits too long for its turn fails as busy, and later turns go on', async () => {
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

test('the result of a turn is not kept by later turns', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const inTurn = takeTurns()
  const given = new WeakRef(await inTurn(shard, async () => ({ large: 'x'.repeat(1000) })))
  for (let i = 0; i < 10; i++) await inTurn(shard, async () => i)
  // A WeakRef that was just made or read lives on until the present job ends.
  await new Promise((done) => setTimeout(done, 0))
  collect()
  expect(given.deref()).toBeUndefined()
})
