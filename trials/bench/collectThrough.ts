import { endOf, startOf } from '../../src/core/data/day.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { FakeClock } from '../../test/support/fakes.ts'
import { date } from './day.ts'
import { type SealedParts, sealerOf } from './sealed.ts'

/**
 * Collects the day of a folder as its timer does, up to the last time before midnight.
 *
 * @param every seconds
 */
export async function collectThrough(folder: string, parts: SealedParts, every: number): Promise<void> {
  const { ledger, seals } = parts
  const cut = ledger.cut.bind(ledger)
  const clock = new FakeClock(startOf(date))
  // The ledger has all events of the day; those of later are not recorded yet.
  ledger.cut = (shard) => cut(shard, clock.now())
  const sealer = await sealerOf(folder, { ...parts, clock })
  const last = plusSeconds(endOf(date), -every)
  for (let now = startOf(date); now <= last; now = plusSeconds(now, every)) {
    clock.set(now)
    await sealer.run()
  }
  const alarm = await seals.alarm()
  if (alarm) throw new Error(`The day cannot be collected: ${JSON.stringify(alarm)}`)
}
