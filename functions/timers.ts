import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { timer } from '../src/runtime/timer.ts'

/**
 * Applies the deadlines that have passed, finishes deliveries that were interrupted or failed, and stores the heads of
 * all chains every five minutes. It is one timer, because each timer keeps an instance of its own running.
 */
functions.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: timer('sweep', async () => (await app()).sweep()),
})

/** Seals every day that has ended, and then takes a snapshot if backups are on. */
functions.timer('seal', {
  schedule: '0 5 * * * *',
  handler: timer('seal', async () => {
    const { seal, snapshot } = await app()
    const days = await seal()
    return [...days, ...(await snapshot())]
  }),
})
