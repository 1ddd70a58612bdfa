import { endPath, parseEnd } from '../../src/core/log/end.ts'
import { needsDelivery } from '../../src/core/request/delivery.ts'
import { cancel, revoke } from '../../src/core/request/withdrawal.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { ask, bot, dba, noon } from '../ports/story.ts'
import { dbaChannel, type DeliveryWorld, deliveryWorld } from '../support/deliveryWorld.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { Ends } from '../../src/approvals/ends.ts'

const away = new Problem('unavailable', 'The archive is away.')

async function endIn(archive: MemoryArchive, id: RequestId) {
  const bytes = await archive.read(endPath(id))
  return bytes && parseEnd(Buffer.from(bytes).toString())?.end
}

/** A crash after the commit: the ledger has the end, and no file was made. */
const crashes: readonly (readonly [string, (here: DeliveryWorld, id: RequestId) => Promise<unknown>])[] = [
  ['denied', (here, id) => here.deny(id)],
  ['cancelled', (here, id) => here.commit(id, (one, at) => cancel(one, { at }))],
  [
    'revoked',
    async (here, id) => {
      await here.approve(id)
      const facts = { accounts: [dba], groups: ['dba'], member: true, enabled: true, asOf: here.clock.now() }
      await here.commit(id, (one, at) => revoke(one, { approver: dba, facts, at }))
    },
  ],
]

test.each(crashes)('a delivery writes the file that a crash prevented: %s', async (act, crash) => {
  const here = deliveryWorld()
  const { id } = await here.ask()
  await crash(here, id)
  await here.delivery.sweep()
  expect(await endIn(here.archive, id)).toMatchObject({ request: id, act })
  expect(here.shown(dbaChannel)).toEqual([act])
  expect(here.failures).toEqual([])
})

test('a delivery writes the file of a withdrawn request that policy allowed', async () => {
  const here = deliveryWorld()
  const { id } = await ask(here.ledger, { outcome: 'allow', at: here.clock.now() })
  expect(await here.isQuiet()).toBe(true)
  await here.commit(id, (one, at) => cancel(one, { at }))
  await here.delivery.sweep()
  expect(await endIn(here.archive, id)).toMatchObject({ act: 'cancelled' })
  expect([here.teams.cards(), await here.isQuiet()]).toEqual([[], true])
})

test('while the archive does not answer, cards are updated, health reports it, and the file is tried again', async () => {
  const here = deliveryWorld()
  let isAway = true
  const archive = {
    createOrRead: async (...args: Parameters<MemoryArchive['createOrRead']>) => {
      if (isAway) throw away
      return here.archive.createOrRead(...args)
    },
  }
  const ends = new Ends({ archive, macs: macsFor(testOrigin), clock: here.clock, failed: () => {} })
  const place = here.process({ ends })
  const { id } = await here.ask()
  await here.deny(id)
  await place.deliver(id)
  expect(here.shown(dbaChannel)).toEqual(['denied'])
  expect([place.isFailing(), await here.isQuiet()]).toEqual([true, false])
  expect(await here.outbox.waiting(plusSeconds(here.clock.now(), 29), 10)).toEqual([])
  expect(await here.outbox.waiting(plusSeconds(here.clock.now(), 30), 10)).toEqual([id])
  isAway = false
  await place.deliver(id)
  expect(await endIn(here.archive, id)).toMatchObject({ act: 'denied' })
  expect([place.isFailing(), await here.isQuiet()]).toEqual([false, true])
  expect(here.failures).toEqual([away])
})

test('a file with another end is reported, and the delivery ends', async () => {
  const here = deliveryWorld()
  const { id } = await here.ask()
  await here.archive.createOrRead(endPath(id), Buffer.from('foreign'), 'text/plain')
  await here.deny(id)
  await here.delivery.sweep()
  expect(here.failures).toMatchObject([{ code: 'evidence-broken', details: { broken: { request: id, check: 'mac' } } }])
  expect(await here.isQuiet()).toBe(true)
})

test.each([
  ['approve', ['shown'], false],
  ['approve', ['shown', 'redeemed'], true],
  ['allow', ['requested', 'approved'], false],
  ['allow', ['redeemed'], false],
  ['allow', ['cancelled'], true],
  ['forbid', ['requested', 'denied'], false],
] as const)('of requests that policy answered with %s, %p leave work: %p', (outcome, types, expected) => {
  const after = { policy: { outcome } } as Parameters<typeof needsDelivery>[0]
  expect(
    needsDelivery(
      after,
      types.map((type) => ({ type })),
    ),
  ).toBe(expected)
})

test.each<[string, object]>([
  ['it was cancelled', { status: 'cancelled', closedAt: noon, closedBy: { kind: 'agent', id: bot } }],
  ['it was denied', { status: 'denied', closedAt: noon, closedBy: { kind: 'person', id: dba } }],
  ['it was redeemed', { status: 'redeemed', redeemedAt: noon, redemption: 'r', unreported: false }],
])('a row that was edited makes no file: %s', async (_what, edit) => {
  const here = deliveryWorld()
  const { id } = await here.ask()
  const row = await here.ledger.find(id)
  if (!row) throw new Error('The request is gone.')
  const events = [...row.events, { seq: 9, type: 'cancelled', hash: row.events[0]?.hash }]
  const edited = { ...row, ...edit, events } as unknown as ApprovalRequest
  await here.process({ ledger: { find: async () => edited } }).sweep()
  expect(await here.archive.read(endPath(id))).toBeNull()
  expect(here.failures).toMatchObject([{ code: 'evidence-broken' }])
})
