import { azuriteDay } from './azuriteDay.ts'
import { sealDay } from './sealed.ts'
import { timedTiles } from './tiles.ts'

/** Seals the day of a folder that lies in Azurite, too, into a container of its own: what is not collected yet. */
const { folder, ledger, seals, archive: container } = await azuriteDay(process.argv.slice(2))
const { archive, tell } = timedTiles(container)
await sealDay(folder, { ledger, seals, archive })
tell(folder)
