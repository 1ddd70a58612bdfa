import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { MemorySeals } from '../../test/support/fakes/seals.ts'
import { date, FileLedger } from './day.ts'
import { CountingArchive, sealDay } from './sealed.ts'

/** Seals the day of a folder; the bundle is counted, and kept if a file is named. */
const [folder = '', file] = process.argv.slice(2)
rmSync(join(folder, 'chunks'), { recursive: true, force: true })
await sealDay(folder, {
  ledger: new FileLedger(folder),
  seals: new MemorySeals(date),
  archive: new CountingArchive(folder, file),
})
