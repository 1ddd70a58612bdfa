import { azuriteDay } from './azuriteDay.ts'
import { collectThrough } from './collectThrough.ts'

/** Collects a day that lies in Azurite, every hour. */
const { folder, ...parts } = await azuriteDay(process.argv.slice(2))
await collectThrough(folder, parts, 3_600)
