import { type Bench, crowd, type Figure, figure, inTurns, type Means, share, timed } from './figure.ts'
import { startInstance, usesOfEach } from './instance.ts'
import type { BenchStorage } from './storage.ts'
import { listen, type Tape, taped } from './tape.ts'

/** Uses of a standing approval, which all lie in its shard, beside asks in one shard. */
export const use: Bench = {
  about: 'uses of standing approvals per second, beside asks in one shard; what each asks of the tables',
  async measure(means) {
    const storage = await means.storage()
    const figures: Figure[] = []
    for (const atOnce of [1, 8]) figures.push(await usesOf(means, storage, atOnce))
    return [...figures, ...(await callsOf(storage))]
  },
}

async function usesOf(means: Means, storage: BenchStorage, atOnce: number): Promise<Figure> {
  await storage.clear()
  const instance = await startInstance(storage.connect())
  const crowds = share(means, 15)
  const ours: number[] = []
  const floor: number[] = []
  await inTurns(means, async (counts) => {
    let [took, tookAsks] = [0, 0]
    for (let left = crowds; left > 0; left--) {
      const standing = await instance.standing()
      took += await timed(() => crowd(usesOfEach, atOnce, () => instance.use(standing)))
      tookAsks += await timed(() => crowd(usesOfEach, atOnce, () => instance.askBeside()))
    }
    if (!counts) return
    ours.push((crowds * usesOfEach * 1000) / took)
    floor.push((crowds * usesOfEach * 1000) / tookAsks)
  })
  instance.stop()
  const name = `uses of one standing approval, ${atOnce} ${atOnce === 1 ? 'client' : 'clients'}, beside asks in one shard`
  return figure({ name, unit: 'per s', ours, floor, goal: { of: 'ratio', least: 0.45 } })
}

/** A use claims its key, reads its standing approval with the head of the shard, and writes both requests at once. */
async function callsOf(storage: BenchStorage): Promise<readonly Figure[]> {
  await storage.clear()
  const tables = storage.connect()
  listen(tables)
  const instance = await startInstance(tables)
  const standing = await instance.standing()
  await instance.use(standing)
  const { tape } = await taped(() => instance.use(standing))
  instance.stop()
  const count = (kind: Tape['calls'][number]['kind']) => tape.calls.filter((call) => call.kind === kind).length
  const goal = { of: 'ours', most: 1 } as const
  const names = {
    transaction: 'transactions',
    read: 'reads',
    row: 'rows written before: the claim of its key',
  } as const
  return (['transaction', 'read', 'row'] as const).map((kind) =>
    figure({ name: `a use: ${names[kind]}`, unit: '', ours: [count(kind)], goal }),
  )
}
