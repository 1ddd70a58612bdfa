import { blockSize, stage } from '../../src/azure/blocks.ts'
import { sha256 } from '../../src/core/data/id.ts'

/** So many blocks of which no two are alike. */
async function* blocks(count: number, pulled: () => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    pulled()
    yield Buffer.alloc(blockSize, i)
  }
}

test('blocks get unique ids of equal length, and are listed in order', async () => {
  const put = new Map<string, number>()
  const store = async (id: string, block: Uint8Array) => void put.set(id, block[0] ?? -1)
  const staged = await Promise.all([stage(blocks(5), store), stage(blocks(5), store)])
  expect(put.size).toBe(10)
  expect(new Set([...put.keys()].map((id) => Buffer.from(id, 'base64').length))).toEqual(new Set([16]))
  for (const { ids } of staged) expect(ids.map((id) => put.get(id))).toEqual([0, 1, 2, 3, 4])
})

test('a stream has at most two blocks in memory', async () => {
  let pulled = 0
  let done = 0
  let most = 0
  await stage(
    blocks(9, () => {
      most = Math.max(most, ++pulled - done)
    }),
    async () => {
      await new Promise((next) => setImmediate(next))
      done++
    },
  )
  expect(done).toBe(9)
  expect(most).toBe(2)
})

test('a block that overtakes another changes nothing', async () => {
  const put = new Map<string, Uint8Array>()
  let first = true
  const {
    ids,
    size,
    sha256: digest,
  } = await stage(blocks(4), async (id, block) => {
    const turns = first ? 20 : 0
    first = false
    for (let i = 0; i < turns; i++) await new Promise((next) => setImmediate(next))
    put.set(id, block)
  })
  const all = Buffer.concat(ids.map((id) => put.get(id) ?? Buffer.alloc(0)))
  expect([...put.keys()]).not.toEqual(ids)
  expect([size, digest]).toEqual([all.length, sha256(all)])
  expect(ids.map((id) => put.get(id)?.[0])).toEqual([0, 1, 2, 3])
})

test('a block that cannot be put fails the stream only after all other calls have ended', async () => {
  let onTheWay = 0
  let number = 0
  const put = async () => {
    const failing = number++ === 0
    onTheWay++
    for (let i = 0; i < (failing ? 1 : 20); i++) await new Promise((next) => setImmediate(next))
    onTheWay--
    if (failing) throw new Error('The storage is gone.')
  }
  await expect(stage(blocks(9), put)).rejects.toThrow('The storage is gone.')
  expect(onTheWay).toBe(0)
  expect(number).toBeLessThan(4)
})
