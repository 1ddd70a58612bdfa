import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FailedDay } from '../../src/verify/failedDay.ts'
import { type PeriodDay, verifyPeriod, type VerifyingPeriod } from '../../src/verify/period.ts'
import { zipName } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { dates, madeTwice, type Sealed, sealedDays } from './days.ts'

let days: Sealed

beforeAll(async () => {
  days = await sealedDays()
})
afterAll(() => days.place.clean())

type Changes = Readonly<Record<string, Buffer | string | null>>

/** A folder with bundles and said files, some of them others or left out, by their names. */
async function folderOf(changes: Changes = {}): Promise<string> {
  const folder = mkdtempSync(join(days.place.path, 'period-'))
  const files: Record<string, Buffer | string | null> = {}
  for (const date of dates) {
    files[zipName(date)] = await days.zip(date)
    files[`said-${date}.jsonl`] = await days.said(date)
  }
  for (const [name, content] of Object.entries({ ...files, ...changes }))
    if (content !== null) writeFileSync(join(folder, name), content)
  return folder
}

async function verdictOf(changes: Changes = {}, more: Partial<VerifyingPeriod> = {}) {
  const taken: PeriodDay[] = []
  const taker = { day: async (one: PeriodDay) => void taken.push(one), retract: () => undefined }
  const verdict = await verifyPeriod(await folderOf(changes), { keys: [days.key.spki], ...more }, taker)
  expect(taken).toEqual(verdict.days)
  return verdict
}

const statesOf = (found: readonly PeriodDay[]) =>
  found.map((one) => (one.state === 'holds' && !one.continues ? 'begins' : one.state))

test('every day of a period holds, and continues the one before', async () => {
  const { days: found, texts, textProblem, strays } = await verdictOf()
  expect(statesOf(found)).toEqual(['begins', 'holds', 'holds', 'holds', 'holds'])
  expect(found.map(({ date }) => date)).toEqual(dates)
  expect({ texts, textProblem, strays }).toMatchObject({ texts: { files: 5, missing: [] }, strays: [] })
  expect(textProblem).toBeUndefined()
})

test('only the days of the period are verified, and the calendar tells which are missing', async () => {
  const { days: found, unusedSaid } = await verdictOf({}, { from: day(3), to: day(5) })
  expect(statesOf(found)).toEqual(['missing', 'begins', 'holds'])
  expect(unusedSaid).toEqual([6, 7, 8].map((one) => `said-${day(one)}.jsonl`))
})

test.each<[string, () => Promise<Changes>, readonly string[]]>([
  ['missing', async () => ({ [zipName(day(6))]: null }), ['begins', 'holds', 'missing', 'begins', 'holds']],
  ['not a zip', async () => ({ [zipName(day(6))]: 'PK' }), ['begins', 'holds', 'broken', 'begins', 'holds']],
  [
    'cut off',
    async () => ({ [zipName(day(6))]: (await days.zip(day(6))).subarray(0, 3000) }),
    ['begins', 'holds', 'broken', 'begins', 'holds'],
  ],
  [
    'there twice',
    async () => ({ 'countersign-evidence-2026-03-06 (1).zip': await days.zip(day(6)) }),
    ['begins', 'holds', 'holds', 'broken', 'holds', 'holds'],
  ],
])('after a day that is %s the others are verified', async (_what, changes, states) => {
  expect(statesOf((await verdictOf(await changes())).days)).toEqual(states)
})

test('a said file of another day is named, and its day is verified without texts', async () => {
  const { days: found } = await verdictOf({ [`said-${day(5)}.jsonl`]: await days.said(day(4)) })
  expect(statesOf(found)).toEqual(['begins', 'holds', 'holds', 'holds', 'holds'])
  const one = found[1]
  expect(one).toMatchObject({
    state: 'holds',
    saidProblem: { problem: { code: 'bad-said' }, member: 'said-2026-03-05.jsonl' },
  })
  expect(one).not.toHaveProperty('said')
})

test('a said file that cannot be read is named, and its day holds without texts', async () => {
  const folder = await folderOf({ [`said-${day(5)}.jsonl`]: null })
  mkdirSync(join(folder, `said-${day(5)}.jsonl`))
  const taker = { day: async () => undefined, retract: () => undefined }
  const { days: found } = await verifyPeriod(folder, { keys: [days.key.spki] }, taker)
  expect(statesOf(found)).toEqual(['begins', 'holds', 'holds', 'holds', 'holds'])
  const words = expect.stringContaining('said-2026-03-05.jsonl is not a file') as string
  expect(found[1]).toMatchObject({ saidProblem: { member: 'said-2026-03-05.jsonl', words } })
  expect(found[1]).not.toHaveProperty('saidProblem.problem')
})

test('a file whose day cannot be told is named', async () => {
  const { days: found, strays } = await verdictOf({ 'countersign-evidence-x.zip': 'no zip' })
  expect(found).toHaveLength(5)
  expect(strays).toEqual([{ file: 'countersign-evidence-x.zip', words: expect.any(String) as string }])
})

test('texts that are missing are named, with their file', async () => {
  const { textProblem } = await verdictOf({ [`said-${day(5)}.jsonl`]: '' })
  expect(textProblem).toMatchObject({ code: 'withheld', file: 'said-2026-03-05.jsonl' })
  expect((await verdictOf({ [`said-${day(5)}.jsonl`]: null })).textProblem).toMatchObject({ code: 'unexplained' })
})

test('a kept checkpoint is compared with the days at the end that continue each other', async () => {
  const { days: found } = await verdictOf()
  const last = found.at(-1)
  if (last?.state !== 'holds') throw new Error('The last day holds.')
  const { log } = last.manifest
  const kept = { place: 'kept', origin: log.origin, size: log.to.size, root: log.to.root }
  const gap = { [zipName(day(6))]: null }
  expect((await verdictOf(gap, { checkpoints: [kept] })).endProblem).toBeUndefined()
  const beyond = { ...kept, size: log.to.size + 1 }
  expect((await verdictOf(gap, { checkpoints: [beyond] })).endProblem).toMatchObject({ code: 'early-end' })
  const other = { ...kept, root: Buffer.alloc(32).toString('base64') }
  expect((await verdictOf({}, { checkpoints: [other] })).endProblem).toMatchObject({ code: 'another-history' })
})

test.each<[string, () => Promise<Changes>]>([
  ['is there twice', async () => ({ 'countersign-evidence-2026-03-08 (2).zip': await days.zip(day(8)) })],
  ['does not hold', async () => ({ [zipName(day(8))]: 'PK' })],
  ['is missing', async () => ({ [zipName(day(8))]: null })],
])('a kept checkpoint counts also where the last day %s', async (_what, changes) => {
  const { days: found } = await verdictOf()
  const sixth = found[2]
  if (sixth?.state !== 'holds') throw new Error('The day holds.')
  const { origin, to } = sixth.manifest.log
  const kept = { place: 'kept', origin, ...to }
  const verdict = async (checkpoint: typeof kept) =>
    (await verdictOf(await changes(), { to: day(8), checkpoints: [checkpoint] })).endProblem
  expect(await verdict(kept)).toBeUndefined()
  expect(await verdict({ ...kept, size: 1_000_000 })).toMatchObject({ code: 'early-end' })
  expect(await verdict({ ...kept, root: Buffer.alloc(32).toString('base64') })).toMatchObject({
    code: 'another-history',
  })
})

test('a day that does not hold beside the others is taken back, and the day after it continues nothing', async () => {
  const other = await sealedDays(madeTwice)
  try {
    const folder = mkdtempSync(join(other.place.path, 'twice-'))
    for (const date of dates) writeFileSync(join(folder, zipName(date)), await other.zip(date))
    const back: string[] = []
    const taker = { day: async () => undefined, retract: ({ date }: FailedDay) => void back.push(date) }
    const { days: found } = await verifyPeriod(folder, { keys: [other.key.spki] }, taker)
    expect(back).toEqual([day(7)])
    expect(statesOf(found)).toEqual(['begins', 'holds', 'holds', 'broken', 'begins'])
  } finally {
    other.place.clean()
  }
})

test('a bundle is not verified by a key that signed none of the days before', async () => {
  const { days: found } = await verdictOf({}, { keys: [] })
  expect(statesOf(found)).toEqual(Array<string>(5).fill('broken'))
})
