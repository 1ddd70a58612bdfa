import { startConnector } from '../../test/support/connector.ts'
import { startTeams } from '../../test/support/teamsDouble.ts'
import { client } from '../deployment/client.ts'
import { type Deployment, startDeployment } from '../deployment/deployment.ts'
import { type Bench, crowd, type Figure, figure, inTurns, type Means, share, timed } from './figure.ts'
import { atOnce, type Live, liveAt, policy, quiet } from './fiveCalls.ts'
import { startInstance } from './instance.ts'
import { processorOf } from './processor.ts'
import { storageAt } from './storage.ts'
import { bareTables, listen, listened, type Tape, taped } from './tape.ts'
import { roundsOf, type Wire, watchWire } from './wire.ts'

export const door: Bench = {
  about:
    'whole lives over HTTP, with tokens, limits and slots, without Teams and with its cards; what goes over the wire',
  async measure(means) {
    return [...(await lives(means, false)), ...(await lives(means, true))]
  },
}

/** Measures lives at a process of their own. The floor makes the durable writes and the reads of as many lives by itself. */
async function lives(means: Means, withTeams: boolean): Promise<readonly Figure[]> {
  const name = withTeams ? 'life through the door, with Teams' : 'life through the door'
  const [connector, teams] = await Promise.all([startConnector(), startTeams()])
  const env = { COUNTERSIGN_CONNECTOR: withTeams ? connector.url : '', COUNTERSIGN_BOT_KEYS: teams.keysUrl }
  const wires: Wire[] = []
  const deployment = await startDeployment({
    ...{ processes: 2, policy, env },
    way: async (azurite, number) => {
      // The second process is for counting: what it asks goes through a wire that is watched.
      if (number === 0) return azurite
      wires.push(await watchWire(azurite.tablesUrl), await watchWire(azurite.blobsUrl))
      const [tablesUrl = '', blobsUrl = ''] = wires.map(({ url }) => url)
      return { ...azurite, tablesUrl, blobsUrl }
    },
  })
  const http = client(deployment)
  try {
    return [
      ...(await throughput(means, name, { deployment, live: liveAt(http, 0) })),
      ...(await calls(name, wires, liveAt(http, 1))),
    ]
  } finally {
    http.close()
    await deployment.close()
    await Promise.all([connector.close(), teams.close(), ...wires.map((wire) => wire.close())])
  }
}

async function throughput(
  means: Means,
  name: string,
  { deployment, live }: { readonly deployment: Deployment; readonly live: Live },
): Promise<readonly Figure[]> {
  const times = share(means, 200)
  const bare = await bareTables(storageAt(deployment.storage))
  const ours: number[] = []
  const floor: number[] = []
  const processor: number[] = []
  let number = 0
  await inTurns(means, async (counts) => {
    const tapes = await tapesOf(means, times)
    const before = processorOf(deployment.members[0])
    const took = await timed(() => crowd(times, atOnce, () => live(number++)))
    const worked = processorOf(deployment.members[0]) - before
    const tookBare = await timed(() => crowd(times, atOnce, async (i) => tapes[i]?.replay(bare)))
    if (!counts) return
    ours.push((times / took) * 1000)
    floor.push((times / tookBare) * 1000)
    processor.push(worked / times)
  })
  const least = name.endsWith('Teams') ? 0.5 : 0.65
  return [
    figure({ name: `${name}, ${atOnce} clients`, unit: 'per s', ours, floor, goal: { of: 'ratio', least } }),
    figure({ name: `${name}: processor of the service`, unit: 'ms', ours: processor }),
  ]
}

/** Lives in this process, on tables of their own, for what they write and read. */
async function tapesOf(means: Means, times: number): Promise<readonly Tape[]> {
  const storage = await means.storage()
  const tables = storage.connect()
  listen(tables)
  const instance = await startInstance(tables, { archive: listened(await storage.archive()) })
  const tapes: Tape[] = []
  await crowd(times, atOnce, async () => tapes.push((await taped(instance.live)).tape))
  instance.stop()
  return tapes
}

/** Counts what one life asks of tables and files, while nothing else is under way. */
async function calls(name: string, wires: readonly Wire[], live: Live): Promise<readonly Figure[]> {
  const taken = () => wires.flatMap((wire) => wire.take())
  for (let times = 0; times < 3; times++) await live(0)
  await new Promise((done) => setTimeout(done, quiet))
  taken()
  await live(0)
  const sent = taken()
  await new Promise((done) => setTimeout(done, quiet))
  const counts = {
    'rounds, one after the other': roundsOf(sent),
    'operations until it is answered': sent.length,
    'operations afterwards': taken().length,
  }
  return Object.entries(counts).map(([what, count]) => figure({ name: `${name}: ${what}`, unit: '', ours: [count] }))
}
