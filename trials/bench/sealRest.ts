import { readFileSync } from 'node:fs'
import type { Shard } from '../../src/core/data/id.ts'
import type { Collected } from '../../src/ports/seals.ts'
import { MemorySeals } from '../../test/support/fakes/seals.ts'
import { date, FileLedger } from './day.ts'
import { collectedIn, CountingArchive, sealDay } from './sealed.ts'

/** Seals the day of a folder that was collected before midnight. */
const [folder = ''] = process.argv.slice(2)
const seals = new MemorySeals(date)
const rows = JSON.parse(readFileSync(collectedIn(folder), 'utf8')) as readonly (readonly [Shard, Collected])[]
for (const [shard, collected] of rows) await seals.keepCollected(shard, collected)
await sealDay(folder, { ledger: new FileLedger(folder), seals, archive: new CountingArchive(folder) })
