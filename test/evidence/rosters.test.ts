import { randomBytes } from 'node:crypto'
import type { Shard } from '../../src/core/data/id.ts'
import { type Instant, parseInstant } from '../../src/core/data/instant.ts'
import { eventRow, Problem } from '../../src/core/data/problem.ts'
import { memberList, mostListed } from '../../src/core/request/memberList.ts'
import { type RosterParts, Rosters } from '../../src/evidence/rosters.ts'
import { Conflict, type Ledger } from '../../src/ports/ledger.ts'
import type { ApproverGroup } from '../../src/ports/policy.ts'
import { dba, dba2, oid, policyVersion, security } from '../support/build.ts'
import { FakeClock, FakeDirectory } from '../support/fakes.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { apart } from '../support/world.ts'

const shard = '00' as Shard
const entraGroup = oid(70)
const list: ApproverGroup = { name: 'dba', members: [dba2, dba], channels: [] }
const mixed: ApproverGroup = { name: 'oncall', members: [security], entraGroup, channels: [] }
const at = (time: string): Instant => parseInstant(`2026-03-${time}Z`)

let ledger: MemoryLedger
let clock: FakeClock
let directory: FakeDirectory
let failures: unknown[]

beforeEach(() => {
  ledger = new MemoryLedger(2)
  clock = new FakeClock(at('04T00:05:00'))
  directory = new FakeDirectory(clock)
  directory.group(entraGroup, [security, dba])
  failures = []
})

/** One process on the rows. */
const process = (namedGroups: readonly ApproverGroup[], over: Partial<RosterParts> = {}): Rosters =>
  new Rosters({
    ...{ ledger, clock, directory, random: randomBytes, backOff: async () => {} },
    policy: { version: policyVersion, namedGroups: () => namedGroups },
    failed: (cause) => void failures.push(cause),
    ...over,
  })

interface Recorded {
  readonly type: string
  readonly at: string
  readonly data: { readonly group: string; readonly date: string; readonly digest: string; readonly count: number }
  readonly members: string | undefined
}

async function recorded(): Promise<readonly Recorded[]> {
  const found: Recorded[] = []
  for await (const page of ledger.stream(shard, 0, (await ledger.news(shard, null)).seq))
    for (const { text, said } of page) {
      const { type, at, data } = JSON.parse(text)
      if (type === 'roster') found.push({ type, at, data, members: said['members']?.text })
    }
  return found
}

const groups = async (): Promise<readonly string[]> =>
  (await recorded()).map(({ data: { group, date } }) => `${group} ${date}`)

const codes = () => failures.map((cause) => (cause as { readonly code: string }).code)

test('each group is recorded with its members, and again on the next day', async () => {
  const one = process([list, mixed])
  await one.record()
  await one.record()
  const [listed, both] = [memberList([dba, dba2]), memberList([security, dba])]
  expect(await recorded()).toEqual([
    {
      ...{ type: 'roster', at: clock.now(), members: listed.text },
      data: { group: 'dba', date: '2026-03-04', digest: listed.digest, count: 2 },
    },
    {
      ...{ type: 'roster', at: clock.now(), members: both.text },
      data: { group: 'oncall', entraGroup, date: '2026-03-04', digest: both.digest, count: 2 },
    },
  ])
  clock.set(at('04T23:05:00'))
  await process([list, mixed]).record()
  expect(await groups()).toHaveLength(2)
  clock.set(at('05T00:05:00'))
  await one.record()
  expect(await groups()).toEqual(['dba 2026-03-04', 'oncall 2026-03-04', 'dba 2026-03-05', 'oncall 2026-03-05'])
  expect(failures).toEqual([])
})

test('a policy that names no group has nothing recorded, and needs no directory', async () => {
  directory.down = true
  await process([]).record()
  expect(await recorded()).toEqual([])
  expect(failures).toEqual([])
})

test('while the directory is away lists are recorded, and the next run records the others', async () => {
  directory.down = true
  await process([mixed, list]).record()
  expect(await groups()).toEqual(['dba 2026-03-04'])
  expect(codes()).toEqual(['unavailable-oncall-2026-03-04'])
  directory.down = false
  clock.set(at('04T01:05:00'))
  await process([mixed, list]).record()
  expect(await groups()).toEqual(['dba 2026-03-04', 'oncall 2026-03-04'])
  expect(failures).toHaveLength(1)
})

test('a group that a new policy names during the day is recorded by the next run', async () => {
  await process([list]).record()
  clock.set(at('04T15:05:00'))
  const version = `sha256:${'07'.repeat(32)}` as typeof policyVersion
  await process([list, mixed], { policy: { version, namedGroups: () => [list, mixed] } }).record()
  expect(await groups()).toEqual(['dba 2026-03-04', 'oncall 2026-03-04'])
})

test('over 5,000 members are counted and not listed', async () => {
  directory.group(
    entraGroup,
    Array.from({ length: mostListed }, (_, i) => oid(1000 + i)),
  )
  await process([mixed]).record()
  directory.group(
    entraGroup,
    Array.from({ length: mostListed - 1 }, (_, i) => oid(1000 + i)),
  )
  clock.set(at('05T00:05:00'))
  await process([mixed]).record()
  const [larger, listed] = await recorded()
  expect(larger).toMatchObject({ data: { count: mostListed + 1 }, members: undefined })
  expect(listed).toMatchObject({ data: { count: mostListed } })
  expect(listed?.members).toHaveLength(37 * mostListed)
})

test('processes that know nothing of each other record a group once, even if the directory answers differently', async () => {
  let asked = 0
  const changing = { members: async () => Array.from({ length: ++asked }, (_, i) => oid(100 + i)) }
  const all = Array.from({ length: 4 }, () => process([list, mixed], { ledger: apart(ledger), directory: changing }))
  await Promise.all(all.map((one) => one.record()))
  expect(asked).toBe(4)
  expect([...(await groups())].sort()).toEqual(['dba 2026-03-04', 'oncall 2026-03-04'])
  expect(failures).toEqual([])
})

test('a crash between two groups leaves the first, and the next run records the second', async () => {
  let left = 1
  const crashing: Ledger = {
    ...apart(ledger),
    async commit(loaded, change) {
      if (left-- === 0) throw new Problem('unavailable', 'The process ends here.')
      await ledger.commit(loaded, change)
    },
  }
  await process([list, mixed], { ledger: crashing }).record()
  expect(await groups()).toEqual(['dba 2026-03-04'])
  await process([list, mixed]).record()
  expect(await groups()).toEqual(['dba 2026-03-04', 'oncall 2026-03-04'])
})

test('a run that crosses midnight records nothing for a day that is over', async () => {
  const slow = {
    async members() {
      clock.set(at('05T00:00:00'))
      return [dba]
    },
  }
  await process([mixed], { directory: slow }).record()
  expect(await recorded()).toEqual([])
  await process([mixed]).record()
  expect(await groups()).toEqual(['oncall 2026-03-05'])
})

test('what stops the recording is reported, and does not stop the caller', async () => {
  const commits = (commit: Ledger['commit']): Ledger => ({ ...apart(ledger), commit })
  await process([list], { ledger: commits(() => Promise.reject(new Conflict())) }).record()
  await process([list], { ledger: commits(() => Promise.reject(new TypeError('A fault.'))) }).record()
  const away = { ...apart(ledger), news: () => Promise.reject(new Problem('unavailable', 'Away.')) }
  await process([list], { ledger: away }).record()
  expect(codes()).toEqual(['busy-dba-2026-03-04', 'failed-dba-2026-03-04', 'unavailable'])
})

test('a shard that lacks an event of the day is broken, and not searched only in part', async () => {
  const three = ['a', 'b', 'c'].map((name) => ({ ...list, name }))
  await process(three).record()
  ledger.tamper(shard, 3, null)
  await process([...three, list]).record()
  expect(failures).toMatchObject([{ code: 'evidence-broken', details: { broken: { shard, row: eventRow(3) } } }])
  expect(await recorded()).toHaveLength(1)
})

test('a process that finds all groups early in the day reads no further', async () => {
  await process([list]).record()
  for (let i = 0; i < 10; i++) await process([{ ...list, name: `other-${i}` }]).record()
  const reads: number[] = []
  const counting: Ledger = {
    ...apart(ledger),
    async *stream(...args: Parameters<Ledger['stream']>) {
      for await (const page of ledger.stream(...args)) {
        reads.push(page.length)
        yield page
      }
    },
  }
  await process([list], { ledger: counting }).record()
  expect(reads).toEqual([2])
})
