import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { JsonObject } from '../../src/core/data/json.ts'
import { unbroken, visible } from '../../src/core/data/text.ts'
import { confirmationOf } from '../../src/core/request/decision.ts'
import { themes } from '../../trials/cards/themes.ts'
import { objects } from '../cards/drawn.ts'
import { root } from '../support/root.ts'
import { corpus } from '../teams/hostile.ts'
import { type Desk, openDesk } from './desk.ts'

/**
 * Hostile texts in every field that an agent, an approver or an executor fills: whatever page they stand on, and also if the
 * browser enforces no policy of contents, they stay texts.
 */

jest.setTimeout(300_000)

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterEach(() => desk?.people.leave())
afterAll(() => desk?.close())

const between = ' | '

/** The corpus in parts that each fit every field. One text is longer than the reason of a vote may be. */
const texts = corpus.filter(({ length }) => length <= 300)
const parts = packed(texts, 330)

/** Joins texts, as many as fit so many characters. */
function packed(all: readonly string[], room: number): readonly (readonly string[])[] {
  const found: string[][] = []
  for (const text of all) {
    const last = found.at(-1)
    if (last !== undefined && [...last, text].join(between).length <= room) last.push(text)
    else found.push([text])
  }
  return found
}

/** Whether a target may be this: approvers and policies compare targets, so the service refuses what nobody sees in one. */
const isTarget = (text: string): boolean => visible(text) === text && text.trim() === text && text.normalize() === text

/** Asks for something whose every field has these texts. The rule of `iam.role.grant` compares no targets. */
function hostile(part: readonly string[]) {
  const all = part.join(between)
  const titles = packed(
    part.map((text) => text.replaceAll('\n', ' ')),
    100,
  )
  const url = `https://links.example/?"><img/src=x/onerror=ran=1>${encodeURIComponent(all).slice(0, 400)}`
  return {
    action: 'iam.role.grant',
    target: part.filter(isTarget).join(between),
    params: { user: all, list: part, nested: { list: part } },
    reason: all,
    links: titles.slice(0, 5).map((title, i) => ({ title: title.join(between), url: `${url}${i}` })),
  }
}

/** The elements that the console draws with. None of them loads or runs anything by itself. */
const own = new Set([
  ...[
    'a',
    'bdi',
    'blockquote',
    'button',
    'code',
    'dd',
    'details',
    'dialog',
    'div',
    'dl',
    'dt',
    'form',
    'h1',
    'h2',
    'h3',
  ],
  ...[
    'header',
    'input',
    'label',
    'li',
    'nav',
    'ol',
    'option',
    'p',
    'pre',
    'section',
    'select',
    'small',
    'span',
    'strong',
  ],
  ...['summary', 'table', 'tbody', 'td', 'textarea', 'th', 'thead', 'time', 'tr', 'ul'],
])

/** What a page has that is not the console's own: elements, attributes that run, links elsewhere; and whether a text ran. */
async function intruders(page: Page): Promise<readonly string[]> {
  const names = await page.locator('main *').evaluateAll((all) => all.map(({ localName }) => localName))
  const running = await page
    .locator('main *')
    .evaluateAll((all) => all.flatMap((one) => one.getAttributeNames().filter((name: string) => name.startsWith('on'))))
  const links = await page
    .locator(`main a:not([href^="/console/"], [rel="noopener noreferrer"])`)
    .evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? ''))
  const ran = await page.evaluate("'ran' in globalThis ? ['a text ran'] : []")
  return [...names.filter((name) => !own.has(name)), ...running, ...links, ...(ran as readonly string[])]
}

/** What runs only if the browser was told to refuse nothing. */
const inserting = `document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="canary=1">')`

let ids: readonly string[]

/** What is read of the requests before and after they are decided: who reads, where, and what shows that it is all there. */
const pending = () =>
  [['security-1', '', '.tile'], ...ids.map((id) => ['security-1', `requests/${id}`, '.card'] as const)] as const

const decided = (month: string) =>
  [
    ['compliance', 'requests', 'tbody tr'],
    ['compliance', `exceptions?month=${month}`, 'tbody tr'],
    ...ids.map((id) => ['compliance', `requests/${id}`, '.events li'] as const),
  ] as const

/** Reads pages twice: as they are, and with their policy of contents taken away. */
async function readTwice(pages: readonly (readonly [string, string, string])[]): Promise<void> {
  for (const [who, path, shown] of pages)
    for (const bypassCSP of [false, true]) {
      const { page, complaints } = await desk.people.open(who, path, { bypassCSP })
      await page.locator(shown).first().waitFor({ timeout: 60_000 })
      expect([path, await intruders(page), complaints]).toEqual([path, [], []])
      await page.evaluate(inserting).catch(() => undefined)
      if (bypassCSP) await page.waitForFunction('globalThis.canary === 1')
      else expect(await page.evaluate('globalThis.canary')).toBeUndefined()
      await page.close()
    }
}

test('texts of agents stay texts in the inbox and on the card, also where the browser refuses nothing', async () => {
  ids = await Promise.all(parts.map((texts) => desk.ask(hostile(texts))))
  expect(ids.length).toBeLessThanOrEqual(3)
  await readTwice(pending())
  const { page } = await desk.people.open('security-1')
  const tiles = unbroken((await page.locator('.tiles').innerText()).replaceAll('\n', ' '))
  for (const text of texts.filter(isTarget)) expect(tiles.replaceAll(/ +/g, ' ')).toContain(text.replaceAll(/ +/g, ' '))
})

test('the text of a card is what Microsoft’s own renderer draws', async () => {
  for (const id of ids) {
    const { page } = await desk.people.open('security-1')
    const [answer] = await Promise.all([
      page.waitForResponse('**/views'),
      page.goto(`${desk.stack.api}/console/requests/${id}`),
    ])
    const { card } = (await answer.json()) as { readonly card: JsonObject }
    await page.locator('.card').waitFor()
    const ours = await textsIn(page, '.card p, .card h2', '.card .actions :is(.button)')
    const other = await desk.people.blank()
    const theirs = await byReference(other.page, card)
    await other.page.context().close()
    const sources = objects({ ...card, actions: [] }).flatMap(({ type, text, inlines }) =>
      type === 'TextBlock' ? [JSON.stringify(text)] : type === 'RichTextBlock' ? [JSON.stringify(inlines)] : [],
    )
    expect(ours.texts).toHaveLength(sources.length)
    /** Each client writes moments in its own way, and only in texts of the service. */
    const isTimeless = (_: string, i: number) => !/\{\{(DATE|TIME)\(/.test(sources[i] ?? '')
    expect(ours.texts.filter(isTimeless)).toEqual(theirs.texts.filter(isTimeless))
    expect(ours.buttons).toEqual(theirs.buttons)
  }
})

interface Drawn {
  readonly texts: readonly string[]
  readonly buttons: readonly string[]
}

/** What is seen of these elements, in order. A renderer may write a line end as an element. */
async function textsIn(page: Page, texts: string, buttons: string): Promise<Drawn> {
  const seen = async (selector: string) =>
    (await page.locator(selector).filter({ visible: true }).allTextContents()).map((text) => text.replaceAll('\n', ''))
  return { texts: await seen(texts), buttons: await seen(buttons) }
}

/** Draws a card with `adaptivecards`. */
async function byReference(page: Page, card: object): Promise<Drawn> {
  const { resolve } = createRequire(join(root, 'package.json'))
  await page.setContent('<!doctype html>')
  for (const path of [resolve('adaptivecards/dist/adaptivecards.min.js'), join(root, 'trials/cards/browser.js')])
    await page.addScriptTag({ path })
  await page.evaluate(`draw(${JSON.stringify({ cards: [{ card }], hostConfig: themes[0]?.hostConfig })})`)
  return textsIn(page, '.ac-textBlock, .ac-richTextBlock', '.ac-pushButton')
}

test('texts of approvers and executors stay texts in search, exceptions and stories', async () => {
  const { stack } = desk
  for (const [i, id] of ids.entries()) {
    const text = (parts[i] ?? []).join(between)
    const { body: request } = await stack.call('deploy-bot', `/api/requests/${id}`)
    const confirm = confirmationOf(request.target)
    const vote = { verdict: 'approve', digest: request.digest, confirm, reason: text }
    expect((await stack.call('security-1', `/api/requests/${id}/decisions`, vote)).status).toBe(200)
    const { grant } = (await stack.call('deploy-bot', `/api/requests/${id}`)).body
    const claim = { grant: grant.token, digest: request.digest, redemption: randomUUID() }
    expect((await stack.call('deploy-bot', `/api/requests/${id}/redeem`, claim)).status).toBe(200)
    const outcome = { result: 'failed', summary: text }
    expect((await stack.call('deploy-bot', `/api/requests/${id}/outcome`, outcome)).status).toBe(200)
  }
  await stack.advance(25 * 3600)
  await stack.local('seal')
  const { bundles } = (await stack.call('compliance', '/api/evidence/bundles')).body
  await readTwice(decided(bundles[0].date.slice(0, 7)))
  for (const [i, id] of ids.entries()) {
    const { page } = await desk.people.open('compliance', `requests/${id}`)
    await page.locator('.events li').first().waitFor()
    const quoted = await page.locator('blockquote').allTextContents()
    const text = visible((parts[i] ?? []).join(between), 'block')
    // The vote and the outcome, each as the request has it and as its event has it; a summary stands among the facts, too.
    expect(quoted.filter((one) => one === text).length).toBeGreaterThanOrEqual(3)
  }
})
