import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { chromiumPath } from '../../test/support/chromium.ts'
import { give } from '../../test/console/verifyPage.ts'
import { eventsIn } from './day.ts'
import { scriptOf, verifying } from './days.ts'
import { type Bench, figure, share, timed } from './figure.ts'
import { measured } from './measure.ts'

/** The page that verifies, as it was built. Its worker's code is that of the console. */
const page = pathToFileURL('dist/console/verify.html').href

export const verifyBrowser: Bench = {
  about: 'the verifier of browsers, in Chromium, on a bundle of 100,000 events: beside countersign verify on the same',
  async measure(means) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
    try {
      await measured({ program: scriptOf('makeDay'), args: [folder, String(share(means, 100_000))] })
      const args = await verifying(folder)
      const [, bundle = '', , key = ''] = args
      const took: { readonly seconds: number; readonly megabytes: number }[] = []
      const command: number[] = []
      for (let run = 1; run <= means.runs; run++) {
        command.push((await measured({ program: 'dist/bin/countersign.cjs', args })).seconds)
        took.push(await inBrowser([key, bundle]))
      }
      const title = `verify a bundle of ${eventsIn(folder).toLocaleString('en')} events in a browser`
      return [
        figure({
          ...{ name: title, unit: 's', ours: took.map(({ seconds }) => seconds), floor: command },
          goal: { of: 'ratio', most: 5 },
        }),
        figure({
          ...{ name: `${title}: memory at most`, unit: 'MB' },
          ours: [Math.max(...took.map(({ megabytes }) => megabytes))],
          goal: { of: 'ours', most: 300 },
        }),
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** Verifies files in a browser of its own: from the click to the verdict. */
async function inBrowser(files: readonly string[]): Promise<{ readonly seconds: number; readonly megabytes: number }> {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const opened = await browser.newPage()
    opened.setDefaultTimeout(600_000)
    await opened.goto(page)
    await give(opened, files)
    const verdict = opened.locator('#answer .verdict')
    const milliseconds = await timed(async () => {
      await opened.getByRole('button', { name: 'Verify', exact: true }).click()
      await verdict.waitFor()
    })
    const words = await verdict.innerText()
    if (!words.startsWith('VERIFIED')) throw new Error(`The browser says: ${words}`)
    return { seconds: milliseconds / 1000, megabytes: await memoryOf(browser) }
  } finally {
    await browser.close()
  }
}

/** The most memory that a process of pages had at any moment; their workers are threads of it. */
async function memoryOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const kilobytes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]))
  return Math.max(...kilobytes) / 1024
}
