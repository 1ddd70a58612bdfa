import { writeFileSync } from 'node:fs'
import { MemorySeals } from '../../test/support/fakes/seals.ts'
import { collectThrough } from './collectThrough.ts'
import { date, FileLedger } from './day.ts'
import { collectedIn, CountingArchive } from './sealed.ts'

/** Collects the day of a folder every five minutes. */
const [folder = ''] = process.argv.slice(2)
const seals = new MemorySeals(date)
await collectThrough(folder, { ledger: new FileLedger(folder), seals, archive: new CountingArchive(folder) }, 300)
writeFileSync(collectedIn(folder), JSON.stringify([...(await seals.collected())]))
