import type { Day } from '../../src/core/data/day.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { folder, type Key, type Members, membersOf, signingKey, zipName } from '../evidence/bundle.ts'
import { at, day, history, type Sealer, sealer } from '../evidence/days.ts'
import type { World } from '../support/world.ts'

/** Days that were sealed, as files, and what it takes to change them. */
export interface Sealed {
  readonly place: ReturnType<typeof folder>
  readonly key: Key
  readonly signer: Signer
  /** A file. */
  readonly pem: string
  readonly world: World
  readonly sealer: Sealer
  zip(date: Day): Promise<Buffer>
  members(date: Day): Promise<Members>
  /** What people wrote that day. */
  said(date: Day): Promise<string>
  /** The bundle as a file, by the name that it is downloaded by. */
  file(date: Day): Promise<string>
}

/** The five days of `history`, sealed; `more` may happen late on the fourth of them. */
export async function sealedDays(more?: (world: World) => Promise<void>): Promise<Sealed> {
  const place = folder()
  const { key, signer, pem } = await signingKey()
  const world = await history()
  world.clock.set(at(7, '10:00:00'))
  await more?.(world)
  const one = await sealer({ ledger: world.ledger, spool: place.path, signer })
  await one.run()
  const read = (date: Day) => saidOf({ ledger: world.ledger, seals: one.seals, clock: one.clock }, date)
  const zip = async (date: Day) => Buffer.from((await one.archive.read(`bundles/${date}.zip`)) ?? [])
  return {
    ...{ place, key, signer, world, sealer: one, zip },
    pem: place.write('log.pem', pem),
    members: async (date) => membersOf(await zip(date)),
    said: async (date) => {
      let text = ''
      for await (const line of await read(date)) text += line
      return text
    },
    file: async (date) => place.write(zipName(date), await zip(date)),
  }
}

export const dates: readonly Day[] = [4, 5, 6, 7, 8].map(day)
