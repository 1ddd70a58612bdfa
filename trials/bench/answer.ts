import { setTimeout as pause } from 'node:timers/promises'
import { type Bench, type Figure, figure, type Means, quantile, share, timed } from './figure.ts'
import { startInstance } from './instance.ts'
import { startPeer } from './peer.ts'
import type { BenchStorage } from './storage.ts'
import { bareTables, listen, taped } from './tape.ts'

/** Seconds for which an agent waits: longer than anything here takes. */
const patience = 120

export const answer: Bench = {
  about: 'from a decision to the answer of the agent that waits: in one process, and across two',
  async measure(means) {
    const storage = await means.storage()
    await storage.clear()
    return [...(await here(means, storage)), ...(await across(means, storage))]
  },
}

/** The floor makes the calls to the storage that the decision made, and reads the request once, as who waits must. */
async function here(means: Means, storage: BenchStorage): Promise<readonly Figure[]> {
  const tables = storage.connect()
  listen(tables)
  const instance = await startInstance(tables)
  const bare = await bareTables(storage)
  const ours: number[] = []
  const floor: number[] = []
  for (let number = -10; number < share(means, 400); number++) {
    const { tape, result: request } = await taped(instance.ask)
    await tape.replay(bare)
    const waits = instance.approvals.wait(request.id, patience)
    await instance.ledger.find(request.id)
    const deciding = await taped(() => timed(async () => Promise.all([instance.approve(request), waits])))
    const took = deciding.result
    const tookBare = await timed(async () => {
      await deciding.tape.replay(bare)
      await bare.ledger.getEntity('00', 'head')
    })
    // The first ones warm up.
    if (number < 0) continue
    ours.push(took)
    floor.push(tookBare)
  }
  instance.stop()
  return quantiles('decided → answered, one process', ours, { floor })
}

async function across(means: Means, storage: BenchStorage): Promise<readonly Figure[]> {
  const [decides, waits] = await Promise.all([startPeer(storage), startPeer(storage)])
  try {
    const ids = await decides.open({ requests: share(means, 200) })
    await waits.wait({ ids, seconds: patience })
    await pause(Math.min(3_000, 3_000 * means.scale + 100)) // for the first look at every shard
    const told = new Map<string, number>()
    for (const id of ids) {
      told.set(id, await decides.approve({ id }))
      await pause(Math.random() * 20)
    }
    const answers = await waits.answers()
    const took = answers.map(([id, at]) => at - (told.get(id) ?? Number.NaN))
    return quantiles('decided → answered, two processes', took, { goals: [300, 1000] })
  } finally {
    await Promise.all([decides.close(), waits.close()])
  }
}

/** The quantiles 0.5 and 0.99. Goals are in milliseconds, one for each. */
function quantiles(
  name: string,
  ours: readonly number[],
  { floor, goals }: { readonly floor?: readonly number[]; readonly goals?: readonly [number, number] },
): readonly Figure[] {
  return [0.5, 0.99].map((share, index) =>
    figure({
      name: `${name}: p${share * 100}`,
      unit: 'ms',
      ours: [quantile(ours, share)],
      ...(floor && { floor: [quantile(floor, share)] }),
      ...(goals && { goal: { of: 'ours', most: goals[index] as number } }),
    }),
  )
}
