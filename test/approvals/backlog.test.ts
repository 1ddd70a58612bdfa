import { backlog } from '../../src/approvals/backlog.ts'
import { newRequestId, type RequestId, shardAt } from '../../src/core/data/id.ts'
import { instant, plusSeconds } from '../../src/core/data/instant.ts'
import { FakeClock } from '../support/fakes.ts'

const noon = instant(Date.UTC(2026, 0, 31, 12))

/** Ids of requests that were asked for so many seconds ago. */
const askedAgo = (clock: FakeClock, ...ages: readonly number[]): readonly RequestId[] =>
  ages.map((age, i) => newRequestId(plusSeconds(clock.now(), -age), new Uint8Array(10).fill(i), shardAt('0')))

test('the backlog is counted by age, and at most every five minutes', async () => {
  const clock = new FakeClock(noon)
  let reads = 0
  let ids = askedAgo(clock, 10, 3_599, 3_700, 90_000)
  const count = backlog({ clock, ledger: { pending: async () => (reads++, ids) } })
  expect(await count()).toEqual({ waiting: 4, oldest: 90_000, overHour: 2, overDay: 1 })
  clock.set(plusSeconds(noon, 299))
  expect(await count()).toEqual({})
  clock.set(plusSeconds(noon, 300))
  ids = []
  expect(await count()).toEqual({ waiting: 0, oldest: 0, overHour: 0, overDay: 0 })
  expect(reads).toBe(2)
})

test('a request of a clock that is ahead has waited for no time', async () => {
  const clock = new FakeClock(noon)
  const [id] = askedAgo(clock, -5)
  const count = backlog({ clock, ledger: { pending: async () => (id ? [id] : []) } })
  expect(await count()).toMatchObject({ waiting: 1, oldest: 0 })
})
