import * as fc from 'fast-check'
import { undeliverable } from '../../../src/core/request/delivery.ts'
import { difference } from '../../../src/core/record/eventDiff.ts'
import type { Actor, Draft, ExportedFile } from '../../../src/core/request/event.ts'
import { Broken } from '../../../src/core/data/broken.ts'
import { markOf } from '../../../src/verify/continuity.ts'
import { memberList, mostListed } from '../../../src/core/request/memberList.ts'
import type { Day } from '../../../src/core/data/day.ts'
import {
  type Digest,
  digestOf,
  type HoldId,
  parseRequestId,
  type RequestId,
  sha256,
} from '../../../src/core/data/id.ts'
import type { LogEvent } from '../../../src/core/record/eventType.ts'
import { KnownHolds } from '../../../src/core/record/knownHolds.ts'
import { readRecord } from '../../../src/core/record/record.ts'
import { replay } from '../../../src/core/record/replay.ts'
import {
  actionStatuses,
  after,
  bot,
  dba,
  dba2,
  facts,
  needs,
  oid,
  redemption,
  security,
  slot,
} from '../../support/build.ts'
import { sample } from '../../support/chance.ts'
import {
  allow,
  click,
  deny,
  type Entry,
  erasing,
  eventsOf,
  forbid,
  type History,
  history,
  late,
  leavesOf,
  person,
  replayed,
  see,
  system,
  take,
  takeBack,
  tell,
  vote,
  withdraw,
  wrong,
} from './history.ts'
import { command, judgement, people, run, talk } from './lives.ts'

const two = needs([slot('dba'), slot('security|oncall')], { tier: 'high' })
const other = parseRequestId('01kjw2xm00abcdefghjkmnpqrt-07')
const guard = { approver: security, facts: facts(security, { groups: ['security'] }) }

test.each<[string, History, object]>([
  ['pending', history({}), {}],
  ['approved', history({}, [60, vote()]), { decidedAt: after(60), lapsesAt: after(3660) }],
  ['approved', history({ judgement: two }, [60, vote()], [61, vote(guard)]), { decidedAt: after(61) }],
  ['approved', history({}, [50, see(1, 2)], [51, see(2, 2)], [60, click()]), { decidedAt: after(60) }],
  ['approved', history({ judgement: allow }), { decidedAt: after(0), lapsesAt: after(600) }],
  ['denied', history({ judgement: forbid }), { decidedAt: after(0) }],
  ['denied', history({}, [50, see(1, 2)], [60, click({ verdict: 'deny', reason: 'No.' })]), { decidedAt: after(60) }],
  ['denied', history({ judgement: two }, [50, vote()], [61, deny]), { decidedAt: after(61) }],
  ['expired', history({}, [600, undeliverable], [3600, late]), {}],
  ['cancelled', history({}, [60, vote()], [70, withdraw]), { decidedAt: after(60), lapsesAt: after(3660) }],
  ['cancelled', history({}, [70, withdraw]), {}],
  ['revoked', history({}, [60, vote()], [70, takeBack]), { decidedAt: after(60), lapsesAt: after(3660) }],
  ['lapsed', history({}, [60, vote()], [3660, late]), { lapsesAt: after(3660) }],
  ['redeemed', history({ judgement: allow }, [599, take]), {}],
  ['redeemed', history({ judgement: allow, redemption }), { decidedAt: after(0), lapsesAt: after(600) }],
  ['succeeded', history({}, [60, vote()], [61, take], [62, tell('succeeded')]), {}],
  ['failed', history({}, [60, vote()], [61, take], [90_000, late], [90_001, tell('failed')]), {}],
  [
    'denied',
    history({}, [60, deny], [70, erasing(dba)], [71, erasing(dba2)]),
    { request: { erasureAsks: [{ by: dba }] } },
  ],
])('events that the rules recorded are legal, and tell the state: %s', (status, { entries, request }, row) => {
  const { rows } = replayed(eventsOf(entries))
  expect(rows).toMatchObject([{ request: { status }, ...row }])
  expect(rows[0]).toHaveProperty('decidedAt' in row ? 'decidedAt' : 'request')
  expect(request.status).toBe(status)
})

test.each([
  ['any commands', command, actionStatuses()],
  ['questions, reminders and broken glasses', talk, ['approved', 'pending', 'expired']],
])('%s in any order record only legal events', (_, command, expected) => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(
      judgement,
      fc.subarray([...people], { maxLength: 1 }),
      fc.array(command, { maxLength: 14, size: 'max' }),
      fc.nat({ max: 20 }),
      (judgement, excluded, commands, carried) => {
        // The use case lets passed deadlines take effect before anything else.
        const settled = commands.map((command) => ({ ...command, settles: true }))
        const { request, leaves } = run(judgement, excluded.flat(), settled)
        const events = leaves.map(({ text }) => readRecord(text))
        const { rows } = replayed(events, carried < events.length ? whole(events, carried) : 0)
        expect(rows.map(({ request }) => bare(request))).toEqual([bare(request)])
        reached.add(request.status)
      },
    ),
    sample(400),
  )
  expect([...reached]).toEqual(expect.arrayContaining([...expected]))
})

/** So many events, or a few less: those of one moment are of one day. */
const whole = (events: readonly { at: string }[], count: number): number =>
  events.findIndex(({ at }) => at === events[count]?.at)

/** A request as far as leaves tell it. */
const bare = (request: History['request']) => ({
  ...request,
  ...{ agent: request.agent.id, action: null, events: [], said: [] },
  ...(request.askedAction !== undefined && { askedAction: null }),
  policy: { ...request.policy, summary: undefined },
})

describe('events of the log itself', () => {
  const policy = (to: Digest, from?: Digest): Draft => ({
    type: 'policy-changed',
    actor: system,
    data: { to, ...(from && { from }) },
  })
  const [a, b, c] = [digestOf('a'), digestOf('b'), digestOf('c')]
  const key = (actor: Actor = system): Draft => ({ type: 'key-rotated', actor, data: { key: 'AAAA', size: 9 } })
  const of = (...drafts: readonly Draft[]) => drafts.map((draft, seconds) => ({ seconds, draft }))
  const in00 = (entries: readonly Entry[]) =>
    leavesOf(entries).map(({ text }) => readRecord(text.replace('"shard":"07"', '"shard":"00"')))

  test('a change of policy begins where the one before it ended', () => {
    expect(replayed(eventsOf(of(policy(a), policy(b, a), policy(c, b)))).rows).toEqual([])
    expect(wrong(() => replayed(eventsOf(of(policy(a), policy(c, b)))))).toContain('Event 2')
    expect(wrong(() => replayed(eventsOf(of(policy(a), policy(b)))))).toContain('Event 2')
    expect(wrong(() => replayed(eventsOf(of(policy(a), policy(a, a)))))).toContain('Event 2')
    expect(wrong(() => replayed(eventsOf(of(policy(b, a)))))).toContain('Event 1')
  })

  test('on a later day, the policy before the first change is not known', () => {
    const [, second] = eventsOf(of(policy(a), policy(b, a)))
    expect(replayed(second ? [second] : []).exceptions).toMatchObject([
      { kind: 'policy-changed', detail: `${a} to ${b}` },
    ])
  })

  test('a change that several shards record has one row in a day', () => {
    const changes = new Set<string>()
    const days = [
      [policy(a), policy(b, a)],
      [policy(a), policy(c, a)],
      [policy(a), policy(b, a), policy(a, b), policy(b, a)],
    ].map((drafts) => {
      const rules = replay({ changes })
      return eventsOf(of(...drafts)).flatMap((event, i) => rules.take(event, i))
    })
    expect(days.map((rows) => rows.map(({ detail }) => detail))).toEqual([
      [a, `${a} to ${b}`],
      [`${a} to ${c}`],
      [`${b} to ${a}`],
    ])
  })

  test('only the system changes policy or key, and a key in shard 00 alone', () => {
    expect(replayed(in00(of(key()))).exceptions).toMatchObject([{ index: 100, kind: 'key-rotated', actor: 'system' }])
    expect(wrong(() => replayed(in00(of(key(person)))))).toContain('Event 1 of shard 00')
    expect(wrong(() => replayed(eventsOf(of(key()))))).toContain('Event 1 of shard 07')
    expect(wrong(() => replayed(eventsOf(of({ ...policy(a), actor: person }))))).toContain('Event 1')
  })

  const download = (other: object = {}, file: ExportedFile = 'bundle', actor: Actor = person): Draft => ({
    type: 'exported',
    actor,
    data: { file, date: '2026-03-03' as Day, ...other },
  })

  test('a download is recorded once for each person, file and hour', () => {
    const [another, elsewhere] = [{ kind: 'person', id: dba2 } as const, { date: '2026-03-02' as Day }]
    const entries = of(download(), download({}, 'said'), download(elsewhere), download({}, 'bundle', another))
    const later = { seconds: 3600, draft: download() }
    expect(replayed(in00([...entries, later])).exceptions).toMatchObject([
      { kind: 'exported', actor: dba, detail: 'bundle 2026-03-03' },
      { kind: 'exported', actor: dba, detail: 'said 2026-03-03' },
      { kind: 'exported', actor: dba, detail: 'bundle 2026-03-02' },
      { kind: 'exported', actor: dba2, detail: 'bundle 2026-03-03' },
      { kind: 'exported', actor: dba, detail: 'bundle 2026-03-03' },
    ])
    const again = [...entries, { seconds: 3599, draft: download({ client: dba2 }) }]
    expect(wrong(() => replayed(in00(again)))).toContain('recorded before in the same hour')
  })

  test('a download is of a day that is over, by a person, and in shard 00', () => {
    expect(wrong(() => replayed(in00(of(download({ date: '2026-03-04' })))))).toContain('was not over')
    expect(wrong(() => replayed(in00(of(download({}, 'said', system)))))).toContain('only a person')
    expect(wrong(() => replayed(eventsOf(of(download()))))).toContain('in shard 00')
  })

  const roster = (other: object = {}, actor: Actor = system): Draft => {
    const { text, digest, count } = memberList([dba, dba2])
    const data = { group: 'dba', date: '2026-03-04' as Day, digest, count, ...other }
    return { type: 'roster', actor, data, ...(data.count <= mostListed && { said: { members: text } }) }
  }

  test('who is in a group is recorded once a day, and is no exception', () => {
    expect(replayed(in00(of(roster(), roster({ group: 'oncall', count: 0 })))).exceptions).toEqual([])
    expect(wrong(() => replayed(in00(of(roster(), roster({ count: 3 })))))).toContain('recorded before on this day')
  })

  test('who is in a group is recorded by the system, in shard 00 and of the day itself', () => {
    expect(wrong(() => replayed(in00(of(roster({}, person)))))).toContain('only the system')
    expect(wrong(() => replayed(eventsOf(of(roster()))))).toContain('in shard 00')
    expect(wrong(() => replayed(in00(of(roster({ date: '2026-03-03' })))))).toContain('of another day')
  })

  test('up to 5,000 members are listed, and more are not', () => {
    const { said, ...unlisted } = roster()
    for (const count of [mostListed, mostListed + 1])
      expect(replayed(in00(of(roster({ count })))).exceptions).toEqual([])
    expect(wrong(() => replayed(in00(of(unlisted))))).toContain('it lists no members')
    const larger = { ...roster({ count: mostListed + 1 }), ...(said && { said }) }
    expect(wrong(() => replayed(in00(of(larger))))).toContain('more than 5000 members')
  })

  const hold = (digit: string) => `01kjw2xm00${digit.repeat(16)}` as HoldId
  const held = (name = 'a', actor: Actor = person): Draft => ({
    type: 'held',
    actor,
    data: { hold: hold(name), scope: { agent: bot } },
    said: { why: 'Case 4711' },
  })
  const released = (name = 'a', actor: Actor = person): Draft => ({
    type: 'released',
    actor,
    data: { hold: hold(name) },
    said: { why: 'Closed' },
  })

  test('a hold begins once and ends once, and an earlier day may have begun it', () => {
    expect(replayed(in00(of(held(), held('b'), released(), released('c')))).exceptions).toMatchObject([
      { kind: 'held', actor: dba, detail: `${hold('a')}: agent ${bot}` },
      { kind: 'held', actor: dba, detail: `${hold('b')}: agent ${bot}` },
      { kind: 'released', actor: dba, detail: hold('a') },
      { kind: 'released', actor: dba, detail: hold('c') },
    ])
    expect(wrong(() => replayed(in00(of(held(), held()))))).toContain('there is a hold with this id')
    expect(wrong(() => replayed(in00(of(released(), held()))))).toContain('there is a hold with this id')
    expect(wrong(() => replayed(in00(of(held(), released(), released()))))).toContain('was released before')
    expect(wrong(() => replayed(in00(of(released(), released()))))).toContain('was released before')
  })

  test('a release without a hold is refused where the whole log is known', () => {
    const rules = replay({ holds: new KnownHolds(true) })
    const [event] = in00(of(released()))
    expect(wrong(() => event && rules.take(event, 0))).toContain('there is no such hold')
  })

  test('a hold is of a person, and in shard 00', () => {
    for (const draft of [held('a', system), released('a', system)])
      expect(wrong(() => replayed(in00(of(draft))))).toContain('only a person')
    for (const draft of [held(), released()])
      expect(wrong(() => replayed(eventsOf(of(draft))))).toContain('in shard 00')
  })
})

describe('a day', () => {
  const life = history({}, [60, vote()], [61, take], [62, tell('failed')])
  const events = eventsOf(life.entries)

  test('a day needs the carried events of its requests until they were carried', () => {
    const rules = replay()
    const [requested, decided, approved, redeemed] = events
    if (!requested || !decided || !approved || !redeemed) throw new Error('There are four.')
    expect(rules.missing(requested)).toBeNull()
    expect(rules.missing(redeemed)).toBe(redeemed.request)
    for (const event of [requested, decided, approved]) rules.carry(event)
    expect(rules.missing(redeemed)).toBeNull()
    expect([...rules.rows()]).toEqual([])
    rules.take(redeemed, 0)
    expect([...rules.rows()]).toMatchObject([{ request: { status: 'redeemed', decisions: [{ approver: dba }] } }])
  })

  test('a day has no exceptions of earlier days', () => {
    expect(replayed(events, 0).exceptions).toMatchObject([
      { kind: 'unseen', index: 101 },
      { kind: 'failed', index: 104 },
    ])
    expect(replayed(events, 4).exceptions).toMatchObject([{ kind: 'failed', index: 100 }])
    const erased = history({}, [60, vote()], [61, take], [62, tell('failed')], [98, erasing(dba)], [99, erasing(dba2)])
    const all = eventsOf(erased.entries).slice(0, 7)
    expect(replayed(all, 5).exceptions).toMatchObject([{ kind: 'erasure-asked' }, { kind: 'erased' }])
    expect(replayed(all, 6).exceptions).toMatchObject([{ kind: 'erased', detail: `action; reason asked by ${dba}` }])
  })

  const elsewhere = parseRequestId('01kjw2xm00abcdefghjkmnpqrs-08')
  const policy: Entry = { seconds: 0, draft: { type: 'policy-changed', actor: system, data: { to: digestOf('a') } } }
  const asks = (id: RequestId, seconds: number): readonly Entry[] =>
    history({ id, at: after(seconds) }).entries.map((entry) => ({ ...entry, seconds }))
  const said = (events: readonly LogEvent[], carried: readonly LogEvent[]) =>
    wrong(() => {
      const rules = replay()
      for (const event of events) rules.take(event, 0)
      for (const event of carried) rules.carry(event)
    })

  test('no event of the day, or without a request, can be carried', () => {
    const both = eventsOf([...life.entries, ...asks(other, 99)])
    expect(said(both.slice(0, 5), both.slice(1, 2))).toContain('Event 2')
    expect(said(both.slice(0, 5), both.slice(5))).toContain('Event 6')
    expect(said([], eventsOf([policy]))).toContain('Event 1')
  })

  test('a replayed day is of one shard, and its numbers rise', () => {
    const [first] = eventsOf([policy])
    const [second] = eventsOf(asks(elsewhere, 0))
    if (!first || !second) throw new Error('There are two.')
    expect(wrong(() => replayed([first, first]))).toContain('Event 1')
    expect(wrong(() => replayed([first, { ...second, seq: 2 }]))).toContain('Event 2 of shard 08')
  })

  test('a request is shown and decided at most as often as the ledger can hold', () => {
    const looked = eventsOf(history({}, [50, see()]).entries)
    const [asked, shown] = looked
    if (!asked || shown?.type !== 'shown') throw new Error('There are two.')
    const rules = replay()
    rules.take(asked, 0)
    const look = (n: number) => rules.take({ ...shown, seq: n + 1, actor: { kind: 'person', id: oid(n) } }, n)
    for (let n = 1; n <= 10_000; n++) look(n)
    expect(wrong(() => look(10_001))).toContain('Event 10002 of shard 07')
  })

  test('a day has the events of one command together', () => {
    const [asked, decided, approved] = events
    if (!asked || !decided || !approved) throw new Error('There are three.')
    expect(wrong(() => replayed([asked, decided]))).toContain('Event 2')
    expect(wrong(() => replayed(events, 2))).toContain('Event 2')
    expect(wrong(() => replayed([asked, decided, { ...approved, seq: 4 }]))).toContain('Event 2')
    expect(wrong(() => replayed([asked, decided, { ...approved, request: other }]))).toContain('Event 2')
  })
})

test.each<[string, object]>([
  ['another actor', { actor: person }],
  ['another text', { said: { name: 'x' } }],
  ['no text', { said: undefined }],
  ['other data', { data: {} }],
  ['no data', { data: undefined }],
  ['another type', { type: 'succeeded' }],
])('an event differs from what the rules give in %s', (_what, change) => {
  const output = { sha256: sha256('x'), size: 1 }
  const draft: Draft = { type: 'failed', actor: { kind: 'agent', id: bot }, data: { output }, said: { summary: 'x' } }
  const [event] = eventsOf([{ seconds: 0, draft: { ...draft, request: other } }])
  if (!event) throw new Error('There is one.')
  expect(difference(draft, event)).toBeNull()
  expect(difference({ ...draft, ...change }, event)).not.toBeNull()
})

test('of a history cut into two days at any place, an event of people or prompts that is left out is found', () => {
  const types = new Set<string>()
  const isTold = ({ type }: LogEvent) =>
    ['asked', 'answered', 'reminded', 'escalated', 'glass-broken', 'reviewed', 'unreviewed'].includes(type)
  fc.assert(
    fc.property(judgement, fc.array(talk, { minLength: 4, maxLength: 14, size: 'max' }), (judgement, commands) => {
      const { leaves } = run(
        judgement,
        [],
        commands.map((command) => ({ ...command, settles: true })),
      )
      const events = leaves.map(({ text }) => readRecord(text))
      for (const [place, gone] of events.entries()) {
        if (!isTold(gone)) continue
        types.add(gone.type)
        const cut = whole(
          events,
          events.findIndex(({ at }, i) => i > place && at > gone.at),
        )
        // The newest event of a day may be left out of that day: the chain and the manifest show it.
        if (cut <= place) continue
        expect(isFound(events, gone, cut)).toBe(true)
      }
    }),
    sample(400),
  )
  expect([...types]).toEqual(expect.arrayContaining(['asked', 'reminded', 'glass-broken']))
})

/** Whether the rules refuse the carried events without this one, or they lead to another mark. */
function isFound(events: readonly LogEvent[], gone: LogEvent, cut: number): boolean {
  const carry = (carried: readonly LogEvent[]) => {
    const rules = replay()
    const [life] = carried.map((event) => rules.carry(event)).slice(-1)
    return life && markOf(life)
  }
  const carried = events.slice(0, cut)
  const mark = carry(carried)
  try {
    return carry(carried.filter((event) => event !== gone)) !== mark
  } catch (cause) {
    if (cause instanceof Broken) return true
    throw cause
  }
}
