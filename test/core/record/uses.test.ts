import * as fc from 'fast-check'
import { Broken } from '../../../src/core/data/broken.ts'
import { digestOf, type RequestId, sha256 } from '../../../src/core/data/id.ts'
import { Problem } from '../../../src/core/data/problem.ts'
import type { LogEvent } from '../../../src/core/record/eventType.ts'
import { readRecord } from '../../../src/core/record/record.ts'
import { checkRow, retell } from '../../../src/core/record/retelling.ts'
import { type Replay, replay } from '../../../src/core/record/replay.ts'
import { furtherLine } from '../../../src/core/record/tables.ts'
import { bot, dba2, needs, oid, policyVersion, slot } from '../../support/build.ts'
import { sample } from '../../support/chance.ts'
import { uses as counted } from './usesOracle.ts'
import { Uses } from './uses.ts'
import { wrong } from './history.ts'

const eventsOf = ({ leaves }: Uses): readonly LogEvent[] => leaves.map(({ text }) => readRecord(text))

/** Replays events as of one day, or from a place on as of another, whose earlier events are carried where they are needed. */
function days(events: readonly LogEvent[], from = 0): Replay {
  const rules = replay({ policy: policyVersion })
  const [past, day] = [events.slice(0, from), events.slice(from)]
  for (const [i, event] of day.entries()) {
    for (let id = rules.missing(event); id !== null; id = rules.missing(event)) {
      const carried = past.filter(({ request }) => request === id)
      if (carried.length === 0) throw new Broken('bad-carried', 'It is not there.')
      for (const one of carried) rules.carry(one)
    }
    rules.take(event, i)
  }
  return rules
}

/** The places between two commands: events of one command have one time. */
const cuts = (events: readonly LogEvent[]): readonly number[] =>
  events.flatMap((event, i) => (i > 0 && event.at !== events[i - 1]?.at ? [i] : []))

interface Move {
  readonly kind: 'use' | 'redeem' | 'report' | 'revoke' | 'revokeUse' | 'ask'
  readonly which: number
  readonly wait: number
}

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom(
    'use',
    'use',
    'use',
    'use',
    'redeem',
    'redeem',
    'report',
    'revoke',
    'revokeUse',
    'ask' as const,
  ),
  which: fc.nat(9),
  wait: fc.constantFrom(1, 1, 5, 200, 301, 900),
})

const refusals = new Map<string, number>()

function play(uses: number, slots: Parameters<typeof needs>[0], moves: readonly Move[]): Uses {
  const world = new Uses(uses, { judgement: needs(slots) })
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause
      refusals.set(cause.code, (refusals.get(cause.code) ?? 0) + 1)
    }
  }
  world.wait(1)
  attempt(() => world.approve())
  world.wait(1)
  attempt(() => world.approve(dba2))
  for (const { kind, which, wait } of moves) {
    world.wait(wait)
    const known = [...world.all.values()].filter(({ under }) => under !== undefined)
    const id: RequestId = known[which % Math.max(known.length, 1)]?.id ?? world.under
    const otherwise = [
      {},
      {},
      {},
      {},
      {},
      {},
      {},
      { executor: oid(2) },
      { judgement: needs([slot('security')]) },
      { excluded: [dba2, oid(11)] },
    ]
    attempt(() => {
      if (kind === 'use') world.use({ judgement: needs(slots), ...otherwise[which] })
      if (kind === 'redeem') world.redeem(id)
      if (kind === 'report') world.report(id)
      if (kind === 'revoke' && which < 2) world.revoke()
      if (kind === 'revokeUse' && id !== world.under) world.revoke(id)
      if (kind === 'ask') world.ask()
    })
  }
  return world
}

const histories = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom([slot('dba')], [slot('dba', 2)]),
    fc.array(move, { minLength: 3, maxLength: 14 }),
  )
  .map(([uses, slots, moves]) => play(uses, slots, moves))

test('what uses record is replayed to the same state, whole and cut into two days at every place', () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(histories, (world) => {
      const events = eventsOf(world)
      for (const from of [0, ...cuts(events)]) {
        for (const { request } of days(events, from).rows()) {
          const { status, standing, under, use } = world.all.get(request.id) ?? request
          expect(request).toMatchObject({ status, ...(standing && { standing }), ...(use && { under, use }) })
        }
      }
      for (const request of world.all.values()) {
        const own = world.leaves.filter((leaf) => leaf.request === request.id)
        checkRow(request, retell(request, undefined, own))
        if (request.under) reached.add(`use ${request.status}`)
        if (request.standing) reached.add(`standing ${request.status}`)
      }
      const { standing } = world
      expect(counted(events, world.under)).toBe(standing.standing?.used)
    }),
    sample(300),
  )
  for (const status of ['approved', 'ended', 'revoked']) expect([...reached]).toContain(`standing ${status}`)
  for (const status of ['approved', 'redeemed', 'succeeded', 'lapsed', 'revoked'])
    expect([...reached]).toContain(`use ${status}`)
  expect([...refusals.keys()]).toEqual(expect.arrayContaining(['standing-over', 'not-covered', 'not-redeemable']))
})

/** Whether the commit of a use has the event. An end by time is another commit, and may be the last of a log. */
function isOfUse(event: LogEvent): boolean {
  if (event.type === 'requested') return event.data.under !== undefined
  if (event.type === 'approved') return event.data.by === 'standing'
  return event.type === 'used' || (event.type === 'ended' && event.data.by === 'uses')
}

test('an event of a use that is left out is found, and so is one that is put where it does not belong', () => {
  fc.assert(
    fc.property(histories, fc.nat(), (world, which) => {
      const events = eventsOf(world)
      const places = events.flatMap((event, i) => (isOfUse(event) ? [i] : []))
      const place = places[which % Math.max(places.length, 1)]
      fc.pre(place !== undefined)
      expect(() => [...days(events.toSpliced(place, 1)).rows()]).toThrow(Broken)
      const twice = events.toSpliced(place, 0, events[place] as LogEvent)
      expect(() => [...days(twice).rows()]).toThrow(Broken)
    }),
    sample(200),
  )
})

function used(uses = 2): Uses {
  const world = new Uses(uses)
  world.wait(60)
  world.approve()
  world.wait(60)
  const id = world.use()
  world.wait(1)
  world.redeem(id)
  return world
}

describe('a forged use is refused', () => {
  const events = eventsOf(used())
  const place = events.findIndex(({ type }) => type === 'used')
  const changed = (at: number, change: (event: LogEvent) => object): readonly LogEvent[] =>
    events.with(at, change(events[at] as LogEvent) as LogEvent)
  const dataOf = (event: LogEvent): object => ('data' in event ? event.data : {})
  const withData = (at: number, data: object) =>
    changed(at, (event) => ({ ...event, data: { ...dataOf(event), ...data } }))

  test.each<readonly [string, readonly LogEvent[], string]>([
    ['with another number', withData(place, { use: 2 }), 'use'],
    ['for another digest', withData(place, { digest: digestOf('x') }), 'digest'],
    ['for another request', withData(place, { request: '01kjw2xm00abcdefghjkmnpqrs-07' }), 'request'],
    ['at another time', changed(place, (event) => ({ ...event, at: '2026-03-04T12:09:00.000Z' })), 'must follow it'],
    ['by another agent', changed(place, (event) => ({ ...event, actor: { kind: 'agent', id: oid(9) } })), 'actor'],
    ['that is approved for longer', withData(place + 1, { lapsesAt: '2026-03-04T12:30:00.000Z' }), 'lapsesAt'],
    ['that is approved as another use', withData(place + 1, { use: 2 }), 'use'],
    [
      'that another agent asks for',
      changed(place - 1, (event) => ({ ...event, actor: { kind: 'agent', id: oid(9) } })),
      'another agent',
    ],
    ['for another executor', withData(place - 1, { executor: oid(9) }), 'another executor'],
    ['for somebody else', withData(place - 1, { onBehalfOf: oid(9), excluded: [oid(9)] }), 'somebody else'],
    ['whose approver is excluded', withData(place - 1, { excluded: [oid(11)] }), 'may not approve'],
    [
      'that needs others',
      withData(place - 1, { requirement: [{ groups: ['security'], quorum: 1 }] }),
      'do not suffice',
    ],
    ['of tier high', withData(place - 1, { tier: 'high' }), 'tier high'],
  ])('%s', (_how, forged, words) => {
    expect(wrong(() => [...days(forged).rows()])).toContain(words)
  })

  test('under another policy than that of the standing approval', () => {
    const to = digestOf('another')
    const asked = events[place - 1] as LogEvent
    const { policy } = dataOf(asked) as { policy: object }
    const later = withData(place - 1, { policy: { ...policy, version: to } }).slice(place - 1)
    const moved = later.map((event) => ({ ...event, seq: event.seq + 1 })) as readonly LogEvent[]
    const { v, at, shard, seq, prev } = asked
    const data = { from: policyVersion, to }
    const change = { v, at, shard, seq, prev, type: 'policy-changed', actor: { kind: 'system' }, data } as LogEvent
    const forged = [...events.slice(0, place - 1), change, ...moved]
    expect(wrong(() => days(forged))).toContain('policy has changed')
  })

  test('after the standing approval was taken back, and so is the redemption of an earlier one', () => {
    const world = new Uses(2)
    world.wait(60)
    world.approve()
    world.wait(60)
    const id = world.use()
    const [requested, taken, approved] = eventsOf(world).slice(-3)
    world.wait(1)
    world.revoke()
    const past = eventsOf(world)
    const { at, seq } = past.at(-1) as LogEvent
    const again = [requested, taken, approved].map((event, i) => ({
      ...event,
      at,
      seq: seq + 1 + i,
      ...(i !== 1 && { request: '01kjw2xm00abcdefghjkmnpqrs-07' }),
    }))
    expect(wrong(() => days([...past, ...(again as LogEvent[])]))).toContain('revoked')
    const redeemed = {
      ...{
        v: 1,
        at,
        seq: seq + 1,
        shard: past[0]?.shard,
        prev: sha256('x'),
        actor: { kind: 'agent', id: bot },
        request: id,
      },
      ...{
        type: 'redeemed',
        data: { redemption: '6f9619ff-8b86-4d01-b42d-00c04fc964ff', digest: world.all.get(id)?.digest },
      },
    }
    expect(wrong(() => days([...past, redeemed as LogEvent]))).toContain('is revoked')
  })
})

test('tables tell of the standing approval and of each use, and what was approved in advance is an exception', () => {
  const world = used(1)
  const rules = replay()
  const found = eventsOf(world).flatMap((event, i) => rules.take(event, i))
  expect(found.map(({ kind, detail }) => [kind, detail])).toEqual([
    ['unseen', 'approve'],
    ['standing', '1 until 2026-03-04T13:01:00.000Z'],
  ])
  const [standing, use] = [...rules.rows()].map(furtherLine)
  expect(standing).toBe(`${world.under},,,,,,,,1,1,\r\n`)
  expect(use).toMatch(new RegExp(`^[^,]+,,,,,,,${world.under},,,\r\n$`))
})

test('a standing approval that nobody used is an exception when it ends', () => {
  const world = new Uses(2)
  world.wait(60)
  world.approve()
  world.wait(4000)
  const rules = replay()
  const found = eventsOf(world).flatMap((event, i) => rules.take(event, i))
  expect(found.map(({ kind }) => kind)).toContain('never-used')
})
