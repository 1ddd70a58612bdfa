import { button, type Desk, openDesk } from './desk.ts'
import { flawsOf } from './visitor.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
}, 120_000)
afterEach(() => desk.clear())
afterAll(() => desk.close())

test('a member names a deputy until a day, the deputy votes, and card and story say for whom', async () => {
  const member = await desk.people.open('dba-1', 'away')
  await member.page.getByText('Nobody is away').waitFor()
  await button(member, 'I am away').click()
  await member.page.getByText('Choose a day.').waitFor()
  expect(await flawsOf(member.page)).toEqual([])
  const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10)
  await member.page.getByLabel(/^Until/).fill(day)
  await button(member, 'I am away').click()
  await member.page.getByText('your deputy may act for you').waitFor()
  const row = member.page.getByRole('row', { name: /dba-1/ })
  expect(await row.innerText()).toMatch(/dba-1[^]*oncall-1[^]*dba/)
  expect(await flawsOf(member.page)).toEqual([])

  const id = await desk.ask({ target: 'prod/postgres/while-away' })
  const { body } = await desk.stack.call('dba-1', `/api/requests/${id}`)
  await desk.stack.call('oncall-1', `/api/requests/${id}/decisions`, { verdict: 'approve', digest: body.digest })
  const card = await desk.people.open('dba-1', `requests/${id}`)
  await card.page.getByText('oncall-1 for dba-1 (away)').waitFor()
  const story = await desk.people.open('compliance', `requests/${id}`)
  await story.page.getByText('for, as deputy,').waitFor()

  const deputy = await desk.people.open('oncall-1', 'away')
  await deputy.page.getByRole('row', { name: /dba-1/ }).waitFor()
  expect(await deputy.page.getByRole('button', { name: 'I am back' }).count()).toBe(0)
  await row.getByRole('button', { name: 'I am back' }).click()
  await member.page.getByText('Welcome back').waitFor()
  await member.page.getByText('Nobody is away').waitFor()
})
