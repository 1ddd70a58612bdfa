import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { chromiumPath } from '../../test/support/chromium.ts'

/** How a page is looked at. */
interface Look {
  readonly name: string
  readonly width: number
  readonly media?: 'print'
  readonly scheme?: 'dark'
}

const looks: readonly Look[] = [
  { name: 'light', width: 1280 },
  { name: 'dark', width: 1280, scheme: 'dark' },
  // The width of A4 without its margins, at 96 dots an inch.
  { name: 'print', width: 680, media: 'print' },
  { name: 'phone', width: 360 },
]

/** Milliseconds in which a page opens: what the report promises. */
const opensWithin = 2_000

/** The parts of a page that are pictured: a whole page has too many pixels for one picture. */
const parts = ['verified', 'population', 'answers', 'approvers', 'policy', 'controls', 'requests'] as const

const launched = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] })

/** Pictures the beginning of a page. */
export async function pictureOf(file: string, picture: string): Promise<void> {
  const browser = await launched()
  try {
    const page = await browser.newPage({ viewport: { width: 1_600, height: 1_000 } })
    await page.goto(pathToFileURL(file).href)
    await page.screenshot({ path: picture })
  } finally {
    await browser.close()
  }
}

/** Pictures the parts of a page in each look, and prints it. Returns what is wrong with it, a line each. */
export async function pictures(file: string, folder: string): Promise<readonly string[]> {
  const browser = await launched()
  try {
    const flaws: string[] = []
    for (const look of looks) flaws.push(...(await pictured(browser, { file, folder, look })))
    const page = await browser.newPage()
    await page.goto(pathToFileURL(file).href)
    await page.pdf({ path: join(folder, 'print.pdf'), format: 'A4' })
    return flaws
  } finally {
    await browser.close()
  }
}

async function pictured(
  browser: Browser,
  { file, folder, look }: { readonly file: string; readonly folder: string; readonly look: Look },
): Promise<readonly string[]> {
  const { name, width, media, scheme } = look
  const flaws: string[] = []
  const page = await browser.newPage({ viewport: { width, height: 1_000 }, colorScheme: scheme ?? 'light' })
  page.on('console', (message) => flaws.push(`${name}: the browser says ${message.text()}`))
  page.on('pageerror', (error) => flaws.push(`${name}: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) flaws.push(`${name}: it asks for ${request.url()}`)
  })
  await page.goto(pathToFileURL(file).href)
  if (media) await page.emulateMedia({ media })
  for (const part of parts) {
    await page.evaluate(`document.getElementById('${part}').scrollIntoView()`)
    await page.screenshot({ path: join(folder, `${name}-${part}.png`) })
  }
  const actual = await page.evaluate('document.documentElement.scrollWidth')
  if (actual !== width) flaws.push(`${name}: the page is ${String(actual)} px wide, in a window of ${width} px`)
  await page.close()
  return flaws
}

/** Opens pages as a person does. Returns the milliseconds until each can be read and filtered. */
export async function openings(files: readonly string[]): Promise<readonly { file: string; milliseconds: number }[]> {
  const browser = await launched()
  try {
    const found: { file: string; milliseconds: number }[] = []
    for (const file of files) {
      const page = await browser.newPage()
      const began = performance.now()
      await page.goto(pathToFileURL(file).href)
      // The script counts what is shown; then the page is painted.
      await page.locator('output').first().waitFor()
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))')
      found.push({ file, milliseconds: performance.now() - began })
      await page.close()
    }
    return found
  } finally {
    await browser.close()
  }
}

/** Says which page takes too long; `null` if none does. */
export const slow = (all: Awaited<ReturnType<typeof openings>>): readonly string[] =>
  all
    .filter(({ milliseconds }) => milliseconds > opensWithin)
    .map(({ file, milliseconds }) => `${file} opens after ${Math.round(milliseconds)} ms, not within ${opensWithin}`)

/** A page with all pictures of a folder. */
export async function writeIndex(folder: string): Promise<string> {
  const rows = parts.map((part) => {
    const cells = looks.map(({ name }) => `<td><img loading="lazy" src="${name}-${part}.png"></td>`)
    return `<tr><th>${part}</th>${cells.join('')}</tr>`
  })
  const style = 'img { max-width: 23vw } th, td { vertical-align: top; font: 14px sans-serif }'
  const path = join(folder, 'index.html')
  const page = `<!doctype html><meta charset="utf-8"><title>Report</title><style>${style}</style><table>${rows.join('\n')}</table>`
  await writeFile(path, `${page}<p><img src="workbook.png"></p>\n`)
  return path
}
