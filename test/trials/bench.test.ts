import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { scratch } from '../evidence/days.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { someOf } from '../support/whole.ts'
import { date, eventsIn, FileLedger, writeDay } from '../../trials/bench/day.ts'
import { type Figure, figure } from '../../trials/bench/figure.ts'
import type { Name } from '../../trials/bench/programs.ts'
import { CountingArchive, sealDay } from '../../trials/bench/sealed.ts'
import { inserted, markdownOf } from '../../trials/bench/table.ts'

const root = join(import.meta.dirname, '../..')
const place = scratch()
afterAll(place.clean)

test('the whole day that the bench makes is sealed', async () => {
  await writeDay(place.folder, 800)
  const seals = new MemorySeals(date)
  const bundle = join(place.folder, 'bundle.zip')
  const archive = new CountingArchive(place.folder, bundle)
  await sealDay(place.folder, { ledger: new FileLedger(place.folder), seals, archive })
  const events = eventsIn(place.folder)
  expect(events).toBeGreaterThanOrEqual(800)
  expect((await seals.head()).head?.size).toBe(events)
  expect(archive.bytes).toBeGreaterThan(readFileSync(bundle).length)
})

test('each run is compared with its own floor, and judged by its goal', () => {
  const given = { name: 'asks', unit: 'per s', floor: [1, 10, 2] }
  const told = figure({ ...given, ours: [2, 20, 6], goal: { of: 'ratio', least: 2 } })
  expect(told).toMatchObject({ ours: 6, floor: 2, ratio: 2, holds: true })
  expect(figure({ ...given, ours: [2, 20, 6], goal: { of: 'ratio', least: 2.1 } }).holds).toBe(false)
  expect(figure({ ...given, ours: [2, 20, 6], goal: { of: 'ours', most: 5 } }).holds).toBe(false)
  expect(() => figure({ ...given, ours: [2, Number.NaN, 6] })).toThrow('no number')
  expect(() => figure({ ...given, ours: [] })).toThrow('no number')
})

test('only the table of a document is replaced', () => {
  const document = 'before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n'
  const table = markdownOf([figure({ name: 'asks', unit: 'per s', ours: [2] })])
  const after = inserted(document, 'figures', table)
  expect(after).toContain('| asks | 2 per s |')
  expect(inserted(after, 'figures', 'old')).toBe(inserted(document, 'figures', 'old'))
  expect(() => inserted('before', 'figures', table)).toThrow('no marks')
})

/** What needs no second instance, no stack, and little time. All of them: npm run bench -- --scale 0.01 --runs 1 */
const all = ['card', 'json', 'life', 'rows', 'lists'] as const satisfies readonly Name[]
const quick = someOf(all, () => '', 2)

test('figures can be measured, and are written as JSON', async () => {
  const file = join(place.folder, 'figures.json')
  const few = ['--scale', '0.005', '--runs', '1', '--requests', '20000', '--json', file]
  const program = ['scripts/trial.mjs', '--built', 'bench', ...quick, ...few]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: root })
  for (const name of quick) expect(stderr).toContain(`bench: ${name}, `)
  const { figures } = JSON.parse(readFileSync(file, 'utf8')) as { readonly figures: readonly Figure[] }
  expect(figures.length).toBeGreaterThan(quick.length)
  for (const { name } of figures) expect(stdout).toContain(name)
})
