import { readFileSync } from 'node:fs'
import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../../src/azure/archive.ts'
import type { Shard } from '../../src/core/data/id.ts'
import type { Collected } from '../../src/ports/seals.ts'
import { MemorySeals } from '../../test/support/fakes/seals.ts'
import { date, FileLedger } from './day.ts'
import { collectedIn, CountingArchive, sealDay } from './sealed.ts'
import { timedTiles } from './tiles.ts'

/** Seals the day of a folder that was collected before midnight. Tiles are counted, or stored if a container is named. */
const [folder = '', url = '', account = '', key = '', container = 'tiles'] = process.argv.slice(2)
const seals = new MemorySeals(date)
const rows = JSON.parse(readFileSync(collectedIn(folder), 'utf8')) as readonly (readonly [Shard, Collected])[]
for (const [shard, collected] of rows) await seals.keepCollected(shard, collected)
const blobs =
  url === '' ? null : new BlobArchive({ url, container, credential: new StorageSharedKeyCredential(account, key) })
await blobs?.prepare()
const { archive, tell } = timedTiles(new CountingArchive(folder, undefined, blobs ?? undefined))
await sealDay(folder, { ledger: new FileLedger(folder), seals, archive })
tell(folder)
