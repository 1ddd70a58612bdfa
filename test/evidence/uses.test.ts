import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../../src/core/data/id.ts'
import { canonical, type JsonObject } from '../../src/core/data/json.ts'
import { bundleFiles } from '../../src/core/log/bundleFiles.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import type { Finding } from '../../src/verify/finding.ts'
import { saidName } from '../../src/verify/saidSeries.ts'
import { verifySeries } from '../../src/verify/series.ts'
import { oid } from '../support/build.ts'
import { retold, tellingOf, type Told } from '../support/retelling.ts'
import { usedDays, type UsedDays } from '../support/usedDays.ts'
import { manifestIn, type Members, textIn, zipName, zipOf } from './bundle.ts'

let real: UsedDays

beforeAll(async () => {
  real = await usedDays()
})
afterAll(() => real.place.clean())

/** Verifies days as a series, with what was written beside them if it is given. */
async function together(days: readonly Members[], said?: readonly string[]): Promise<Finding | undefined> {
  const folder = mkdtempSync(join(real.place.path, 'days-'))
  for (const [i, members] of days.entries()) {
    const { date } = manifestIn(members)
    writeFileSync(join(folder, zipName(date)), await zipOf(members))
    if (said) writeFileSync(join(folder, saidName(date)), said[i] ?? '')
  }
  return (await verifySeries(folder, { keys: [real.key.spki] })).problem
}

test('uses are sealed, carried with their standing approval, and hold, with what was written', async () => {
  expect(await together(real.days)).toBeUndefined()
  expect(await together(real.days, real.said)).toBeUndefined()
  const [first, second] = real.days
  if (!first || !second) throw new Error('There are two days.')
  expect(textIn(first, bundleFiles.further.name).split('\r\n')).toEqual([
    'request,glass,review,questions,answered,reminded,escalated,under,used,uses,narrowed',
    `${real.standing},,,,,,,,2,3,`,
    expect.stringMatching(`,${real.standing},,,$`),
    expect.stringMatching(`,${real.standing},,,$`),
    '',
  ])
  expect(textIn(second, bundleFiles.carried.name)).toContain(real.standing)
  expect(textIn(second, bundleFiles.exceptions.name)).not.toContain('never-used')
  expect(textIn(first, bundleFiles.exceptions.name)).toContain('standing,')
  expect(textIn(second, bundleFiles.metrics.name)).toContain('all,,used,1')
})

test('a process that ends a chunk with each commit seals the same bundles', async () => {
  const other = await usedDays({ chunkEvents: 1 })
  try {
    const folder = mkdtempSync(join(other.place.path, 'days-'))
    for (const members of other.days)
      writeFileSync(join(folder, zipName(manifestIn(members).date)), await zipOf(members))
    expect((await verifySeries(folder, { keys: [other.key.spki] })).problem).toBeUndefined()
  } finally {
    other.place.clean()
  }
})

type Change = (event: Told) => Told | null

/** Tells the days otherwise: each event as it is changed, or left out. */
function lying(change: Change) {
  const { days } = tellingOf(real.days)
  let count = 0
  const told = days.map(({ date, events }) => ({
    date,
    events: events.flatMap((event) => {
      const next = change(event)
      if (next !== event) count += 1
      return next ? [next] : []
    }),
  }))
  if (count === 0) throw new Error('Nothing was lied about.')
  return retold(real.days, real.key, { days: told })
}

const isUse = ({ type, data }: Told): boolean => type === 'requested' && data?.['under'] !== undefined
const second = ({ at }: Told): boolean => at.startsWith('2026-03-05T00:20')
const withData = (event: Told, data: object): Told => ({ ...event, data: { ...event.data, ...data } })

const rules = { check: 'rules', code: 'illegal-event' }
const policy = { check: 'policy', code: 'against-policy' }

test.each<readonly [string, object, Change]>([
  ['a use without its count', rules, (event) => (event.type === 'used' && second(event) ? null : event)],
  ['a count without its use', rules, (event) => (isUse(event) && second(event) ? null : event)],
  ['a use that is not approved', rules, (event) => (event.type === 'approved' && second(event) ? null : event)],
  [
    'a number that is skipped',
    rules,
    (event) => (event.type === 'used' && second(event) ? withData(event, { use: 2 }) : event),
  ],
  ['a last use that ends nothing', rules, (event) => (event.type === 'ended' ? null : event)],
  [
    'a use for another digest',
    rules,
    (event) => (event.type === 'used' ? withData(event, { digest: digestOf('x') }) : event),
  ],
  [
    'a use that is granted for longer',
    rules,
    (event) =>
      event.type === 'approved' && second(event) ? withData(event, { lapsesAt: '2026-03-05T00:59:00.000Z' }) : event,
  ],
  [
    'fewer uses than were taken',
    rules,
    (event) =>
      event.data?.['standing'] && event.type === 'requested' ? withData(event, { standing: { uses: 2 } }) : event,
  ],
  [
    'more uses than the rules give',
    policy,
    (event) =>
      event.data?.['standing'] && event.type === 'requested' ? withData(event, { standing: { uses: 200 } }) : event,
  ],
  [
    'a standing approval for longer than the rules give',
    rules,
    (event) => (event.data?.['standing'] && event.type === 'requested' ? withData(event, { lapse: 14_401 }) : event),
  ],
  [
    'the approval of somebody who is excluded',
    rules,
    (event) => (isUse(event) ? withData(event, { excluded: [oid(11), oid(31), oid(32)] }) : event),
  ],
])('%s is found', async (_what, expected, change) => {
  expect(await together(lying(change))).toMatchObject(expected)
})

test('a standing approval that is not carried with the redemption of its use is missed', async () => {
  const days = lying((event) => ({ ...event, at: event.at }))
  const [first, second] = days
  if (!first || !second) throw new Error('There are two days.')
  const lines = textIn(second, bundleFiles.carried.name).split(/(?<=\n)/)
  const without = new Map(second).set(
    bundleFiles.carried.name,
    Buffer.from(lines.filter((line) => !line.includes(`\\"request\\":\\"${real.standing}\\"`)).join('')),
  )
  // The sums of the day's manifest are not those any more.
  expect(await together([first, without])).toBeDefined()
})

/** Puts another action into the use of the second day, everywhere. */
function anotherAction(change: (action: JsonObject) => JsonObject) {
  const said = [...real.said]
  const lines = (said[1] ?? '').split('\n').filter((line) => line !== '')
  const place = lines.findIndex((line) => line.includes('"name":"action"'))
  const line = JSON.parse(lines[place] ?? '{}') as { text: string }
  const [before, text] = [digestOf(line.text), canonical(change(JSON.parse(line.text) as JsonObject))]
  said[1] = `${lines.with(place, canonical({ ...line, text })).join('\n')}\n`
  const after = digestOf(text)
  const days = lying((event) =>
    event.data?.['digest'] === before && event.at.startsWith('2026-03-05') ? withData(event, { digest: after }) : event,
  )
  return { days, said }
}

test.each<readonly [string, (action: JsonObject) => JsonObject]>([
  ['more rows', (action) => ({ ...action, params: { ...(action['params'] as JsonObject), rows: 200_001 } })],
  ['a param more', (action) => ({ ...action, params: { ...(action['params'] as JsonObject), force: true } })],
  ['a way out', (action) => ({ ...action, target: 'prod/postgres/../mysql' })],
])('with the said files, a use for %s is found outside its scope, of a day before', async (_what, change) => {
  const { days, said } = anotherAction(change)
  expect(await together(days)).toBeUndefined()
  const problem = await together(days, said)
  expect(problem).toMatchObject(policy)
  expect(problem?.words).toContain('outside standing approval')
})

test('alone, the second day has no scope to compare with', async () => {
  const { days, said } = anotherAction((action) => ({ ...action, target: 'prod/x' }))
  const [, day] = days
  const file = join(mkdtempSync(join(real.place.path, 'said-')), 'said.jsonl')
  writeFileSync(file, said[1] ?? '')
  const { problem } = await verifyBundle(await real.place.zip(day ?? new Map()), { keys: [real.key.spki], said: file })
  expect(problem).toBeUndefined()
})
