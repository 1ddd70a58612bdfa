import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { membersOf } from '../evidence/bundle.ts'
import { writeFolder } from '../evidence/forgery.ts'
import { runInside, scripts } from '../evidence/scripts.ts'
import { callable } from '../support/called.ts'
import { root } from '../support/root.ts'
import { corpus } from '../teams/hostile.ts'
import { startDouble } from '../support/double.ts'
import type { Answer, Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { inWhole, someOf } from '../support/whole.ts'
import { button, type Desk, openDesk } from './desk.ts'
import { openTab } from './teamsTab.ts'
import { clippedIn, flawsOf, type Visit, type Visitors } from './visitor.ts'

jest.setTimeout(60_000)

let desk: Desk
let stack: Stack
let people: Visitors

beforeAll(async () => {
  desk = await openDesk({ env: { COUNTERSIGN_STEP_UP: 'c1' } })
  stack = desk.stack
  people = desk.people
}, 180_000)

afterEach(() => desk.clear())
afterAll(() => desk?.close())

const asked: Desk['ask'] = (more) => desk.ask(more)
const eventsOf: Desk['eventsOf'] = (id) => desk.eventsOf(id)
const vote: Desk['vote'] = (who, id) => desk.vote(who, id)

/** Lets the identity provider refuse the next sign-in of a page, as Entra does when somebody cancels it. */
async function refuseNext(page: Page, error: string, about: string): Promise<void> {
  const { body } = await stack.call(null, '/console/config.json')
  await page.route(
    isSignIn,
    async (route) => {
      const state = new URL(route.request().url()).searchParams.get('state') ?? ''
      const answer = new URLSearchParams({ error, error_description: about, state, iss: body.authority })
      await route.fulfill({ status: 302, headers: { location: `${stack.api}/console/?${answer.toString()}` } })
    },
    { times: 1 },
  )
}

const isSignIn = ({ searchParams }: URL) => searchParams.has('code_challenge')

describe('signing in', () => {
  test('comes back to the address that was asked for, and leaves no token anywhere', async () => {
    const id = await asked()
    const { page, complaints, requests, messages } = await people.open('dba-1', `requests/${id}`)
    await page.locator('.card').waitFor()
    expect(new URL(page.url()).pathname).toBe(`/console/requests/${id}`)
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')
    expect(kept).not.toMatch(/eyJ|verifier|state/)
    expect(requests.filter((one) => one.url().includes('eyJ'))).toEqual([])
    expect(complaints).toEqual([])
    expect(messages.filter((text) => text.includes('eyJ'))).toEqual([])
    const session = await page.context().newCDPSession(page)
    const { entries } = await session.send('Page.getNavigationHistory')
    expect(entries.map(({ url }) => url)).toContain(`${stack.api}/console/requests/${id}`)
    expect(entries.filter(({ url }) => /eyJ|[?&#]code=/.test(url))).toEqual([])
    await page.goBack()
    expect(page.url()).not.toMatch(/eyJ|[?&#]code=/)
  })

  test('no other origin may call the API: it answers no preflight, and permits nothing', async () => {
    const headers = {
      ...{ origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      ...{ 'access-control-request-headers': 'authorization', authorization: `Bearer ${await stack.token('dba-1')}` },
    }
    for (const path of ['/api/me', '/api/requests', '/api/health', '/console/', '/console/config.json'])
      for (const method of ['OPTIONS', 'GET']) {
        const answer = await fetch(stack.api + path, { method, headers })
        await answer.body?.cancel()
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
        // The local stack refuses calls of other origins altogether.
        if (method === 'OPTIONS') expect([path, answer.ok]).toEqual([path, false])
      }
  })

  inWhole(() => {
    test('that was refused says why in words, and is begun again without loading the page', async () => {
      const { page } = await people.blank()
      await refuseNext(page, 'access_denied', 'AADSTS65004: declined')
      await page.goto(`${stack.api}/console/requests`)
      await page.getByText('your organisation does not allow it (AADSTS65004)').waitFor()
      expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/console/requests')
      expect(await page.locator('html').getAttribute('lang')).toBe('en-GB')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('button', { name: /^dba-1 / }).click()
      await page.getByRole('heading', { name: 'Requests' }).waitFor()
    })
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

  inWhole(() => {
    test('approves with the keyboard alone, with at most fifteen keys from the inbox', async () => {
      const id = await asked({ target: 'prod/postgres/by-keys' })
      const { page } = await people.open('dba-1')
      await page.getByRole('link', { name: /by-keys/ }).waitFor()
      let keys = 0
      const press = async (key: 'Tab' | 'Enter') => {
        keys++
        await page.keyboard.press(key)
      }
      /** Goes on to what is called so, and presses it. */
      const reach = async (name: string) => {
        const focused = () => page.evaluate<string>('document.activeElement.textContent')
        for (let tabs = 0; tabs < 15 && !(await focused()).includes(name); tabs++) await press('Tab')
        await press('Enter')
      }
      // The body holds every name, and is what has the focus at first.
      await press('Tab')
      await reach('by-keys')
      await page.locator('.card').waitFor()
      await until(() => page.evaluate("document.activeElement?.id === 'page'"), Boolean)
      await press('Tab')
      await reach('Approve')
      await page.getByText('Your approval is recorded.').waitFor()
      expect(keys).toBeLessThanOrEqual(15)
      const decided = (await eventsOf(id)).find(({ type }) => type === 'decided')?.data
      expect(decided).toMatchObject({ verdict: 'approve', via: 'console' })
    })
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
    const { page } = await people.open('compliance', `requests/${id}`)
    await page.getByRole('button', { name: 'Show what they saw' }).first().click()
    const dialog = page.getByRole('dialog')
    for (let one = 1; one <= pages; one++) {
      await dialog.getByRole('button', { name: `Page ${one}`, exact: true }).click()
      await dialog.locator('.card').getByText(`Page ${one} of ${pages}`).waitFor()
    }
  })

  inWhole(() => {
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

  test('a card with an element that the page does not draw is not shown in part', async () => {
    const id = await asked()
    const visit = await people.open('dba-1')
    await visit.page.route('**/views', async (route) => {
      const answer = await route.fetch()
      const view = (await answer.json()) as { card: { body: { type: string }[] } }
      view.card.body.push({ type: 'Media' })
      await route.fulfill({ response: answer, json: view })
    })
    await visit.page.goto(`${stack.api}/console/requests/${id}`)
    await visit.page.getByRole('alert').getByText('Media').waitFor()
    expect(await visit.page.locator('.card').count()).toBe(0)
    expect(await button(visit, /^Approve/).count()).toBe(0)
  })

  inWhole(() => {
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
})

describe('a request of tier high', () => {
  const high = { action: 'iam.role.grant', target: 'contoso/roles/billing-admin', params: {} }
  const typed = ({ page }: Visit) => page.getByLabel('The last part of the target')

  test('takes a step-up and the typed target, and what was typed outlives the sign-in', async () => {
    const id = await asked(high)
    const visit = await people.open('security-1', `requests/${id}`)
    const { page, complaints } = visit
    await page.getByText('Sign in once more before you decide').waitFor()
    await button(visit, 'Approve…').click()
    await typed(visit).fill('billing-admin')
    await button(visit, /^Confirm: /).click()
    const dialog = page.getByRole('dialog', { name: 'Sign in once more before you decide' })
    await dialog.waitFor()
    expect(await flawsOf(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Not now' }).click()
    expect(await page.evaluate('document.activeElement.textContent')).toMatch(/^Confirm: /)
    await button(visit, /^Confirm: /).click()
    await dialog.getByRole('button', { name: 'Go to the sign-in' }).click()
    await button(visit, 'Yes, I am security-1').click()
    await page.locator('.card').waitFor()
    expect([new URL(page.url()).pathname, await typed(visit).inputValue()]).toEqual([
      `/console/requests/${id}`,
      'billing-admin',
    ])
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['requested', 'shown'])
    await button(visit, /^Confirm: /).click()
    await page.getByText('Your approval is recorded.').waitFor()
    const decided = (await eventsOf(id)).find(({ type }) => type === 'decided')?.data
    expect(decided).toMatchObject({ verdict: 'approve', via: 'console', proved: 'c1' })
    expect(complaints).toEqual([])

    const { page: story } = await people.open('compliance', `requests/${id}`)
    await story.locator('.events li').first().waitFor()
    expect(await story.locator('main').innerText()).toMatch(/Voted by security-1, .*a fresh sign-in \(c1\)/)
  })

  /** Opens a request, types what confirms it, and goes to the sign-in. */
  async function sentToSignIn(id: string): Promise<Visit> {
    const visit = await people.open('security-1', `requests/${id}`)
    await button(visit, 'Approve…').click()
    await typed(visit).fill('billing-admin')
    await button(visit, /^Confirm: /).click()
    return visit
  }

  /** The dialog says that the fresh sign-in did not come, and the page has what was typed. */
  async function missed(visit: Visit, id: string): Promise<string> {
    const { page } = visit
    const said = page.getByRole('dialog').getByRole('alert')
    await said.waitFor()
    expect([new URL(page.url()).pathname, await typed(visit).inputValue()]).toEqual([
      `/console/requests/${id}`,
      'billing-admin',
    ])
    expect(await flawsOf(page)).toEqual([])
    expect((await eventsOf(id)).map(({ type }) => type)).not.toContain('decided')
    return said.innerText()
  }

  const goButton = ({ page }: Visit) => page.getByRole('dialog').getByRole('button', { name: 'Go to the sign-in' })

  test('a step-up that is cancelled or refused says so at the request, and what was typed is kept', async () => {
    const id = await asked(high)
    const visit = await sentToSignIn(id)
    await refuseNext(visit.page, 'access_denied', 'AADSTS50105: cancelled')
    await goButton(visit).click()
    expect(await missed(visit, id)).toContain('(AADSTS50105)')
    await visit.page.getByRole('button', { name: 'Not now' }).click()
    await button(visit, /^Confirm: /).click()
    expect(await visit.page.getByRole('dialog').getByRole('alert').count()).toBe(0)
    await goButton(visit).click()
    await button(visit, 'Yes, I am security-1').click()
    await button(visit, /^Confirm: /).click()
    await visit.page.getByText('Your approval is recorded.').waitFor()
    expect(await visit.page.evaluate('sessionStorage.length')).toBe(0)
  })

  test('who comes back from the sign-in without having done it is told so, and what was typed is kept', async () => {
    const id = await asked(high)
    const visit = await sentToSignIn(id)
    await goButton(visit).click()
    await button(visit, 'Yes, I am security-1').waitFor()
    await visit.page.goBack()
    expect(await missed(visit, id)).not.toMatch(/\(.*\)/)
  })

  test('while the sign-in is on its way the button is busy, until a page that was left is shown again', async () => {
    const id = await asked(high)
    const visit = await sentToSignIn(id)
    const { page, requests } = visit
    const begun = () => requests.filter((one) => new URL(one.url()).searchParams.has('claims')).length
    // An answer without a page: the browser stays where it is.
    await page.route(isSignIn, (route) => route.fulfill({ status: 204 }), { times: 1 })
    await goButton(visit).click()
    await page.getByRole('dialog').getByRole('status').getByText('Waiting for your sign-in').waitFor()
    expect(await goButton(visit).getAttribute('aria-disabled')).toBe('true')
    expect(await flawsOf(page)).toEqual([])
    await until(begun, (times) => times === 1)
    await goButton(visit).click({ force: true })
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await missed(visit, id)
    expect([await goButton(visit).getAttribute('aria-disabled'), begun()]).toEqual(['false', 1])
  })

  inWhole(() => {
    test('asks for the step-up also when only the answer to the vote tells that it is missing', async () => {
      const id = await asked({ ...high, target: 'contoso/roles/auditor' })
      const visit = await people.open('security-2', `requests/${id}`)
      await visit.page.route('**/views', async (route) => {
        const answer = await route.fetch()
        const { stepUp: _stepUp, ...view } = (await answer.json()) as Record<string, unknown>
        await route.fulfill({ response: answer, json: view })
      })
      await visit.page.reload()
      await button(visit, 'Deny…').click()
      await visit.page.getByLabel('Reason (others will read it)').fill('Not in this month')
      await button(visit, 'Deny with this reason').click()
      await visit.page.getByRole('button', { name: 'Go to the sign-in' }).click()
      await button(visit, 'Yes, I am security-2').click()
      await button(visit, 'Deny with this reason').click()
      await visit.page.getByText('Your denial is recorded.').waitFor()
      const { body } = await stack.call('compliance', `/api/requests/${id}`)
      expect(body).toMatchObject({ status: 'denied', approvals: { decisions: [{ reason: 'Not in this month' }] } })
    })
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

  test.each(someOf(['security-1', 'guest']))('a stranger or a guest learns nothing: %s', async (name) => {
    const id = await asked({ target: 'prod/postgres/not-for-strangers' })
    const visit = await people.open(name, `requests/${id}`)
    await visit.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    expect(await visit.page.content()).not.toContain('not-for-strangers')
  })

  test('what waits for others is not in the inbox of a reader of evidence', async () => {
    await asked()
    const { page } = await people.open('compliance')
    await page.getByText('Nothing waits for you').waitFor()
    expect(await page.title()).toBe('Inbox · Countersign')
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
    expect(said).toContain('by deploy-bot')
    expect(await page.locator('.card').count()).toBe(0)
  })

  test('compliance sees again what an approver was shown, and the focus comes back', async () => {
    const id = await asked({ target: 'prod/postgres/seen-again' })
    await stack.call('dba-1', `/api/requests/${id}/views`, {})
    const { page } = await people.open('compliance', `requests/${id}`)
    const opener = page.getByRole('button', { name: 'Show what they saw' })
    await opener.click()
    const dialog = page.getByRole('dialog', { name: 'What dba-1 was shown' })
    await dialog.locator('.card').getByText('prod/postgres/seen-again').first().waitFor()
    expect(await dialog.locator('.card button').count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await opener.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
  })

  inWhole(() => {
    test('a story is printed on one page, with the params and the hash of each event', async () => {
      const id = await asked({ params: { rows: 1200, destination: 'printed-destination' } })
      await vote('dba-1', id)
      const { page } = await people.open('compliance', `requests/${id}`)
      await page.locator('.events li').nth(3).waitFor()
      const printed = (await page.pdf({ format: 'A4' })).toString('latin1')
      expect(printed.match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      const said = await page.locator('body').innerText()
      expect(said).toContain('printed-destination')
      expect(said.match(/\b[0-9a-f]{64}\b/g)?.length).toBeGreaterThanOrEqual(5)
      expect(said).not.toMatch(/Show what they saw|Sign out/)
    })
  })
})

test('hostile texts stay texts: no script, no link, no element but those of the page', async () => {
  const hostile = corpus.filter((text) => text.trim() === text && text.normalize('NFC') === text)
  const texts = hostile.filter((text) =>
    /^[^\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]*$/u.test(text),
  )
  const id = await asked({ reason: texts.join(' ').slice(0, 1000).trim(), params: { rows: 1, tables: texts } })
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

test('what is copied from a card is the text, without the marks where a line may break', async () => {
  const long = `${'customers-of-the-north-'.repeat(4)}end`
  const id = await asked({ params: { rows: 1, tables: [long] } })
  const { page } = await people.open('dba-1', `requests/${id}`)
  await page.locator('.card').waitFor()
  expect(await page.locator('.card').textContent()).toContain('\u200b')
  await page.evaluate(
    "addEventListener('copy', (one) => { globalThis.copied = one.clipboardData.getData('text/plain') })",
  )
  await page.keyboard.press('Control+A')
  await page.keyboard.press('Control+C')
  const copied = await until(() => page.evaluate<string>("globalThis.copied ?? ''"), Boolean)
  expect(copied).toContain(long)
  expect(copied).not.toContain('\u200b')
})

describe('the inbox', () => {
  inWhole(() => {
    test('shows what is asked and decided elsewhere without being asked again and again, and rests while it is hidden', async () => {
      const { page, requests } = await people.open('dba-2')
      /** Resolves once a call waits for news, after so many others. */
      const waits = (after: number) =>
        until(
          () =>
            requests
              .slice(after)
              .findLast((one) => one.headers()['prefer'] === 'wait=25')
              ?.timing().responseStart,
          (start) => start === -1,
        )
      await page.getByText('Nothing waits for you').waitFor()
      await waits(0)
      const id = await asked({ target: 'prod/postgres/breaking-news' })
      await page.getByRole('link', { name: /breaking-news/ }).waitFor()
      expect(await page.title()).toMatch(/^\(1\) Inbox/)
      await vote('dba-1', id)
      await page.getByText('Nothing waits for you').waitFor()
      await waits(0)
      const turn = (state: string) =>
        page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
          document.dispatchEvent(new Event('visibilitychange'))`)
      await Promise.all([page.waitForEvent('requestfailed', (one) => 'prefer' in one.headers()), turn('hidden')])
      const before = requests.length
      await turn('visible')
      await waits(before)
    })
  })

  inWhole(() => {
    test('says that the service cannot be reached, keeps what it has, and finds the service again by itself', async () => {
      await asked({ target: 'prod/postgres/kept-meanwhile' })
      const { page } = await people.open('dba-2')
      await page.getByRole('link', { name: /kept-meanwhile/ }).waitFor()
      await page.route('**/api/requests?status=pending*', (route) => route.abort())
      await page.evaluate("dispatchEvent(new Event('focus'))")
      await page.getByText('The service cannot be reached.').waitFor()
      expect(await page.getByRole('link', { name: /kept-meanwhile/ }).count()).toBe(1)
      await page.unroute('**/api/requests?status=pending*')
      await page.getByText('The service cannot be reached.').waitFor({ state: 'hidden' })
    })
  })
})

describe('policy', () => {
  test('has every rule in words, who may approve, and a trial that says what an ask then gets', async () => {
    const { page } = await people.open('dba-1', 'policy')
    await page.locator('.rules li').first().waitFor()
    const { body: policy } = await stack.call('dba-1', '/api/policy')
    const said = await page.locator('main').innerText()
    for (const { id, words } of policy.rules) {
      expect(said).toContain(id)
      expect(said).toContain(words)
    }
    expect(said).toMatch(/guest\s+guest: may not decide/)
    const form = page.getByRole('region', { name: 'Try it' })
    const submit = form.getByRole('button', { name: 'Try it' })
    await submit.click()
    expect(await form.getByText('This is needed.').count()).toBe(4)
    await form.getByLabel('Agent').selectOption({ label: 'deploy-bot' })
    const typed = { action: 'db.export', target: 'prod/postgres/tried', environment: 'production' }
    for (const [label, text] of Object.entries(typed)) await form.getByLabel(label).fill(text)
    await form.getByLabel('Params').fill('{ "rows": 200000')
    await submit.click()
    await form.getByText('This is not a JSON object.').waitFor()
    await form.getByLabel('Params').fill('{ "rows": 200000 }')
    const [answer] = await Promise.all([page.waitForResponse('**/judgements'), submit.click()])
    await form.getByText('● People decide').waitFor()
    const tried: Answer['body'] = await answer.json()
    const { body: real } = await stack.call(
      'compliance',
      `/api/requests/${await asked({ ...typed, params: { rows: 200_000 } })}`,
    )
    expect(tried).toMatchObject({ outcome: real.policy.outcome, rules: real.policy.rules, tier: real.policy.tier })
    const slots = (required: Answer['body']) =>
      required.map(({ groups, quorum }: Answer['body']) => ({ groups, quorum }))
    expect(slots(tried.required)).toEqual(slots(real.approvals.required))
    const drawn = await form.locator('.tried').innerText()
    for (const rule of real.policy.rules) expect(drawn).toContain(rule)
    expect(drawn).toMatch(/May not approve it\s+owner/)
    expect(drawn).toMatch(/dba \(2 people could\)/)
    expect(await flawsOf(page)).toEqual([])
  })
})

inWhole(() => {
  test('navigation shows what the roles and groups of a person open, and no more', async () => {
    const shown = async (who: string) => {
      const { page } = await people.open(who)
      return page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts()
    }
    expect(await shown('dba-1')).toEqual(['Inbox', 'Requests', 'Policy'])
    expect(await shown('compliance-2')).toEqual(['Inbox', 'Requests'])
    expect(await shown('compliance')).toEqual([
      ...['Inbox', 'Requests', 'Policy', 'Exceptions', 'Metrics', 'Evidence', 'Holds', 'Health'],
    ])
  })
})

inWhole(() => {
  test('health says of each part whether it works, also when the service does not', async () => {
    const { page } = await people.open('compliance', 'health')
    await page.getByText('The service works').waitFor()
    const { body } = await stack.call('compliance', '/api/health')
    expect(await page.locator('tbody tr').count()).toBe(Object.keys(body.parts).length)
    const broken = [{ shard: '07', row: 'event-12', check: 'mac' }]
    const json = { ...body, status: 'failing', parts: { ...body.parts, signer: 'failing' }, broken }
    await page.route('**/api/health', (route) => route.fulfill({ status: 503, json }))
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await page.getByText('The service does not work').waitFor()
    expect(await page.locator('main').innerText()).toMatch(/Signing key\s+✕ fails/)
    expect(await page.getByRole('table', { name: /not as the service wrote/ }).innerText()).toMatch(
      /event-12[^]*The service did not write the row like this\s+mac/,
    )
    expect(await flawsOf(page)).toEqual([])
  })
})

describe('what is kept and erased', () => {
  /** A closed request whose target nobody else has. */
  async function closed(name: string): Promise<string> {
    const id = await asked({ target: `prod/postgres/${name}`, reason: `Because of ${name}` })
    await stack.call('deploy-bot', `/api/requests/${id}/cancel`, {})
    return id
  }

  inWhole(() => {
    test('a hold is placed with a reason, keeps texts from being erased, and is released', async () => {
      const id = await closed('held')
      const visit = await people.open('compliance', 'holds')
      const { page } = visit
      await button(visit, 'Place a hold…').click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Place a hold' }).click()
      await dialog.getByText('Say why.').waitFor()
      expect(await flawsOf(page)).toEqual([])
      await dialog.getByLabel('Request id').fill(id)
      await dialog.getByLabel('Why').fill('Case 4711')
      await dialog.getByRole('button', { name: 'Place a hold' }).click()
      await page.getByText('The hold is in force.').waitFor()
      const row = page.getByRole('row', { name: new RegExp(id) })
      expect(await row.innerText()).toMatch(/in force[^]*compliance[^]*Case 4711/)
      expect(await flawsOf(page)).toEqual([])
      const other = await people.open('compliance', `requests/${id}/erase`)
      await other.page.getByText('A hold forbids this').waitFor()
      expect(await button(other, 'Ask for the erasure').count()).toBe(0)
      await row.getByRole('button', { name: 'Release…' }).click()
      await dialog.getByLabel('Why').fill('Closed')
      await dialog.getByRole('button', { name: 'Release this hold' }).click()
      await page.getByText('The hold is released.').waitFor()
      await page.getByText('No hold is in force').waitFor()
      await page.getByRole('link', { name: 'Show released ones, too' }).click()
      await row.waitFor()
      expect(await row.innerText()).toMatch(/Released[^]*compliance[^]*Closed/)
    })
  })

  test('a hold is placed from the story of the request that it is about', async () => {
    const id = await closed('held-by-story')
    const visit = await people.open('compliance', `requests/${id}`)
    const { page } = visit
    await page.getByRole('link', { name: 'Place a hold…' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByLabel('Request id').inputValue()).toBe(id)
    await dialog.getByLabel('Why').fill('Case 4713')
    await dialog.getByRole('button', { name: 'Place a hold' }).click()
    const row = page.getByRole('row', { name: new RegExp(id) })
    expect(await row.innerText()).toMatch(/in force[^]*Case 4713/)
    expect(new URL(page.url()).search).toBe('')
    await row.getByRole('button', { name: 'Release…' }).click()
    await dialog.getByLabel('Why').fill('Closed')
    await dialog.getByRole('button', { name: 'Release this hold' }).click()
    await page.getByText('The hold is released.').waitFor()
  })

  inWhole(() => {
    test('what was typed to erase and to hold outlives a token that is not taken any more', async () => {
      const id = await closed('half-typed')
      const visit = await people.open('compliance', `requests/${id}/erase`)
      const { page } = visit
      /** Lets the service refuse the token at the next call of this address, and then signs in again. */
      const signInAgain = async (path: string, send: () => Promise<void>) => {
        const json = { code: 'unauthenticated', detail: 'The token has expired.' }
        await page.route(path, (route) => route.fulfill({ status: 401, json }), { times: 1 })
        await send()
        await page.getByText('The token has expired.').waitFor()
        await Promise.all([page.waitForEvent('load'), send()])
      }
      await page.getByLabel('The reasons').check()
      await page.getByLabel('Why').fill('GDPR 2026-119')
      const ask = async () => {
        await page.getByLabel(/^To confirm/).fill(id.slice(-6))
        await button(visit, 'Ask for the erasure').click()
      }
      await signInAgain('**/evidence/erasures', ask)
      await page.getByLabel('Why').waitFor()
      expect(await page.getByLabel('Why').inputValue()).toBe('GDPR 2026-119')
      expect(await page.getByLabel('The reasons').isChecked()).toBe(true)
      await ask()
      await page.getByText('Another person has to ask for the same.').waitFor()
      await until(
        () => page.getByLabel('Why').inputValue(),
        (why) => why === '',
      )

      await page.getByRole('link', { name: 'Holds' }).click()
      await button(visit, 'Place a hold…').click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Request id').fill(id)
      await dialog.getByLabel('Why').fill('Case 4712')
      await signInAgain('**/evidence/holds', () => dialog.getByRole('button', { name: 'Place a hold' }).click())
      await dialog.waitFor()
      expect(await dialog.getByLabel('Request id').inputValue()).toBe(id)
      expect(await dialog.getByLabel('Why').inputValue()).toBe('Case 4712')
      await dialog.getByRole('button', { name: 'Close' }).click()
      await button(visit, 'Place a hold…').click()
      expect(await dialog.getByLabel('Why').inputValue()).toBe('')
    })
  })

  test('two people erase: the first alone erases nothing, then the texts are gone from story and search', async () => {
    const id = await closed('forgotten')
    const hashes = async () => {
      const { body } = await stack.call('compliance', `/api/requests/${id}/events`, undefined, {
        accept: 'application/json',
      })
      return body.events.map(({ hash }: { hash: string }) => hash)
    }
    const before = await hashes()
    const first = await people.open('compliance-2', `requests/${id}/erase`)
    await first.page.getByText('You may erase texts of this request, but not read it').waitFor()
    await button(first, 'Ask for the erasure').click()
    await first.page.getByText('Choose at least one text.').waitFor()
    await first.page.getByLabel('What was asked').check()
    await first.page.getByLabel('The reasons').check()
    await first.page.getByLabel('Why').fill('GDPR 2026-118')
    await first.page.getByLabel(/^To confirm/).fill('wrong')
    await button(first, 'Ask for the erasure').click()
    await first.page.getByText('These are not the last 6 characters').waitFor()
    await first.page.getByLabel(/^To confirm/).fill(id.slice(-6))
    await button(first, 'Ask for the erasure').click()
    await first.page.getByText('Another person has to ask for the same.').waitFor()
    expect((await stack.call('compliance', `/api/requests/${id}`)).body.reason).toBe('Because of forgotten')

    const second = await people.open('compliance', `requests/${id}/erase`)
    await second.page.getByText('compliance-2 asked to erase:').waitFor()
    expect(await second.page.locator('.notice').innerText()).toContain('GDPR 2026-118')
    expect(await flawsOf(second.page)).toEqual([])
    await second.page.getByLabel('Why').fill('The same')
    await second.page.getByLabel(/^To confirm/).fill(id.slice(-6))
    await button(second, 'Erase now').click()
    await second.page.getByText('The texts are erased.').waitFor()
    await second.page.goto(`${stack.api}/console/requests/${id}`)
    await second.page.locator('.events li').first().waitFor()
    expect(await second.page.locator('main').innerText()).not.toMatch(/forgotten/)
    await second.page.goto(`${stack.api}/console/requests?prefix=prod/postgres/forgotten`)
    await second.page.getByText('Nothing was found').waitFor()
    expect((await hashes()).slice(0, before.length)).toEqual(before)
  })
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
    const [file] = await Promise.all([page.waitForEvent('download'), button({ page }, 'Download as CSV').click()])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toContain('prod/postgres/found-1')
  })

  inWhole(() => {
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
})

describe('every page', () => {
  const pages = [
    ['a request', 'dba-1', 'requests/ID'],
    ['a story', 'compliance', 'requests/ID'],
    ['the inbox', 'dba-1', ''],
    ['search', 'compliance', 'requests'],
    ['evidence', 'compliance', 'evidence'],
    ['policy', 'dba-1', 'policy'],
    ['health', 'compliance', 'health'],
    ['no page', 'dba-1', 'nowhere'],
  ] as const
  test.each(someOf(pages, ([, who]) => who))(
    '%s has no flaw that axe finds, in each theme, and fits 320 pixels',
    async (_name, who, path) => {
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
      expect(await clippedIn(page)).toEqual([])
      expect(complaints).toEqual([])
    },
  )

  inWhole(() => {
    test('takes the focus to its beginning when a link leads to it', async () => {
      const { page } = await people.open('compliance')
      await page.getByRole('link', { name: 'Evidence' }).click()
      await page.getByRole('heading', { name: 'Evidence' }).waitFor()
      await until(() => page.evaluate("document.activeElement?.id === 'page'"), Boolean)
    })
  })
})

describe('a page that nobody touches for 15 minutes', () => {
  /** Leaves the page of a request alone while the reason of a denial is typed. */
  async function leftAlone(id: string): Promise<Visit> {
    const visit = await people.open('dba-1', `requests/${id}`)
    const { page } = visit
    await page.locator('.card').waitFor()
    await page.clock.install()
    await page.reload()
    await button(visit, 'Deny…').click()
    await page.getByLabel('Reason (others will read it)').fill('Half a thought')
    await page.clock.fastForward(15 * 60_000 + 2_000)
    await page.getByRole('heading', { name: 'You were away' }).waitFor()
    return visit
  }

  test('is cleared, and Continue comes back to it and to what was typed', async () => {
    const id = await asked()
    const visit = await leftAlone(id)
    const { page } = visit
    expect(await page.locator('.card').count()).toBe(0)
    expect(await page.content()).not.toContain('Half a thought')
    await button(visit, 'Continue').click()
    await page.locator('.card').waitFor()
    expect(new URL(page.url()).pathname).toBe(`/console/requests/${id}`)
    expect(await page.getByLabel('Reason (others will read it)').inputValue()).toBe('Half a thought')
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
  })

  inWhole(() => {
    test('shows nothing of what was typed to another person who signs in', async () => {
      const visit = await leftAlone(await asked())
      const { page } = visit
      const cookies = await page.context().cookies()
      await page.context().clearCookies()
      await button(visit, 'Continue').click()
      await page.getByRole('button', { name: /^dba-2 / }).click()
      await button(visit, 'Deny…').click()
      expect(await page.locator('.who').innerText()).toBe('dba-2')
      expect(await page.getByLabel('Reason (others will read it)').inputValue()).toBe('')
      await page.context().clearCookies()
      await page.context().addCookies(cookies)
    })
  })
})

describe('what was typed and not sent', () => {
  const reason = ({ page }: Visit) => page.getByLabel('Reason (others will read it)')

  async function signIn({ page }: Visit, who: string): Promise<void> {
    await page.getByRole('button', { name: new RegExp(`^${who} `) }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
  }

  /** In a window of its own: types the reason of a denial. */
  async function typing(id: string): Promise<Visit> {
    const visit = await people.blank()
    await visit.page.goto(`${stack.api}/console/requests/${id}`)
    await signIn(visit, 'dba-1')
    await button(visit, 'Deny…').click()
    await reason(visit).fill('Half a thought')
    return visit
  }

  /** Goes to another page, whose call finds the token refused, so that the next one leads to the sign-in. */
  async function sentToSignIn(visit: Visit): Promise<void> {
    const json = { code: 'unauthenticated', detail: 'The token has expired.' }
    await visit.page.route('**/api/requests?*', (route) => route.fulfill({ status: 401, json }), { times: 1 })
    await visit.page.getByRole('link', { name: 'Requests' }).click()
    await visit.page.getByText('The token has expired.').waitFor()
    await button(visit, 'Try again').click()
  }

  /** What is kept of a page that is sent to the sign-in, and stays where it is. */
  async function keptOf(visit: Visit): Promise<string> {
    await visit.page.route(isSignIn, (route) => route.fulfill({ status: 204 }), { times: 1 })
    await sentToSignIn(visit)
    return until(() => visit.page.evaluate<string>('Object.values(sessionStorage).join()'), Boolean)
  }

  /** What the form of the request has for who is signed in. */
  async function foundIn(visit: Visit, id: string): Promise<string> {
    await visit.page.locator(`a.tile[href$="${id}"]`).click()
    await button(visit, 'Deny…').waitFor()
    if ((await reason(visit).count()) === 0) await button(visit, 'Deny…').click()
    return reason(visit).inputValue()
  }

  test('goes with the sign-out, also if a sign-in was on its way', async () => {
    const id = await asked()
    const visit = await typing(id)
    expect(await keptOf(visit)).toContain('Half a thought')
    await button(visit, 'Sign out').click()
    await button(visit, /^Sign out of this machine/).click()
    await signIn(visit, 'dba-1')
    expect(await foundIn(visit, id)).toBe('')
  })

  test.each([
    ['comes back to who typed it', 'dba-1', 'Half a thought'],
    ['is dropped when another account signs in', 'dba-2', ''],
  ])('after a sign-in that was given up %s', async (_what, who, found) => {
    const id = await asked()
    const visit = await typing(id)
    await visit.page.context().clearCookies()
    await sentToSignIn(visit)
    await visit.page.getByRole('heading', { name: 'Who are you?' }).waitFor()
    await visit.page.goto(`${stack.api}/console/`)
    await signIn(visit, who)
    expect(await visit.page.evaluate('sessionStorage.length')).toBe(0)
    expect(await foundIn(visit, id)).toBe(found)
  })

  test('is kept no more once it was sent', async () => {
    const visit = await typing(await asked())
    await button(visit, 'Deny with this reason').click()
    await visit.page.getByText('Your denial is recorded.').waitFor()
    expect(await keptOf(visit)).not.toContain('Half a thought')
  })
})

describe('in Teams', () => {
  /** teams-js looks for a newer list of its hosts than its own, which the page's policy does not allow. */
  const refusedList = /^connect-src https:\/\/res\.cdn\.office\.net/

  test('a deep link opens the request, the theme follows, and an approval counts', async () => {
    const id = await asked()
    const { page, complaints, requests } = await people.blank()
    const tab = await openTab(page, stack, 'dba-1', { subject: id, theme: 'dark' })
    const approve = tab.frame.getByRole('button', { name: 'Approve' })
    await approve.waitFor()
    const root = tab.frame.locator('html')
    expect(await root.getAttribute('data-theme')).toBe('dark')
    expect(await tab.frame.getByLabel('Colours').count()).toBe(0)
    expect(await tab.frame.getByRole('button', { name: 'Sign out' }).count()).toBe(0)
    for (const [theirs, ours] of Object.entries({ contrast: 'contrast', default: 'light' })) {
      await tab.send('themeChange', theirs)
      await until(
        () => root.getAttribute('data-theme'),
        (theme) => theme === ours,
      )
    }
    await approve.click()
    await tab.frame.getByText('Your approval is recorded.').waitFor()
    const events = await eventsOf(id)
    const [shown, decided] = ['shown', 'decided'].map((type) => events.find((event) => event.type === type)?.data)
    expect(decided).toMatchObject({ verdict: 'approve', view: shown?.['view'] })
    expect(requests.map((one) => one.url()).filter((url) => url.startsWith(stack.identity))).toEqual([])
    expect(complaints.filter((one) => !refusedList.test(one))).toEqual([])
  })

  inWhole(() => {
    test('a reload stays where the reader is, and a link leads to another page of the tab', async () => {
      const id = await asked()
      const { page } = await people.blank()
      const tab = await openTab(page, stack, 'dba-1', { subject: id })
      await tab.frame.getByRole('link', { name: 'Requests' }).click()
      const heading = tab.frame.getByRole('heading', { name: 'Requests' })
      await heading.waitFor()
      const [, frame] = page.frames()
      expect(new URL(frame?.url() ?? '').pathname).toBe('/console/teams/requests')
      await frame?.evaluate('location.reload()')
      const begun = async () => (await tab.calls()).filter(({ func }) => func === 'initialize').length
      await until(begun, (times) => times === 2)
      await heading.waitFor()
    })
  })

  const refusals = [
    ['resourceRequiresConsent', 'must first allow Teams to use Countersign'],
    ['CancelledByUser', 'did not get your yes'],
    ['App resource defined in manifest and iframe origin do not match', 'does not fit this console'],
    ['something of another version', 'Teams did not sign you in'],
  ] as const
  test.each(someOf(refusals))(
    'without a token (%s) it says why, in words, and leads to the browser',
    async (refusal, said) => {
      const id = await asked()
      const { page } = await people.blank()
      const { frame } = await openTab(page, stack, 'dba-1', { subject: id, refusal })
      await frame.getByRole('alert').getByText(said).waitFor()
      expect(await frame.locator('main').innerText()).not.toContain(refusal)
      const link = frame.getByRole('link', { name: 'Open it in the browser' })
      expect(await link.getAttribute('href')).toBe(`/console/requests/${id}`)
      expect(await frame.getByRole('button', { name: 'Try again' }).count()).toBe(1)
    },
  )

  inWhole(() => {
    test('where Teams does not get the fresh sign-in, the dialog says so and leads to the browser', async () => {
      const id = await asked({ action: 'iam.role.grant', target: 'contoso/roles/teams-auditor', params: {} })
      const { page } = await people.blank()
      const { frame } = await openTab(page, stack, 'security-1', { subject: id, claimsRefusal: 'interaction_required' })
      await frame.getByRole('button', { name: 'Sign in now' }).click()
      const link = frame.getByRole('link', { name: 'Open it in the browser' })
      expect(await link.count()).toBe(0)
      await frame.getByRole('button', { name: 'Go to the sign-in' }).click()
      await frame.getByText('wants a fresh sign-in').waitFor()
      expect(await link.getAttribute('href')).toBe(`/console/requests/${id}`)
    })
  })

  test('a window of Teams that is closed without the fresh sign-in is told, and what was typed is kept', async () => {
    const id = await asked({ action: 'iam.role.grant', target: 'contoso/roles/teams-closed', params: {} })
    const { page } = await people.blank()
    const { frame } = await openTab(page, stack, 'security-1', { subject: id, claimsRefusal: 'CancelledByUser' })
    await frame.getByRole('button', { name: 'Approve…' }).click()
    await frame.getByLabel('The last part of the target').fill('teams-closed')
    await frame.getByRole('button', { name: /^Confirm: / }).click()
    await frame.getByRole('button', { name: 'Go to the sign-in' }).click()
    await frame.getByRole('dialog').getByText('The fresh sign-in did not come').waitFor()
    await frame.getByRole('button', { name: 'Not now' }).click()
    expect(await frame.getByLabel('The last part of the target').inputValue()).toBe('teams-closed')
  })

  inWhole(() => {
    test('a channel gets a tab of the same console', async () => {
      const { page } = await people.blank()
      const tab = await openTab(page, stack, 'dba-1', { path: 'setup' })
      await tab.frame.getByRole('heading', { name: 'Countersign in this channel' }).waitFor()
      const argumentsOf = async (func: string) => (await tab.calls()).find((call) => call.func === func)?.args
      expect(await argumentsOf('settings.setValidityState')).toEqual([true])
      await tab.send('settings.save', {})
      await until(() => argumentsOf('settings.save.success'), Boolean)
      expect(await argumentsOf('settings.setSettings')).toMatchObject([
        {
          ...{ entityId: 'console', suggestedDisplayName: 'Console' },
          ...{ contentUrl: `${stack.api}/console/teams/start`, websiteUrl: `${stack.api}/console/` },
        },
      ])
    })
  })

  inWhole(() => {
    test('its address without Teams says so, and leads to the browser', async () => {
      const { page } = await people.blank()
      await page.goto(`${stack.api}/console/teams/start`)
      await page.getByText('Teams does not answer here').waitFor()
      expect(await page.getByRole('link', { name: 'Open it in the browser' }).getAttribute('href')).toBe('/console/')
    })
  })

  test('no stranger may frame it, in the tab’s address or in another', async () => {
    const { page, complaints } = await people.blank()
    const frames = ['teams/start', ''].map((path) => `<iframe src="${stack.api}/console/${path}"></iframe>`)
    const headersOfPage = { 'content-type': 'text/html' }
    const stranger = await startDouble(() => ({ status: 200, headers: headersOfPage, body: frames.join('') }))
    const refusals: string[] = []
    page.on('console', (message) => refusals.push(message.text()))
    try {
      await page.goto(stranger.origin)
      await until(
        () => refusals.filter((text) => text.includes('frame-ancestors')).length,
        (count) => count === 2,
      )
      for (const frame of page.frames().slice(1)) expect(await frame.locator('#root').count()).toBe(0)
      expect(complaints).toEqual([])
    } finally {
      await stranger.close()
    }
    const { headers } = await stack.call(null, '/console/')
    expect(headers.get('content-security-policy')).toMatch(
      /frame-ancestors 'self' https:\/\/teams\.microsoft\.com https:\/\/\*\.teams\.microsoft\.com https:\/\/\*\.cloud\.microsoft;/,
    )
  })
})

/** The last ones, because the clock goes on by a day. */
inWhole(() => {
  describe('after the day is sealed', () => {
    let month: string

    beforeAll(async () => {
      const id = await asked({ target: 'prod/postgres/unseen' })
      const { body } = await stack.call('compliance', `/api/requests/${id}`)
      await stack.call('dba-2', `/api/requests/${id}/decisions`, { verdict: 'approve', digest: body.digest })
      await stack.advance(25 * 3600)
      await stack.local('seal')
      const { bundles } = (await stack.call('compliance', '/api/evidence/bundles')).body
      month = bundles[0].date.slice(0, 7)
    })

    test('exceptions name people, show ids when wanted, and lead to the story, which says what is sealed', async () => {
      const visit = await people.open('compliance', `exceptions?month=${month}`)
      const { page } = visit
      const kind = page.getByRole('region', { name: 'decided without a recorded look' })
      const row = kind.getByRole('row', { name: /dba-2/ })
      await row.waitFor()
      expect(await row.innerText()).not.toContain('c0000000-')
      await button(visit, 'Show ids').click()
      expect(await row.innerText()).toContain('c0000000-0000-4000-8000-000000000002')
      expect(await flawsOf(page)).toEqual([])
      const [file] = await Promise.all([page.waitForEvent('download'), button(visit, 'Download as CSV').click()])
      expect(await readFile(await file.path(), 'utf8')).toMatch(/,unseen,[^\n]*,dba-2,/)
      await row.getByRole('link').click()
      await page
        .getByText(/entry \d+ of the log, sealed in bundle 1 of/)
        .first()
        .waitFor()
    })

    test('metrics show approvers and agents by name', async () => {
      const { page } = await people.open('compliance', `metrics?month=${month}`)
      const approvers = page.getByRole('table', { name: 'By approver' })
      await approvers.getByRole('rowheader', { name: 'dba-1', exact: true }).waitFor()
      await page.getByRole('table', { name: 'By agent' }).getByRole('rowheader', { name: 'deploy-bot' }).waitFor()
      expect(await flawsOf(page)).toEqual([])
    })
  })
})

/** The last ones, since the stack's clock goes on by two days. */
describe('the day on which somebody approved', () => {
  let id: string
  let date: string

  beforeAll(async () => {
    id = await asked({ target: 'prod/postgres/proved' })
    await vote('dba-1', id)
    await stack.local('advance', '48h')
    await stack.local('seal')
    const { body: list } = await stack.call('compliance', '/api/evidence/bundles')
    date = list.bundles[0].date
  })

  test('verifies in the browser, and so does each event of the story', async () => {
    const { page, complaints } = await people.open('compliance', `evidence?month=${date.slice(0, 7)}&day=${date}`)
    await page.locator('input[type=file]').setInputFiles(await stack.local('key'))
    await page.locator('.keys code').waitFor()
    await page.getByRole('button', { name: 'Verify here' }).click()
    await page.locator('.verdict', { hasText: 'VERIFIED' }).waitFor()
    await page.goto(`${stack.api}/console/requests/${id}`)
    await page.getByRole('button', { name: 'Prove it here' }).first().click()
    await page.getByText('VERIFIED: the log has this event').waitFor()
    expect(complaints).toEqual([])
  })

  inWhole(() => {
    test('verifies by the command and by both scripts of its bundle', async () => {
      const key = await stack.local('key')
      const folder = await mkdtemp(join(tmpdir(), 'countersign-day-'))
      try {
        const authorization = `Bearer ${await stack.token('compliance')}`
        const answer = await fetch(`${stack.api}/api/evidence/bundles/${date}`, { headers: { authorization } })
        const zip = Buffer.from(await answer.arrayBuffer())
        const file = join(folder, `countersign-evidence-${date}.zip`)
        await writeFile(file, zip)
        const command = callable(join(root, 'dist/bin/countersign.cjs'))
        const { code, stdout, stderr } = await command(['verify', file, '--key', key], { cwd: folder, env: {} })
        expect([code, stderr]).toEqual([0, expect.not.stringContaining('FAILED')])
        expect(stdout).toContain('VERIFIED')
        const unpacked = join(folder, 'unpacked')
        writeFolder(unpacked, await membersOf(zip))
        for (const script of scripts) {
          const { status, verified, complaint } = await runInside(script, key, unpacked)
          expect([script, status, verified, complaint]).toEqual([script, 0, true, ''])
        }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })

    test('has proofs that hold after an erasure, when the said file has the texts no more', async () => {
      const said = async () => {
        const { status, body } = await stack.call('compliance', `/api/evidence/said/${date}`)
        expect(status).toBe(200)
        return typeof body === 'string' ? body : JSON.stringify(body)
      }
      const [reason, target] = ['Quarterly churn report', 'prod/postgres/proved']
      type Line = { readonly index: number; readonly text: string }
      const linesIn = (text: string) => text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as Line] : []))
      const before = linesIn(await said())
      const asking = before.find(({ text }) => text.includes(target))?.index
      const textsOf = (lines: readonly Line[]) => lines.flatMap(({ index, text }) => (index === asking ? [text] : []))
      expect(textsOf(before)).toEqual([expect.any(String), reason, expect.stringContaining(target)])
      const order = { request: id, names: ['action', 'reason'], why: 'GDPR 2026-119' }
      for (const [who, status] of [
        ['compliance-2', 202],
        ['compliance', 200],
      ] as const)
        expect((await stack.call(who, '/api/evidence/erasures', order)).status).toBe(status)
      const after = await said()
      expect(after).not.toContain(target)
      expect(textsOf(linesIn(after))).not.toContain(reason)
      const { page, complaints } = await people.open('compliance', `requests/${id}`)
      await page.getByRole('button', { name: 'Prove it here' }).first().click()
      await page.getByText('VERIFIED: the log has this event').waitFor()
      expect(await page.locator('main').innerText()).not.toContain(reason)
      expect(complaints).toEqual([])
    })
  })
})
