import { setTimeout as pause } from 'node:timers/promises'
import { type Bench, type Figure, figure, type Means, share } from './figure.ts'
import { type Peer, startPeer } from './peer.ts'
import type { BenchStorage } from './storage.ts'
import { type TakenOverHttp, waitOverHttp } from './waitersOverHttp.ts'

/** Seconds; nobody is answered before. */
const patience = 600

export const waiters: Bench = {
  about: '1,000 agents that wait at once, in process and over HTTP: memory of each, and the processor',
  async measure(means) {
    const storage = await means.storage()
    await storage.clear()
    const count = share(means, 1_000)
    const ours: Taken[] = []
    const floor: Taken[] = []
    const overHttp: TakenOverHttp[] = []
    for (let run = 1; run <= Math.min(3, means.runs); run++) {
      const watch = async (peer: Peer) => {
        const ids = await peer.open({ requests: count })
        return () => peer.wait({ ids, seconds: patience })
      }
      ours.push(await taken(means, storage, { count, ready: watch }))
      floor.push(await taken(means, storage, { count, ready: bare(count) }))
      overHttp.push(await waitOverHttp(means, count))
    }
    return [...figuresOf(count, ours, floor), ...figuresOverHttp(count, overHttp, ours)]
  },
}

const bare = (count: number) => async (peer: Peer) => async () => peer.promise({ count, seconds: patience })

interface Taken {
  /** Bytes of each that waits. */
  readonly each: number
  /** Share of one processor. */
  readonly busy: number
}

interface Trial {
  readonly count: number
  readonly ready: (peer: Peer) => Promise<() => Promise<unknown>>
}

async function taken(means: Means, storage: BenchStorage, { count, ready }: Trial): Promise<Taken> {
  const peer = await startPeer(storage)
  try {
    const begin = await ready(peer)
    await pause(100 + 1_000 * means.scale) // for what the asks leave behind
    await peer.held()
    const before = await peer.held()
    await begin()
    await pause(200 + 3_000 * means.scale) // until all of them have read their request
    const after = await peer.held()
    const watched = 300 + 5_000 * means.scale
    await pause(watched)
    const { busy } = await peer.held()
    return { each: (after.bytes - before.bytes) / count, busy: ((busy - after.busy) / watched) * 100 }
  } finally {
    await peer.close()
  }
}

const nameOf = (count: number): string => `${count.toLocaleString('en')} agents wait`
const kilobytes = (all: readonly Pick<Taken, 'each'>[]) => all.map(({ each }) => each / 1024)
const percent = (all: readonly Pick<Taken, 'busy'>[]) => all.map(({ busy }) => busy)

function figuresOf(count: number, ours: readonly Taken[], floor: readonly Taken[]): readonly Figure[] {
  const name = nameOf(count)
  return [
    figure({ name: `${name}: memory of each`, unit: 'KiB', ours: kilobytes(ours), floor: kilobytes(floor) }),
    figure({ name: `${name}: processor while idle`, unit: '%', ours: percent(ours), floor: percent(floor) }),
  ]
}

/** The floor is what as many agents take that wait in a process, without a call. */
function figuresOverHttp(
  count: number,
  ours: readonly TakenOverHttp[],
  inProcess: readonly Taken[],
): readonly Figure[] {
  const name = `${nameOf(count)} over HTTP`
  const begin = ours.map(({ begin }) => begin)
  return [
    figure({ name: `${name}: memory of each`, unit: 'KiB', ours: kilobytes(ours), floor: kilobytes(inProcess) }),
    figure({ name: `${name}: processor while idle`, unit: '%', ours: percent(ours), floor: percent(inProcess) }),
    figure({ name: `${name}: processor until each waits`, unit: 'ms', ours: begin }),
  ]
}
