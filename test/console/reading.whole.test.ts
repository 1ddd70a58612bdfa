import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { users } from '../../src/local/accounts.ts'
import { until } from '../support/until.ts'
import { button, type Desk, openDesk } from './desk.ts'

/** What a reader of the console finds again by its address, and what it takes to read it without a mouse or a usual screen. */

jest.setTimeout(120_000)

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterEach(() => desk.clear())
afterAll(() => desk?.close())

const oidOf = (name: string): string => users.find((one) => one.name === name)?.oid ?? ''

describe('search', () => {
  /** A formula to a spreadsheet. */
  const formula = '=1+2'
  const today = () => new Date().toISOString().slice(0, 10)
  const all = [formula, 'contoso/roles/auditor', 'stage/web', 'prod/postgres/voted'].sort()

  beforeAll(async () => {
    const withdrawn = [
      { target: formula },
      { action: 'iam.role.grant', target: 'contoso/roles/auditor', params: {} },
      { action: 'deploy.release', target: 'stage/web', params: {} },
    ]
    for (const one of withdrawn) await desk.stack.call('deploy-bot', `/api/requests/${await desk.ask(one)}/cancel`, {})
    await desk.vote('dba-1', await desk.ask({ target: 'prod/postgres/voted' }))
  })

  /** The targets of the rows, in their own order, once the search has ended. */
  async function targetsIn(page: Page): Promise<readonly string[]> {
    await page.locator('.summary', { hasText: /request/ }).waitFor()
    const found = await page.locator('tbody td .mono').allInnerTexts()
    return found.toSorted()
  }

  test.each<[string, () => string, readonly string[]]>([
    ['from', today, all],
    ['to', () => '2020-01-01', []],
    ['status', () => 'approved', ['prod/postgres/voted']],
    ['tier', () => 'high', ['contoso/roles/auditor']],
    ['action', () => 'deploy.release', ['stage/web']],
    ['prefix', () => '=1', [formula]],
    ['environment', () => 'staging', []],
    ['agent', () => 'b0000000-0000-4000-8000-000000000002', []],
    ['rule', () => 'export-needs-dba', [formula, 'prod/postgres/voted']],
    ['person', () => oidOf('dba-1'), ['prod/postgres/voted']],
  ])('finds by %s what the address says, and does so again after a reload', async (name, valueOf, targets) => {
    const query = new URLSearchParams({ ...(name === 'to' && { from: '2020-01-01' }), [name]: valueOf() })
    const { page } = await desk.people.open('compliance', `requests?${query.toString()}`)
    expect(await targetsIn(page)).toEqual(targets)
    const { search } = new URL(page.url())
    await page.reload()
    expect(await targetsIn(page)).toEqual(targets)
    expect(new URL(page.url()).search).toBe(search)
    await until(
      () => page.locator(`[name=${name}]`).inputValue(),
      (value) => value === valueOf(),
    )
  })

  test('a target that begins as a formula is text in the CSV', async () => {
    const visit = await desk.people.open('compliance', 'requests?prefix=%3D')
    await visit.page.locator('tbody tr').waitFor()
    const [file] = await Promise.all([visit.page.waitForEvent('download'), button(visit, 'Download as CSV').click()])
    expect(await readFile(await file.path(), 'utf8')).toContain(`,db.export,'${formula},`)
  })

  test('how many were found is read out: the place of it is there before', async () => {
    const { page } = await desk.people.open('compliance', 'requests?prefix=prod')
    const status = page.locator('[role=status]', { hasText: /^1 request\./ })
    await status.waitFor()
    await status.evaluate((element) => element.setAttribute('data-before', ''))
    await page.getByLabel('Target begins with').fill('stage')
    await page.getByLabel('Status').selectOption('expired')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.locator('[role=status][data-before]', { hasText: /^0 requests\./ }).waitFor()
  })
})

test('news of the inbox is read out: the place of it is there before', async () => {
  const { page } = await desk.people.open('dba-2')
  const status = page.locator('[role=status]', { hasText: '0 requests wait for you' })
  await status.waitFor()
  await status.evaluate((element) => element.setAttribute('data-before', ''))
  await desk.ask()
  await page.locator('[role=status][data-before]', { hasText: '1 request waits for you' }).waitFor()
})

test('UTC is written for every time of a story, and beside each the exact one', async () => {
  const id = await desk.ask()
  await desk.vote('dba-1', id)
  const { page } = await desk.people.open('compliance', `requests/${id}`, { timezoneId: 'Asia/Tokyo' })
  await page.locator('.events li').nth(3).waitFor()
  const times = page.locator('main time')
  const written = () => times.evaluateAll((all) => all.map((one) => [one.textContent, one.getAttribute('title')]))
  const before = await written()
  await page.getByLabel('Times').selectOption('utc')
  const after = await written()
  expect(after).toHaveLength(before.length)
  expect(before.length).toBeGreaterThan(5)
  for (const [i, [text, title]] of after.entries()) {
    expect(text).not.toBe(before[i]?.[0])
    expect(title).toContain('UTC')
    expect(Date.parse(`${text ?? ''}Z`)).toBe(Date.parse(`${before[i]?.[0] ?? ''}+0900`))
  }
})

test('colours of the system leave what the agent wrote in a border of its own', async () => {
  const id = await desk.ask()
  const { page } = await desk.people.open('dba-1', `requests/${id}`)
  const box = page.locator('.card .box.styled', { hasText: 'Quarterly churn report' })
  await box.waitFor()
  await page.emulateMedia({ forcedColors: 'active' })
  const drawn = await box.evaluate((element) => {
    const drawn = element.ownerDocument.defaultView?.getComputedStyle(element)
    return [drawn?.borderTopStyle, drawn?.borderTopWidth, drawn?.borderTopColor !== drawn?.backgroundColor]
  })
  expect(drawn).toEqual(['solid', '1px', true])
})

describe('a dialog gives the focus back to what opened it', () => {
  const hasFocus = (opener: Locator) => opener.evaluate((element) => element === element.ownerDocument.activeElement)

  async function closes(page: Page, opener: Locator): Promise<void> {
    const dialog = page.getByRole('dialog')
    for (const close of [() => page.keyboard.press('Escape'), () => dialog.getByRole('button').first().click()]) {
      await opener.focus()
      await page.keyboard.press('Enter')
      await dialog.waitFor()
      expect(await hasFocus(opener)).toBe(false)
      await close()
      await dialog.waitFor({ state: 'hidden' })
      expect(await hasFocus(opener)).toBe(true)
    }
  }

  test('what somebody was shown', async () => {
    const id = await desk.ask()
    await desk.stack.call('dba-1', `/api/requests/${id}/views`, {})
    const { page } = await desk.people.open('compliance', `requests/${id}`)
    await closes(page, page.getByRole('button', { name: 'Show what they saw' }))
  })

  test('a hold that is placed, and one that is released', async () => {
    const hold = { scope: { request: await desk.ask() }, why: 'Case 4712' }
    await desk.stack.call('compliance', '/api/evidence/holds', hold)
    const { page } = await desk.people.open('compliance', 'holds')
    await closes(page, page.getByRole('button', { name: 'Place a hold…' }))
    await closes(page, page.getByRole('button', { name: 'Release…' }).first())
  })
})

describe('who may not know of a request', () => {
  test('a guest finds nothing, on any page', async () => {
    const id = await desk.ask({ target: 'prod/postgres/not-for-guests' })
    for (const path of [`requests/${id}`, '', 'requests', 'policy', 'evidence', `requests/${id}/erase`]) {
      const { page } = await desk.people.open('guest', path)
      await until(() => page.evaluate("document.querySelectorAll('main .skeleton').length === 0"), Boolean)
      expect([path, (await page.content()).includes('not-for-guests')]).toEqual([path, false])
      expect(await page.getByRole('button', { name: /^(Approve|Deny)/ }).count()).toBe(0)
    }
  })

  /** Entra signs no disabled account in. */
  test('a leaver, whose account is disabled, cannot sign in, and a token of before shows nothing', async () => {
    const id = await desk.ask()
    const { page } = await desk.people.blank()
    await page.goto(`${desk.stack.api}/console/requests/${id}`)
    await page.getByRole('button', { name: /^dba-1 / }).waitFor()
    expect(await page.getByRole('button', { name: /^leaver/ }).count()).toBe(0)
    const read = await desk.stack.call('leaver', `/api/requests/${id}`)
    const view = await desk.stack.call('leaver', `/api/requests/${id}/views`, {})
    expect([read.status, view.status]).toEqual([404, 404])
  })
})
