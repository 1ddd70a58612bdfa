import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Day } from '../../src/core/data/day.ts'
import { shards } from '../../src/core/data/id.ts'
import { canonical } from '../../src/core/data/json.ts'
import { evidenceBundle } from '../../src/core/data/namespace.ts'
import { metricLine, Metrics, metricsHeader } from '../../src/core/record/metrics.ts'
import { exceptionLine, exceptionsHeader, requestLine, requestsHeader } from '../../src/core/record/tables.ts'
import { lateSeal } from '../../src/core/record/lateSeal.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { replay } from '../../src/core/record/replay.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { Unreadable } from '../../src/verify/finding.ts'
import { verifySeries } from '../../src/verify/series.ts'
import {
  type Members,
  manifestIn,
  resign,
  rewrite,
  signingKey,
  stated,
  statementIn,
  textIn,
  zipName,
  zipOf,
} from '../evidence/bundle.ts'
import { at, day, sealer } from '../evidence/days.ts'
import { rotated } from '../support/fakes.ts'
import { asks } from '../support/world.ts'
import { dates, type Sealed, sealedDays } from './days.ts'

let days: Sealed

beforeAll(async () => {
  days = await sealedDays()
})
afterAll(() => days.place.clean())

/** A folder with the bundles of all days, some of them others or left out. */
async function folderOf(changes: Readonly<Record<string, Buffer | null>> = {}): Promise<string> {
  const folder = mkdtempSync(join(days.place.path, 'days-'))
  for (const date of dates) {
    const zip = date in changes ? changes[date] : await days.zip(date)
    if (zip) writeFileSync(join(folder, zipName(date)), zip)
  }
  writeFileSync(join(folder, 'notes.txt'), 'not a bundle')
  return folder
}

const verdictOf = async (folder: string) => verifySeries(folder, { keys: [days.key.spki] })

test('all days hold and continue each other, whatever their files are called', async () => {
  const folder = await folderOf({ [day(4)]: null })
  writeFileSync(join(folder, 'countersign-evidence-zz (1).zip'), await days.zip(day(4)))
  const { bundles, problem } = await verdictOf(folder)
  expect(problem).toBeUndefined()
  expect(bundles.map(({ manifest }) => manifest.date)).toEqual(dates)
})

test.each([
  ['in the middle', day(6), 2],
  ['after the first', day(5), 1],
])('a gap is named: %s', async (_where, date, before) => {
  const { bundles, problem } = await verdictOf(await folderOf({ [date]: null }))
  expect(bundles).toHaveLength(before)
  expect(problem?.code).toBe('broken-series')
})

test('a folder may begin with a later day', async () => {
  const { bundles, problem } = await verdictOf(await folderOf({ [day(4)]: null, [day(5)]: null }))
  expect({ problem, first: bundles[0]?.manifest.date }).toEqual({ problem: undefined, first: day(6) })
})

test('the same day twice is named', async () => {
  const folder = await folderOf()
  writeFileSync(join(folder, 'countersign-evidence-again.zip'), await days.zip(day(5)))
  expect((await verdictOf(folder)).problem?.code).toBe('broken-series')
})

test.each([
  ['in the middle', day(6), [day(6)], 2],
  ['at the end', day(8), [day(8)], 4],
  ['twice', day(7), [day(7), day(8)], 3],
])('days before one of a later form hold, and it is named: %s', async (_where, named, dates, before) => {
  const later: Record<string, Buffer> = {}
  for (const date of dates) later[date] = await ofLaterForm(date)
  const { bundles, problem } = await verdictOf(await folderOf(later))
  expect(bundles).toHaveLength(before)
  expect(problem).toMatchObject({ code: 'newer-format', file: zipName(named) })
})

test('a day that is of a later form by its own word alone is refused', async () => {
  const { key } = await signingKey()
  const { problem } = await verdictOf(await folderOf({ [day(6)]: await ofLaterForm(day(6), key) }))
  expect(problem).toMatchObject({ code: 'wrong-key', file: zipName(day(6)) })
})

async function ofLaterForm(date: Day, key = days.key): Promise<Buffer> {
  const members = await days.members(date)
  const predicateType = evidenceBundle.replace(/1$/, '2')
  return zipOf(stated(members, key, canonical({ ...statementIn(members), predicateType, predicate: {} })))
}

test('a bundle that does not hold is named by its file', async () => {
  const { problem } = await verdictOf(await folderOf({ [day(7)]: (await days.zip(day(7))).subarray(0, 5000) }))
  expect(problem).toMatchObject({ code: 'bad-zip', file: zipName(day(7)) })
})

test.each<[string, (members: Members) => Members]>([
  ['is signed again', (members) => resign(members, days.key)],
  ['is made anew', (members) => rewrite(members, days.key, (events) => events)],
  [
    'says that its manifest continues another',
    (members) => resign(members, days.key, (old) => ({ ...old, sealedAt: old.sealedAt, tool: 'another' })),
  ],
])('a day that holds alone and %s does not fit the series', async (_what, change) => {
  const members = change(await days.members(day(5)))
  const zip = await zipOf(members)
  expect((await verifyBundle(days.place.write('alone.zip', zip), { keys: [days.key.spki] })).problem).toBeUndefined()
  const { bundles, problem } = await verdictOf(await folderOf({ [day(5)]: zip }))
  expect(bundles.map(({ manifest }) => manifest.date)).toEqual([day(4), day(5)])
  expect(problem).toMatchObject({ code: 'broken-series', file: zipName(day(6)) })
})

/** The tables that follow from the records of a day that nothing was carried to. */
function retabled(members: Members): Members {
  const events = textIn(members, 'records.jsonl').split('\n').slice(0, -1).map(readRecord)
  let [requests, exceptions] = [requestsHeader, exceptionsHeader]
  const metrics = new Metrics()
  const changes = new Set<string>()
  for (const shard of shards) {
    const rules = replay({ changes })
    for (const [index, event] of events.entries())
      if (event.shard === shard) exceptions += rules.take(event, index).map(exceptionLine).join('')
    for (const row of rules.rows()) {
      requests += requestLine(row, [])
      metrics.take(row, null)
    }
  }
  const late = lateSeal(manifestIn(members))
  if (late) exceptions += exceptionLine(late)
  const counted = metricsHeader + metrics.rows().map(metricLine).join('')
  const tables = new Map([...members, ['requests.csv', Buffer.from(requests)], ['metrics.csv', Buffer.from(counted)]])
  return resign(tables.set('exceptions.csv', Buffer.from(exceptions)), days.key)
}

test('a day that was shortened with the signing key holds alone, and is found by the next day', async () => {
  const whole = await days.members(day(4))
  const shorter = rewrite(whole, days.key, (events) => events.filter(({ type }) => type !== 'succeeded'))
  expect(manifestIn(shorter).counts.records).toBeLessThan(manifestIn(whole).counts.records)
  const zip = await zipOf(retabled(shorter))
  expect((await verifyBundle(days.place.write('short.zip', zip), { keys: [days.key.spki] })).problem).toBeUndefined()
  const { problem } = await verdictOf(await folderOf({ [day(4)]: zip }))
  expect(problem).toMatchObject({ code: 'broken-series', file: zipName(day(5)) })
})

test('a folder that is missing, or has no bundles, cannot be read', async () => {
  const empty = join(days.place.path, 'empty')
  mkdirSync(empty)
  await expect(verdictOf(empty)).rejects.toThrow(Unreadable)
  await expect(verdictOf(join(empty, 'none'))).rejects.toThrow(Unreadable)
})

describe('after a key rotation', () => {
  let turned: string
  let newest: Awaited<ReturnType<typeof signingKey>>

  beforeAll(async () => {
    newest = await signingKey()
    const { world, sealer: one, place } = days
    const signer = rotated(newest.signer, days.signer)
    const next = await sealer({ ...one, ledger: world.ledger, spool: place.path, signer })
    await next.run()
    for (const number of [9, 10]) {
      world.clock.set(at(number, '12:00:00'))
      await world.approvals.ask(asks())
      one.clock.set(at(number + 1, '00:05:00'))
      await next.run()
    }
    turned = await folderOf()
    for (const number of [9, 10]) writeFileSync(join(turned, zipName(day(number))), await days.zip(day(number)))
  })
  afterAll(() => rmSync(turned, { recursive: true }))

  const alone = async (number: number, key: Uint8Array) =>
    (await verifyBundle(join(turned, zipName(day(number))), { keys: [key] })).problem?.code ?? 'holds'

  test('the old key alone leads through the whole series', async () => {
    const { bundles, problem } = await verdictOf(turned)
    expect(problem).toBeUndefined()
    expect(bundles).toHaveLength(7)
  })

  test('the day of the change holds with either key, the next day with the new one only', async () => {
    expect(await alone(9, days.key.spki)).toBe('holds')
    expect(await alone(9, newest.key.spki)).toBe('holds')
    expect(await alone(10, newest.key.spki)).toBe('holds')
    expect(await alone(10, days.key.spki)).toBe('wrong-key')
    expect(await alone(8, newest.key.spki)).toBe('wrong-key')
  })

  test('the day of the change is signed by both', async () => {
    const members = await days.members(day(9))
    const file = await days.place.zip(resign(members, days.key))
    const { problem } = await verifyBundle(file, { keys: [days.key.spki] })
    expect(problem?.code).toBe('wrong-key')
  })

  test('a later day by the old key is refused, even if that key is trusted', async () => {
    const { number } = manifestIn(await days.members(day(10)))
    expect(number).toBe(7)
    const members = await days.members(day(10))
    const old = new Map([...members].filter(([name]) => !name.startsWith('keys/')))
    const [pem = ''] = [...(await days.members(day(4))).keys()].filter((name) => name.startsWith('keys/'))
    old.set(pem, (await days.members(day(4))).get(pem) ?? Buffer.of())
    const zip = await zipOf(rewrite(old, days.key, (events) => events))
    writeFileSync(join(turned, zipName(day(10))), zip)
    const { problem } = await verifySeries(turned, { keys: [days.key.spki, newest.key.spki] })
    expect(problem).toMatchObject({ code: 'wrong-key', file: zipName(day(10)) })
  })
})
