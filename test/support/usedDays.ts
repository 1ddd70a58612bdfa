import { saidOf } from '../../src/evidence/read/saidExport.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { policyFrom } from '../../src/policy/load.ts'
import type { Policy } from '../../src/ports/policy.ts'
import type { Action } from '../../src/core/action/action.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { folder, type Key, type Members, membersOf, signingKey } from '../evidence/bundle.ts'
import { at, sealer } from '../evidence/days.ts'
import { action, bot, dba, rosterText, scope } from './build.ts'
import { policyTexts } from './policyTexts.ts'
import { asks, claims, votes, world } from './world.ts'

const rule = {
  ...{ id: 'export-dba', file: 'approve.cedar' as const, verbs: ['db.export'] },
  notes: { approvers: 'dba', session: 'PT4H', uses: '3', vary: 'target, rows, tables' },
}

const files = new Map([...policyTexts(rosterText, [rule]), ['cards/channel.json', '{}']])

function policy(): Policy {
  const bytes = [...files].map(([name, text]) => [name, Buffer.from(text)] as const)
  const own = bytes.filter(([name]) => !name.startsWith('cards/') && name !== 'rules.json')
  return policyFrom(new Map(own), new Map([['channel.json', Buffer.from('{}')]]))
}

/** Days on which a standing approval was used, of which one use was redeemed on the day after it was granted. */
export interface UsedDays {
  readonly place: ReturnType<typeof folder>
  readonly key: Key
  readonly days: readonly Members[]
  /** What was written, as files, in the order of the days. */
  readonly said: readonly string[]
  readonly standing: RequestId
}

/** @param more of the sealing process, as how large a chunk is */
export async function usedDays(more: { readonly chunkEvents?: number } = {}): Promise<UsedDays> {
  const place = folder()
  const { key, signer } = await signingKey()
  const made = await world()
  const inForce = policy()
  const here = made.another({ policy: inForce })
  const { clock } = made
  const like = (rows: number): Action => ({ ...action, params: { ...action.params, rows } })
  const use = async (under: RequestId, rows: number) =>
    (await here.approvals.ask(asks({ action: like(rows), under }))).request
  const redeem = async (request: Awaited<ReturnType<typeof use>>, redemption: string) =>
    here.approvals.redeem(request.id, await claims(here, request, redemption))

  clock.set(at(4, '22:50:00'))
  const asked = await here.approvals.ask(asks({ action: { ...action, standing: { ...scope, for: 7200, uses: 3 } } }))
  const standing = asked.request.id
  await here.approvals.decide(standing, votes(asked.request, dba))
  clock.set(at(4, '23:50:00'))
  await redeem(await use(standing, 5), 'first')
  clock.set(at(4, '23:58:00'))
  const granted = await use(standing, 6)
  clock.set(at(5, '00:01:00'))
  // No event of the day is of the standing approval before this one needs it.
  await redeem(granted, 'second')
  clock.set(at(5, '00:20:00'))
  await redeem(await use(standing, 7), 'third')
  clock.set(at(5, '00:21:00'))
  await here.approvals.report(granted.id, { executor: bot, result: 'succeeded' })

  const one = await sealer({ ledger: made.ledger, spool: place.path, signer })
  for (const [name, bytes] of inForce.files())
    await one.archive.create(`policy/${inForce.version.slice('sha256:'.length)}/${name}`, bytes)
  one.clock.set(at(6, '00:05:00'))
  const days: Members[] = []
  const said: string[] = []
  for (const date of await new Sealing({ ...one.parts, ...more }).run()) {
    days.push(await membersOf((await one.archive.read(`bundles/${date}.zip`)) ?? new Uint8Array()))
    let text = ''
    for await (const line of await saidOf({ ledger: made.ledger, seals: one.seals, clock: one.clock }, date))
      text += line
    said.push(text)
  }
  return { place, key, days, said, standing }
}
