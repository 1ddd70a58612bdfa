import type { CardReader } from '../../src/cards/cardReader.ts'
import { noticesOf } from '../../src/core/request/notice.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { dba, dba2, needs, pending, slot } from '../support/build.ts'
import { narrowedTo, votedFor } from '../support/talked.ts'
import { cards, complaints, lines, texts } from './drawn.ts'

const asked = (other: object = {}): ApprovalRequest =>
  pending({ narrowing: true, judgement: needs([slot('dba', 2)], { narrow: ['rows'], ...other }) })
const less = narrowedTo(votedFor(asked()), 10_000)
const reviewed = (request: ApprovalRequest, more: Partial<CardReader> = {}) =>
  cards.review(request, { approver: dba, page: 1, via: 'teams', ...more })

test('a channel sees what is left beside what was asked for, and who left it', () => {
  const card = cards.channel(less)
  expect(complaints(card)).toEqual([])
  expect(JSON.stringify(card)).toContain('10000 (asked for 120000)')
  expect(lines(card)).toEqual(
    expect.arrayContaining(['Narrowed by Dora', '0 of 2 (Dana approved before it was narrowed)']),
  )
})

test('an approver sees the same, and the digest of what is left', () => {
  const card = reviewed(less)
  expect(complaints(card)).toEqual([])
  expect([...texts(card, 'TextRun'), ...texts(card, 'TextBlock')].join('\n')).toContain('asked for 120000')
  expect(JSON.stringify(card)).toContain(less.digest)
  expect(lines(card)).toContain('Narrowed by Dora')
})

test('of a request that was made smaller twice, what was asked for first stands beside it', () => {
  const twice = narrowedTo(less, 500, { by: dba, name: 'Dana', at: 220 })
  expect(JSON.stringify(cards.channel(twice))).toContain('500 (asked for 120000)')
  expect(lines(cards.channel(twice))).toEqual(expect.arrayContaining(['Narrowed by Dora', 'Narrowed by Dana']))
})

test('once the action is erased, nothing of it is shown', () => {
  const erased = { ...less, action: null, askedAction: null, said: [] }
  expect(JSON.stringify(cards.channel(erased))).not.toMatch(/10000|120000|undefined/)
})

test('a private channel is told nothing of the values', () => {
  const card = JSON.stringify(cards.channel(narrowedTo(asked({ private: true }), 10_000)))
  expect(card).not.toMatch(/10000|120000|Dora/)
})

test('those whose approvals count no more are told, but not the person who made it smaller', () => {
  expect(noticesOf(less)).toMatchObject([{ kind: 'narrowed', inThreads: true, people: [dba], but: [dba2] }])
  expect(noticesOf(narrowedTo(votedFor(asked()), 5, { by: dba, name: 'Dana' }))).toMatchObject([{ but: [dba] }])
})
