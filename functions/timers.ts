import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { timer } from '../src/runtime/timer.ts'

/** Brings the cards up to date that a delivery left behind. */
functions.timer('deliver', {
  schedule: '15,45 * * * * *',
  handler: timer('deliver', async () => (await (await app()).delivery?.sweep()) ?? 0),
})

/** Expires, lapses and marks as unreported whatever is due, and keeps every five minutes where the chains stand. */
functions.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: timer('sweep', async () => (await app()).sweep()),
})

/** Seals every day that has ended. */
functions.timer('seal', { schedule: '0 5 * * * *', handler: timer('seal', async () => (await app()).seal()) })
