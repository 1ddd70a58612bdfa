import { needsDelivery, revision } from '../../../src/core/request/delivery.ts'
import { type NoticeKind, noticesOf } from '../../../src/core/request/notice.ts'
import { report } from '../../../src/core/request/redemption.ts'
import type { ApprovalRequest } from '../../../src/core/request/request.ts'
import { after, anyWith, bot, dba, dba2, owner, redeemed, stored } from '../../support/build.ts'
import {
  answered,
  askedBack,
  glassBroken,
  passedAt,
  promptedAt,
  reviewedGlass,
  talkative,
  votedFor,
} from '../../support/talked.ts'

const kinds = (request: ApprovalRequest): readonly NoticeKind[] => noticesOf(request).map(({ kind }) => kind)
const only = (request: ApprovalRequest) => {
  const [notice, ...others] = noticesOf(request)
  if (!notice || others.length > 0) throw new Error(`There are ${others.length + 1} notices.`)
  return notice
}
const reminded = promptedAt(votedFor(talkative()), 900)
const joined = promptedAt(reminded, 1_800)

test.each<[string, ApprovalRequest, readonly NoticeKind[]]>([
  ['asked for', talkative(), []],
  ['reminded', reminded, ['reminded']],
  ['joined by a group', joined, ['reminded', 'escalated']],
  ['reminded and decided', votedFor(reminded, dba2, 'Dora', 1_000), []],
  ['asked about', askedBack(talkative()), ['asked']],
  ['answered', answered(askedBack(talkative())), ['answered']],
  ['asked about, and decided', passedAt(askedBack(talkative()), 7_200), ['expired']],
  ['approved alone', glassBroken(talkative()), ['glass-broken']],
  ['approved alone, and reviewed', reviewedGlass(glassBroken(talkative())), []],
  ['denied', anyWith('denied'), []],
  ['expired', anyWith('expired'), ['expired']],
  ['failed', anyWith('failed'), ['failed']],
  ['succeeded', anyWith('succeeded'), []],
  ['without an outcome', passedAt(redeemed(), 90_000), ['unreported']],
])('what people are told of a request that was %s', (_what, request, told) => {
  expect(kinds(request)).toEqual(told)
  const seqs = noticesOf(request).map(({ seq }) => seq)
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
  for (const { kind, seq } of noticesOf(request))
    expect(request.events.find((event) => event.seq === seq)?.type).toBe(kind)
})

test('only the newest reminder is news', () => {
  const twice = promptedAt(joined, 6_600)
  expect(kinds(twice)).toEqual(['escalated', 'reminded'])
  expect(twice.events.filter(({ type }) => type === 'reminded')).toHaveLength(2)
  expect(noticesOf(twice).at(-1)?.seq).toBe(twice.events.at(-1)?.seq)
})

test('a reminder concerns those who can still approve, and no one who has or may not', () => {
  expect(only(reminded)).toMatchObject({ groups: ['dba'], people: [], but: [owner, dba], isUrgent: false })
  expect(noticesOf(joined)[1]).toMatchObject({ groups: ['dba', 'oncall'], but: [owner, dba], isUrgent: true })
})

test('a question concerns the side, and an answer those whose approvals count no more', () => {
  const asked = askedBack(votedFor(talkative(), dba2, 'Dora'))
  expect(only(asked)).toMatchObject({ people: [owner], groups: [], question: { by: dba } })
  expect(only(answered(asked))).toMatchObject({ people: [dba, dba2], but: [] })
  expect(only(votedFor(answered(asked), dba2, 'Dora', 240))).toMatchObject({ people: [dba, dba2], but: [dba2] })
})

test('a broken glass is urgent, and goes to the threads, the compliance channel and the side', () => {
  expect(only(glassBroken(talkative()))).toMatchObject({
    ...{ inThreads: true, toCompliance: true, isUrgent: true, people: [owner] },
  })
})

test('an end is told to the side alone, and is news for a day', () => {
  const failed = stored(report(redeemed(), { executor: bot, result: 'failed', at: after(180) }))
  expect(only(failed)).toMatchObject({ inThreads: false, people: [owner], until: after(180 + 86_400) })
})

test('a reminder changes no card, and is delivered', () => {
  expect(revision(reminded)).toBe(reminded.events.length - 1)
  expect(needsDelivery(reminded, [{ type: 'reminded' }])).toBe(true)
  expect(needsDelivery(reminded, [{ type: 'shown' }])).toBe(false)
  for (const type of ['asked', 'answered', 'escalated', 'glass-broken', 'reviewed', 'unreviewed'] as const)
    expect(revision({ events: [{ seq: 1, type, hash: reminded.events[0]!.hash }] })).toBe(1)
})
