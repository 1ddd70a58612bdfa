import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ObjectId } from '../../src/core/data/id.ts'
import type { Erasable } from '../../src/core/request/erasure.ts'
import { eraseAll } from '../../src/evidence/erasures.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { countOf } from '../../src/verify/missingTexts.ts'
import { verifyPeriod } from '../../src/verify/period.ts'
import { verifySeries, type VerifyingSeries } from '../../src/verify/series.ts'
import { zipName } from '../evidence/bundle.ts'
import { asked, at, day } from '../evidence/days.ts'
import { dba2, noHolds, oid, policyVersion } from '../support/build.ts'
import { votes, type World } from '../support/world.ts'
import { dates, type Sealed, sealedDays } from './days.ts'

/** On 7 March two requests are denied. Two people erase texts of one on that day, and of the other on the next. */

let days: Sealed
let said: Readonly<Record<string, string>>

beforeAll(async () => {
  days = await sealedDays(async (world) => {
    const ids = await Promise.all(['02', '06'].map((shard) => denied(world, shard)))
    await erased(world, ids[0], ['reason', 'action'])
    world.clock.set(at(8, '09:00:00'))
    await erased(world, ids[1], ['reason'])
  })
  said = Object.fromEntries(await Promise.all(dates.map(async (date) => [date, await days.said(date)] as const)))
})
afterAll(() => days.place.clean())

async function denied({ approvals }: World, shard: string) {
  const { request } = await approvals.ask(asked(shard))
  return (await approvals.decide(request.id, votes(request, dba2, { verdict: 'deny', reason: 'No.' }))).id
}

async function erased(
  { ledger, clock }: World,
  id: Awaited<ReturnType<typeof denied>> | undefined,
  names: readonly Erasable[],
) {
  if (id === undefined) throw new Error('There is no request.')
  const policy = { version: policyVersion, accounts: (one: ObjectId) => [one] }
  const parts = { ledger, clock, policy, random: randomBytes, committed: () => undefined, holds: noHolds }
  for (const by of [62, 63]) await eraseAll(parts, id, { names, why: 'GDPR', by: oid(by) })
}

/** Verifies one day with a said file. */
const alone = async (number: number, text = said[day(number)] ?? '') =>
  verifyBundle(await days.file(day(number)), { keys: [days.key.spki], said: days.place.write('said.jsonl', text) })

/** Verifies all days with said files: those of the days, but for changes; `null` for one that is not there. */
async function together(changes: Readonly<Record<string, string | null>> = {}, more: Partial<VerifyingSeries> = {}) {
  const folder = mkdtempSync(join(days.place.path, 'days-'))
  for (const date of dates) {
    writeFileSync(join(folder, zipName(date)), await days.zip(date))
    const text = date in changes ? changes[date] : said[date]
    if (text !== null && text !== undefined) writeFileSync(join(folder, `said-${date}.jsonl`), text)
  }
  return verifySeries(folder, { keys: [days.key.spki], ...more })
}

const without = (number: number, name: string): Record<string, string> => {
  const lines = (said[day(number)] ?? '').split(/(?<=\n)/)
  const left = lines.toSpliced(
    lines.findIndex((line) => line.includes(`"name":"${name}"`)),
    1,
  )
  return { [day(number)]: left.join('') }
}

test('said files may lie in another folder, and one of a day without a bundle is named', async () => {
  const elsewhere = mkdtempSync(join(days.place.path, 'said-'))
  for (const date of dates) writeFileSync(join(elsewhere, `said-${date}.jsonl`), said[date] ?? '')
  writeFileSync(join(elsewhere, 'said-2026-02-03.jsonl'), 'not read')
  const none = Object.fromEntries(dates.map((date) => [date, null]))
  const found = await together(none, { said: elsewhere })
  expect(found).toMatchObject({ unused: ['said-2026-02-03.jsonl'], said: { files: 5, missing: [] } })
  expect(found.problem).toBeUndefined()
  expect((await together(none)).said).toBeUndefined()
  const empty = mkdtempSync(join(days.place.path, 'empty-'))
  await expect(together({}, { said: empty })).rejects.toThrow('has no file said-DATE.jsonl')
})

test('a text that was erased on the same day is explained, and one that was erased later is not told by its day', async () => {
  const { problem, said: found } = await alone(7)
  expect(problem).toBeUndefined()
  expect(found).toMatchObject({ erased: 3, missing: [{ names: ['reason'] }, { names: ['reason'] }] })
})

test('an empty said file explains nothing', async () => {
  const { problem, said: found } = await alone(4, '')
  expect(problem).toBeUndefined()
  expect(found).toMatchObject({ given: 0, erased: 0 })
  const given = (await alone(4)).said?.given ?? 0
  expect(given).toBeGreaterThan(8)
  expect(countOf(found?.missing ?? [])).toBe(given)
})

test('a text that nobody can erase is withheld, also from one day alone', async () => {
  const { problem } = await alone(8, '')
  expect(problem).toMatchObject({ code: 'withheld', check: 'said' })
  expect(problem?.words).toContain('“why”')
})

test('a series with all said files has every text, or the event that says that it was erased', async () => {
  const { problem, said: found } = await together()
  expect(problem).toBeUndefined()
  expect(found).toMatchObject({ files: 5, erased: 5, missing: [], without: [] })
})

test.each([
  [4, 'reason'],
  [5, 'name'],
  [4, 'action'],
])('a series without a text of %d March, “%s”, withholds it', async (number, name) => {
  const changes = without(number, name)
  const { problem } = await together(changes)
  expect(problem).toMatchObject({ code: 'withheld', check: 'said', file: `said-${day(number)}.jsonl` })
  expect(problem?.words).toMatch(new RegExp(`^1 texts are missing, the first “${name}” of record \\d+, .* 2026-03-08`))
  const counted = await together(changes, { allowUnexplained: true })
  expect(counted.problem).toBeUndefined()
  expect(counted.said).toMatchObject({ missing: [{ names: [name] }] })
})

test('of a period, a text that was erased after it is explained by the bundles of the later days', async () => {
  const folder = mkdtempSync(join(days.place.path, 'period-'))
  for (const date of dates) writeFileSync(join(folder, `said-${date}.jsonl`), said[date] ?? '')
  for (const date of dates.slice(0, -1)) writeFileSync(join(folder, zipName(date)), await days.zip(date))
  const period = { keys: [days.key.spki], to: day(7) }
  const taker = { day: async () => undefined, retract: () => undefined }
  expect((await verifyPeriod(folder, period, taker)).textProblem).toMatchObject({ code: 'withheld' })
  writeFileSync(join(folder, zipName(day(8))), await days.zip(day(8)))
  const found = await verifyPeriod(folder, period, taker)
  expect(found.textProblem).toBeUndefined()
  expect(found.days.at(-1)?.date).toBe(day(7))
})

test('a said file that one day lacks and other days have is not overlooked', async () => {
  const { problem } = await together({ [day(5)]: null })
  expect(problem).toMatchObject({ code: 'unexplained', file: `said-${day(5)}.jsonl` })
  const counted = await together({ [day(5)]: null }, { allowUnexplained: true })
  expect({ problem: counted.problem, without: counted.said?.without }).toEqual({ without: [day(5)] })
  // 6 March has no events, so nothing was said.
  expect((await together({ [day(6)]: null })).problem).toBeUndefined()
  const none = await together(Object.fromEntries(dates.map((date) => [date, null])))
  expect({ problem: none.problem, said: none.said }).toEqual({})
})

test('a text of another day in the said file of a series is named with its file', async () => {
  const { problem } = await together({ [day(5)]: said[day(4)] ?? '' })
  expect(problem).toMatchObject({ code: 'bad-said', file: `said-${day(5)}.jsonl` })
})
