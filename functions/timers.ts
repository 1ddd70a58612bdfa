import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { hourly, timer } from '../src/runtime/timer.ts'

/**
 * Applies the deadlines that have passed, finishes deliveries that were interrupted or failed, and stores the heads of
 * all chains every five minutes. It is one timer, because each timer keeps an instance of its own running.
 */
functions.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: timer('sweep', async () => (await app()).sweep()),
})

const snapshot = hourly(async () => (await app()).snapshot())

/**
 * Seals every day that has ended, and collects the events of the day that has not. Then it has sealed days cosigned, where
 * there are witnesses, and looks once an hour whether a snapshot is due, if backups are on.
 */
functions.timer('seal', {
  schedule: '0 */5 * * * *',
  handler: timer('seal', async () => {
    const { seal, cosign } = await app()
    const days = await seal()
    const cosignatures = await cosign()
    return [...days, ...cosignatures, ...(await snapshot())]
  }),
})
