import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleFiles } from '../../src/core/log/bundleFiles.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { BrokenAt, type Finding } from '../../src/verify/finding.ts'
import { checkKept, type KeptCheckpoint, keptCheckpointsIn } from '../../src/verify/keptCheckpoints.ts'
import { verifySeries } from '../../src/verify/series.ts'
import type { KnownEnds } from '../../src/verify/seriesEnds.ts'
import { fiveDays, type TrueDays } from '../support/liars.ts'
import { retold, retoldByDay, type Telling, tellingOf } from '../support/retelling.ts'
import { Story } from '../support/story.ts'
import { someOf } from '../support/whole.ts'
import { manifestIn, type Members, textIn, zipName, zipOf } from './bundle.ts'
import { type EventLie, eventLies } from './eventLies.ts'

let real: TrueDays
let kept: readonly KeptCheckpoint[]

beforeAll(async () => {
  real = await fiveDays()
  kept = keptCheckpointsIn(real.days.map((members) => textIn(members, bundleFiles.checkpoint.name)).join('\n'), 'kept')
})
afterAll(() => real.place.clean())

function told(...lies: readonly Pick<EventLie, 'tell'>[]): Telling {
  const story = new Story(tellingOf(real.days))
  for (const { tell } of lies) tell(story)
  return story.telling()
}

/** Verifies each day alone, from the first that was changed, until one does not hold. */
async function alone(telling: Telling): Promise<Finding | undefined> {
  const before = tellingOf(real.days).days.map(({ events }) => JSON.stringify(events))
  const first = telling.days.findIndex(({ events, edit }, i) => edit || JSON.stringify(events) !== before[i])
  const days = retoldByDay(real.days, real.key, telling)
  for (let place = 0; ; place++) {
    const { value: members } = days.next()
    if (!members) return undefined
    if (place < first) continue
    const { problem } = await verifyBundle(await real.place.zip(members), { keys: [real.key.spki] })
    if (problem) return problem
  }
}

async function together(days: readonly Members[], ends: KnownEnds = {}): Promise<Finding | undefined> {
  const folder = mkdtempSync(join(real.place.path, 'days-'))
  for (const members of days) writeFileSync(join(folder, zipName(manifestIn(members).date)), await zipOf(members))
  return (await verifySeries(folder, { keys: [real.key.spki], ends })).problem
}

test('what happened holds, and is what was kept', async () => {
  expect(await together(real.days, { checkpoints: kept })).toBeUndefined()
  expect(await together(retold(real.days, real.key, told()), { checkpoints: kept })).toBeUndefined()
})

const tried = someOf(eventLies, ({ row, shown }) => row + JSON.stringify(shown))
const refuted = tried.filter(({ shown }) => typeof shown === 'object')
const named = (lies: readonly EventLie[]) => lies.map((one) => [one.row, one.lie, one] as const)

test.each(named(refuted))('%s: %s', async (_row, _lie, one) => {
  const telling = told(one)
  const isOfSeries = typeof one.shown === 'object' && one.shown.code === 'broken-series'
  const problem = isOfSeries ? await together(retold(real.days, real.key, telling)) : await alone(telling)
  expect(problem).toMatchObject(one.shown)
})

const unrefuted = tried.filter(({ shown }) => typeof shown !== 'object')
/** By row of the table, the lies that no check finds. */
const silent = [...new Set(unrefuted.map(({ row }) => row))].map(
  (row) => [row, unrefuted.filter((one) => one.row === row)] as const,
)

test.each(silent)('%s: without a kept checkpoint, nothing shows it', async (_row, lies) => {
  expect(await together(retold(real.days, real.key, told(...lies)))).toBeUndefined()
})

test.each(silent)('%s: as the table says, a kept checkpoint shows it', (_row, lies) => {
  const refused = lies.filter((one) => {
    try {
      checkKept(retold(real.days, real.key, told(one)).map(manifestIn), kept)
      return false
    } catch (cause) {
      return cause instanceof BrokenAt && ['another-history', 'early-end'].includes(cause.code)
    }
  })
  expect(refused).toEqual(lies.filter(({ shown }) => shown === 'checkpoint'))
})

test('the option reads the same checkpoints', async () => {
  const [lie] = eventLies.filter(({ shown }) => shown === 'checkpoint')
  const days = retold(real.days, real.key, told(...(lie ? [lie] : [])))
  expect(await together(days, { checkpoints: kept })).toMatchObject({ code: 'another-history' })
})
