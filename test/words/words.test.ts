import { loadCards } from '../../src/cards/cards.ts'
import { drawing } from '../../src/cards/lazyCards.ts'
import { isObject } from '../../src/core/data/json.ts'
import { report } from '../../src/core/request/redemption.ts'
import { digestOf, sha256 } from '../../src/core/data/id.ts'
import type { ApprovalRequest, Status } from '../../src/core/request/request.ts'
import { deadlineOf } from '../../src/words/deadline.ts'
import { english } from '../../src/words/english.ts'
import { stopCodeOf, stopCodes } from '../../src/core/request/nextStep.ts'
import { historyOf } from '../../src/words/history.ts'
import { nextStep } from '../../src/words/nextStep.ts'
import { plain } from '../../src/words/run.ts'
import type { Words } from '../../src/words/words.ts'
import { reportStep } from '../../src/words/reportStep.ts'
import { lines, objects, templates, texts } from '../cards/drawn.ts'
import {
  action,
  after,
  anyWith,
  bot,
  dba,
  needs,
  opened,
  pending,
  redeemed,
  runner,
  stored,
  slot,
  statuses,
} from '../support/build.ts'
import {
  answered,
  askedBack,
  glassBroken,
  passedAt,
  promptedAt,
  reviewedGlass,
  talkative,
  votedFor,
} from '../support/talked.ts'
import { reversed } from './reversed.ts'

/** Everything in the request is written without a Latin letter, so that one on a card is a word of ours. */
const given = {
  judgement: needs([slot('1'), slot('2|3', 2)], { summary: '…', rules: ['4'], tier: 'high' }),
  agent: { id: bot, name: '5' },
  action: { action: '6', target: '7', environment: '8', params: { 1: 90_000, 2: ['9'] } },
  reason: '10',
  links: [{ title: '11', url: '12' }],
  executor: runner,
  warnings: [
    'denied-before',
    'asks-often',
    'hidden-characters',
    'mixed-scripts',
    'look-alikes',
    'not-normalized',
    'asks-again',
    'denied-to-others',
  ],
} as const

/** What people read on a card, and what is read to them; not ids, digests and the client's own markup. */
function readOn(card: object): readonly string[] {
  const others = objects(card).flatMap((one) =>
    ['title', 'label', 'errorMessage', 'fallbackText', 'speak', 'placeholder'].flatMap((key) => {
      const value = one[key]
      return typeof value === 'string' ? [value] : []
    }),
  )
  return [...lines(card), ...texts(card, 'TextBlock'), ...others].map((line) =>
    line
      .replaceAll(/\{\{(DATE|TIME)\([^)]*\)\}\}/g, '')
      .replaceAll(
        /sha256:[0-9a-f]{64}|[0-9a-f]{8} … [0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f-]{27}|\b01[0-9a-z]{24}-0[0-9a-f]\b/g,
        '',
      ),
  )
}

const latin = /[A-Za-z]/

test('the check finds English words, so that their absence means something', () => {
  expect(
    readOn(loadCards(templates, english).channel(pending(given))).filter((line) => latin.test(line)).length,
  ).toBeGreaterThan(15)
})

const inState = (status: Status): ApprovalRequest => {
  const request = status === 'pending' ? pending(given) : anyWith(status)
  return {
    ...request,
    verb: '6',
    agent: { id: bot, name: '5' },
    said: [],
    action: null,
    policy: { ...request.policy, rules: ['4'] },
  }
}

test.each(statuses)('a card in another language has no English word: %s', async (status) => {
  const cards = await drawing(templates, reversed)()
  const request = inState(status)
  const drawn = [
    cards.channel(request),
    cards.review(request, { approver: dba, page: 1, via: 'teams' }),
    cards.refused(request, '13'),
    cards.list([request, request], { more: true }),
    cards.batchPage(request, { approver: dba, page: 1, via: 'teams' }, { requests: [request.id], marks: [], at: 1 }),
    cards.batchEnd([request], { requests: [request.id], marks: [] }),
    cards.batchOutcome([
      { id: request.id, request },
      { id: request.id, request: null, refusal: '14' },
    ]),
  ]
  for (const card of drawn)
    expect(readOn(card).filter((line) => latin.test(line.replaceAll(/Dana|dba/g, '')))).toEqual([])
})

test('a request with everything in it has no English word on its cards in another language', () => {
  const cards = loadCards(templates, reversed)
  for (const card of [
    cards.channel(pending(given)),
    cards.review(pending(given), { approver: dba, page: 1, via: 'teams' }),
  ])
    expect(readOn(card).filter((line) => latin.test(line))).toEqual([])
})

test('talk and emergencies have no English word on cards in another language', () => {
  const cards = loadCards(templates, reversed)
  const asked = askedBack(votedFor(talkative(), dba, '21'), '22', { name: '23' })
  const answer = { typed: { 1: '24' }, fault: { number: 1, why: '25' } }
  for (const one of [
    asked,
    answered(asked, '26'),
    answered(asked, '27', 'agent'),
    promptedAt(promptedAt(talkative(), 900), 1_800),
    glassBroken(talkative(), '28', '29'),
    reviewedGlass(glassBroken(talkative(), '28', '29'), 'unjustified', '30'),
    passedAt(passedAt(glassBroken(talkative(), '28', '29'), 4_000), 90_000),
  ]) {
    const request = { ...one, verb: '6', agent: { id: bot, name: '5' }, action: null }
    const reader = { approver: dba, page: 1, via: 'teams', may: ['ask', 'break', 'review', 'answer'] } as const
    for (const card of [
      cards.channel(request),
      cards.review(request, { ...reader, answering: answer }),
      ...(['ask', 'break', 'justified', 'unjustified'] as const).map((act) =>
        cards.review(request, { ...reader, form: { act, fault: '31' } }),
      ),
      cards.refused(request, '32', { stranger: false, may: ['answer'] }),
    ])
      expect(
        readOn(card).filter((line) => latin.test(line.replaceAll(/Quarterly.*881|Olga|Dora|dba|oncall/g, ''))),
      ).toEqual([])
  }
})

test("a stop's sentence in another language has no English word", () => {
  for (const code of stopCodes) {
    expect(reversed.stops[code]).not.toMatch(latin)
    expect(reversed.stops[code]).not.toBe('')
  }
  for (const later of [true, false]) expect(reversed.forbidden([{ id: '1', summary: '2' }], later)).not.toMatch(latin)
})

test.each<[string, ApprovalRequest, string]>([
  ['a person', anyWith('denied'), 'denied'],
  ['policy', opened({ judgement: { outcome: 'forbid', rules: ['r'] } }), 'forbidden-by-policy'],
  ['the lack of a rule', opened({ judgement: { outcome: 'no-policy', rules: [] } }), 'no-policy'],
])('a denial by %s has a code of its own', (_who, request, code) => {
  expect(stopCodeOf(request)).toBe(code)
})

test('a request that goes on has no stop', () => {
  for (const status of ['pending', 'approved', 'redeemed'] as const) expect(stopCodeOf(anyWith(status))).toBeNull()
})

test('a language chooses its own order of words', () => {
  const succeeded = stored(report(redeemed(), { executor: bot, result: 'succeeded', summary: '12', at: after(180) }))
  expect(historyOf(succeeded, english).map(plain)).toEqual(['Approved by Dana', 'Reported as succeeded: “12”'])
  expect(historyOf(succeeded, reversed).map(plain)[0]).toMatch(/^Dana \+0 \P{Script=Latin}+$/u)
  expect(deadlineOf(pending(), reversed).map(({ role }) => role)).toEqual(['time', 'time', 'text', 'text'])
  expect(nextStep(pending(given), reversed)[0]).toMatch(/^1 1 2\/3 2 /)
})

test("an untrusted text is never part of the service's own text", () => {
  const denied = anyWith('denied')
  const roles = historyOf(denied, english).flatMap((sentence) => sentence.map(({ role }) => role))
  expect(roles).toEqual(['text', 'name', 'text', 'quoted', 'text'])
})

test('a report names each event in its language', () => {
  const view = digestOf('')
  const shown = { type: 'shown', data: { view, content: sha256(''), template: sha256(''), page: 1, pages: 2 } } as const
  expect(reportStep(shown, english)).toBe(`was shown page 1 of 2 of view ${view}`)
  expect(reportStep(shown, reversed)).not.toContain('shown')
  expect(reportStep({ type: 'lapsed' }, english)).toBe('lapsed: it was approved and never used')
})

test('no sentence of a language is empty, in English and in a second one', () => {
  for (const words of [english, reversed])
    for (const [key, value] of leaves(words)) expect([key, value.trim()]).not.toEqual([key, ''])
})

/** All texts of a language, with the members that lead to them. */
function leaves(value: unknown, at = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[at, value]]
  return isObject(value as never)
    ? Object.entries(value as object).flatMap(([key, one]) => leaves(one, `${at}/${key}`))
    : []
}

test('amounts are written with the units of the language', () => {
  const presentation = { params: [{ key: '1', format: 'bytes' as const }] }
  const request = { ...pending({ ...given, action: { ...action, params: { 1: 1_234_567 } } }) }
  const shown = (words: Words) =>
    lines(loadCards(templates, words).channel({ ...request, policy: { ...request.policy, presentation } }))
  expect(shown(english)).toContainEqual(expect.stringContaining('1,234,567 B (≈ 1.2 MiB)'))
  expect(shown(reversed)).toContainEqual(expect.stringContaining('1.234.567 β (± 1,2 μβ)'))
})
