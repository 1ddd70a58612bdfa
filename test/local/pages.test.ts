import { Pages, postingAgain } from '../../src/local/pages.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { dbaChannel, type DeliveryWorld, deliveryWorld } from '../support/deliveryWorld.ts'

let world: DeliveryWorld
let pages: Pages
let deliver: (id: Parameters<DeliveryWorld['delivery']['deliver']>[0]) => Promise<void>
let idle: () => Promise<void>

beforeEach(() => {
  world = deliveryWorld()
  pages = new Pages((cause) => world.failures.push(cause))
  const { teams, ledger, outbox } = world
  const delivery = world.process({ messenger: dispatch(new Map([['teams', pages.watching(teams)]])) })
  let working: Promise<unknown> = Promise.resolve()
  const again = postingAgain({ ledger, outbox, soon: (id) => delivery.soon(id) })
  pages.serve((coming) => {
    const work = again(coming)
    working = work
    return work
  })
  deliver = (id) => delivery.deliver(id)
  idle = async () => {
    await working
    await delivery.idle()
  }
})

const posts = () => world.teams.cards(dbaChannel).length

test('a page that is opened gets the open cards again, and no closed ones', async () => {
  pages.opened()
  const [open, closed] = [await world.ask(), await world.ask()]
  await world.deny(closed.id)
  for (const { id } of [open, closed]) await deliver(id)
  expect(posts()).toBe(2)
  pages.left()
  pages.opened()
  await idle()
  expect(posts()).toBe(3)
  const [row, ...others] = await world.outbox.cards(open.id)
  expect(others).toEqual([])
  expect(world.teams.cards(dbaChannel).at(-1)?.activity).toBe(row?.card?.activity)
  expect(world.failures).toEqual([])
})

test('the card that is posted again is the one that is brought up to date', async () => {
  pages.opened()
  const { id } = await world.ask()
  await deliver(id)
  pages.left()
  pages.opened()
  await idle()
  await world.approve(id)
  await deliver(id)
  expect(world.shown(dbaChannel)).toEqual(['pending', 'approved'])
})

test('cards that were posted while no page was open come by themselves, and not twice', async () => {
  const { id } = await world.ask()
  await deliver(id)
  pages.opened()
  await idle()
  expect(posts()).toBe(1)
  pages.left()
  pages.opened()
  await idle()
  expect(posts()).toBe(2)
})

test('a request without a card is left to its delivery', async () => {
  const { id } = await world.ask()
  pages.opened()
  await idle()
  expect(posts()).toBe(0)
  await deliver(id)
  expect(posts()).toBe(1)
})
