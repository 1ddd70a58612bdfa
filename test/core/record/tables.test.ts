import { actionDigest } from '../../../src/core/action/action.ts'
import type { Day } from '../../../src/core/data/day.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import { lateSeal } from '../../../src/core/record/lateSeal.ts'
import { csvLine } from '../../../src/core/data/csv.ts'
import { show } from '../../../src/core/request/decision.ts'
import { undeliverable } from '../../../src/core/request/delivery.ts'
import type { Draft } from '../../../src/core/request/event.ts'
import { digestOf, sha256 } from '../../../src/core/data/id.ts'
import {
  exceptionLine,
  exceptionsHeader,
  requestCellIn,
  requestLine,
  requestsHeader,
} from '../../../src/core/record/tables.ts'
import { revoke } from '../../../src/core/request/withdrawal.ts'
import {
  action,
  after,
  bot,
  dba,
  dba2,
  facts,
  needs,
  oid,
  owner,
  policyVersion,
  requestId,
  runner,
  security,
  slot,
} from '../../support/build.ts'
import {
  click,
  deny,
  erasing,
  eventsOf,
  type History,
  history,
  late,
  type Rule,
  replayed,
  see,
  take,
  tell,
  vote,
} from './history.ts'

const linesOf = ({ entries }: History) => {
  const { rows, exceptions } = replayed(eventsOf(entries))
  return { requests: rows.map((row) => requestLine(row, [])), exceptions: exceptions.map(exceptionLine) }
}

test('the headers are those of the bundle', () => {
  expect(requestsHeader).toBe(
    'request,state,action,digest,agent,executor,on_behalf_of,outcome,rules,policy,tier,required,approvers,denied_by,' +
      'requested_at,decided_at,expires_at,lapses_at,redeemed_at,closed_at,undeliverable,unreported,controls\r\n',
  )
  expect(exceptionsHeader).toBe('index,at,request,kind,actor,action,detail\r\n')
})

test('a request has one row, with everything that happened to it', () => {
  const judgement = needs([slot('dba', 2), slot('oncall|security')], { rules: ['a', 'b'], tier: 'high' })
  const guard = { approver: security, facts: facts(security, { groups: ['security'] }) }
  const life = history(
    { judgement, executor: runner, onBehalfOf: oid(41), excluded: [oid(41)], expiresIn: 7200 },
    [600, undeliverable],
    [601, vote({ approver: dba2 })],
    [602, vote(guard)],
    [603, vote()],
    [700, take],
    [90_000, late],
  )
  expect(linesOf(life).requests).toEqual([
    [
      ...[requestId, 'redeemed', 'db.export', actionDigest(action), bot, runner, oid(41), 'approve', 'a; b'],
      ...[policyVersion, 'high', 'dba:2; oncall|security:1', `${dba2}; ${security}; ${dba}`, ''],
      ...[after(0), after(603), after(3600), after(4203), after(700), '', 'yes', 'yes', '\r\n'],
    ].join(','),
  ])
  expect(linesOf(life).exceptions).toEqual([
    `101,${after(600)},${requestId},undeliverable,system,db.export,\r\n`,
    `102,${after(601)},${requestId},unseen,${dba2},db.export,approve\r\n`,
    `103,${after(602)},${requestId},unseen,${security},db.export,approve\r\n`,
    `104,${after(603)},${requestId},unseen,${dba},db.export,approve\r\n`,
    `107,${after(90_000)},${requestId},unreported,system,db.export,\r\n`,
  ])
})

test('a person who approved and then denied counts as denying', () => {
  const life = history({ judgement: needs([slot('dba', 3)]) }, [60, vote()], [61, vote({ approver: dba2 })], [62, deny])
  expect(linesOf(life).requests[0]?.split(',').slice(12, 16)).toEqual([dba2, dba, after(0), after(62)])
  expect(linesOf(life).requests[0]).toContain(`,${after(62)},${after(3600)},,,${after(62)},,,\r\n`)
})

test('the id and the time of a request are read from its line', () => {
  const [line = ''] = linesOf(history({}, [60, vote()])).requests
  expect(requestCellIn(line, 'request')).toBe(requestId)
  expect(requestCellIn(line, 'requested_at')).toBe(after(0))
  expect(requestCellIn(requestsHeader, 'requested_at')).toBe('requested_at')
})

test('a request that policy denied has neither tier nor deadline', () => {
  const life = history({ judgement: { outcome: 'no-policy', rules: [] } })
  expect(linesOf(life).requests[0]).toContain(
    `,no-policy,,${policyVersion},,,,,${after(0)},${after(0)},,,,${after(0)},,,\r\n`,
  )
})

test('requests stand in the order of their first event of the day', () => {
  const [one, other] = ['01kjw2xm00abcdefghjkmnpqrs-07', '01kjw2xm00abcdefghjkmnpqrt-07'] as (typeof requestId)[]
  const first = history({ ...(other && { id: other }) }).entries
  const second = history({ ...(one && { id: one }), at: after(1) }).entries.map((entry) => ({ ...entry, seconds: 1 }))
  const { rows } = replayed(eventsOf([...first, ...second]))
  expect(rows.map(({ request }) => request.id)).toEqual([other, one])
})

test.each<[string, number, string | undefined]>([
  ['0 ms after it was shown', 50, 'decided in 0 s'],
  ['4,999 ms', 54.999, 'decided in 4.999 s'],
  ['5 s', 55, undefined],
])('a decision in Teams is hasty or not: %s', (_when, seconds, detail) => {
  // Two pages, another approver, another template: what counts is when this one was first shown this view.
  const old: Rule = (request) => show(request, { approver: dba, template: sha256('old'), page: 1, pages: 2 })
  const life = history({}, [30, old], [40, see(1, 2, dba2)], [50, see(1, 2)], [50, see(2, 2)], [seconds, click()])
  const hasty = `105,${after(seconds)},${requestId},hasty,${dba},db.export,${detail}\r\n`
  expect(linesOf(life).exceptions).toEqual(detail === undefined ? [] : [hasty])
})

test('a vote without a view is unseen, even if the person was shown one, and never hasty', () => {
  const unseen = (index: number, seconds: number, verdict: string) =>
    `${index},${after(seconds)},${requestId},unseen,${dba},db.export,${verdict}\r\n`
  expect(linesOf(history({}, [50, see()], [50, vote()])).exceptions).toEqual([unseen(102, 50, 'approve')])
  expect(linesOf(history({}, [60, deny])).exceptions).toEqual([unseen(101, 60, 'deny')])
})

test.each<[string, string, string, History]>([
  ['never-used', 'system', '', history({}, [50, see()], [60, click()], [3660, late])],
  ['expired', 'system', '', history({}, [3600, late])],
  ['failed', bot, '', history({}, [50, see()], [60, click()], [61, take], [62, tell('failed')])],
  [
    'revoked',
    dba,
    '',
    history({}, [50, see()], [60, click()], [61, (r, at) => revoke(r, { approver: dba, facts: facts(dba), at })]),
  ],
])('an exception: %s', (kind, actor, detail, life) => {
  const [line = '', ...more] = linesOf(life).exceptions
  expect(more).toEqual([])
  expect(line.trimEnd().split(',').slice(2)).toEqual([requestId, kind, actor, 'db.export', detail])
})

test('an ask that takes people out of a slot by the word of its agent is an exception', () => {
  const excluded = { onBehalfOf: oid(41), excluded: [oid(41), oid(42)], excludedByAgent: [oid(41), oid(42)] }
  const [line = '', ...more] = linesOf(history({ ...excluded, warnings: ['approver-excluded'] })).exceptions
  expect(more).toEqual([])
  const detail = `${oid(41)}; ${oid(42)}`
  expect(line.trimEnd().split(',').slice(2)).toEqual([requestId, 'approver-excluded', bot, 'db.export', detail])
  expect(linesOf(history(excluded)).exceptions).toEqual([])
})

test('an erasure is two exceptions: who asked for it, and who did it', () => {
  const denied = history({}, [60, deny])
  const life = history({}, [60, deny], [90, erasing(dba)], [99, erasing(owner)])
  expect(linesOf(life).exceptions).toEqual([
    `101,${after(60)},${requestId},unseen,${dba},db.export,deny\r\n`,
    `103,${after(90)},${requestId},erasure-asked,${dba},db.export,reason; action\r\n`,
    `104,${after(99)},${requestId},erased,${owner},db.export,action; reason asked by ${dba}\r\n`,
    `105,${after(99)},${requestId},erased,${owner},db.export,reason asked by ${dba}\r\n`,
  ])
  expect(linesOf(life).requests).toEqual(linesOf(denied).requests)
})

test('events of the log itself are exceptions', () => {
  const actor = { kind: 'system' } as const
  const drafts: readonly Draft[] = [
    { type: 'policy-changed', actor, data: { to: digestOf('a') } },
    { type: 'policy-changed', actor, data: { from: digestOf('a'), to: digestOf('b') } },
    {
      ...{ type: 'tampered', actor: { kind: 'person', id: owner }, said: { why: 'x' } },
      data: { from: 12, to: 15, check: 'mac' },
    },
  ]
  const entries = drafts.map((draft) => ({ seconds: 0, draft }))
  expect(linesOf({ ...history({}), entries }).exceptions).toEqual([
    `100,${after(0)},,policy-changed,system,,${digestOf('a')}\r\n`,
    `101,${after(0)},,policy-changed,system,,${digestOf('a')} to ${digestOf('b')}\r\n`,
    `102,${after(0)},,tampered,${owner},,mac 12-15\r\n`,
  ])
})

test.each([
  ['2026-03-05T00:05:00.000Z', ''],
  ['2026-03-05T02:00:59.999Z', ''],
  ['2026-03-05T02:01:00.000Z', ',2026-03-05T02:01:00.000Z,,late-seal,system,,sealed 2 h 1 min after the day\r\n'],
  ['2026-03-09T00:30:00.000Z', ',2026-03-09T00:30:00.000Z,,late-seal,system,,sealed 96 h 30 min after the day\r\n'],
])('a day that was sealed late is an exception, without an event: %s', (sealedAt, row) => {
  const late = lateSeal({ date: '2026-03-04' as Day, sealedAt: sealedAt as Instant })
  expect(late ? exceptionLine(late) : '').toBe(row)
})

describe('a cell', () => {
  test.each([
    ['plain', 'plain'],
    ['a, b', '"a, b"'],
    ['say "x"', '"say ""x"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@sum(a,b)', `"'@sum(a,b)"`],
    ['＝1+1', "'＝1+1"],
    ['\n=1', `"'\n=1"`],
    ['\tx', "'\tx"],
    ['\rx', `"'\rx"`],
    ['a=b', 'a=b'],
    ['', ''],
  ])('%j is written so that it is a text', (cell, written) => {
    expect(csvLine([cell, undefined, 7])).toBe(`${written},,7\r\n`)
  })
})
