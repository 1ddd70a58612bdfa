import { type Bench, crowd, type Figure, figure, inTurns, type Means, share, timed } from './figure.ts'
import { startInstance } from './instance.ts'
import type { BenchStorage } from './storage.ts'
import { bareTables, listen, listened, type Tape, taped } from './tape.ts'
import { operations } from './operations.ts'

const atOnce = 16

export const life: Bench = {
  about:
    'whole lives (ask, decide, redeem, report) per second, beside bare ones; what each step asks of tables and files',
  async measure(means) {
    const storage = await means.storage()
    return [await lives(means, storage), ...(await operations(storage))]
  },
}

/** The floor makes the same transactions and files, and the same reads in as many rounds. */
async function lives(means: Means, storage: BenchStorage): Promise<Figure> {
  await storage.clear()
  const tables = storage.connect()
  listen(tables)
  const instance = await startInstance(tables, { archive: listened(await storage.archive()) })
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
