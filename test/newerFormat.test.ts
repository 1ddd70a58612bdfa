import { Problem } from '../src/core/data/problem.ts'
import { type RequestId, shardOf } from '../src/core/data/id.ts'
import type { Ledger } from '../src/ports/ledger.ts'
import { after, dba } from './support/build.ts'
import { apart, asks, codeOf, type World, world } from './support/world.ts'

const reader = { kind: 'person', id: dba, evidence: true } as const
const newer = (row: string) => ({ shard: '00', row, version: 2 })
const tooNew = (row: string) => new Problem('newer-format', 'Too new.', { newer: newer(row) })

/** A process for which a request's row, or the head of its shard, is too new. */
const older = (here: World, row: 'request' | 'head', id: RequestId): Ledger => {
  const ledger = apart(here.ledger)
  return {
    ...ledger,
    find: async (wanted) => {
      if (row === 'request' && wanted === id) throw tooNew('request')
      return ledger.find(wanted)
    },
    load: async (shard, wanted) => {
      if (row === 'head' && shard === shardOf(id)) throw tooNew('head')
      return ledger.load(shard, wanted)
    },
  }
}

test('a request that is overdue in a shard of a newer format is left out of a list, which names the row', async () => {
  const here = await world()
  const { request: stuck } = await here.approvals.ask(asks({ expiresIn: 60 }))
  const { request: fine } = await here.approvals.ask(asks({ expiresIn: 3600 }))
  const place = here.another({ ledger: older(here, 'head', stuck.id) })
  const page = { keep: () => true, limit: 10 }
  here.clock.set(after(61))
  const found = await place.approvals.list({ by: 'agent', id: stuck.agent.id }, page, reader)
  expect(found.newer).toEqual([newer('head')])
  expect(found.requests.map(({ id }) => id)).toEqual([fine.id])
  expect(await codeOf(place.approvals.read(stuck.id, reader))).toBe('newer-format')
})

test('an agent may still ask beside a request of a newer format, whose slot stays taken', async () => {
  const here = await world()
  const { action } = asks()
  const { request } = await here.approvals.ask(asks({ action }))
  const place = here.another({ ledger: older(here, 'request', request.id) })
  expect(await codeOf(place.approvals.ask(asks({ action })))).toBe('already-pending')
  const { created } = await place.approvals.ask(asks({ action: { ...action, params: { rows: 7 } } }))
  expect(created).toBe(true)
})
