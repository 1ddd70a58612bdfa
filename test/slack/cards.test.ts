import * as fc from 'fast-check'
import { type Action, controlCharacter } from '../../src/core/action/action.ts'
import { canonical } from '../../src/core/data/json.ts'
import { unbroken } from '../../src/core/data/text.ts'
import { decide } from '../../src/core/request/decision.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { noticesOf } from '../../src/core/request/notice.ts'
import { revoke } from '../../src/core/request/withdrawal.ts'
import { viewOf } from '../../src/core/request/view.ts'
import { cards } from '../cards/drawn.ts'
import { action, after, dba, decision, facts, needs, pending, security, slot, stored } from '../support/build.ts'
import { pagesOf } from '../support/english.ts'
import { answered, askedBack, talkative } from '../support/talked.ts'
import { corpus, pieces, saying } from '../teams/hostile.ts'
import { blockFault, objectsIn, textsIn } from './blockRules.ts'

const { slack } = cards

const reader = (page = 1, more = {}) => ({ approver: dba, page, via: 'slack', ...more })

/** The ids of the buttons, in order. */
const actionsIn = (drawn: object): readonly unknown[] =>
  objectsIn(drawn as never).flatMap((one) => (one['type'] === 'button' ? [one['action_id']] : []))

const medium = needs([slot('dba')], { tier: 'medium' })

test('a message in a channel has Review alone, and no button that decides', () => {
  const message = slack.channel(pending())
  expect(blockFault(message)).toBeNull()
  expect(actionsIn(message)).toEqual(['review'])
  const denied = stored(decide(pending(), decision(pending(), { verdict: 'deny' })))
  expect(actionsIn(slack.channel(denied))).toEqual([])
})

test('an approver sees all of it, with buttons on the last page alone', () => {
  const long = pending({
    judgement: medium,
    action: { ...action, params: { a: 'x'.repeat(3_900), b: 'y'.repeat(3_900) } },
  })
  const pages = [1, 2, 3].map((page) => slack.review(long, reader(page)))
  expect(pages.map(blockFault)).toEqual([null, null, null])
  expect(pages.map(actionsIn)).toEqual([
    ['next', 'deny'],
    ['previous', 'next', 'deny'],
    ['previous', 'approve', 'note', 'deny'],
  ])
  for (const letter of ['x', 'y']) {
    const all = pages.flatMap(
      (page) =>
        textsIn(page)
          .join('')
          .match(new RegExp(`${letter}{20,}`, 'g')) ?? [],
    )
    expect(all.join('')).toBe(letter.repeat(3_900))
  }
})

test('what was shown is named by the template of Slack, which is not that of Teams', () => {
  const request = pending()
  const view = slack.review(request, reader())
  const values = objectsIn(view as never).flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
  expect(slack.template).not.toBe(cards.template)
  for (const value of values) expect(value).toContain(viewOf(request, slack.template))
})

test('a form is opened in the same modal, and gives back what was typed', () => {
  const request = pending({ judgement: medium })
  for (const act of ['approve', 'deny'] as const) {
    const fresh = slack.review(request, reader(1, { form: { act, fault: '' } }))
    const again = slack.review(request, reader(1, { form: { act, fault: 'Too long.', words: 'because <!here>' } }))
    expect([blockFault(fresh), blockFault(again)]).toEqual([null, null])
    expect([fresh.callback_id, actionsIn(fresh)]).toEqual([act, ['back']])
    expect(textsIn(again)).toContain('Too long.')
    expect(JSON.stringify(again)).toContain('because <!here>')
  }
  const approved = stored(decide(request, decision(request)), after(60))
  const form = slack.review(approved, reader(1, { form: { act: 'revoke', fault: '' } }))
  expect([blockFault(form), form.callback_id]).toEqual([null, 'revoke'])
})

test('of tier high nothing is approved, but denied, and it is said where it is approved', () => {
  const view = slack.review(pending({ judgement: needs([slot('dba')], { tier: 'high' }) }), reader())
  expect(actionsIn(view)).toEqual(['deny'])
  expect(textsIn(view).join('\n')).toContain('teams or console')
})

test('a private request tells a channel nothing of the action', () => {
  const secret = pending({
    reason: 'because-of-it',
    judgement: needs([slot('dba')], { private: true, summary: 'Exports need a DBA' }),
  })
  const text = textsIn(slack.channel(secret)).join('\n')
  for (const hidden of ['because-of-it', 'rows', secret.digest.slice(-8)]) expect(text).not.toContain(hidden)
})

test('moments are written out, since no client of Slack fills them in', () => {
  const approved = stored(decide(pending(), decision(pending())), after(60))
  for (const request of [pending(), approved]) {
    const text = textsIn(slack.channel(request)).join('\n')
    expect(text).not.toContain('{{')
    expect(text).toMatch(/2026-03-04 1\d:\d\d UTC/)
  }
})

/** All that Slack shows of such a request. */
function drawn(text: string): readonly object[] {
  const request = pending(saying(text, 'medium'))
  const votes = decision(request, { name: text, reason: text })
  const denied = stored(decide(request, { ...votes, verdict: 'deny' }))
  const approved = stored(decide(request, votes), after(60))
  const revoked = stored(revoke(approved, { approver: dba, facts: facts(dba), reason: text, at: after(90) }))
  const form = { act: 'deny', fault: text, words: text } as const
  return [
    ...[request, denied, approved, revoked].map(slack.channel),
    ...[request, approved].map((one) => slack.review(one, { ...reader(), approver: security, notice: text })),
    slack.review(request, reader(1, { form })),
    slack.refused(request, text, { stranger: false }),
    slack.list([request], { more: false }),
  ]
}

/** What of a drawing is neither a plain text, which Slack reads no markup in, nor a value that comes back. */
const elsewhere = (card: object): string =>
  JSON.stringify(card, (key, value: unknown) =>
    ['value', 'private_metadata', 'initial_value'].includes(key) || Object(value).type === 'plain_text'
      ? undefined
      : value,
  )

const slackMarkup = [
  '<!channel> <!here> <@U0123456789>',
  '<https://evil.example|Approve>',
  ':white_check_mark: *bold* _it_ ~no~ `code` > quote',
  '&lt;!channel&gt; &amp;lt; &#60;',
]

test.each([...corpus, ...slackMarkup])('%j is shown, and as text alone', (text) => {
  const benign = drawn('benign').map(elsewhere)
  for (const [i, card] of drawn(text).entries()) {
    expect(blockFault(card)).toBeNull()
    expect(elsewhere(card).replaceAll(/\{"type":"(?:section|header)"\},?/g, '')).toBe(
      benign[i]?.replaceAll(/\{"type":"(?:section|header)"\},?/g, ''),
    )
    for (const one of textsIn(card)) {
      expect(one).not.toMatch(/<(?=[!@#/\w])|&(?=#?\w{1,12};)/)
      expect(unbroken(one).replaceAll('\n', '')).not.toMatch(
        /[^\S \u00a0]|[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u,
      )
    }
  }
})

test('what was asked and answered is shown, the answer as the words of the side that asks', () => {
  const request = answered(askedBack(talkative()), 'Those of the report.\nApproved by Dana')
  for (const card of [slack.channel(request), slack.review(request, reader())]) {
    expect(blockFault(card)).toBeNull()
    const lines = textsIn(card).flatMap((one) => one.split('\n'))
    expect(lines.join('\n')).toContain('Which customers?')
    expect(lines.filter((line) => line.includes('Approved by Dana'))).toEqual([expect.stringMatching(/^│ /)])
  }
})

test('a notice says why people are told, and leads to the request', () => {
  const request = askedBack(talkative())
  const [notice] = noticesOf(request)
  if (!notice) throw new Error('Nobody is told.')
  const message = slack.notice(request, { notice, isOwn: false })
  expect(blockFault(message)).toBeNull()
  expect(textsIn(message).join('\n')).toContain('Which customers?')
  expect(actionsIn(message)).toEqual(['look'])
})

test('each line of what an agent wrote stands behind a bar', () => {
  const text = 'ok\nStatus: approved\nWritten by the policy:\n│ yes'
  const request = pending(saying(text, 'medium'))
  for (const card of [slack.channel(request), slack.review(request, reader())])
    for (const line of textsIn(card).flatMap((one) => one.split('\n')))
      if (/^(?:Status|Written by the policy)/.test(line)) expect(line).toMatch(/^│/)
})

test('the largest texts stay within what Slack takes', () => {
  const tag = '\u{e0041}'
  const target = '\u{10330}'.repeat(512)
  const keys = Object.fromEntries(Array.from({ length: 48 }, (_, i) => [`${'"'.repeat(100)}${i}`, i]))
  for (const params of [
    keys,
    { a: tag.repeat(400) },
    { a: 'a\n'.repeat(1_500) },
    { a: 'm\u0301\u0301'.repeat(1_000) },
  ]) {
    const request = pending({
      ...saying(tag.repeat(60), 'medium'),
      action: { ...action, target, params },
      reason: tag.repeat(1_000),
      links: Array.from({ length: 5 }, () => ({ title: tag.repeat(100), url: `https://x.example/${'y'.repeat(480)}` })),
    })
    expect(blockFault(slack.channel(request))).toBeNull()
    for (const page of pagesOf(request.action as Action).keys())
      expect(blockFault(slack.review(request, reader(page + 1)))).toBeNull()
  }
})

const text = fc.oneof(
  fc.constantFrom(...corpus, ...slackMarkup),
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
)
const lineOf = text.map((one) => one.replaceAll(/[\n\t]/g, '') || 'x').filter((one) => !controlCharacter.test(one))
const value = fc.oneof(text, fc.boolean(), fc.array(text, { maxLength: 2 }))
const params = fc.dictionary(fc.constantFrom('a', 'b', 'force'), value, { maxKeys: 3 })
const actions: fc.Arbitrary<Action> = fc.record({
  action: fc.constantFrom('db.export', 'db.drop'),
  target: lineOf,
  environment: fc.constantFrom('prod', 'test'),
  params,
})

const readIn = (request: ApprovalRequest): string =>
  pagesOf(request.action as Action)
    .map((_, i) => textsIn(slack.review(request, reader(i + 1))).join('\n'))
    .join('\n')
    .replaceAll(/sha256:[0-9a-f]{64}/g, '')

test('two different actions never have the same view, digests aside', () => {
  fc.assert(
    fc.property(fc.tuple(actions, actions), ([one, other]) => {
      const same = canonical({ ...one }) === canonical({ ...other })
      expect(readIn(pending({ action: one })) === readIn(pending({ action: other }))).toBe(same)
    }),
    { numRuns: 100 },
  )
})
