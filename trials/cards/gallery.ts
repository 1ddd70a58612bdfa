import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { chromiumPath } from '../../test/support/chromium.ts'
import type { Theme } from './themes.ts'

/** Draws cards with Microsoft's own renderer in a browser, and what another renderer wrote as HTML. */
export interface Gallery {
  /** Replaces the cards on the page. The other functions take the number of a card in this list. */
  hang(cards: readonly Hung[], theme: Theme, width: number): Promise<void>
  /** Takes a picture of a card, as PNG. */
  picture(card: number, path?: string): Promise<Buffer>
  /** Measures the contrast of every piece of text in a picture of a card. */
  contrasts(card: number): Promise<readonly Measured[]>
  /** Lists, by card, the texts that stick out of it, where they would be cut off. */
  cutOff(): Promise<readonly (readonly string[])[]>
  /** How tall each card is, in CSS pixels. */
  heights(): Promise<readonly number[]>
  close(): Promise<void>
}

/** A card, and the button whose form is open; or HTML. */
export type Hung = { readonly card: object; readonly open?: string } | { readonly html: string }

export interface Measured {
  readonly text: string
  /** WCAG 2.2, "contrast ratio": 1 to 21. */
  readonly ratio: number
}

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--force-color-profile=srgb', '--disable-lcd-text'],
]

/**
 * Opens a browser for a gallery.
 *
 * @param scale device pixels to a CSS pixel. Measuring contrasts needs at least three: with fewer, no pixel of a thin
 *   letter has the full colour
 */
export async function openGallery({ scale }: { readonly scale: number }): Promise<Gallery> {
  const profile = await mkdtemp(join(tmpdir(), 'countersign-browser-'))
  const browser = await chromium.launchPersistentContext(profile, {
    ...{ executablePath: chromiumPath, args: flags, headless: true },
    ...{ viewport: { width: 800, height: 1000 }, deviceScaleFactor: scale, timezoneId: 'UTC', locale: 'en-US' },
  })
  const close = async () => {
    await browser.close()
    await rm(profile, { recursive: true, force: true })
  }
  try {
    return { ...(await opened(browser, scale)), close }
  } catch (cause) {
    await close()
    throw cause
  }
}

async function opened(browser: BrowserContext, scale: number): Promise<Omit<Gallery, 'close'>> {
  const root = createRequire(join(process.cwd(), 'package.json'))
  const scripts = [root.resolve('adaptivecards/dist/adaptivecards.min.js'), root.resolve('./trials/cards/browser.js')]
  const page = await browser.newPage()
  const picture = (card: number, path?: string) =>
    page
      .locator('.frame')
      .nth(card)
      .screenshot(path === undefined ? {} : { path })

  return {
    async hang(cards, { page: back, css, hostConfig }, width) {
      const frame = `.frame { box-sizing: border-box; width: ${width}px; margin: 16px; overflow: hidden }`
      await page.setContent(`<style>body { margin: 0; background: ${back} } ${css} ${frame}</style>`)
      for (const path of scripts) await page.addScriptTag({ path })
      await page.evaluate(`draw(${JSON.stringify({ cards, hostConfig })})`)
    },

    picture,

    async contrasts(card) {
      const given = { card, scale, picture: (await picture(card)).toString('base64') }
      return page.evaluate<readonly Measured[]>(`measure(${JSON.stringify(given)})`)
    },

    heights: () => page.evaluate<readonly number[]>('heights()'),

    cutOff: () => page.evaluate<readonly (readonly string[])[]>('cutOff()'),
  }
}
