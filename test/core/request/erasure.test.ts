import { askErasure, endOf, type Erasable, type Erasure, erasable, erase } from '../../../src/core/request/erasure.ts'
import { revision } from '../../../src/core/request/delivery.ts'
import type { ObjectId } from '../../../src/core/data/id.ts'
import { type ApprovalRequest, saidIn, saidWith } from '../../../src/core/request/request.ts'
import { report } from '../../../src/core/request/redemption.ts'
import { decide } from '../../../src/core/request/decision.ts'
import {
  anyWith,
  bot,
  code,
  decision,
  dba,
  dba2,
  owner,
  pending,
  redeemed,
  stored,
  statuses,
  after,
  tool,
} from '../../support/build.ts'

const week = 7 * 86_400

const order = (by: ObjectId, other: Partial<Erasure> = {}): Erasure => ({
  ...{ names: erasable, why: 'A secret was in it.', by, accounts: [by], at: after(1_000) },
  ...other,
})

/** Asked for by the owner, and then erased by dba. */
const erasing = (request: ApprovalRequest, names: readonly Erasable[] = erasable) =>
  erase(stored(askErasure(request, order(owner, { names }))), order(dba, { names }))

const done = () => stored(report(redeemed(), { executor: bot, result: 'succeeded', summary: 'Done.', at: after(180) }))

test.each(statuses)('a request that is %s', (status) => {
  const request = anyWith(status)
  if (['pending', 'approved', 'redeemed'].includes(status)) {
    expect(code(() => erase(request, order(dba)))).toBe('still-open')
    expect(code(() => askErasure(request, order(dba)))).toBe('still-open')
  } else expect(erasing(request).erased).not.toEqual([])
})

test('an unreported request is open', () => {
  expect(code(() => erase({ ...redeemed(), unreported: true }, order(dba)))).toBe('still-open')
})

describe('an erasure needs two people', () => {
  const asked = (other: Partial<Erasure> = {}) => stored(erase(done(), order(owner, other)))

  test('the first asks, and nothing is erased', () => {
    const request = done()
    const first = erase(request, order(owner, { names: ['reason'], client: tool }))
    expect(first.events).toEqual([
      {
        type: 'erasure-asked',
        actor: { kind: 'person', id: owner },
        request: request.id,
        data: { names: ['reason'], accounts: [owner], client: tool },
        said: { why: 'A secret was in it.' },
      },
    ])
    const ask = { by: owner, accounts: [owner], names: ['reason'], at: after(1_000) }
    expect(first).toMatchObject({ erased: [], waits: ask })
    expect(first.request).toEqual({ ...request, erasureAsks: [ask] })
    expect(endOf(ask)).toBe(after(1_000 + week))
  })

  test.each<[string, Partial<Erasure>]>([
    ['at once', {}],
    ['just before the ask ends', { at: after(1_000 + week - 0.001) }],
    ['with the names in another order', { names: erasable.toReversed() }],
  ])('another person erases with the same names: %s', (_how, other) => {
    const { erased, waits, events } = erase(asked(), order(dba, other))
    expect(erased).not.toEqual([])
    expect(waits).toBeNull()
    expect(events[0]).toMatchObject({ type: 'erased', actor: { id: dba }, data: { askedBy: owner, accounts: [dba] } })
  })

  test.each<[string, ObjectId, Partial<Erasure>]>([
    ['the same person', owner, {}],
    ['another account of the same person', dba, { accounts: [dba, owner] }],
  ])('nothing happens when it is ordered again by %s', (_who, by, other) => {
    const before = asked()
    expect(erase(before, order(by, { ...other, at: after(2_000) }))).toMatchObject({
      ...{ request: before, events: [], erased: [] },
      waits: { by: owner, at: after(1_000) },
    })
  })

  test.each<[string, ObjectId, Partial<Erasure>]>([
    ['fewer names', dba, { names: ['reason'] }],
    ['other names of one person', owner, { names: ['action'] }],
    ['a call after seven days', dba, { at: after(1_000 + week) }],
  ])('an order with %s is a first one', (_what, by, other) => {
    const second = erase(asked(), order(by, other))
    expect(second).toMatchObject({ erased: [], waits: { by }, events: [{ type: 'erasure-asked' }] })
    expect(second.request).toMatchObject({ action: done().action, said: done().said })
  })

  test('several asks wait side by side, and none longer than seven days', () => {
    const two = stored(erase(asked({ names: ['reason'] }), order(dba, { names: ['action'], at: after(2_000) })))
    expect(erase(two, order(dba2, { names: ['reason'] })).erased).not.toEqual([])
    expect(erase(two, order(dba2, { names: ['action'] })).erased).not.toEqual([])
    const later = erase(two, order(dba2, { names: ['name'], at: after(1_500 + week) })).request
    expect(later.erasureAsks?.map(({ names }) => names)).toEqual([['action'], ['name']])
  })

  test('an order for texts that are gone records nothing', () => {
    const { request } = erasing(done())
    for (const by of [owner, dba, dba2])
      expect(erase(request, order(by, { at: after(9_000_000) }))).toEqual({
        request,
        events: [],
        erased: [],
        waits: null,
      })
    expect(erase(done(), order(dba, { names: ['links'] }))).toMatchObject({ events: [], waits: null })
  })
})

test('each event of an erasure says through which application', () => {
  const names = ['reason'] as const
  const asked = stored(askErasure(done(), order(owner, { names })))
  const { events } = erase(asked, order(dba, { names, client: tool }))
  expect(events).toMatchObject([{ type: 'erased', data: { names: ['reason'], client: tool } }])
})

test('each text goes, from each event, with one event that records it', () => {
  const request = done()
  const { erased, events, request: after } = erasing(request)
  const types = request.events.filter(({ seq }) => erased.some((one) => one.seq === seq)).map(({ type }) => type)
  expect(types).toEqual(['requested', 'decided', 'succeeded'])
  expect(erased.map(({ names }) => names)).toEqual([['action', 'reason'], ['name'], ['summary']])
  expect(events).toEqual(
    erased.map(({ event, names }) => ({
      type: 'erased',
      actor: { kind: 'person', id: dba },
      request: request.id,
      data: { event, names, askedBy: owner, accounts: [dba] },
      said: { why: 'A secret was in it.' },
    })),
  )
  expect(after).toMatchObject({ action: null, said: [], digest: request.digest, verb: request.verb })
  expect(after.events.slice(0, -1)).toEqual(request.events)
})

test('the row of a request keeps no reason of an erasure', () => {
  const request = stored(erasing(done()))
  expect(request.events.slice(-4).map(({ type }) => type)).toEqual(['erasure-asked', 'erased', 'erased', 'erased'])
  expect(request.said).toEqual([])
})

test('texts that are not named stay', () => {
  const denied = stored(decide(pending(), decision(pending(), { verdict: 'deny', reason: 'No.' })))
  const { request, erased } = erasing(denied, ['reason'])
  expect(erased.map(({ names }) => names)).toEqual([['reason'], ['reason']])
  expect(request.action).toEqual(denied.action)
  expect(saidIn(request, 'requested', 'reason')).toBeNull()
  expect(request.decisions.map((one) => saidWith(request, one))).toEqual([{ name: 'Dana' }])
})

test('the name of the agent’s owner is erased as a text of its own', () => {
  const denied = stored(
    decide(pending({ owner: 'Dana Diaz' }), decision(pending(), { verdict: 'deny', reason: 'No.' })),
  )
  expect(saidIn(erasing(denied, ['name']).request, 'requested', 'owner')).toBe('Dana Diaz')
  const { request, erased } = erasing(denied, ['owner'])
  expect(erased.map(({ names }) => names)).toEqual([['owner']])
  expect(JSON.stringify(request)).not.toContain('Diaz')
})

test('cards that show it are out of date, and an ask changes none', () => {
  const request = done()
  const asked = stored(erase(request, order(owner)))
  expect(revision(asked)).toBe(revision(request))
  expect(revision(stored(erase(asked, order(dba))))).toBeGreaterThan(revision(asked))
})

test('texts of 40 events are erased at a time, to fit into a transaction', () => {
  const one = done()
  const events = Array.from({ length: 90 }, (_, i) => ({ ...one.events[1], seq: i + 1 })) as ApprovalRequest['events']
  const said = events.map(({ seq }) => ({ seq, name: 'name', text: 'Dana' }))
  const counts: number[] = []
  let left = askErasure({ ...one, events, said }, order(owner)).request
  for (let step = erase(left, order(dba)); step.erased.length > 0; step = erase(left, order(dba))) {
    counts.push(step.events.length)
    left = step.request
  }
  expect(counts).toEqual([40, 40, 10])
  expect(left.said).toEqual([])
})
