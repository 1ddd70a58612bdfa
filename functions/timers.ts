import { app as functions } from '@azure/functions'
import { app } from '../src/app.ts'

/** Brings the cards up to date that a delivery left behind. */
functions.timer('deliver', {
  schedule: '15,45 * * * * *',
  handler: async (_timer, context) => context.info(`looked at ${(await (await app()).delivery?.sweep()) ?? 0}`),
})

/** Expires, lapses and marks as unreported whatever is due. */
functions.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: async (_timer, context) => context.info(`swept ${await (await app()).approvals.sweep()}`),
})

/** Seals every day that has ended. */
functions.timer('seal', {
  schedule: '0 5 * * * *',
  handler: async (_timer, context) => context.info(`sealed ${(await (await app()).seal()).join(', ') || 'nothing'}`),
})
