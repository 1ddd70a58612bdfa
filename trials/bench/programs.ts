import { allowed } from './allowed.ts'
import { answer } from './answer.ts'
import { ask } from './ask.ts'
import { verifyBrowser } from './browser.ts'
import { beside } from './beside.ts'
import { card } from './card.ts'
import { coldStart } from './coldStart.ts'
import { seal, sealLarge, sealStored, verify, verifySaid } from './days.ts'
import { door } from './door.ts'
import type { Bench } from './figure.ts'
import { firstRows } from './firstRows.ts'
import { gateway } from './gateway.ts'
import { json } from './json.ts'
import { life } from './life.ts'
import { lists } from './lists.ts'
import { policy } from './policy.ts'
import { reportPeriod } from './period.ts'
import { review } from './review.ts'
import { rows } from './rows.ts'
import { sinks } from './sinks.ts'
import { use } from './use.ts'
import { waiters } from './waiters.ts'

/** All that is measured, in the order of the table. */
export const programs = {
  ask,
  use,
  life,
  door,
  beside,
  answer,
  waiters,
  allowed,
  gateway,
  sinks,
  rows,
  policy,
  card,
  json,
  'cold-start': coldStart,
  lists,
  review,
  seal,
  'seal-large': sealLarge,
  'seal-stored': sealStored,
  verify,
  'verify-said': verifySaid,
  'verify-browser': verifyBrowser,
  'report-period': reportPeriod,
  'first-rows': firstRows,
} as const satisfies Record<string, Bench>

export type Name = keyof typeof programs

export const isName = (text: string): text is Name => Object.hasOwn(programs, text)

export const names: readonly Name[] = Object.keys(programs).filter(isName)
