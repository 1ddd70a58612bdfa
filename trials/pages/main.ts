import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { flawsOf, type Visitors, visitors } from '../../test/console/visitor.ts'
import { until } from '../../test/support/until.ts'
import { startStack } from '../../test/support/stack.ts'
import { Misuse, program, say } from '../program.ts'
import { begin, fill } from './history.ts'
import { newcomer } from './newcomer.ts'
import { pagesOf, type Pictured } from './pages.ts'

const help = `Fills a local stack with nine days of requests, and pictures every page of the console in every theme and width.
Fails if axe finds a flaw (WCAG 2.2 AA and its best practices), if a page is wider than its window, if the browser
complains, or if a newcomer needs more than 6 clicks and 20 typed characters to find who approved what.

  --out DIR     the folder of the pictures (dist/pages-pictures)
  --only TEXT   only pages whose name contains this text
  --docs DIR    only draws the pictures of the documents, into this folder: docs/pictures
`

const themes = ['light', 'dark', 'contrast'] as const
const widths = [320, 768, 1280, 1920] as const

/** The pages that the documents show. */
const documented = ['inbox', 'story', 'metrics', 'evidence', 'policy']

interface Values {
  readonly out: string
  readonly only: string
  readonly docs?: string | undefined
}

async function run({ out, only, docs }: Values): Promise<number> {
  const folder = resolve(docs ?? out)
  await mkdir(folder, { recursive: true })
  const data = await mkdtemp(join(tmpdir(), 'countersign-pages-'))
  await begin(data)
  const stack = await startStack({ data })
  const people = await visitors(stack)
  try {
    const all = pagesOf(await fill(stack)).filter(({ name }) => name.includes(only))
    if (all.length === 0) throw new Misuse(`No page's name has “${only}”.`)
    if (docs !== undefined) {
      for (const page of all.filter(({ name }) => documented.includes(name))) await drawn(people, page, folder)
      return 0
    }
    const flaws: string[] = []
    if (only === '') flaws.push(...(await newcomer(people, stack)))
    for (const page of all) flaws.push(...(await pictured(people, page, folder)))
    for (const flaw of flaws) process.stderr.write(`${flaw}\n`)
    await writeFile(join(folder, 'index.html'), index(all))
    say(join(folder, 'index.html'))
    return flaws.length === 0 ? 0 : 1
  } finally {
    await people.close()
    await stack.stop()
    await rm(data, { recursive: true, force: true })
  }
}

/** Pictures one page in each theme and width. @returns what is wrong with it, a line each */
async function pictured(people: Visitors, what: Pictured, folder: string): Promise<readonly string[]> {
  const { page, complaints } = await opened(people, what)
  const flaws: string[] = []
  for (const theme of themes) {
    await page.getByLabel('Colours').selectOption(theme)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({ path: join(folder, pictureOf(what.name, theme, width)), fullPage: true })
      const actual = await page.evaluate('document.documentElement.scrollWidth')
      if (actual !== width) flaws.push(`${what.name}, ${theme}, ${width} px: is ${String(actual)} px wide`)
    }
    await page.setViewportSize({ width: 1280, height: 900 })
    flaws.push(...(await flawsOf(page)).map((flaw) => `${what.name}, ${theme}: ${flaw}`))
  }
  await page.getByLabel('Colours').selectOption('light')
  flaws.push(...complaints.map((complaint) => `${what.name}: the browser says ${complaint}`))
  say(`${what.name}: ${themes.length * widths.length} pictures`)
  await page.close()
  return flaws
}

async function drawn(people: Visitors, what: Pictured, folder: string): Promise<void> {
  const { page } = await opened(people, what)
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.screenshot({ path: join(folder, `console-${what.name}.png`) })
  say(`console-${what.name}.png`)
  await page.close()
}

async function opened(people: Visitors, { who, path }: Pictured) {
  const visit = await people.open(who, path)
  await visit.page.waitForLoadState('networkidle')
  await until(
    () => visit.page.locator('main .skeleton').count(),
    (count) => count === 0,
  )
  return visit
}

const pictureOf = (name: string, theme: string, width: number): string => `${name}-${theme}-${width}.png`

/** A page of all pictures, a row for each page and theme. */
function index(all: readonly Pictured[]): string {
  const rows = all.flatMap(({ name }) =>
    themes.map((theme) => {
      const cells = widths.map((width) => `<td><img loading="lazy" src="${pictureOf(name, theme, width)}"></td>`)
      return `<tr><th>${name}<br>${theme}</th>${cells.join('')}</tr>`
    }),
  )
  const style = 'img { max-width: 24vw } th, td { vertical-align: top; font: 14px sans-serif }'
  return `<!doctype html><meta charset="utf-8"><title>Pages</title><style>${style}</style><table>${rows.join('\n')}</table>\n`
}

program({
  name: 'pages',
  help,
  options: {
    out: { type: 'string', default: 'dist/pages-pictures' },
    only: { type: 'string', default: '' },
    docs: { type: 'string' },
  },
  run,
})
