import { randomBytes } from 'node:crypto'
import { erasable } from '../../src/core/request/erasure.ts'
import type { ObjectId, RequestId } from '../../src/core/data/id.ts'
import { eraseAll, type ErasureOrder } from '../../src/evidence/erasures.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { dba, dba2, noHolds, policyVersion } from '../support/build.ts'
import {
  dbaChannel,
  type DeliveryWorld,
  deliveryWorld,
  lies,
  needing,
  securityChannel,
} from '../support/deliveryWorld.ts'

const erasure = { names: erasable, why: 'A secret was in it.' }

type Erasing = Pick<DeliveryWorld, 'ledger' | 'clock'> & { readonly delivery: Pick<DeliveryWorld['delivery'], 'soon'> }

/** Erases by the orders of two people. */
function eraser({ ledger, clock, delivery }: Erasing) {
  const parts = {
    ...{ ledger, clock, random: randomBytes },
    policy: { version: policyVersion, accounts: (id: ObjectId) => [id] },
    committed: ({ id }: ApprovalRequest) => delivery.soon(id),
    holds: noHolds,
  }
  return async (id: RequestId, order: Omit<ErasureOrder, 'by'>): Promise<void> => {
    for (const by of [dba, dba2]) await eraseAll(parts, id, { ...order, by })
  }
}

/** Denied, as its cards in both channels show. */
async function shown() {
  const here = deliveryWorld()
  const { id } = await here.ask(needing('dba', 'security'))
  await here.deny(id)
  await here.delivery.deliver(id)
  expect(await here.isQuiet()).toBe(true)
  const before = here.teams.sends.length
  return { ...here, id, later: () => here.teams.sends.slice(before) }
}

test('erased texts disappear from every card in Teams', async () => {
  const here = await shown()
  expect(here.teams.sends.at(-1)?.request.said).not.toEqual([])
  await eraser(here)(here.id, erasure)
  await here.delivery.idle()
  expect(here.later().map(({ kind, channel }) => [kind, channel])).toEqual([
    ['update', dbaChannel],
    ['update', securityChannel],
  ])
  for (const { request } of here.later()) expect(request).toMatchObject({ status: 'denied', action: null, said: [] })
  expect(await here.isQuiet()).toBe(true)
  expect(await lies(here, here.id)).toEqual([])
})

test('erased texts disappear even if the process ended before, by the timer', async () => {
  const here = await shown()
  await eraser({ ...here, delivery: { soon: () => undefined } })(here.id, erasure)
  expect(here.later()).toEqual([])
  expect(await here.delivery.sweep()).toBe(1)
  expect(here.later().map(({ request }) => request.said)).toEqual([[], []])
})

test('each further erasure updates the cards, and one that clears nothing sends nothing', async () => {
  const here = await shown()
  for (const names of [['reason'], ['action'], ['action']] as const) {
    await eraser(here)(here.id, { ...erasure, names })
    await here.delivery.idle()
  }
  expect(here.later().map(({ request }) => request.action === null)).toEqual([false, false, true, true])
})
