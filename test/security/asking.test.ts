import { emptyRow } from '../../src/core/request/limit.ts'
import { showLimits } from '../../src/core/action/page.ts'
import { bot } from '../support/build.ts'
import { anAction, asks, codeOf, world } from '../support/world.ts'

test.each([
  [
    'more params than are shown',
    Object.fromEntries(Array.from({ length: showLimits.keys + 1 }, (_, i) => [`a${i}`, i])),
  ],
  ['more text than fits the pages', { a: '\u00ad'.repeat(8_100) }],
])('an action that no approver could be shown is refused: %s', async (_what, params) => {
  const here = await world()
  expect(await codeOf(here.approvals.ask(asks({ action: { ...anAction(), params } })))).toBe('not-showable')
  expect((await here.limits.read({ agent: bot })).row).toEqual(emptyRow)
})
