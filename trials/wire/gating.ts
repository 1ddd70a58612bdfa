import { randomBytes } from 'node:crypto'
import { Ends } from '../../src/approvals/ends.ts'
import { useForGate } from '../../src/approvals/gateUse.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import { later, milliseconds } from '../../src/core/data/instant.ts'
import { type RequestId, type Shard, shards } from '../../src/core/data/id.ts'
import { gitHubApi } from '../../src/github/api.ts'
import { gateAt } from '../../src/github/gate.ts'
import { localRsaKey } from '../../src/local/rsaKey.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { type DeliveryWorld, deliveryWorld, lasting } from '../../test/support/deliveryWorld.ts'
import { FakeTime } from '../../test/support/fakes/time.ts'
import { noon } from '../../test/support/build.ts'
import { macsFor, testOrigin } from '../../test/support/fakes/macs.ts'
import { fakePolicy } from '../../test/support/fakes.ts'
import { type Fault, startFaultProxy } from '../../test/support/faultProxy.ts'
import { gitHubApp, startGitHub } from '../../test/support/gitHubDouble.ts'
import { agent, roster } from '../../test/support/world.ts'
import { type Breaking, broken } from './delivering.ts'
import { longest, type Storage } from './station.ts'

/** A fault at a call of a delivery that tells GitHub a decision: to the storage or to GitHub, once or for a while. */
export interface GateCell extends Breaking {
  readonly verdict: 'approve' | 'deny'
  readonly name: string
}

const key = localRsaKey()
const run = 4_711

/** Calls of such a delivery, at most. A cell with a later call meets no fault. */
const mostCalls = { storage: 10, room: 4 } as const

/**
 * Tells GitHub a decision under a fault, and then without a fault, as the timer does.
 *
 * @returns whether the fault met its call
 * @throws {Error} if GitHub has no decision, more than one or another one, or has an approval before it was used up
 */
export async function gateUnder(storage: Storage, cell: GateCell): Promise<boolean> {
  const shard = free.pop()
  if (shard === undefined) throw new Error(`At most ${shards.length} cells run at once.`)
  return gateIn(shard, storage, cell).finally(() => free.push(shard))
}

/** Cells move the clocks of their shards, so that each has one for itself while it runs. */
const free: Shard[] = [...shards]

async function gateIn(shard: Shard, storage: Storage, cell: GateCell): Promise<boolean> {
  const { head } = await storage.ledger.load(shard, {})
  const clock = new FakeTime(head.recordedAt === null ? noon : later(noon, head.recordedAt))
  const tables = await startFaultProxy(storage.tablesUrl)
  const outbox = new TableOutbox(storage.tables(tables.url))
  const world = deliveryWorld({ ledger: storage.ledger, outbox, clock })
  const now = () => milliseconds(world.clock.now())
  const github = await startGitHub(key.publicKey, now)
  const wire = await startFaultProxy(github.url)
  const early: string[] = []
  try {
    const { id } = await world.ask({ ...lasting(longest, 'dba'), shard })
    github.wait(run, 'production')
    github.plan = ({ body }) => {
      if (body.includes('"approved"')) void world.find(id).then(({ status }) => early.push(status))
      return null
    }
    await (cell.verdict === 'approve' ? world.approve(id) : world.deny(id))
    const delivery = deliveryTo(world, wire.url.replace(/\/$/, ''), now)
    const met = await broken(cell, { room: wire, tables }, () => delivery.deliver(id))
    // Longer than a refusal rests, and as many runs as the timer needs.
    for (let left = 8; left > 0; left--) {
      world.clock.jump(3_660)
      await delivery.deliver(id)
    }
    await check(
      world,
      id,
      cell,
      github.decisions(run).map(({ state }) => state),
    )
    if (early.some((status) => status !== 'redeemed'))
      throw new Error(`GitHub heard of a request that is ${early.join()}`)
    return met
  } catch (cause) {
    throw new Error(`${titleOfGate(cell)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  } finally {
    await Promise.all([wire.close(), github.close(), tables.close()])
  }
}

/** A process whose requests each have the gate of the run, and no channel. */
function deliveryTo(world: DeliveryWorld, url: string, now: () => number) {
  const { clock, ledger, archive } = world
  const api = gitHubApi({ api: url, appId: gitHubApp.appId, key, now })
  const place = {
    installation: gitHubApp.installation,
    repository: { ...gitHubApp.repository, environments: new Map() },
  }
  const failed = () => undefined
  const ends = new Ends({ archive, macs: macsFor(testOrigin), clock, failed, pause: clock.pause })
  const known = fakePolicy(roster())
  const policy = { ...known, agent: agent }
  const parts = { ledger, clock, policy, ends, random: randomBytes, committed: () => undefined }
  return world.process({
    ...{ ends, failed, messenger: dispatch(new Map()) },
    policy: { ...world.policy, group: (name) => ({ name, members: [], channels: [] }) },
    gateKeeping: {
      gates: ({ id }) => gateAt(api, { ...place, environment: 'production', run: String(run) }, id),
      useUp: (id) => useForGate(parts, id),
    },
  })
}

async function check(
  world: DeliveryWorld,
  id: RequestId,
  { verdict }: GateCell,
  states: readonly string[],
): Promise<void> {
  const [status, state] = verdict === 'approve' ? ['redeemed', 'approved'] : ['denied', 'rejected']
  const request = await world.find(id)
  if (request.status !== status) throw new Error(`the request is ${request.status}, not ${status}`)
  if (states.join() !== state) throw new Error(`GitHub was told ${states.join() || 'nothing'}, not ${state}`)
}

export const titleOfGate = ({ side, verdict, name, call, onward }: GateCell): string =>
  `a decision to GitHub (${verdict}), ${name} of ${side === 'storage' ? 'the storage' : 'GitHub'} at call ${call}${onward ? ' and all after' : ''}`

/** Lists each fault at each call of both sides. */
export const gateCells = (faults: ReadonlyMap<string, Fault>): readonly GateCell[] =>
  (['storage', 'room'] as const).flatMap((side) =>
    (['approve', 'deny'] as const).flatMap((verdict) =>
      [...faults].flatMap(([name, fault]) =>
        Array.from({ length: mostCalls[side] }, (_, i) => i + 1).flatMap((call) =>
          [false, true].map((onward): GateCell => ({ side, verdict, name, fault, call, onward })),
        ),
      ),
    ),
  )
