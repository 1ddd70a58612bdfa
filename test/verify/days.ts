import { randomBytes } from 'node:crypto'
import { record } from '../../src/approvals/commit.ts'
import type { Day } from '../../src/core/data/day.ts'
import { shardOf } from '../../src/core/data/id.ts'
import { open } from '../../src/core/request/submission.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { folder, type Key, type Members, membersOf, signingKey, zipName } from '../evidence/bundle.ts'
import { asked, at, day, history, type Sealer, sealer } from '../evidence/days.ts'
import { dba2, mayNotApprove, policyVersion, submission } from '../support/build.ts'
import { votes, type World } from '../support/world.ts'

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

/** Lets a request be made and denied late on the fourth day, and made a second time on the fifth, as if nothing had been. */
export async function madeTwice({ ledger, clock, approvals }: World, time = '00:10:00'): Promise<void> {
  clock.set(at(7, '23:50:00'))
  const { request } = await approvals.ask(asked('02'))
  await approvals.decide(request.id, votes(request, dba2, { verdict: 'deny' }))
  ledger.forge(request.id, null)
  clock.set(at(8, time))
  const loaded = await ledger.load(shardOf(request.id), {})
  const parts = { ledger, clock, random: randomBytes, policy: { version: policyVersion }, committed: () => undefined }
  const again = submission({ id: request.id, at: clock.now(), excluded: mayNotApprove })
  await record(parts, loaded, open(again), clock.now())
}
