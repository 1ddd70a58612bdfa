import * as fc from 'fast-check'
import { type Action, controlCharacter, type PlainAction } from '../../src/core/action/action.ts'
import { canonical } from '../../src/core/data/json.ts'
import { unbroken } from '../../src/core/data/text.ts'
import { decide } from '../../src/core/request/decision.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { noticesOf } from '../../src/core/request/notice.ts'
import { revoke } from '../../src/core/request/withdrawal.ts'
import { viewOf } from '../../src/core/request/view.ts'
import { viewPagesOf } from '../../src/core/request/viewPage.ts'
import { milliseconds } from '../../src/core/data/instant.ts'
import { pictureOf } from '../../src/cards/slackPicture.ts'
import { english } from '../../src/words/english.ts'
import { loadSlackCards } from '../../src/cards/slackCards.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { plain, time } from '../../src/words/run.ts'
import { cards } from '../cards/drawn.ts'
import { action, after, dba, decision, facts, needs, noon, pending, security, slot, stored } from '../support/build.ts'
import { pagesOf } from '../support/english.ts'
import { answered, askedBack, talkative } from '../support/talked.ts'
import { corpus, pieces, saying } from '../teams/hostile.ts'
import { reversed } from '../words/reversed.ts'
import { withLink } from '../../src/slack/blocks.ts'
import { parsePayload, readSlackBody } from '../../src/slack/payload.ts'
import { slackClick } from '../support/slackPayloads.ts'
import { largestRequests } from './largest.ts'
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

/** The texts with markup, which are sentences of ours. */
const markupIn = (drawn: object): readonly unknown[] =>
  objectsIn(drawn as never).flatMap(({ type, text }) => (type === 'mrkdwn' ? [text] : []))

test('deadlines are in the time of the reader, and in UTC for clients that do not know it', () => {
  const approved = stored(decide(pending(), decision(pending())), after(60))
  const [asked, by] = [noon, after(3_600)].map((at) => milliseconds(at) / 1000)
  expect(markupIn(slack.channel(pending()))).toEqual([
    `Asked <!date^${asked}^{date_short}, {time}|2026-03-04 12:00 UTC>; decide by <!date^${by}^{time}|13:00 UTC> (1 h in all)`,
  ])
  for (const request of [pending(), approved]) {
    const text = textsIn(slack.channel(request)).join('\n')
    expect(text).not.toMatch(/\{\{|<!date/)
    expect(text).toMatch(/2026-03-04 1\d:\d\d UTC/)
  }
})

test('votes, which have the names of people, are in UTC', () => {
  const [first, second] = [slot('dba'), slot('security')]
  const half = pending({ judgement: needs([first, second]) })
  const voted = stored(decide(half, decision(half, { name: '<!channel>' })), after(60))
  expect(textsIn(slack.channel(voted)).join('\n')).toContain('!channel>, 12:01 UTC')
  expect(markupIn(slack.channel(voted)).join()).not.toContain('channel')
})

test('signs that Slack reads as markup are escaped in sentences of ours, too', () => {
  const decideBy = () => [{ role: 'text', text: '<!channel> & by ' } as const, time(noon)]
  const deadline = { ...english.deadline, decideBy }
  const other = loadSlackCards(readCards('cards'), { ...english, deadline })
  const [sentence] = markupIn(other.channel(pending()))
  expect(sentence).toMatch(/^&lt;!channel&gt; &amp; /)
})

test('what is drawn for a record has moments in UTC', () => {
  const picture = JSON.stringify(pictureOf(slack.review(pending(), reader()), english))
  expect(picture).toContain('decide by 13:00 UTC (1 h in all)')
  expect(picture).not.toContain('<!date')
})

/** Sentences of ours have no sign that Slack reads as markup, in any language. */
test.each([
  ['English', english],
  ['another language', reversed],
])('no sentence with moments has markup in %s', (_language, { deadline, emergency }) => {
  const sentences = [
    ...[deadline.decideBy(noon, noon, '1 h', true), deadline.decideBy(noon, noon, '1 h', false)],
    ...[deadline.useBy(noon), deadline.redeemedAt(noon), deadline.closedAt(noon)],
    ...[emergency.reviewBy(noon), emergency.unreviewed(noon)],
  ]
  for (const sentence of sentences) expect(plain(sentence)).not.toMatch(/[<>&*_~`@#]/)
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

describe('the largest texts', () => {
  const pagesIn = (request: ApprovalRequest) => viewPagesOf(request, english.units).map((_, i) => i + 1)
  const forms = ['approve', 'deny', 'ask'] as const
  const typed = { fault: 'Too long.', words: '"'.repeat(500) }

  test('stay within what Slack takes, with the link to the console', () => {
    for (const request of largestRequests) {
      expect(blockFault(withLink(slack.channel(request), 'Open in console', 'https://x.example'))).toBeNull()
      for (const page of pagesIn(request)) {
        const view = slack.review(request, reader(page, { may: ['ask'], notice: '\u{e0041}'.repeat(1_000) }))
        expect(blockFault(withLink(view, 'Open in console', 'https://x.example'))).toBeNull()
      }
      for (const act of forms.filter((one) => one !== 'ask' || !request.questions)) {
        const form = slack.review(request, reader(pagesIn(request).length, { may: ['ask'], form: { act, ...typed } }))
        expect([form.callback_id, blockFault(form)]).toEqual([act, null])
      }
      expect(blockFault(slack.refused(request, '\u{e0041}'.repeat(1_000), { stranger: false }))).toBeNull()
      for (const notice of noticesOf(request))
        expect(blockFault(slack.notice(request, { notice, isOwn: false }))).toBeNull()
    }
  })

  test('of ten requests stand in one list, each with its status', () => {
    const list = slack.list(largestRequests.slice(0, 10), { more: true })
    expect(blockFault(list)).toBeNull()
    expect(textsIn(list).filter((one) => one.includes(english.statuses.pending))).toHaveLength(10)
  })

  test('come back with a click as Slack writes them, and are read', () => {
    for (const request of largestRequests)
      for (const page of pagesIn(request)) {
        const view = slack.review(request, reader(page, { may: ['ask'] }))
        const click = slackClick({
          ...{ user: 'U1', trigger: 't', action: 'deny', value: '{}' },
          on: { id: 'V1', view },
        })
        const { json, isAmbiguous } = readSlackBody(
          Buffer.from(asSlackWrites(click)),
          'application/x-www-form-urlencoded',
        )
        expect([isAmbiguous, parsePayload(json)?.kind]).toEqual([false, 'click'])
      }
  })
})

/** Slack escapes slashes, and all characters beyond ASCII. */
const asSlackWrites = (payload: object): string => {
  const json = JSON.stringify(payload)
    .replaceAll('/', String.raw`\/`)
    .replaceAll(/[^\x20-\x7e]/g, (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return new URLSearchParams({ payload: json }).toString()
}

const text = fc.oneof(
  fc.constantFrom(...corpus, ...slackMarkup),
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
)
const lineOf = text.map((one) => one.replaceAll(/[\n\t]/g, '') || 'x').filter((one) => !controlCharacter.test(one))
const value = fc.oneof(text, fc.boolean(), fc.array(text, { maxLength: 2 }))
const params = fc.dictionary(fc.constantFrom('a', 'b', 'force'), value, { maxKeys: 3 })
const actions: fc.Arbitrary<PlainAction> = fc.record({
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
