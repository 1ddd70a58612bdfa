import type { Page } from 'playwright-core'
import type { Visitors } from '../../test/console/visitor.ts'
import type { Stack } from '../../test/support/stack.ts'
import { say } from '../program.ts'
import { until } from '../../test/support/until.ts'

/** What a newcomer may spend from the first page on. */
const most = { clicks: 6, characters: 20 }

/**
 * Asks the console "who approved the export of customers last Tuesday, and what were they shown?", as somebody does who has
 * never seen it: by the labels that are visible, and without an address.
 *
 * @returns what is wrong with the way or with the answer, a line each
 */
export async function newcomer(people: Visitors, stack: Stack): Promise<readonly string[]> {
  const { page } = await people.open('compliance')
  const spent = new Spent(page)
  const tuesday = lastTuesday(new Date())
  await spent.click('link', 'Requests')
  await spent.clickLabel('From (UTC)')
  await spent.type(asTyped(tuesday))
  await spent.clickLabel('To (UTC)')
  await spent.type(asTyped(tuesday))
  await page.keyboard.press('Enter')
  const row = page.getByRole('row').filter({ hasText: 'prod/postgres/customers' }).getByRole('link')
  // Until the days have been looked through, the requests of other days are there.
  await until(
    () => row.count(),
    (count) => count === 1,
  )
  await spent.clickOn(row)
  const show = page.getByRole('button', { name: 'Show what they saw' })
  await show.waitFor()
  const story = await page.getByRole('main').innerText()
  await spent.clickOn(show)
  const shown = page.getByRole('dialog').getByText(/^Export [\d,]+ rows of/)
  await shown.waitFor()
  const card = await page.getByRole('dialog').innerText()
  await page.close()

  const { approver, rows } = await answerOf(stack, tuesday)
  const { clicks, characters } = spent
  say(`newcomer: ${clicks} clicks and ${characters} typed characters to "${approver}", who saw ${rows} rows`)
  return [
    ...(story.includes(`${approver} approved`) ? [] : [`newcomer: the story does not say that ${approver} approved`]),
    ...(card.includes(rows) ? [] : [`newcomer: what was shown does not say ${rows} rows`]),
    ...(clicks > most.clicks ? [`newcomer: ${clicks} clicks, at most ${most.clicks}`] : []),
    ...(characters > most.characters ? [`newcomer: ${characters} characters, at most ${most.characters}`] : []),
  ]
}

/** Counts what a person does. */
class Spent {
  clicks = 0
  characters = 0
  private readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  click(role: 'link' | 'button', name: string): Promise<void> {
    return this.clickOn(this.page.getByRole(role, { name, exact: true }))
  }

  clickLabel(label: string): Promise<void> {
    return this.clickOn(this.page.getByLabel(label, { exact: true }), { position: { x: 14, y: 16 } })
  }

  async clickOn(place: ReturnType<Page['locator']>, more: Parameters<typeof place.click>[0] = {}): Promise<void> {
    this.clicks++
    await place.click(more)
  }

  async type(text: string): Promise<void> {
    this.characters += text.length
    await this.page.keyboard.type(text)
  }
}

/** The newest Tuesday before a day, as YYYY-MM-DD. */
function lastTuesday(now: Date): string {
  const back = (now.getUTCDay() + 5) % 7 || 7
  return new Date(now.getTime() - back * 86_400_000).toISOString().slice(0, 10)
}

/** A day as Chromium's field takes it from the keyboard, in the browser's language: month, day, year. */
const asTyped = (day: string): string => `${day.slice(5, 7)}${day.slice(8, 10)}${day.slice(0, 4)}`

/** The answer, from the service. */
async function answerOf(stack: Stack, day: string): Promise<{ readonly approver: string; readonly rows: string }> {
  const query = `from=${day}T00:00:00.000Z&to=${day}T23:59:59.999Z&prefix=prod/postgres/customers`
  const { body } = await stack.call('compliance', `/api/requests?${query}`)
  const [found] = body.requests
  if (body.requests.length !== 1) throw new Error(`The history has ${body.requests.length} exports of ${day}.`)
  const rows = new Intl.NumberFormat('en').format(found.params.rows)
  return { approver: found.approvals.decisions[0].name, rows }
}
