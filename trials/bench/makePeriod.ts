import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { type Day, endOf, nextDay } from '../../src/core/data/day.ts'
import { FakeClock } from '../../test/support/fakes.ts'
import { MemorySeals } from '../../test/support/fakes/seals.ts'
import { date, FileLedger, saidIn, saidOf, writeDays } from './day.ts'
import { CountingArchive, sealerOf } from './sealed.ts'

/** Makes so many days of about so many events each, and seals them: bundles and said files as they are downloaded. */
const [folder = '', days, events] = process.argv.slice(2)
const all: Day[] = [date]
while (all.length < Number(days)) all.push(nextDay(all.at(-1) ?? date))
const last = all.at(-1) ?? date
await writeDays(folder, all, Number(events))
renameSync(saidIn(folder), saidOf(folder, date))

/** Keeps the bundles of all days, and the tiles with which the next day begins. */
class PeriodArchive extends CountingArchive {
  protected override isKept(name: string): boolean {
    return !name.startsWith('tile/entries/') || name.includes('.p/')
  }

  protected override bundleOf(name: string): string {
    return join(folder, `countersign-evidence-${name.slice('bundles/'.length)}`)
  }
}

const seals = new MemorySeals(date)
const clock = new FakeClock(endOf(last))
const sealer = await sealerOf(folder, {
  ...{ ledger: new FileLedger(folder, last), seals, archive: new PeriodArchive(folder), clock },
})
const sealed = await sealer.run()
if (sealed.length !== all.length) throw new Error(`Not all days were sealed: ${JSON.stringify(await seals.alarm())}`)
