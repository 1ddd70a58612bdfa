import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { fileSigner } from '../../src/local/signer.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { dba } from '../support/build.ts'
import { asks, type Instance, votes, world } from '../support/world.ts'
import { type Account, startAccount } from './account.ts'
import { around, asked, at, comparable, day, history, live, manifestIn, morning, scratch, unzipped } from './days.ts'
import { checkLog, checkSeries, publicKey, refused, shelve, verified } from './series.ts'

const { folder: spool, left, clean } = scratch()
const shelf = scratch()
let account: Account

beforeAll(async () => {
  account = await startAccount(spool)
})
afterAll(async () => {
  await account.close()
  clean()
  shelf.clean()
})
afterEach(() => expect(left()).toEqual([]))

const days = [4, 5, 6, 7, 8].map(day)

async function lived() {
  const store = await account.anew()
  await live(await store.uses())
  return store
}

/** A storage account for what is sealed, and a ledger in memory. */
async function remembered(ledger: Ledger) {
  const store = await account.anew()
  return (more: Parameters<typeof store.sealer>[0] = {}) => store.sealer({ ledger, ...more })
}

test('a process that stops at a step, while another seals all days, finds nothing left to do', async () => {
  const sealer = await remembered((await history()).ledger)
  const slow = await sealer()
  const steps = ['seals.propose', 'archive.write', 'seals.advance', 'archive.publish']
  for (const [place, step] of steps.entries()) {
    const due = 4 + 2 * place
    const other = await sealer()
    slow.clock.set(at(due + 1, '00:05:00'))
    other.clock.set(at(due + 2, '00:05:00'))
    let isAsleep = false
    const sleepy = around(slow.parts, async (name, call) => {
      if (name !== step || isAsleep) return call()
      isAsleep = true
      expect((await other.run()).at(-1)).toBe(day(due + 1))
      return call()
    })
    expect(await new Sealing(sleepy).run()).toEqual(step === 'archive.publish' ? [day(due)] : [])
    expect(isAsleep).toBe(true)
    const newest = await slow.archive.read(`checkpoints/${day(due + 1)}`)
    expect(await account.published()).toBe(Buffer.from(newest ?? []).toString())
  }
  await checkLog(slow, [...days, ...[9, 10, 11].map(day)])
  expect(slow.failures).toEqual([])
})

/** One request on 4 March, which waits until midnight. */
async function begun() {
  const store = await account.anew()
  const { approvals, clock } = await store.uses()
  clock.set(at(4, '23:30:00'))
  await approvals.ask(asked('03'))
  const one = await store.sealer()
  one.clock.set(at(5, '00:05:00'))
  return { store, one }
}

const two = days.slice(0, 2)

test('missed days, with requests that cross midnight and a day without events, are sealed in one run', async () => {
  const store = await lived()
  const one = await store.sealer()
  expect(await one.run()).toEqual(days)
  // One that crosses midnight, and one without events.
  const leaves = await checkSeries(one, days, shelf.folder, days.slice(1, 3))
  expect(leaves[2]).toEqual([])
  const carried = await Promise.all(
    days.map(async (date) => manifestIn(await unzipped(one.archive, date)).counts.carried),
  )
  expect(carried[1]).toBeGreaterThan(2)
  const newest = await one.archive.read(`checkpoints/${day(8)}`)
  expect(await account.published()).toBe(Buffer.from(newest ?? []).toString())
  expect(one.failures).toEqual([])
})

test('two processes that seal at once make the same days, each once, and a run without work changes nothing', async () => {
  const store = await lived()
  const two = await Promise.all([store.sealer(), store.sealer()])
  const runs = await Promise.all(two.map((one) => one.run()))
  expect([...new Set(runs.flat())].toSorted()).toEqual(days)
  const [one, other] = two
  await checkSeries(one, days, shelf.folder)
  const twin = await store.twin()
  await twin.run()
  expect(await comparable(one.archive, days)).toEqual(await comparable(twin.archive, days))

  const [versions, published] = [await store.versions(), await account.published()]
  for (const again of [one, other, await store.sealer()]) expect(await again.run()).toEqual([])
  expect(await store.versions()).toEqual(versions)
  expect(await account.published()).toBe(published)
  expect(await other.seals.announcements(morning, morning)).toEqual(days)
  expect(two.flatMap(({ failures }) => failures)).toEqual([])
})

describe('a request that is made while a day is sealed', () => {
  test('belongs to the next day, by any clock', async () => {
    const { store, one } = await begun()
    const [ahead, behind] = [await store.uses(), await store.uses()]
    ahead.clock.set(at(5, '00:02:00'))
    // Its events get the time to which their shard was fenced.
    behind.clock.set(at(4, '23:59:58'))
    let calls = 0
    const busy = around(one.parts, async (_name, call) => {
      const result = await call()
      if (++calls % 12 > 0) return result
      const { approvals } = calls % 24 > 0 ? ahead : behind
      const { request } = await approvals.ask(asks())
      await approvals.decide(request.id, votes(request, dba))
      return result
    })
    expect(await new Sealing(busy).run()).toEqual([day(4)])
    expect(calls).toBeGreaterThan(60)
    one.clock.set(at(6, '00:05:00'))
    expect(await one.run()).toEqual([day(5)])
    const leaves = await checkSeries(one, two, shelf.folder)
    expect(leaves[1]?.filter(isAsked).map(timeIn)).toContain(at(5, '00:00:00'))
  })

  test("belongs to the ended day if it was committed before its shard's fence, and otherwise to the next", async () => {
    const { store, one } = await begun()
    const gate = gated((await store.sealer()).ledger)
    const [early, late] = [await store.uses(), await store.uses(gate.ledger)]
    for (const { clock } of [early, late]) clock.set(at(4, '23:59:59.999'))
    const shards = ['01', '04', '0d']
    const asking: Promise<unknown>[] = []
    const racing = around(one.parts, async (name, call, [shard]) => {
      if (name !== 'ledger.fence' || !shards.includes(String(shard))) return call()
      await early.approvals.ask(asked(String(shard)))
      const loaded = gate.reached(String(shard))
      asking.push(late.approvals.ask(asked(String(shard))))
      await loaded
      const result = await call()
      gate.open(String(shard))
      return result
    })
    expect(await new Sealing(racing).run()).toEqual([day(4)])
    expect(await Promise.all(asking)).toHaveLength(shards.length)
    expect(gate.conflicts()).toBe(shards.length)
    one.clock.set(at(6, '00:05:00'))
    await one.run()
    const leaves = await checkSeries(one, two, shelf.folder)
    const raced = leaves.map((day) => day.filter((leaf) => isAsked(leaf) && shardIn(leaf) !== '03'))
    expect(raced.map((day) => day.map((leaf) => [shardIn(leaf), timeIn(leaf)]))).toEqual([
      shards.map((shard) => [shard, at(4, '23:59:59.999')]),
      shards.map((shard) => [shard, at(5, '00:00:00')]),
    ])
  })

  test('is in exactly one bundle, even if many are made around midnight', async () => {
    const { store, one } = await begun()
    one.clock.set(at(5, '00:00:00'))
    const times = [at(4, '23:59:59.998'), at(4, '23:59:59.999'), at(5, '00:00:00')]
    const askers = await Promise.all(times.map(async (time) => asker(await store.uses(), time)))
    const asking = askers.map((ask) => ask(20))
    expect(await one.run()).toEqual([day(4)])
    await Promise.all(asking)
    one.clock.set(at(6, '00:05:00'))
    expect(await one.run()).toEqual([day(5)])
    const leaves = await checkSeries(one, two, shelf.folder)
    expect(leaves.flat().filter(isAsked)).toHaveLength(61)
    expect(leaves[1]?.length).toBeGreaterThan(20)
  })

  function asker({ approvals, clock }: Instance, time: Instant) {
    clock.set(time)
    return async (times: number) => {
      for (let left = times; left > 0; left--) {
        const { request } = await approvals.ask(asks())
        await approvals.cancel(request.id, request.agent.id)
      }
    }
  }

  const isAsked = (leaf: string) => leaf.includes('"type":"requested"')
  const shardIn = (leaf: string) => (JSON.parse(leaf) as { shard: string }).shard
  const timeIn = (leaf: string) => (JSON.parse(leaf) as { at: string }).at

  /** Holds the first commit of each shard until it is let through. */
  function gated(ledger: Ledger) {
    const gates = new Map<string, { reach: () => void; held: Promise<void> }>()
    const opens = new Map<string, () => void>()
    let conflicts = 0
    const held: Ledger['commit'] = async (loaded, change) => {
      const gate = gates.get(loaded.shard)
      gates.delete(loaded.shard)
      gate?.reach()
      await gate?.held
      return ledger.commit(loaded, change).catch((cause: unknown) => {
        conflicts += 1
        throw cause
      })
    }
    return {
      ledger: new Proxy(ledger, {
        get(target, method) {
          const value: unknown = Reflect.get(target, method, target)
          return method === 'commit' ? held : typeof value === 'function' ? value.bind(target) : value
        },
      }),
      conflicts: () => conflicts,
      open: (shard: string) => opens.get(shard)?.(),
      reached: (shard: string) =>
        new Promise<void>((reach) => {
          gates.set(shard, { reach, held: new Promise((open) => opens.set(shard, open)) })
        }),
    }
  }
})

describe('a signing key in a file', () => {
  /** A log whose keys lie in a folder. */
  async function keyed() {
    const uses = await world()
    uses.clock.set(at(4, '23:30:00'))
    await uses.approvals.ask(asked('03'))
    const sealer = await remembered(uses.ledger)
    const folder = mkdtempSync(join(shelf.folder, 'keys-'))
    const path = join(folder, 'log.pem')

    /** Seals up to a day, as a process that was started with the keys as they lie there now. */
    const started = async (number: number) => {
      const signer = await fileSigner(path)
      const one = await sealer({ signer })
      one.clock.set(at(number + 1, '00:05:00'))
      uses.clock.set(at(number + 1, '12:00:00'))
      return { one, run: one.run(), key: await publicKey(signer) }
    }

    const older = (number: number) => join(folder, `log.${number}.pem`)
    return { path, older, started, ask: () => uses.approvals.ask(asks()) }
  }

  test('can be replaced: the day of the change verifies with either key, later days with the new one', async () => {
    const { path, older, started, ask } = await keyed()
    const { run, key: first } = await started(4)
    expect(await run).toEqual([day(4)])
    renameSync(path, older(1))
    const { run: idle, key: second } = await started(4)
    expect(await idle).toEqual([])
    await ask()
    // The second key was announced and not used yet when a third takes its place.
    renameSync(path, older(2))
    const { run: fifth, key: third } = await started(5)
    expect(await fifth).toEqual([day(5)])
    await ask()
    const { one, run: rest } = await started(7)
    expect(await rest).toEqual([day(6), day(7)])
    expect(one.failures).toEqual([])

    const all = days.slice(0, 4)
    const leaves = await checkLog(one, all)
    const rotations = leaves.map((day) => day.filter((leaf) => leaf.includes('"key-rotated"')).length)
    expect(rotations).toEqual([0, 1, 1, 0])
    const auditor = await shelve(one, all, shelf.folder)
    const { bundles, problem } = await auditor.series(first)
    expect({ problem, sealed: bundles.length }).toEqual({ sealed: all.length })
    const said = [
      [verified, refused],
      [verified, verified, refused],
      [refused, verified, verified],
    ]
    for (const [place, answers] of said.entries())
      for (const [at, answer] of answers.entries()) {
        const [date = day(0), key = first] = [all[place], [first, second, third][at]]
        expect(await auditor.ours('verify.py', date, key)).toEqual(answer)
        // The day that three keys have to do with stands for the others: it starts many programs.
        if (place === 1) expect(await auditor.ours('verify.sh', date, key)).toEqual(answer)
      }
  })

  test('needs the older key on the day of the change: without it nothing is sealed until it comes back', async () => {
    const { path, older, started } = await keyed()
    await (await started(4)).run
    renameSync(path, older(1))
    await (await started(4)).run
    renameSync(older(1), `${older(1)}.away`)
    const { one, run } = await started(5)
    await expect(run).rejects.toMatchObject({ code: 'unavailable' })
    expect((await one.seals.head()).head?.date).toBe(day(4))
    expect(await one.seals.alarm()).toBeNull()
    renameSync(`${older(1)}.away`, older(1))
    expect(await (await started(5)).run).toEqual([day(5)])
    expect(manifestIn(await unzipped(one.archive, day(5))).signedBy).toHaveLength(2)
    rmSync(older(1))
    expect(await (await started(6)).run).toEqual([day(6)])
    await checkLog(one, days.slice(0, 3))
  })
})
