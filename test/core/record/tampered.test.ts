import { stopCodeOf } from '../../../src/core/request/nextStep.ts'
import { endingOf } from '../../../src/core/request/ending.ts'
import { isWholeCommit } from '../../../src/core/record/retelling.ts'
import { endTampered } from '../../../src/core/request/tampering.ts'
import { needsDelivery } from '../../../src/core/request/delivery.ts'
import { historyOf } from '../../../src/words/history.ts'
import { english } from '../../../src/words/english.ts'
import { dba2, needs, oid, requestId, slot } from '../../support/build.ts'
import {
  allow,
  deny,
  eventsOf,
  history,
  late,
  leavesOf,
  replayed,
  type Rule,
  take,
  takeBack,
  tell,
  vote,
} from './history.ts'

const tampering = { by: oid(63), why: 'A key had leaked.', data: { from: 1, to: 4, check: 'events' } } as const

const tamper: Rule = (request, at) => endTampered(request, { ...tampering, at })

describe('a request whose stored record was changed', () => {
  test.each([
    ['pending', history({}, [60, tamper])],
    ['approved', history({}, [60, vote()], [61, tamper])],
    ['allowed by policy', history({ judgement: allow }, [61, tamper])],
    ['past its deadline, which nobody could record', history({}, [9_999, tamper])],
  ])('ends if it is %s: it stops its agent, leaves a file in the archive, and replays', (_status, life) => {
    const { request, entries } = life
    expect(request).toMatchObject({ status: 'revoked', closedBy: { kind: 'person', id: oid(63) } })
    expect(stopCodeOf(request)).toBe('tampered')
    const newest = request.events.at(-1)
    expect(endingOf(request)).toMatchObject({ act: 'revoked', seq: newest?.seq, leaf: newest?.hash })
    expect(needsDelivery(request, leavesOf(entries).slice(-1))).toBe(true)
    const { rows, exceptions } = replayed(eventsOf(entries))
    expect(rows).toMatchObject([{ request: { id: requestId, status: 'revoked' } }])
    expect(exceptions.at(-1)).toMatchObject({ kind: 'tampered', request: requestId, detail: 'events 1-4' })
    expect(historyOf(request, english).flat().at(-1)).toMatchObject({ text: expect.stringContaining('changed from') })
  })

  test.each([
    ['redeemed', history({}, [60, vote()], [61, take], [62, tamper], [63, tell('failed')]), 'failed'],
    ['denied', history({}, [60, deny], [61, tamper]), 'denied'],
    ['expired', history({}, [3600, late], [3601, tamper]), 'expired'],
    ['revoked', history({}, [60, vote()], [61, takeBack], [62, tamper]), 'revoked'],
  ])('stays as it is if it was %s', (status, { request, entries }, after) => {
    expect(request.status).toBe(after)
    expect(stopCodeOf(request)).toBe(after)
    expect(replayed(eventsOf(entries)).rows).toMatchObject([{ request: { status: after } }])
    if (status === 'revoked') expect(endingOf(request)?.seq).toBe(request.events.at(-2)?.seq)
  })

  test('may be found so a second time', () => {
    const { request, entries } = history({}, [60, tamper], [61, tamper])
    expect(request.events.map(({ type }) => type)).toEqual(['requested', 'tampered', 'tampered'])
    expect(replayed(eventsOf(entries)).rows).toHaveLength(1)
  })
})

describe('events end where a commit ended', () => {
  const two = needs([slot('dba', 2)])
  const life = history({ judgement: two }, [60, vote()], [61, vote({ approver: dba2 })])
  const leaves = leavesOf(life.entries)

  test.each([
    ['it was asked for', 1, true],
    ['a vote that does not suffice', 2, true],
    ['the vote that suffices, without the approval', 3, false],
    ['the approval', 4, true],
  ])('after %s', (_what, count, isWhole) => {
    expect(isWholeCommit(requestId, leaves.slice(0, count))).toBe(isWhole)
  })

  test('whatever was written beside the events', () => {
    const told = leaves.map((leaf) => ({ ...leaf, said: { reason: { salt: '', text: 'Another.' } } }))
    expect(isWholeCommit(requestId, told)).toBe(true)
  })

  test('not where nothing says that it was asked for', () => {
    expect(isWholeCommit(requestId, leaves.slice(1))).toBe(false)
  })
})
