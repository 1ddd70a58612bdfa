import { randomBytes } from 'node:crypto'
import type { Day } from '../../src/core/data/day.ts'
import type { Shard } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { type ExportedDownload, Exports } from '../../src/evidence/exports.ts'
import { Conflict, type Ledger } from '../../src/ports/ledger.ts'
import { after, dba, dba2, policyVersion, tool } from '../support/build.ts'
import { FakeClock } from '../support/fakes.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { apart, codeOf } from '../support/world.ts'

const shard = '00' as Shard
const bundle: ExportedDownload = { file: 'bundle', date: '2026-03-03' as Day, by: dba, client: tool }

let ledger: MemoryLedger
let clock: FakeClock

beforeEach(() => {
  ledger = new MemoryLedger(2)
  clock = new FakeClock(after(0))
})

/** One process on the rows. */
const process = (over: Ledger = ledger): Exports =>
  new Exports({ ledger: over, clock, policy: { version: policyVersion }, random: randomBytes, backOff: async () => {} })

async function recorded(): Promise<readonly string[]> {
  const { seq } = await ledger.news(shard, null)
  const found: string[] = []
  for await (const page of ledger.stream(shard, 0, seq))
    for (const { text } of page) {
      const { type, actor, data, request } = JSON.parse(text)
      expect(request).toBeUndefined()
      if (type === 'exported')
        found.push(`${actor.id === dba ? 'dba' : 'dba2'} ${data.file} ${data.date} ${data.client}`)
    }
  return found
}

test('a download is recorded once for each person, file and hour', async () => {
  const one = process()
  await one.record(bundle)
  await one.record(bundle)
  await one.record({ ...bundle, file: 'said' })
  await one.record({ ...bundle, by: dba2 })
  await one.record({ ...bundle, date: '2026-03-02' as Day })
  clock.set(after(3599))
  await one.record(bundle)
  expect(await recorded()).toEqual([
    `dba bundle 2026-03-03 ${tool}`,
    `dba said 2026-03-03 ${tool}`,
    `dba2 bundle 2026-03-03 ${tool}`,
    `dba bundle 2026-03-02 ${tool}`,
  ])
  clock.set(after(3600))
  await one.record(bundle)
  expect(await recorded()).toHaveLength(5)
})

test('processes that know nothing of each other record a download once', async () => {
  await process().record(bundle)
  const all = Array.from({ length: 4 }, () => process(apart(ledger)))
  const others = ['2026-03-01', '2026-03-02', '2026-03-03'] as Day[]
  await Promise.all(all.flatMap((one) => others.map((date) => one.record({ ...bundle, date }))))
  expect([...(await recorded())].sort()).toEqual(others.map((date) => `dba bundle ${date} ${tool}`))
})

test('a download that cannot be recorded is a problem', async () => {
  const commits = (commit: Ledger['commit']): Ledger => ({ ...apart(ledger), commit })
  const away = new Problem('unavailable', 'Away.')
  expect(await codeOf(process(commits(() => Promise.reject(away))).record(bundle))).toBe('unavailable')
  expect(await codeOf(process(commits(() => Promise.reject(new Conflict()))).record(bundle))).toBe('busy')
  expect(await recorded()).toEqual([])
})

test('a shard that lacks an event of the hour is broken, and not searched only in part', async () => {
  const one = process()
  for (const date of ['2026-03-01', '2026-03-02', '2026-03-03'] as Day[]) await one.record({ ...bundle, date })
  ledger.tamper(shard, 3, null)
  expect(await codeOf(process().record({ ...bundle, by: dba2 }))).toBe('evidence-broken')
  expect((await ledger.load(shard, {})).head.seq).toBe(4)
})
