import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../src/core/data/id.ts'
import { keptCheckpointsIn } from '../../src/verify/keptCheckpoints.ts'
import { verifySeries } from '../../src/verify/series.ts'
import type { KnownEnds } from '../../src/verify/seriesEnds.ts'
import { type Members, rewrite, textIn, type Written, zipName, zipOf } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { dates, type Sealed, sealedDays } from './days.ts'

let days: Sealed
let whole: string
/** Bundles 2 to 4. */
let part: string
let members: Readonly<Record<string, Members>>

beforeAll(async () => {
  days = await sealedDays()
  members = Object.fromEntries(await Promise.all(dates.map(async (date) => [date, await days.members(date)] as const)))
  whole = await folderOf(dates)
  part = await folderOf(dates.slice(1, 4))
})
afterAll(() => days.place.clean())

async function folderOf(some: typeof dates): Promise<string> {
  const folder = mkdtempSync(join(days.place.path, 'days-'))
  for (const date of some) writeFileSync(join(folder, zipName(date)), await days.zip(date))
  return folder
}

const membersOf = (number: number): Members => members[day(number)] ?? new Map()
const textOf = (number: number, name: string): string => textIn(membersOf(number), name)
const manifestHash = (number: number) => sha256(textOf(number, 'manifest.sigstore.json'))
const kept = (...texts: readonly string[]): KnownEnds => ({ checkpoints: keptCheckpointsIn(texts.join('\n'), 'kept') })

const codeOf = async (folder: string, ends: KnownEnds) =>
  (await verifySeries(folder, { keys: [days.key.spki], ends })).problem?.code ?? 'holds'

test.each<[string, KnownEnds, string]>([
  ['from its first day', { from: day(5) }, 'holds'],
  ['from a day within', { from: day(6) }, 'holds'],
  ['from the day before', { from: day(4) }, 'late-start'],
  ['through its last day', { through: day(7) }, 'holds'],
  ['through the day after', { through: day(8) }, 'early-end'],
  ['first 2', { first: 2 }, 'holds'],
  ['first 1', { first: 1 }, 'late-start'],
  ['first 3', { first: 3 }, 'another-history'],
])('a series of bundles 2 to 4, of 5 to 7 March, is known to go %s', async (_what, ends, code) => {
  expect(await codeOf(part, ends)).toBe(code)
})

test('the first bundle is known by its manifest or by its file', async () => {
  expect(await codeOf(part, { first: manifestHash(5) })).toBe('holds')
  expect(await codeOf(part, { first: sha256(await days.zip(day(5))) })).toBe('holds')
  expect(await codeOf(part, { first: manifestHash(4) })).toBe('another-history')
  expect(await codeOf(whole, { first: manifestHash(5) })).toBe('another-history')
  const { bundles } = await verifySeries(part, { keys: [days.key.spki] })
  expect(bundles.map(({ manifestHash: hash }) => hash)).toEqual([5, 6, 7].map(manifestHash))
})

test('kept checkpoints are found in notes, in messages, and as three lines; signatures do not matter', () => {
  const note = textOf(4, 'checkpoint')
  const [origin = '', size = '', root = ''] = note.split('\n')
  const one = { origin, size: Number(size), root }
  const found = (text: string) => keptCheckpointsIn(text, 'kept').map(({ place: _place, ...rest }) => rest)
  expect(found(note)).toEqual([one])
  expect(found(`4 March is sealed: ${size} records.\r\n\r\n${note.replaceAll('\n', '\r\n')}`)).toEqual([one])
  expect(found(`  ${origin}\n\n  ${size}\n\n  ${root}`)).toEqual([one])
  expect(found(`${note}\n${textOf(5, 'checkpoint')}`)).toHaveLength(2)
  for (const text of [
    '',
    origin,
    `${origin}\n${size}`,
    `${origin}\n0${size}\n${root}`,
    `${origin}\n${size}\n${root.slice(1)}`,
  ])
    expect(found(text)).toEqual([])
})

test('a kept checkpoint is compared with the log at its size', async () => {
  const notes = [4, 5, 6, 7, 8].map((number) => textOf(number, 'checkpoint'))
  expect(await codeOf(whole, kept(textOf(4, 'checkpoint.prev'), ...notes))).toBe('holds')
  expect(await codeOf(part, kept(...notes.slice(0, 4)))).toBe('holds')
  expect(await codeOf(part, kept(textOf(4, 'checkpoint.prev')))).toBe('late-start')
  expect(await codeOf(await folderOf(dates.slice(0, 2)), kept(textOf(7, 'checkpoint')))).toBe('early-end')
  const [origin, size, root = ''] = textOf(5, 'checkpoint').split('\n')
  const other = textOf(4, 'checkpoint').split('\n')[2]
  expect(await codeOf(part, kept(`${origin}\n${size}\n${other}`))).toBe('another-history')
  expect(await codeOf(part, kept(`${origin}\n${Number(size) + 1}\n${root}`))).toBe('another-history')
  expect(await codeOf(part, kept(`other.example/log\n${size}\n${root}`))).toBe('another-history')
})

test('a day that the key’s holder wrote anew holds, and not with the checkpoint that was kept', async () => {
  const other = (event: Written): Written =>
    event.type === 'requested' ? { ...event, said: { ...Object(event['said']), reason: '0'.repeat(64) } } : event
  const anew = rewrite(membersOf(4), days.key, (events) => events.map(other))
  const folder = mkdtempSync(join(days.place.path, 'anew-'))
  writeFileSync(join(folder, zipName(day(4))), await zipOf(anew))
  expect(await codeOf(folder, {})).toBe('holds')
  expect(await codeOf(folder, { first: 1, from: day(4), through: day(4) })).toBe('holds')
  expect(await codeOf(folder, kept(textOf(4, 'checkpoint')))).toBe('another-history')
  expect(await codeOf(folder, { first: manifestHash(4) })).toBe('another-history')
})
