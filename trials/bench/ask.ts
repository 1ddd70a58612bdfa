import { type Bench, crowd, type Figure, figure, inTurns, type Means, share, timed } from './figure.ts'
import { startInstance } from './instance.ts'
import { startPeer } from './peer.ts'
import type { BenchStorage } from './storage.ts'
import { bareTables, listen, type Tape, taped } from './tape.ts'

const clients = [1, 16, 64] as const

/** Asks at once of each process. */
const ofEach = 16

export const ask: Bench = {
  about: 'asks per second, beside bare transactions of the same rows; two processes beside one',
  async measure(means) {
    const storage = await means.storage()
    const figures: Figure[] = []
    for (const atOnce of clients) figures.push(await asks(means, storage, { atOnce, what: '' }))
    for (const what of [', with key', ', with key and slots'] as const)
      figures.push(await asks(means, storage, { atOnce: ofEach, what }))
    return [...figures, ...(await byTwo(means, storage))]
  },
}

interface Crowd {
  readonly atOnce: number
  /** With slots, the floor makes the same reads and writes of slots. */
  readonly what: '' | ', with key' | ', with key and slots'
}

async function asks(means: Means, storage: BenchStorage, { atOnce, what }: Crowd): Promise<Figure> {
  await storage.clear()
  const tables = storage.connect()
  listen(tables)
  const limited = what === ', with key and slots'
  const instance = await startInstance(tables, { limited })
  const once = what === '' ? instance.askWithoutKey : instance.ask
  const bare = await bareTables(storage)
  const times = share(means, atOnce === 1 ? 300 : 1_000)
  const only = limited ? (kind: string) => kind !== 'read' : (kind: string) => kind === 'transaction'
  const ours: number[] = []
  const floor: number[] = []
  await inTurns(means, async (counts) => {
    const tapes: Tape[] = []
    const took = await timed(() => crowd(times, atOnce, async () => tapes.push((await taped(once)).tape)))
    const tookBare = await timed(() => crowd(times, atOnce, async (number) => tapes[number]?.replay(bare, only)))
    if (counts) {
      ours.push((times / took) * 1000)
      floor.push((times / tookBare) * 1000)
    }
  })
  instance.stop()
  const goal = { of: 'ratio', least: 0.9 } as const
  return figure({
    name: `ask, ${atOnce} ${atOnce === 1 ? 'client' : 'clients'}${what}`,
    ...{ unit: 'per s', ours, floor },
    ...(atOnce > 1 && !limited && { goal }),
  })
}

/** Two processes on one storage, beside one: the floor is what one does alone. */
async function byTwo(means: Means, storage: BenchStorage): Promise<readonly Figure[]> {
  await storage.clear()
  const peers = await Promise.all([startPeer(storage), startPeer(storage)])
  const [first] = peers
  const seconds = Math.max(0.3, 4 * means.scale)
  const ours: number[] = []
  const floor: number[] = []
  const refused: number[] = []
  try {
    await inTurns(means, async (counts) => {
      const alone = await first.ask({ clients: ofEach, seconds })
      const together = await Promise.all(peers.map((peer) => peer.ask({ clients: ofEach, seconds })))
      if (!counts) return
      floor.push(alone.asked / alone.seconds)
      ours.push(together.reduce((sum, { asked, seconds }) => sum + asked / seconds, 0))
      refused.push(together.reduce((sum, { busy }) => sum + busy, alone.busy))
    })
  } finally {
    for (const peer of peers) await peer.close()
  }
  const name = 'ask, two processes beside one'
  return [
    figure({ name, unit: 'per s', ours, floor, goal: { of: 'ratio', least: 0.6 } }),
    figure({ name: `${name}: busy`, unit: '', ours: refused, goal: { of: 'ours', most: 0 } }),
  ]
}
