import { app as functions } from '@azure/functions'
import { app } from '../src/app.ts'

/** Expires, lapses and marks as unreported whatever is due. */
functions.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: async (_timer, context) => context.info(`swept ${await (await app()).approvals.sweep()}`),
})
