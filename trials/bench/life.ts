import { type Bench, crowd, type Figure, figure, inTurns, type Means, median, share, timed } from './figure.ts'
import { startInstance } from './instance.ts'
import type { BenchStorage } from './storage.ts'
import { bareTables, listen, type Tape, taped } from './tape.ts'
import { roundsOf, type Sent, watchWire } from './wire.ts'

const atOnce = 16

export const life: Bench = {
  about: 'whole lives (ask, decide, redeem, report) per second, beside bare ones; what one asks of the storage',
  async measure(means) {
    const storage = await means.storage()
    return [await lives(means, storage), ...(await operations(means, storage))]
  },
}

/** The floor makes the same transactions, and the same reads in as many rounds. */
async function lives(means: Means, storage: BenchStorage): Promise<Figure> {
  await storage.clear()
  const tables = storage.connect()
  listen(tables)
  const instance = await startInstance(tables)
  const bare = await bareTables(storage)
  const times = share(means, 300)
  const ours: number[] = []
  const floor: number[] = []
  await inTurns(means, async (counts) => {
    const tapes: Tape[] = []
    const took = await timed(() => crowd(times, atOnce, async () => tapes.push((await taped(instance.live)).tape)))
    const tookBare = await timed(() => crowd(times, atOnce, async (number) => tapes[number]?.replay(bare)))
    if (!counts) return
    ours.push((times / took) * 1000)
    floor.push((times / tookBare) * 1000)
  })
  instance.stop()
  const name = `whole life, ${atOnce} clients`
  return figure({ name, unit: 'per s', ours, floor, goal: { of: 'ratio', least: 0.9 } })
}

/** Counted on the wire, life by life, by an instance that does nothing else. */
async function operations(means: Means, storage: BenchStorage): Promise<readonly Figure[]> {
  const wire = await watchWire(storage.url)
  try {
    const instance = await startInstance(storage.connect(wire.url))
    const count = async (): Promise<readonly Sent[]> => {
      await instance.live()
      return wire.take()
    }
    await count()
    const lives: (readonly Sent[])[] = []
    for (let number = 0; number < share(means, 50); number++) lives.push(await count())
    instance.stop()
    const reads = (sent: readonly Sent[]) => sent.filter(({ kind }) => kind === 'read')
    const of = (what: string, number: (sent: readonly Sent[]) => number, most?: number) =>
      figure({
        name: `whole life: ${what}`,
        ...{ unit: '', ours: [median(lives.map(number))] },
        ...(most !== undefined && { goal: { of: 'ours', most } as const }),
      })
    return [
      of('transactions', (sent) => sent.filter(({ kind }) => kind === 'transaction').length, 4),
      of('rounds of reads', (sent) => roundsOf(reads(sent)), 4),
      of('reads', (sent) => reads(sent).length),
      of('all operations', (sent) => sent.length),
    ]
  } finally {
    await wire.close()
  }
}
