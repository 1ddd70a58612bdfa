import { plusSeconds } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { isWhole } from '../support/whole.ts'
import { type Account, startAccount } from './account.ts'
import { at, comparable, day, live, morning, scratch } from './days.ts'
import { type End, ending } from './endings.ts'
import { checkSeries } from './series.ts'

const { folder: spool, left, clean } = scratch()
const shelf = scratch()
let account: Account

beforeAll(async () => {
  account = await startAccount(spool)
})
afterAll(async () => {
  await account.close()
  clean()
  shelf.clean()
})
afterEach(() => expect(left()).toEqual([]))

const days = [4, 5].map(day)
const ends: readonly End[] = ['before', 'after']

/** How a call is known among others: in the trial `tests` by its day and arguments too, in `npm test` by its name. */
const pointOf = (call: string): string => (isWhole ? call : (call.split(' ')[1] ?? call))

test('sealers that crash before and after every call make the same bytes as one that never crashes', async () => {
  const store = await account.anew()
  await live(await store.uses())
  const [one, whole, twin] = await Promise.all([store.sealer(), store.twin(), store.twin()])
  for (const { clock } of [one, whole, twin]) clock.set(at(6, '00:05:00'))
  const ended = new Set<string>()
  for (let isWhole = false; !isWhole; ) {
    isWhole = true
    // A plan that is made anew shows.
    one.clock.set(plusSeconds(one.clock.now(), 1))
    const { parts, idle } = ending((await store.sealer({ clock: one.clock })).parts, (call) => {
      const end = ends.find((end) => !ended.has(`${end} ${pointOf(call)}`))
      if (end === undefined) return null
      isWhole = false
      ended.add(`${end} ${pointOf(call)}`)
      return end
    })
    const outcome: unknown = await new Sealing(parts).run().catch((cause: unknown) => cause)
    expect(outcome).toEqual(isWhole ? [] : expect.any(Problem))
    await idle()
  }

  const steps = new Set<string>()
  const stepOf = (call: string) => call.replace(/ #\d+$/, '')
  const { parts } = ending(whole.parts, (call) => {
    for (const end of ends) steps.add(`${end} ${stepOf(pointOf(call))}`)
    return null
  })
  expect(await new Sealing(parts).run()).toEqual(days)
  expect(steps.size).toBeGreaterThan(isWhole ? 200 : 30)
  expect(new Set([...ended].map(stepOf))).toEqual(steps)

  for (const plan of await one.seals.plans()) await twin.seals.propose(plan)
  expect(await twin.run()).toEqual(days)
  expect(await comparable(one.archive, days)).toEqual(await comparable(twin.archive, days))
  await checkSeries(one, days, shelf.folder)
  const newest = await one.archive.read(`checkpoints/${day(5)}`)
  expect(await account.published()).toBe(Buffer.from(newest ?? []).toString())
  expect(await one.seals.announcements(morning, morning)).toEqual(days)
  expect(await one.seals.alarm()).toBeNull()
}, 300_000)
