import { plusSeconds } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { RequestId, Shard } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { ask, minutes, shard } from '../ports/story.ts'
import { apart, outcomeOf, world, type World } from '../support/world.ts'

/** Asks for so many requests in a shard. Each expires a second after the one before. */
async function asked({ ledger }: World, count: number, place: Shard): Promise<readonly ApprovalRequest[]> {
  const requests: ApprovalRequest[] = []
  for (let i = 0; i < count; i++) requests.push(await ask(ledger, { shard: place, expiresIn: 600 + i }))
  return requests
}

const open = async ({ ledger }: World, requests: readonly ApprovalRequest[]): Promise<readonly RequestId[]> => {
  const now = await Promise.all(requests.map(({ id }) => ledger.find(id)))
  return now.flatMap((request) => (request?.status === 'pending' ? [request.id] : []))
}

/** Another process, whose loads of these requests fail as given. */
function failing(here: World, ids: readonly RequestId[], fail: () => Promise<never>) {
  const ledger = apart(here.ledger)
  const load: Ledger['load'] = (place, wanted) =>
    wanted.request !== undefined && ids.includes(wanted.request) ? fail() : ledger.load(place, wanted)
  return here.another({ ledger: { ...ledger, load } })
}

const down = async (): Promise<never> => {
  throw new Problem('unavailable', 'down')
}

test('a sweep takes all that are due, however many they are', async () => {
  const here = await world()
  const requests = [...(await asked(here, 1_030, shard(3))), ...(await asked(here, 10, shard(9)))]
  const later = await ask(here.ledger, { shard: shard(3), expiresIn: 3_600 })
  here.clock.set(minutes(30))
  expect(await here.approvals.sweep()).toBe(requests.length)
  expect(await open(here, [...requests, later])).toEqual([later.id])
})

test('requests that fail delay none behind them, and the first failure is told', async () => {
  const here = await world()
  const requests = await asked(here, 620, shard(3))
  const broken = requests.slice(0, 600).map(({ id }) => id)
  here.clock.set(minutes(60))
  const { approvals } = failing(here, broken, down)
  expect(await outcomeOf(approvals.sweep())).toBe('unavailable')
  expect(await open(here, requests)).toEqual(broken)
})

test('a shard whose deadlines cannot be read delays no other', async () => {
  const here = await world()
  const requests = [...(await asked(here, 2, shard(3))), ...(await asked(here, 2, shard(9)))]
  here.clock.set(minutes(60))
  const ledger = apart(here.ledger)
  const dueIn: Ledger['dueIn'] = (place, ...more) => (place === shard(3) ? down() : ledger.dueIn(place, ...more))
  const { approvals } = here.another({ ledger: { ...ledger, dueIn } })
  expect(await outcomeOf(approvals.sweep())).toBe('unavailable')
  expect(await open(here, requests)).toEqual(requests.slice(0, 2).map(({ id }) => id))
})

test('a sweep whose time is up is continued by the next, behind requests that fail slowly', async () => {
  const here = await world()
  const requests = await asked(here, 12, shard(3))
  const slow = requests.slice(0, 6).map(({ id }) => id)
  here.clock.set(minutes(60))
  const fail = () => {
    here.clock.set(plusSeconds(here.clock.now(), 10))
    return down()
  }
  const { approvals } = failing(here, slow, fail)
  expect(await outcomeOf(approvals.sweep())).toBe('unavailable')
  expect(await open(here, requests)).toHaveLength(12)
  expect(await outcomeOf(approvals.sweep())).toBe('unavailable')
  expect(await outcomeOf(approvals.sweep())).toBe('ok')
  expect(await open(here, requests)).toEqual(slow)
  // From then on the earliest come first again.
  expect(await outcomeOf(approvals.sweep())).toBe('unavailable')
})
