import { source } from 'axe-core'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page, type Request } from 'playwright-core'
import { chromiumPath } from '../support/chromium.ts'
import type { Stack } from '../support/stack.ts'

/** A browser that people of a stack sit at, each in a window of their own. */
export interface Visitors {
  /** Opens an address of the console, signs this person in, and waits for the page. */
  open(who: string, path?: string, options?: BrowserContextOptions): Promise<Visit>
  /** Closes the pages, so that they ask nothing any more. Who is signed in stays so. */
  leave(): Promise<void>
  /** Opens a window in which nothing is shown yet, and nobody is signed in. */
  blank(): Promise<Visit>
  close(): Promise<void>
}

export interface Visit {
  readonly page: Page
  /** What the browser complained of: refused scripts and styles, errors that nobody caught. */
  readonly complaints: readonly string[]
  /** What was fetched. */
  readonly requests: readonly Request[]
  /** What was written to the browser's console. */
  readonly messages: readonly string[]
}

const sizes = { width: 1280, height: 900 }

export async function visitors(stack: Stack): Promise<Visitors> {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] })
  /** By person: the provider knows whoever signed in there before, and does not ask again. */
  const windows = new Map<string, BrowserContext>()
  return {
    async open(who, path = '', options = {}) {
      const name = `${who} ${JSON.stringify(options)}`
      const known = windows.get(name)
      const context = known ?? (await browser.newContext({ viewport: sizes, ...options }))
      windows.set(name, context)
      context.setDefaultTimeout(15_000)
      const visit = await visitIn(context)
      await visit.page.goto(`${stack.api}/console/${path}`)
      if (!known) await visit.page.getByRole('button', { name: new RegExp(`^${who} `) }).click()
      await visit.page.getByRole('heading', { level: 1 }).waitFor()
      return visit
    },
    async leave() {
      await Promise.all([...windows.values()].flatMap((context) => context.pages().map((page) => page.close())))
    },
    async blank() {
      const context = await browser.newContext({ viewport: sizes })
      context.setDefaultTimeout(15_000)
      return visitIn(context)
    },
    close: () => browser.close(),
  }
}

async function visitIn(context: BrowserContext): Promise<Visit> {
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: Request[] = []
  const messages: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => requests.push(request))
  page.on('console', (message) => messages.push(message.text()))
  await page.exposeFunction('complain', (text: string) => complaints.push(text))
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (one) => complain(one.violatedDirective + ' ' + one.blockedURI))",
  )
  return { page, complaints, requests, messages }
}

/**
 * What axe finds wrong with the page (WCAG 2.2 AA, and its best practices), an element a line.
 *
 * @param rules only these
 */
export async function flawsOf(page: Page, ...rules: readonly string[]): Promise<readonly string[]> {
  await page.evaluate(source)
  // Axe has a rule for the size of what is pressed (WCAG 2.2, 2.5.8), and leaves it off unless it is asked for.
  const options = rules.length === 0 ? { rules: { 'target-size': { enabled: true } } } : { runOnly: rules }
  const { violations } = await page.evaluate((given) => (globalThis as unknown as Axe).axe.run(given), options)
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/**
 * The texts that an element hides a part of, where nobody can scroll to it. What is only for screen readers is hidden as a
 * whole, and a reason in the inbox ends in dots: the request's own page has all of it.
 */
export const clippedIn = (page: Page): Promise<readonly string[]> => page.evaluate(clipped)

const clipped = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = []
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.textContent.trim() === '' || !node.parentElement.checkVisibility()) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    const places = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1)
    const holders = []
    for (let one = node.parentElement; one; one = one.parentElement) holders.push(one)
    const styles = holders.map((one) => getComputedStyle(one))
    if (styles.some(({ clipPath, webkitLineClamp }) => clipPath !== 'none' || webkitLineClamp !== 'none')) continue
    const isCut = (holder, { overflowX, overflowY }) => {
      const box = holder.getBoundingClientRect()
      return places.some((text) =>
        (['hidden', 'clip'].includes(overflowX) && (text.left < box.left - 1 || text.right > box.right + 1)) ||
        (['hidden', 'clip'].includes(overflowY) && (text.top < box.top - 1 || text.bottom > box.bottom + 1)))
    }
    if (holders.some((holder, i) => isCut(holder, styles[i]))) found.push(node.textContent)
  }
  return found
})()`

interface Axe {
  readonly axe: { run: (options: object) => Promise<Found> }
}

interface Found {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}
