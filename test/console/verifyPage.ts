import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { JsonObject } from '../../src/core/data/json.ts'
import { chromiumPath } from '../support/chromium.ts'

/** The page that verifies in a browser, as it was built. */
const file = join(import.meta.dirname, '../../dist/console/verify.html')

/** The page, opened from its file in a browser, as an auditor opens it. */
export interface VerifyPage {
  readonly page: Page
  /** What was asked of the network, by any page or worker of the browser; the page's own file is not in it. */
  readonly asked: readonly string[]
  /** What the browser's console said: errors and violations of the page's rules. */
  readonly said: readonly string[]
  /** Gives the page exactly these files, and lets it verify them. */
  verify(files: readonly string[]): Promise<Told>
  close(): Promise<void>
}

/** What the page says at the end. */
interface Told {
  /** The words in the banner: the verdict, and what is wrong; or why a file was not taken. */
  readonly banner: string
  /** The result as the page saves it; absent if nothing was judged. */
  readonly record?: JsonObject
}

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export async function openVerifyPage(): Promise<VerifyPage> {
  const profile = await mkdtemp(join(tmpdir(), 'countersign-browser-'))
  const browser = await chromium.launchPersistentContext(profile, {
    ...{ executablePath: chromiumPath, args: flags, headless: true },
    ...{ viewport: { width: 1280, height: 900 }, timezoneId: 'UTC', locale: 'en-US', reducedMotion: 'reduce' },
  })
  const close = async () => {
    await browser.close()
    await rm(profile, { recursive: true, force: true })
  }
  try {
    return { ...(await opened(browser)), close }
  } catch (cause) {
    await close()
    throw cause
  }
}

async function opened(browser: BrowserContext): Promise<Omit<VerifyPage, 'close'>> {
  const { href } = pathToFileURL(file)
  const asked: string[] = []
  const said: string[] = []
  browser.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && request.url() !== href) asked.push(request.url())
  })
  browser.on('console', (message) => said.push(message.text()))
  browser.on('weberror', (error) => said.push(String(error.error())))
  const page = await browser.newPage()
  // a patience that only a fault uses up
  page.setDefaultTimeout(60_000)
  await page.goto(href)
  return { page, asked, said, verify: (files) => verified(page, files) }
}

async function verified(page: Page, files: readonly string[]): Promise<Told> {
  await page.reload()
  await give(page, files)
  const button = page.getByRole('button', { name: 'Verify', exact: true })
  // Without a key or a bundle there is nothing to verify, and the page says which file it did not take, and why.
  if ((await button.getAttribute('aria-disabled')) === 'true')
    return { banner: (await page.locator('#refused').innerText()).trim() }
  await button.click()
  const banner = page.locator('#answer .verdict')
  await banner.waitFor()
  const words = (await banner.innerText()).trim()
  const save = page.getByRole('button', { name: 'Save the result' })
  if ((await save.count()) === 0) return { banner: words }
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()])
  return { banner: words, record: JSON.parse(await readFile(await download.path(), 'utf8')) as JsonObject }
}

/** Gives files to the page, and waits until it has found what each is. */
export async function give(page: Page, files: readonly string[]): Promise<void> {
  const pieces = page.locator('.pieces li, .refused li')
  const before = await pieces.count()
  await page.locator('#files').setInputFiles([...files])
  await pieces.nth(before + files.length - 1).waitFor({ state: 'attached' })
}
