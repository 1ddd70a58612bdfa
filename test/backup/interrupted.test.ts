import { checkSnapshot, restore, type RestoreParts } from '../../src/evidence/backup/restore.ts'
import { takeSnapshot } from '../../src/evidence/backup/snapshot.ts'
import { dba } from '../support/build.ts'
import { type Call, type Fault, type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { votes } from '../support/world.ts'
import { isWhole, someOf } from '../support/whole.ts'
import { asked, at, day, scratch } from '../evidence/days.ts'
import { comparable } from './lives.ts'
import { type Place, type Places, startPlaces } from './place.ts'

const { folder: spool, clean } = scratch()
let places: Places
let proxy: { readonly tables: FaultProxy; readonly blobs: FaultProxy }

beforeAll(async () => {
  places = await startPlaces(spool)
  const [tables, blobs] = await Promise.all([startFaultProxy(places.tablesUrl), startFaultProxy(places.blobsUrl)])
  proxy = { tables, blobs }
})
afterAll(async () => {
  await Promise.all([proxy.tables.close(), proxy.blobs.close()])
  await places.close()
  clean()
})

const through = () => ({ tables: proxy.tables.url, blobs: proxy.blobs.url })

/** The process dies: from one call on, nothing gets through. */
class Death extends Error {}

/** Dies at the call of this number among those that write, or counts them. */
function dying<P extends object>(port: P, methods: readonly string[], steps: { at: number; seen: number }): P {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (!methods.includes(String(name))) return value.bind(target) as unknown
      return async (...args: unknown[]) => {
        steps.seen += 1
        if (steps.seen === steps.at) throw new Death()
        return value.apply(target, args) as unknown
      }
    },
  })
}

/** A sealed day, a request that is open, one whose texts were erased, and the rows of all that. */
async function lived(): Promise<Place> {
  const place = await places.anew(at(4, '08:00:00'))
  const { approvals } = place.uses()
  const { request } = await approvals.ask(asked('03'))
  await approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
  place.clock.set(at(5, '00:05:00'))
  await place.seal()
  await approvals.ask({ ...asked('05'), expiresIn: 86_400 })
  return place
}

describe('a restore that is interrupted anywhere', () => {
  let place: Place
  let before: Awaited<ReturnType<typeof comparable>>
  beforeAll(async () => {
    place = await lived()
    await place.snapshot()
    before = await comparable(place)
  })
  beforeEach(() => place.drop())

  async function dies(step: number): Promise<{ readonly seen: number; readonly cause: unknown }> {
    const steps = { at: step, seen: 0 }
    const parts = await place.restoreParts()
    const dead: RestoreParts = {
      ...parts,
      rows: dying(parts.rows, ['put', 'putEvents', 'putRequests', 'putLimits'], steps),
      mark: dying(parts.mark, ['begin', 'open'], steps),
      seals: dying(parts.seals, ['propose', 'advance'], steps),
      ledger: dying(parts.ledger, ['fence'], steps),
    }
    const cause: unknown = await restore(dead, await checkSnapshot(dead, null)).catch((cause: unknown) => cause)
    return { seen: steps.seen, cause }
  }

  test('leaves tables that the service refuses, and can be repeated', async () => {
    const { seen } = await dies(Number.POSITIVE_INFINITY)
    expect(seen).toBeGreaterThan(20)
    expect(await comparable(place)).toEqual(before)
    // The first and the last steps, and some between: each is a state that the next try finds.
    const more = isWhole ? [2, 4, 9, seen - 17, seen - 1] : []
    for (const step of [1, seen - 16, seen, ...more]) {
      await place.drop()
      const { cause } = await dies(step)
      expect(cause).toBeInstanceOf(Death)
      if (step > 1) await expect(place.open()).rejects.toThrow('is being restored')
      expect(await place.restored()).toMatchObject({ lost: { gaps: [] }, proved: { date: day(4) } })
      expect(await comparable(place)).toEqual(before)
    }
  })

  const faults: readonly (readonly [string, Fault])[] = [
    ['is carried out and its answer lost', { kind: 'unanswered' }],
    ['is lost', { kind: 'lost' }],
    ['is refused', { kind: 'status', status: 503 }],
  ]

  test.each(someOf(faults))('goes on when every seventh call %s', async (_what, fault) => {
    let calls = 0
    const failing = (call: Call) => (call.method !== 'HEAD' && ++calls % 7 === 0 ? fault : null)
    proxy.tables.plan(failing)
    proxy.blobs.plan(failing)
    const parts = await place.restoreParts(through())
    await restore(parts, await checkSnapshot(parts, null))
    await Promise.all([proxy.tables.idle(), proxy.blobs.idle()])
    expect(proxy.tables.count(fault.kind) + proxy.blobs.count(fault.kind)).toBeGreaterThan(5)
    proxy.tables.plan(() => null)
    proxy.blobs.plan(() => null)
    expect(await comparable(place)).toEqual(before)
  })
})

test('a snapshot that is interrupted anywhere leaves whole segments, and the next one goes on', async () => {
  const place = await lived()
  const parts = place.snapshotParts()
  for (let step = 1; ; step += 1) {
    const steps = { at: step, seen: 0 }
    const archive = dying(parts.archive, ['write'], steps)
    const backup = dying(parts.backup, ['write'], steps)
    const cause: unknown = await takeSnapshot({ ...parts, archive, backup }).catch((cause: unknown) => cause)
    if (!(cause instanceof Death)) break
    expect(step).toBeLessThan(20)
  }
  const before = await comparable(place)
  await place.drop()
  expect(await place.restored()).toMatchObject({ lost: { gaps: [] } })
  expect(await comparable(place)).toEqual(before)
})

test('two snapshots at once leave two segments, of which one is restored', async () => {
  const place = await lived()
  const both = await Promise.all([place.snapshot(), place.snapshot()])
  expect(both.map((names) => names.length)).toEqual([8, 8])
  await place.uses().approvals.ask({ ...asked('03'), expiresIn: 86_400 })
  place.clock.set(at(6, '00:05:00'))
  await Promise.all([place.snapshot(), place.snapshot()])
  const before = await comparable(place)
  await place.drop()
  expect(await place.restored()).toMatchObject({ lost: { gaps: [] } })
  expect(await comparable(place)).toEqual(before)
})
