import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Locator, type Page } from 'playwright-core'
import { chromiumPath } from '../support/chromium.ts'

/** The Teams client in a browser. Every wait ends: what does not come within ten seconds fails by name. */
export interface Client {
  readonly page: Page
  /** Opens a channel or chat by its name. */
  open(place: string): Promise<void>
  /** The card of this request: what it shows changes, for this person and for all. */
  card(request: string): Locator
  /** Waits until something in the card says this. */
  says(card: Locator, words: string | RegExp): Promise<void>
  /** Types to the bot in a chat. */
  write(words: string): Promise<void>
  /** Takes a picture of what is on the screen, or of a part of it, if the run is to leave pictures. */
  picture(name: string, part?: Locator): Promise<void>
  close(): Promise<void>
}

/** A folder for pictures to be looked at; without it there are none, because they take half of the browser's time. */
const pictures = process.env['COUNTERSIGN_PICTURES']

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export async function openClient(url: string): Promise<Client> {
  const profile = await mkdtemp(join(tmpdir(), 'countersign-browser-'))
  if (pictures !== undefined) await mkdir(pictures, { recursive: true })
  const browser = await chromium.launchPersistentContext(profile, {
    ...{ executablePath: chromiumPath, args: flags, headless: true },
    ...{ viewport: { width: 1360, height: 1100 }, timezoneId: 'UTC', locale: 'en-US', reducedMotion: 'reduce' },
    deviceScaleFactor: pictures === undefined ? 1 : 2,
  })
  const close = async () => {
    await browser.close()
    await rm(profile, { recursive: true, force: true })
  }
  try {
    return { ...(await driving(await browser.newPage(), url)), close }
  } catch (cause) {
    await close()
    throw cause
  }
}

async function driving(page: Page, url: string): Promise<Omit<Client, 'close'>> {
  // a patience that only a fault uses up
  page.setDefaultTimeout(60_000)
  // fonts and the like: nothing of a test leaves this machine
  const isHere = (address: string) => new URL(address).hostname === new URL(url).hostname
  await page.route('**/*', (route) => (isHere(route.request().url()) ? route.continue() : route.abort()))
  await page.goto(url)
  await page.getByRole('treeitem').first().waitFor()

  return {
    page,
    async open(place) {
      await page.getByRole('treeitem', { name: place }).click()
      await page.getByRole('textbox').first().waitFor()
    },
    card: (request) => page.locator('.ac-adaptiveCard').filter({ hasText: request }).first(),
    says: (card, words) => card.getByText(words).first().waitFor(),
    async write(words) {
      await page.getByRole('textbox').first().click()
      await page.keyboard.type(words)
      await page.getByRole('button', { name: 'Send Message' }).click()
    },
    async picture(name, part) {
      if (pictures === undefined) return
      await (part ?? page).screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' })
    },
  }
}
