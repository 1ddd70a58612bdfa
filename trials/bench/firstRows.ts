import { type Browser, chromium } from 'playwright-core'
import { chromiumPath } from '../../test/support/chromium.ts'
import { startStack, type Stack, wish } from '../../test/support/stack.ts'
import { type Bench, figure, inTurns, timed } from './figure.ts'

/** What an approver of the local stack is called, and how much slower than this machine's processor theirs is. */
const [approver, slowdown] = ['dba-1', 4]

/** Requests that wait: as many as an agent may have at once. */
const waiting = 3

export const firstRows: Bench = {
  about: 'the console on a quarter of the processor, from its address to the rows of the inbox, sign-in included',
  async measure(means) {
    const stack = await startStack({ args: ['--no-timers'] })
    const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] })
    try {
      for (let number = 0; number < waiting; number++) {
        const { status } = await stack.call('deploy-bot', '/api/requests', wish())
        if (status !== 201) throw new Error(`An ask was answered with ${status}.`)
      }
      const ours: number[] = []
      await inTurns(means, async (counts) => {
        const took = await untilRows(browser, stack)
        if (counts) ours.push(took)
      })
      const name = 'console, a quarter of the processor: address to rows of the inbox'
      return [figure({ name, unit: 'ms', ours, goal: { of: 'ours', most: 1_000 } })]
    } finally {
      await browser.close()
      await stack.stop()
    }
  },
}

/**
 * Milliseconds from opening the address until the rows are seen, in a browser that keeps nothing of the console and in which
 * the identity provider knows the person: it sends them back without a question, as it does on most days.
 */
async function untilRows(browser: Browser, stack: Stack): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const first = await context.newPage()
    const rows = '.tiles > li'
    await first.goto(`${stack.api}/console/`)
    await first.getByRole('button', { name: new RegExp(`^${approver} `) }).click()
    await first
      .locator(rows)
      .nth(waiting - 1)
      .waitFor()
    await first.close()
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Network.clearBrowserCache')
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
    return await timed(async () => {
      await page.goto(`${stack.api}/console/`, { waitUntil: 'commit' })
      await page
        .locator(rows)
        .nth(waiting - 1)
        .waitFor()
    })
  } finally {
    await context.close()
  }
}
