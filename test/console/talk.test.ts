import { corpus } from '../teams/hostile.ts'
import { button, type Desk, openDesk } from './desk.ts'
import { flawsOf, type Visit } from './visitor.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
}, 120_000)
afterEach(() => desk.clear())
afterAll(() => desk.close())

/** An action whose rule lets people ask, and one of them break the glass. */
const release = (target: string, more: object = {}) =>
  desk.ask({ action: 'deploy.release', target: `prod/${target}`, params: { version: '1.2.3' }, ...more })

/** Is for whom the agent acts, and in no group. */
const principal = 'compliance-2'

const typed = async ({ page }: Visit, label: string | RegExp, text: string) => page.getByLabel(label).fill(text)
const inDialog = ({ page }: Visit, name: string) => page.getByRole('dialog').getByRole('button', { name })

test('an approver asks, the person for whom the agent acts answers, and the vote rests on both', async () => {
  const id = await release('asked-back', { onBehalfOf: 'c0000000-0000-4000-8000-000000000010' })
  const asker = await desk.people.open('dba-1', `requests/${id}`)
  await button(asker, 'Ask…').click()
  await inDialog(asker, 'Ask').click()
  await asker.page.getByText('This is needed.').waitFor()
  await typed(asker, /^Your question/, 'Why now?')
  expect(await flawsOf(asker.page)).toEqual([])
  await inDialog(asker, 'Ask').click()
  await asker.page.getByText('Your question is recorded.').waitFor()
  await button(asker, 'Ask…').waitFor({ state: 'hidden' })

  const other = await desk.people.open('dba-2')
  await other.page.getByText('Waits for an answer').waitFor()

  const side = await desk.people.open(principal)
  await side.page.getByRole('heading', { name: 'Open questions' }).waitFor()
  await side.page.getByRole('link', { name: 'deploy.release' }).click()
  await side.page.getByText('Why now?').waitFor()
  await button(side, 'Answer…').click()
  await typed(side, /^Your answer/, 'The fix cannot wait.')
  await inDialog(side, 'Send the answer').click()
  await side.page.getByText('Your answer is recorded.').waitFor()

  await asker.page.reload()
  await button(asker, 'Approve').click()
  await asker.page.getByText('Your approval is recorded.').waitFor()
  const types = (await desk.eventsOf(id)).map(({ type }) => type).filter((type) => type !== 'shown')
  expect(types).toEqual(['requested', 'asked', 'answered', 'decided', 'approved'])

  const reader = await desk.people.open('compliance', `requests/${id}`)
  await reader.page.getByRole('heading', { name: 'Questions, and emergencies' }).waitFor()
  for (const text of ['A person asks (dba)', 'Why now?', 'The fix cannot wait.', 'For the agent, not verified'])
    expect(await reader.page.getByText(text).count()).toBeGreaterThan(0)
  expect(await flawsOf(reader.page)).toEqual([])
}, 60_000)

test('one of the group breaks the glass, with a reason and what is typed, and another person reviews it', async () => {
  const id = await release('broken/web')
  const breaker = await desk.people.open('oncall-1')
  await breaker.page.getByRole('heading', { name: 'In an emergency' }).waitFor()
  expect(await flawsOf(breaker.page)).toEqual([])
  await breaker.page.getByRole('table', { name: 'In an emergency' }).getByRole('link').first().click()
  await button(breaker, 'Break glass…').click()
  await typed(breaker, /^What the emergency is/, 'The site is down.')
  await inDialog(breaker, 'Approve alone').click()
  await breaker.page.getByText('This is needed.').waitFor()
  await typed(breaker, /^Type web to confirm/, 'wrong')
  await inDialog(breaker, 'Approve alone').click()
  await breaker.page.getByText('type the last part of the target').waitFor()
  expect(await flawsOf(breaker.page)).toEqual([])
  await typed(breaker, /^Type web to confirm/, 'web')
  await inDialog(breaker, 'Approve alone').click()
  await breaker.page.getByText('approved by you alone').waitFor()
  await button(breaker, 'Break glass…').waitFor({ state: 'hidden' })
  expect(await button(breaker, 'Review…').count()).toBe(0)

  const reviewer = await desk.people.open('dba-1')
  await reviewer.page.getByRole('heading', { name: 'Reviews due' }).waitFor()
  await reviewer.page.getByRole('table', { name: 'Reviews due' }).getByRole('link').first().click()
  await button(reviewer, 'Review…').click()
  await reviewer.page.getByRole('dialog').getByText('The site is down.').waitFor()
  await typed(reviewer, /^Why/, 'It could wait.')
  await inDialog(reviewer, 'Record the review').click()
  await reviewer.page.getByText('Choose one.').waitFor()
  await reviewer.page.getByLabel('No: not justified').check()
  expect(await flawsOf(reviewer.page)).toEqual([])
  await inDialog(reviewer, 'Record the review').click()
  await reviewer.page.getByText('Your review is recorded.').waitFor()
  const reviewed = (await desk.eventsOf(id)).find(({ type }) => type === 'reviewed')
  expect(reviewed?.data).toMatchObject({ finding: 'unjustified' })
}, 60_000)

test('an approver makes an export smaller, which shows, and approves what is left', async () => {
  const params = { rows: 1200, tables: ['accounts', 'orders'] }
  const id = await desk.ask({ action: 'db.export', target: 'prod/postgres/less', params })
  const approver = await desk.people.open('dba-1', `requests/${id}`)
  await button(approver, 'Narrow…').click()
  await inDialog(approver, 'Make it smaller').click()
  await approver.page.getByText('Make at least one of them smaller.').waitFor()
  await typed(approver, 'rows, lower than 1200', '100')
  await approver.page.getByLabel('"accounts"').uncheck()
  await typed(approver, /^Why less is enough/, 'A sample is enough.')
  expect(await flawsOf(approver.page)).toEqual([])
  await inDialog(approver, 'Make it smaller').click()
  await approver.page.getByText('It is smaller now.').waitFor()
  await approver.page
    .getByText(/asked for.*1,200/)
    .first()
    .waitFor()
  expect(await flawsOf(approver.page)).toEqual([])
  await button(approver, 'Approve').click()
  await approver.page.getByText('Your approval is recorded.').waitFor()
  const events = (await desk.eventsOf(id)).filter(({ type }) => type !== 'shown')
  expect(events.map(({ type }) => type)).toEqual(['requested', 'narrowed', 'decided', 'approved'])
  expect(events[1]?.data).toMatchObject({ params: ['rows', 'tables'] })
  const reader = await desk.people.open('compliance', `requests/${id}`)
  await reader.page.getByRole('heading', { name: 'Made smaller' }).waitFor()
  for (const text of ['rows: 100 (was 1200)', 'tables: ["orders"] (was ["accounts","orders"])', 'A sample is enough.'])
    expect(await reader.page.getByText(text).count()).toBeGreaterThan(0)
  expect(await flawsOf(reader.page)).toEqual([])
}, 60_000)

test('hostile texts of a question and an answer stay texts', async () => {
  const id = await release('hostile')
  const texts = corpus.filter((one) => /evil|onerror|DATE/.test(one))
  const { body: seen } = await desk.stack.call('dba-1', `/api/requests/${id}/views`, {})
  const question = { question: texts.join(' ').slice(0, 500), view: seen.view }
  const { status, body } = await desk.stack.call('dba-1', `/api/requests/${id}/questions`, question)
  expect(status).toBe(200)
  const answer = { question: body.questions[0].id, answer: question.question }
  expect((await desk.stack.call('owner', `/api/requests/${id}/answers`, answer)).status).toBe(200)
  const { page, complaints } = await desk.people.open('compliance', `requests/${id}`)
  await page.getByRole('heading', { name: 'Questions, and emergencies' }).waitFor()
  expect(await page.locator('blockquote :is(img, a, script, at)').count()).toBe(0)
  expect(await page.locator('blockquote').first().innerText()).toContain('<img src="x" onerror="ran=1">')
  expect(complaints).toEqual([])
}, 60_000)
