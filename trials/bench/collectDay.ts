import { writeFileSync } from 'node:fs'
import { endOf, startOf } from '../../src/core/data/day.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { FakeClock } from '../../test/support/fakes.ts'
import { MemorySeals } from '../../test/support/fakes/seals.ts'
import { date, FileLedger } from './day.ts'
import { collectedIn, CountingArchive, sealerOf } from './sealed.ts'

/** Collects the day of a folder as its timer does, every five minutes, up to the last ones before midnight. */
const [folder = ''] = process.argv.slice(2)
const seals = new MemorySeals(date)
const ledger = new FileLedger(folder)
const cut = ledger.cut.bind(ledger)
const clock = new FakeClock(startOf(date))
// The file has all events of the day; those of later are not recorded yet.
ledger.cut = (shard) => cut(shard, clock.now())
const sealer = await sealerOf(folder, { ledger, seals, archive: new CountingArchive(folder), clock })
const last = plusSeconds(endOf(date), -300)
for (let now = startOf(date); now <= last; now = plusSeconds(now, 300)) {
  clock.set(now)
  await sealer.run()
}
const alarm = await seals.alarm()
if (alarm) throw new Error(`The day cannot be collected: ${JSON.stringify(alarm)}`)
writeFileSync(collectedIn(folder), JSON.stringify([...(await seals.collected())]))
