import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from '../evidence/days.ts'
import { MemorySeals } from '../fakes/seals.ts'
import { date, eventsIn, FileLedger, writeDay } from './day.ts'
import { figuresOf } from './figures.ts'
import { CountingArchive, sealDay } from './sealed.ts'

const place = scratch()
afterAll(place.clean)

test('the day that the bench makes is sealed, all of it', async () => {
  await writeDay(place.folder, 800)
  const seals = new MemorySeals(date)
  const bundle = join(place.folder, 'bundle.zip')
  const archive = new CountingArchive(bundle)
  await sealDay(place.folder, { ledger: new FileLedger(place.folder), seals, archive })
  const events = eventsIn(place.folder)
  expect(events).toBeGreaterThanOrEqual(800)
  expect((await seals.head()).head?.size).toBe(events)
  expect(archive.bytes).toBeGreaterThan(readFileSync(bundle).length)
})

test('each run is compared with the floor of the same run', () => {
  const run = (seconds: number, megabytes = 100) => ({ seconds, megabytes })
  const most = { ratio: 3, megabytes: 300 }
  const floor = [run(1), run(10), run(2)]
  const given = { events: 60, floor, most }
  const figures = figuresOf('seal', { ...given, took: [run(2), run(20), run(6, 299)] })
  expect(figures).toMatchObject({ seconds: 6, eventsPerSecond: 10, megabytes: 299, ratio: 2, holds: true })
  expect(figuresOf('seal', { ...given, took: [run(2), run(20), run(2, 301)] }).holds).toBe(false)
  expect(figuresOf('seal', { ...given, took: [run(4), run(40), run(2)] }).holds).toBe(false)
})
