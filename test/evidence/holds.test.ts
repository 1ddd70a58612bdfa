import { randomBytes } from 'node:crypto'
import type { Day } from '../../src/core/data/day.ts'
import type { HoldId, Shard } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { holdFilePath } from '../../src/core/record/holdFile.ts'
import type { HoldScope } from '../../src/core/request/hold.ts'
import { type HoldingOrder, Holds, type HoldsParts } from '../../src/evidence/holds.ts'
import { after, anyWith, bot, dba, dba2, policyVersion, tool } from '../support/build.ts'
import { FakeClock } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { MemoryHolds } from '../support/fakes/holds.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { apart, codeOf } from '../support/world.ts'

const shard = '00' as Shard
const request = anyWith('denied')
const ofBot: HoldScope = { agent: bot }
const order: HoldingOrder = { scope: ofBot, why: 'Case 4711', by: dba, client: tool }

let ledger: MemoryLedger
let rows: MemoryHolds
let archive: MemoryArchive
let clock: FakeClock
let failures: unknown[]

beforeEach(() => {
  ledger = new MemoryLedger(2)
  rows = new MemoryHolds()
  archive = new MemoryArchive()
  clock = new FakeClock(after(0))
  failures = []
})

/** One process on the rows. */
const process = (other: Partial<HoldsParts> = {}): Holds =>
  new Holds({
    ...{ ledger, holds: rows, archive, macs: macsFor(testOrigin), clock, random: randomBytes },
    ...{ policy: { version: policyVersion }, backOff: async () => {}, failed: (cause) => void failures.push(cause) },
    ...other,
  })

const releasing = (hold: HoldId, by = dba2) => ({ hold, why: 'Closed', by, client: tool })

async function recorded(): Promise<readonly string[]> {
  const { head } = await ledger.load(shard, {})
  const found: string[] = []
  for await (const page of ledger.stream(shard, 0, head.seq))
    for (const { text, said } of page) {
      const { type, actor, data } = JSON.parse(text)
      if (type === 'policy-changed') continue
      found.push([type, actor.id === dba ? 'dba' : 'dba2', data.hold, said['why']?.text ?? '-'].join(' '))
    }
  return found
}

test('a hold covers its requests until it is released, by anybody with the role, and both are events', async () => {
  const one = process()
  await one.check(request)
  const { hold, held } = await one.hold(order)
  expect(held).toEqual({ by: dba, at: after(0), why: 'Case 4711' })
  await expect(process().check(request)).rejects.toMatchObject({ code: 'on-hold', details: { hold } })
  await expect(process().check(request)).rejects.toThrow(
    `Hold ${hold} covers this request (agent ${bot}): none of its texts is erased until a person with Evidence.Hold releases it.`,
  )
  await one.check({ ...request, agent: { id: dba } })
  clock.set(after(60))
  expect(await one.list(false)).toEqual([{ hold, scope: ofBot, held }])
  const released = { by: dba2, at: after(60), why: 'Closed' }
  expect(await one.release(releasing(hold))).toEqual({ hold, scope: ofBot, held, released })
  await process().check(request)
  expect(await one.list(false)).toEqual([])
  expect(await one.list(true)).toEqual([{ hold, scope: ofBot, held, released }])
  expect(await recorded()).toEqual([`held dba ${hold} Case 4711`, `released dba2 ${hold} Closed`])
  expect(failures).toEqual([])
})

test('a second release changes nothing, and no hold has another id', async () => {
  const { hold } = await process().hold(order)
  const all = [process(), process({ ledger: apart(ledger) }), process({ ledger: apart(ledger) })]
  const outcomes = await Promise.allSettled(all.map((one) => one.release(releasing(hold))))
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0)
  expect(await process().release(releasing(hold, dba))).toMatchObject({ released: { by: dba2 } })
  expect(await recorded()).toHaveLength(2)
  const other = `01kjw2xm00${'z'.repeat(16)}` as HoldId
  expect(await codeOf(process().release(releasing(other)))).toBe('not-found')
})

test('a hold on a request that there is not is refused, and so is a secret in the reason', async () => {
  expect(await codeOf(process().hold({ ...order, scope: { request: request.id } }))).toBe('not-found')
  const why = `The key AKIA${'ABCDEFGH'.repeat(2)}`
  expect(await codeOf(process().hold({ ...order, why }))).toBe('secret-in-params')
  expect(await recorded()).toEqual([])
})

const away = new Problem('unavailable', 'Away.')
const failing = async (): Promise<never> => Promise.reject(away)

describe('what a process leaves unfinished', () => {
  const broken: readonly (readonly [string, () => Partial<HoldsParts>])[] = [
    ['before the event', () => ({ ledger: { ...apart(ledger), commit: failing } })],
    ['before the file', () => ({ archive: { createOrRead: failing, list: (prefix) => archive.list(prefix) } })],
    [
      'before the row says so',
      () => ({
        holds: {
          ...{ all: () => rows.all(), find: (hold) => rows.find(hold), create: (row) => rows.create(row) },
          replace: failing,
        },
      }),
    ],
  ]

  test.each(broken)('%s is in force, and the same call goes on with it', async (_, parts) => {
    expect(await codeOf(process(parts()).hold(order))).toBe('unavailable')
    expect(await codeOf(process().check(request))).toBe('on-hold')
    const { hold } = await process().hold(order)
    expect(await recorded()).toEqual([`held dba ${hold} Case 4711`])
    expect(await process().list(true)).toHaveLength(1)
  })

  test.each(broken)('%s is finished by the next hold or release of somebody else', async (where, parts) => {
    expect(await codeOf(process(parts()).hold(order))).toBe('unavailable')
    clock.set(after(121))
    const why = where === 'before the event' ? '-' : 'Case 4711'
    const second = await process().hold({ ...order, by: dba2 })
    const [first] = await process().list(false)
    expect(await recorded()).toEqual([`held dba ${first?.hold} ${why}`, `held dba2 ${second.hold} Case 4711`])
    await process().release(releasing(first?.hold as HoldId))
    expect(await codeOf(process().check(request))).toBe('on-hold')
    await process().release(releasing(second.hold))
    await process().check(request)
  })

  test('a release whose file is not there ends nothing, and the same call finishes it', async () => {
    const { hold } = await process().hold(order)
    const parts = { archive: { createOrRead: failing, list: (prefix: string) => archive.list(prefix) } }
    expect(await codeOf(process(parts).release(releasing(hold)))).toBe('unavailable')
    expect(await codeOf(process().check(request))).toBe('on-hold')
    expect(await codeOf(process().release(releasing(hold, dba)))).toBe('busy')
    await process().release(releasing(hold))
    await process().check(request)
    expect(await recorded()).toEqual([`held dba ${hold} Case 4711`, `released dba2 ${hold} Closed`])
  })
})

describe('whoever can write the tables', () => {
  test('lifts no hold by deleting its row, and is noticed', async () => {
    const { hold } = await process().hold(order)
    rows.drop(hold)
    await expect(process().check(request)).rejects.toMatchObject({ code: 'on-hold', details: { hold } })
    expect(failures).toMatchObject([{ details: { broken: { shard: 'seal', row: `hold-${hold}`, check: 'missing' } } }])
    expect(await process().list(false)).toMatchObject([{ hold, held: { why: 'Case 4711' } }])
    await process().release(releasing(hold))
    expect((await rows.find(hold))?.row).toMatchObject({ hold, release: { by: dba2 } })
    await process().check(request)
  })

  test('lifts no hold by putting an older row back, and takes none back', async () => {
    const { hold } = await process().hold(order)
    const held = (await rows.find(hold))?.row
    await process().release(releasing(hold))
    rows.drop(hold)
    if (held) await rows.create(held)
    await process().check(request)
    expect(await process().release(releasing(hold))).toMatchObject({ released: { by: dba2 } })
    expect(await recorded()).toHaveLength(2)
  })

  test('makes no release by a row that says so, without the file', async () => {
    const { hold } = await process().hold(order)
    const stored = await rows.find(hold)
    if (!stored?.row.recorded) throw new Error('There is one.')
    const release = { by: dba2, at: after(1), recorded: stored.row.recorded }
    await rows.replace(stored.version, { ...stored.row, release })
    expect(await codeOf(process().check(request))).toBe('on-hold')
  })

  test('makes no release by a file that the service did not write: that is broken evidence', async () => {
    const { hold } = await process().hold(order)
    const name = holdFilePath({ hold, act: 'released' })
    const [held] = await archive.list('holds/')
    for (const note of [undefined, 'x', held?.note, held?.note?.replace('"held"', '"released"')]) {
      const other = new MemoryArchive()
      for (const { name, note } of await archive.list('')) await other.createOrRead(name, Buffer.from(''), '', note)
      await other.createOrRead(name, Buffer.from(''), '', note)
      expect(await codeOf(process({ archive: other }).check(request))).toBe('evidence-broken')
    }
  })
})

test('an event that a repair took out of the log is recorded again before its hold is released', async () => {
  const { hold } = await process().hold(order)
  const stored = await rows.find(hold)
  const leaf = '0'.repeat(64) as NonNullable<NonNullable<typeof stored>['row']['recorded']>['leaf']
  if (!stored?.row.recorded) throw new Error('There is one.')
  await rows.replace(stored.version, { ...stored.row, at: after(10_000), recorded: { ...stored.row.recorded, leaf } })
  clock.set(after(20_000))
  await process().release(releasing(hold))
  expect((await recorded()).map((line) => line.split(' ')[0])).toEqual(['held', 'held', 'released'])
})

test('holds of a period and of a request', async () => {
  const period = { from: '2026-03-01' as Day, to: '2026-03-31' as Day }
  const { hold } = await process().hold({ ...order, scope: period })
  await expect(process().check(request)).rejects.toThrow(`Hold ${hold} covers this request (requests of 2026-03-01 to`)
  await process().check({ ...request, createdAt: after(-40 * 86_400) })
})
