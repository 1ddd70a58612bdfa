import { readFile } from 'node:fs/promises'
import { corpus } from '../teams/hostile.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { flawsOf, type Visit, type Visitors, visitors } from './visitor.ts'

jest.setTimeout(60_000)

let stack: Stack
let people: Visitors

beforeAll(async () => {
  stack = await startStack()
  people = await visitors(stack)
})

afterAll(async () => {
  await people.close()
  await stack.stop()
})

let key = 0

async function asked(more: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await stack.call('deploy-bot', '/api/requests', wish(more), {
    'idempotency-key': `c-${++key}`,
  })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body.id
}

/** Three requests may wait at once for an agent and more are refused, so what a test leaves open is withdrawn. */
afterEach(async () => {
  const { body } = await stack.call('deploy-bot', '/api/requests?status=pending')
  for (const { id } of body.requests) await stack.call('deploy-bot', `/api/requests/${id}/cancel`, {})
})

interface Leaf {
  readonly type: string
  readonly data?: Readonly<Record<string, unknown>>
}

const eventsOf = async (id: string): Promise<readonly Leaf[]> => {
  const { body }: Answer = await stack.call('compliance', `/api/requests/${id}/events`, undefined, {
    accept: 'application/json',
  })
  return body.events.map(({ leaf }: { leaf: string }) => JSON.parse(leaf))
}

const button = ({ page }: Visit, name: string | RegExp) => page.getByRole('button', { name })

describe('signing in', () => {
  test('comes back to the address that was asked for, and leaves no token anywhere', async () => {
    const id = await asked()
    const { page, complaints, fetched } = await people.open('dba-1', `requests/${id}`)
    await page.locator('.card').waitFor()
    expect(new URL(page.url()).pathname).toBe(`/console/requests/${id}`)
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')
    expect(kept).not.toMatch(/eyJ|verifier|state/)
    expect(fetched.filter((address) => address.includes('eyJ'))).toEqual([])
    expect(complaints).toEqual([])
  })
})

describe('an approver', () => {
  test('approves with two clicks from the inbox, and the vote rests on what was shown', async () => {
    const id = await asked({ target: 'prod/postgres/two-clicks' })
    const visit = await people.open('dba-1')
    await until(() => visit.page.evaluate("document.title.startsWith('(1) Inbox')"), Boolean)
    await visit.page.getByRole('link', { name: /two-clicks/ }).click()
    await button(visit, 'Approve').click()
    await visit.page.getByText('Your approval is recorded.').waitFor()
    const events = await eventsOf(id)
    const [shown, decided] = ['shown', 'decided'].map((type) => events.find((event) => event.type === type)?.data)
    expect(decided).toMatchObject({ verdict: 'approve', via: 'console', view: shown?.['view'] })
  })

  test('denies with a reason, which the form asks for', async () => {
    const id = await asked()
    const visit = await people.open('dba-1', `requests/${id}`)
    await button(visit, 'Deny…').click()
    await button(visit, 'Deny with this reason').click()
    await visit.page.getByText('A denial needs a reason.').waitFor()
    await visit.page.getByLabel('Reason (others will read it)').fill('Not before the audit')
    await button(visit, 'Deny with this reason').click()
    await visit.page.getByText('Your denial is recorded.').waitFor()
    const { body } = await stack.call('compliance', `/api/requests/${id}`)
    expect(body).toMatchObject({ status: 'denied', approvals: { decisions: [{ reason: 'Not before the audit' }] } })
  })

  test('can approve only on the last page, after all pages were shown', async () => {
    const id = await asked({
      params: { rows: 1, tables: Array.from({ length: 120 }, (_, i) => `${i} ${'x'.repeat(90)}`) },
    })
    const visit = await people.open('dba-1', `requests/${id}`)
    const next = button(visit, 'Next')
    await next.waitFor()
    let pages = 1
    for (; await next.isVisible(); pages++) {
      expect(await button(visit, /^Approve/).count()).toBe(0)
      await next.click()
      await visit.page.getByText(`Page ${pages + 1} of`).waitFor()
    }
    expect(pages).toBeGreaterThan(2)
    await button(visit, 'Approve').click()
    await visit.page.getByText('Your approval is recorded.').waitFor()
  })

  test('is told that somebody else decided meanwhile, and what a late click means', async () => {
    const id = await asked()
    const visit = await people.open('dba-1', `requests/${id}`)
    await visit.page.locator('.card').waitFor()
    const { body } = await stack.call('dba-2', `/api/requests/${id}/views`, {})
    await stack.call('dba-2', `/api/requests/${id}/decisions`, { verdict: 'deny', view: body.view, reason: 'no' })
    await visit.page.evaluate("dispatchEvent(new Event('focus'))")
    await visit.page.getByText('This request has changed').waitFor()
    await button(visit, 'Approve').click()
    await visit.page.getByRole('alert').waitFor()
    expect(await visit.page.getByRole('alert').innerText()).toMatch(/denied|not pending/i)
  })

  test('a card that is not what the digest is of is not shown', async () => {
    const id = await asked()
    const visit = await people.open('dba-1')
    await visit.page.route('**/views', async (route) => {
      const answer = await route.fetch()
      const view = (await answer.json()) as { request: { target: string } }
      view.request.target = 'prod/postgres/something-else'
      await route.fulfill({ response: answer, json: view })
    })
    await visit.page.goto(`${stack.api}/console/requests/${id}`)
    await visit.page.getByText('Do not decide on this page').waitFor()
    expect(await visit.page.locator('.card').count()).toBe(0)
    expect(await button(visit, /^Approve/).count()).toBe(0)
  })

  test('gets back what was typed when a call fails', async () => {
    const id = await asked()
    const visit = await people.open('dba-1', `requests/${id}`)
    await button(visit, 'Deny…').click()
    await visit.page.getByLabel('Reason (others will read it)').fill('A long thought')
    await visit.page.route('**/decisions', (route) => route.abort())
    await button(visit, 'Deny with this reason').click()
    await visit.page.getByText('The service cannot be reached.').waitFor()
    expect(await visit.page.getByLabel('Reason (others will read it)').inputValue()).toBe('A long thought')
  })
})

describe('who may not approve', () => {
  test('the owner is told why, and can only deny', async () => {
    const id = await asked()
    const visit = await people.open('owner', `requests/${id}`)
    await visit.page.locator('.card').waitFor()
    expect(await visit.page.locator('.notice').innerText()).toMatch(/you own or sponsor the agent/)
    expect(await button(visit, /^Approve/).count()).toBe(0)
    expect(await button(visit, 'Deny…').count()).toBe(1)
  })

  test.each(['security-1', 'guest'])('a stranger or a guest learns nothing: %s', async (name) => {
    const id = await asked({ target: 'prod/postgres/not-for-strangers' })
    const visit = await people.open(name, `requests/${id}`)
    await visit.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    expect(await visit.page.content()).not.toContain('not-for-strangers')
  })

  test('compliance reads the story: who asked, who voted with which words, each event', async () => {
    const id = await asked()
    const { body } = await stack.call('dba-1', `/api/requests/${id}/views`, {})
    await stack.call('dba-1', `/api/requests/${id}/decisions`, {
      verdict: 'approve',
      view: body.view,
      reason: 'For FIN-881',
    })
    const { page } = await people.open('compliance', `requests/${id}`)
    await page.locator('.events li').first().waitFor()
    const said = await page.locator('main').innerText()
    expect(said).toContain('dba-1 approved')
    expect(said).toContain('For FIN-881')
    expect(await page.locator('.events li strong').allInnerTexts()).toEqual(['Asked', 'Shown', 'Voted', 'Approved'])
    expect(await page.locator('.card').count()).toBe(0)
  })
})

test('hostile texts stay texts: no script, no link, no element but those of the page', async () => {
  const hostile = corpus.filter((text) => text.trim() === text && text.normalize('NFC') === text)
  const texts = hostile.filter((text) =>
    /^[^\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]*$/u.test(text),
  )
  const id = await asked({ reason: texts.join(' | '), params: { rows: 1, tables: texts } })
  for (const who of ['dba-1', 'compliance']) {
    const { page, complaints } = await people.open(who, `requests/${id}`)
    await page.locator('.card, .events li').first().waitFor()
    const names = await page.locator('main *').evaluateAll((all) => [...new Set(all.map(({ localName }) => localName))])
    expect(names.filter((name) => ['script', 'img', 'iframe', 'at', 'object', 'style', 'link'].includes(name))).toEqual(
      [],
    )
    expect(await page.locator('main a[href*="evil"]').count()).toBe(0)
    const said = (await page.locator('main').innerText()).replaceAll('\u200b', '')
    expect(said).toContain('<a href="https://evil.example">')
    expect(complaints).toEqual([])
  }
})

describe('search', () => {
  test('keeps its filters in the address, and gives the rows of the table as CSV', async () => {
    await asked({ target: 'prod/postgres/found-1' })
    await asked({ target: 'prod/postgres/other' })
    const { page } = await people.open('compliance', 'requests')
    await page.getByLabel('Target begins with').fill('prod/postgres/found')
    await page.getByRole('button', { name: 'Search' }).click()
    const rows = page.locator('tbody tr')
    await page.getByText(/^1 request\./).waitFor()
    expect(new URL(page.url()).searchParams.get('prefix')).toBe('prod/postgres/found')
    await page.reload()
    await page.getByText(/^1 request\./).waitFor()
    expect(await rows.count()).toBe(1)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      button({ page } as Visit, 'Download as CSV').click(),
    ])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toContain('prod/postgres/found-1')
  })

  test('writes times in UTC if the reader wants that, on every page', async () => {
    await asked()
    const { page } = await people.open('compliance', 'requests', { timezoneId: 'Asia/Tokyo' })
    const time = page.locator('tbody time').first()
    const local = await time.innerText()
    await page.getByLabel('Times').selectOption('utc')
    expect(await time.innerText()).not.toBe(local)
    expect(Date.parse(`${await time.innerText()}Z`)).toBeLessThan(Date.parse(`${local}Z`))
  })
})

describe('every page', () => {
  test.each([
    ['the inbox', 'dba-1', ''],
    ['a request', 'dba-1', 'requests/ID'],
    ['a story', 'compliance', 'requests/ID'],
    ['search', 'compliance', 'requests'],
    ['evidence', 'compliance', 'evidence'],
    ['no page', 'dba-1', 'nowhere'],
  ])('%s has no flaw that axe finds, in each theme, and fits 320 pixels', async (_name, who, path) => {
    const id = await asked()
    const { page, complaints } = await people.open(who, path.replace('ID', id))
    await until(() => page.evaluate("document.querySelectorAll('main .skeleton').length === 0"), Boolean)
    expect(await flawsOf(page)).toEqual([])
    for (const theme of ['dark', 'contrast', 'light']) {
      await page.getByLabel('Colours').selectOption(theme)
      expect(await flawsOf(page, 'color-contrast')).toEqual([])
    }
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    expect(complaints).toEqual([])
  })

  test('takes the focus to its beginning when a link leads to it', async () => {
    const { page } = await people.open('compliance')
    await page.getByRole('link', { name: 'Evidence' }).click()
    await page.getByRole('heading', { name: 'Evidence' }).waitFor()
    await until(() => page.evaluate("document.activeElement?.id === 'page'"), Boolean)
  })
})

test('a page that nobody touches for 15 minutes is cleared, and Continue comes back to it', async () => {
  const id = await asked()
  const { page } = await people.open('dba-1', `requests/${id}`)
  await page.locator('.card').waitFor()
  await page.clock.install()
  await page.reload()
  await page.locator('.card').waitFor()
  await page.clock.fastForward(15 * 60_000 + 2_000)
  await page.getByRole('heading', { name: 'You were away' }).waitFor()
  expect(await page.locator('.card').count()).toBe(0)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.locator('.card').waitFor()
  expect(new URL(page.url()).pathname).toBe(`/console/requests/${id}`)
})

test('no stranger may frame it', async () => {
  const { headers } = await stack.call(null, '/console/')
  expect(headers.get('content-security-policy')).toMatch(
    /frame-ancestors 'self' https:\/\/teams\.microsoft\.com https:\/\/\*\.teams\.microsoft\.com https:\/\/\*\.cloud\.microsoft;/,
  )
})
