import {
  actionLimits,
  type Action,
  canonicalAction,
  checkAction,
  type ScopeVary,
} from '../../src/core/action/action.ts'
import { bounds } from '../../src/core/data/bound.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import { decide } from '../../src/core/request/decision.ts'
import type { Draft } from '../../src/core/request/event.ts'
import { canonical, type Json, type JsonObject } from '../../src/core/data/json.ts'
import type { Presentation } from '../../src/core/action/presentation.ts'
import { showLimits } from '../../src/core/action/page.ts'
import { report } from '../../src/core/request/redemption.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { viewPagesOf } from '../../src/core/request/viewPage.ts'
import type { Submission } from '../../src/core/request/submission.ts'
import { sizes } from '../../src/core/policy/sizes.ts'
import { after, bot, dba, decision, facts, needs, oid, pending, redemption, runner, stored } from '../support/build.ts'
import { withStoryLink } from '../../src/teams/storyLink.ts'
import { english } from '../../src/words/english.ts'
import { cards as templated, lines, size, verbs } from './drawn.ts'
import { checkShowable, pagesOf } from '../support/english.ts'
import { answered, askedBack } from '../support/talked.ts'
import { someOf } from '../support/whole.ts'

/** Teams takes 100 KB; what comes around the card is small. The link to the console is added after drawing. */
const most = 80_000 + 500

const tab = { teams: 'https://teams.microsoft.com', appId: 'a0000000-0000-4000-8000-00000000000c' }
/** With the way to the console of a host with the longest name. */
const cards = withStoryLink(templated, { baseUrl: `https://${'x'.repeat(253)}`, tab }, english)

/** The characters that take the most room when they are made visible: nine for one. */
const tag = '\u{e0041}'

const key = (i: number) => `${'k'.repeat(60)}${String(i).padStart(4, '0')}`

/** Params that leave no room in the action. */
function filled(params: (count: number) => JsonObject): Action {
  const target = '\u{10330}'.repeat(actionLimits.target)
  const whole = (count: number): Action => ({
    ...{ action: 'a'.repeat(actionLimits.verb), environment: 'e'.repeat(actionLimits.environment), target },
    params: params(count),
  })
  let [low, high] = [0, 20_000]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    const fits = Buffer.byteLength(canonicalAction(whole(middle))) <= actionLimits.canonicalBytes
    if (fits) low = middle
    else high = middle
  }
  return checkAction(whole(low))
}

/** Keys of the most characters, of which each takes two in quotation marks. */
const longKey = (i: number) => `${'"'.repeat(actionLimits.key - 4)}${String(i).padStart(4, '0')}`

const longKeys = (count: number) =>
  Object.fromEntries(Array.from({ length: Math.min(showLimits.keys, count) }, (_, i) => [longKey(i), i]))

const nested = (depth: number, value: Json): Json => (depth === 0 ? value : { a: nested(depth - 1, value) })

const many = (count: number, value: string, head = '') =>
  Object.fromEntries(
    Array.from({ length: showLimits.keys }, (_, i) => [
      key(i),
      head + value.repeat(Math.floor(count / showLimits.keys)),
    ]),
  )

const changes = (count: number) =>
  Object.fromEntries(
    Array.from({ length: showLimits.keys }, (_, i) => [
      key(i),
      {
        before: 'a\n'.repeat(Math.floor(count / showLimits.keys)),
        after: 'b\n'.repeat(Math.floor(count / showLimits.keys)),
      },
    ]),
  )

type Large = readonly [what: string, params: (count: number) => JsonObject]

const largest: readonly [Large, ...Large[]] = [
  ['one plain value', (count) => ({ a: 'x'.repeat(count) })],
  ['one value of quotes', (count) => ({ a: `x${'"'.repeat(count)}` })],
  ['one value of escapes in an object', (count) => ({ a: { b: '\\"'.repeat(count) } })],
  ['one value of short paths', (count) => ({ a: '/abc'.repeat(Math.floor(count / 4)) })],
  ['one value of braces', (count) => ({ a: `x${'{'.repeat(count)}` })],
  ['one value of newlines', (count) => ({ a: '\n'.repeat(count) })],
  ['one value of hidden characters', (count) => ({ a: tag.repeat(Math.min(count, 3_800)) })],
  ['many plain values', (count) => many(count, 'x')],
  ['many short paths', (count) => many(Math.floor(count / 4), '/abc')],
  ['many values of quotes', (count) => many(count, '"')],
  ['many values of backslashes', (count) => many(count, '\\')],
  ['many values of braces', (count) => many(count, '{')],
  ['many hidden characters', (count) => many(count, tag)],
  ['many small values', (count) => many(Math.min(count, showLimits.keys), 'x')],
  ['many empty values', () => many(0, 'x')],
  [
    'a deep object',
    (count) => ({
      a: nested(
        14,
        Array.from({ length: Math.min(count, 1_900) }, () => 1e9),
      ),
    }),
  ],
  ['one diff', (count) => ({ a: `--- a\n+++ b\n${'-a\n+b\n'.repeat(Math.floor(count / 6))}` })],
  ['many diffs', (count) => many(Math.floor(count / 4), '+\n-\n', '@@ -1\n')],
  ['many changes', (count) => changes(Math.floor(count / 4))],
  ['many long keys', longKeys],
]

/** A presentation that adds as much to the cards as one can: critical params that are absent, labels, a title. */
function presentationOf({ params }: Action): Presentation {
  const keys = Object.keys(params)
  const title = keys.slice(0, sizes.titleValues).flatMap((key, i) => [{ text: `${i} ` }, { path: [key] }])
  const missing = Array.from({ length: sizes.criticalParams }, (_, i) => ({ key: `none${i}`, critical: true as const }))
  const named = (label: number) => keys.map((key, i) => ({ key, label: `${i}`.padEnd(label, '"') }))
  for (let label = sizes.label; label > 0; label--)
    for (let count = keys.length; count >= Math.min(keys.length, 20); count--) {
      const presentation = { title, params: [...missing, ...named(label).slice(0, count)] }
      if (Buffer.byteLength(JSON.stringify(presentation)) <= sizes.presentation) return presentation
    }
  return { params: missing }
}

/** Everything else as long as it may be. */
const longest = (action: Action): Partial<Submission> => ({
  action,
  presentation: presentationOf(action),
  agent: { id: bot, name: tag.repeat(64) },
  owner: tag.repeat(256),
  executor: runner,
  onBehalfOf: oid(77),
  reason: tag.repeat(1_000),
  links: Array.from({ length: 5 }, () => ({ title: tag.repeat(100), url: `https://x.example/${tag.repeat(241)}` })),
  warnings: Array.from({ length: 8 }, (_, i) => `warning-${i}-${'w'.repeat(50)}`),
  judgement: needs(
    Array.from({ length: sizes.slots }, (_, i) => ({
      groups: Array.from({ length: sizes.groupsPerSlot }, (_, j) =>
        i === 0 && j === 0 ? 'dba' : `g${i}-${j}-`.padEnd(sizes.name, 'g'),
      ),
      quorum: sizes.quorum,
    })),
    {
      tier: 'high',
      summary: tag.repeat(sizes.summary),
      rules: Array.from({ length: sizes.rulesPerAction }, (_, i) => `rule-${i}-`.padEnd(sizes.name, 'r')),
    },
  ),
})

const said = { name: tag.repeat(256), reason: `x${tag.repeat(499)}` }

/** As many questions as there may be, all but one of them answered, each text as long as it may be. */
function talked(request: ApprovalRequest, letter = tag): ApprovalRequest {
  let now = request
  for (let i = 0; i < bounds.questions; i++) {
    now = askedBack(now, `?${letter.repeat(bounds.text.words - 1)}`, { by: oid(100 + i), name: said.name })
    if (i < bounds.questions - 1) now = answered(now, `!${letter.repeat(bounds.text.answer - 1)}`)
  }
  return now
}

/** The reader for whom the last page says the most: they have typed as much as they may. */
const typing = {
  ask: { may: ['ask', 'break'], form: { act: 'ask', fault: said.reason, words: said.reason } },
  break: {
    may: ['ask', 'break'],
    form: { act: 'break', fault: said.reason, words: said.reason, confirm: tag.repeat(512) },
  },
  answer: {
    may: ['answer'],
    excludedBy: 'policy',
    answering: { typed: { 5: tag.repeat(1_000) }, fault: { number: 5, why: said.reason } },
  },
} as const

/** The same request, with as much to make smaller beside it as one form has. */
function narrowable(request: ApprovalRequest): ApprovalRequest {
  const { action, requirement } = request
  if (!action || !requirement) throw new TypeError('It waits for people, and is not erased.')
  const items = Array.from({ length: bounds.lessItems }, (_, i) => `${i}${tag.repeat(20)}`)
  const narrow = Array.from({ length: sizes.varied - 1 }, (_, i) => `n${i}-`.padEnd(sizes.name, 'n'))
  const numbers = Object.fromEntries(narrow.map((name) => [name, 1_000_000_000.5]))
  return {
    ...request,
    action: { ...action, params: { ...action.params, ...numbers, items } },
    requirement: { ...requirement, narrowable: [...narrow, 'items'] },
  }
}

const less = {
  fresh: { may: ['ask', 'break', 'narrow'] },
  again: {
    may: ['ask', 'break', 'narrow'],
    form: { act: 'narrow', fault: said.reason, words: said.reason, less: { 1: '1', 8: '1,2' } },
  },
} as const

/** The states whose cards say the most. */
function states(action: Action): readonly ApprovalRequest[] {
  const request = pending(longest(action))
  const words = { ...said, confirm: action.target }
  let voted: ApprovalRequest = request
  for (let i = 0; i < 12; i++)
    voted = stored(decide(voted, decision(voted, { approver: oid(100 + i), facts: facts(oid(100 + i)), ...words })))
  const denied = stored(decide(voted, decision(voted, { approver: dba, verdict: 'deny', ...words })))
  const quorum = stored({ request: voted, events: [approval] })
  const times = { approvedAt: after(60), redeemedAt: after(90), lapsesAt: after(120) }
  const redeemed: ApprovalRequest = { ...quorum, ...times, status: 'redeemed', redemption, unreported: false }
  const failed = stored(report(redeemed, { executor: runner, result: 'failed', summary: said.reason, at: after(180) }))
  return [request, voted, denied, failed, talked(voted), talked(voted, '"'), ...standing(voted)]
}

/** Scopes that take the most room: with the longest name, with many names, with signs that take two characters each. */
const scopes: readonly ScopeVary[] = [
  { target: `${'"'.repeat(250)}/` },
  { params: { [longKey(0)]: 1 } },
  { params: Object.fromEntries(Array.from({ length: sizes.varied }, (_, i) => [`"${i}`, ['"', '""', `""""${i}`]])) },
  { params: Object.fromEntries(Array.from({ length: sizes.varied }, (_, i) => [`${i}`, 'abcdefghijk'.split('')])) },
]

/** What asks for a standing approval says as much as before, and on each page what may vary. */
const standing = (voted: ApprovalRequest): readonly ApprovalRequest[] =>
  scopes.map((vary) => {
    expect(canonical(vary as Json).length).toBeLessThanOrEqual(bounds.standing.text)
    const { action } = voted
    if (!action) throw new TypeError('It is not erased.')
    return {
      ...voted,
      action: { ...action, standing: { for: 86_399, uses: 199, vary } },
      standing: { uses: 199, used: 0 },
    }
  })

const approval: Draft = {
  type: 'approved',
  actor: { kind: 'person', id: dba },
  data: { by: 'quorum', lapsesAt: after(120) },
}

const pagesIn = (request: ApprovalRequest): number => viewPagesOf(request, english.units).length

/** One value, many values, and a value with many inside. */
const tried = someOf(largest, ([what]) => what.split(' ')[0])

describe.each(tried)('with %s', (_what, params) => {
  const action = filled(params)

  test('every part is shown, in cards that Teams accepts', () => {
    const [request, ...later] = states(action)
    if (!request) return
    const { presentation } = request.policy
    expect(() => checkShowable(action, presentation)).not.toThrow()
    const pages = pagesOf(action, presentation).map((_, i) => i + 1)
    const drawn = [request, ...later].flatMap((one) => [
      cards.channel(one),
      cards.refused(one, said.reason),
      // The params are the same in every state, and what differs stands on the first page and the last.
      ...(one === request ? pages : [1, pagesIn(one)]).flatMap((page) =>
        [dba, oid(100)].map((approver) => cards.review(one, { approver, page, notice: said.reason, via: 'teams' })),
      ),
      // In a batch a page has a heading and other buttons, but no words about the last click.
      ...(one === request ? pages : []).map((page) =>
        cards.batchPage(one, { approver: dba, page, via: 'teams' }, { ...batchOf(one), at: 1 }),
      ),
    ])
    const talk = talked(request)
    const last = pagesIn(talk)
    const typed = Object.values(typing).map((more) =>
      cards.review(talk, { approver: oid(100), page: last, via: 'teams', notice: said.reason, ...more }),
    )
    const smaller = [request, talk]
      .map(narrowable)
      .flatMap((one) =>
        Object.values(less).map((more) =>
          cards.review(one, { approver: oid(100), page: pagesIn(one), via: 'teams', notice: said.reason, ...more }),
        ),
      )
    // Where all of this leaves no room for the form, a sentence stands in its place.
    for (const card of smaller) expect(verbs(card).includes('narrow')).toBe(!lines(card).includes(english.less.noRoom))
    const refused = cards.refused(talk, said.reason, { stranger: false, ...typing.answer })
    for (const card of [...drawn, ...typed, ...smaller, refused]) expect(size(card)).toBeLessThanOrEqual(most)
  })
})

const [[, plainParams]] = largest
const plain = filled(plainParams)

test('a list of requests is a card that Teams accepts', () => {
  const request = pending(longest(plain))
  expect(size(cards.list(Array.from({ length: 10 }, () => request)))).toBeLessThanOrEqual(most)
})

test('the end of a batch, and what became of it, are cards that Teams accepts', () => {
  const request = pending(longest(plain))
  const batch = batchOf(request)
  const found = batch.requests.map((id) => ({ ...request, id }))
  expect(size(cards.batchEnd(found, batch))).toBeLessThanOrEqual(most)
  const outcomes = found.map((one) => ({ id: one.id, request: one, refusal: said.reason }))
  expect(size(cards.batchOutcome(outcomes))).toBeLessThanOrEqual(most)
})

/** As many requests as a batch has, all of them marked. */
function batchOf({ digest }: ApprovalRequest) {
  const requests = Array.from({ length: bounds.batch }, (_, i) => parseRequestId(`01kjw2xm00abcdefghjkmnpqr${i}-07`))
  return { requests, marks: requests.map((request) => ({ request, verdict: 'approve' as const, view: digest })) }
}
