import * as fc from 'fast-check'
import { type Action, controlCharacter, type PlainAction } from '../../src/core/action/action.ts'
import { decide } from '../../src/core/request/decision.ts'
import { canonical, type Json } from '../../src/core/data/json.ts'
import { unbroken } from '../../src/core/data/text.ts'
import { copyable, drawn as drawnText, drawnValue } from '../../src/cards/textRun.ts'
import { report } from '../../src/core/request/redemption.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { cancel, revoke } from '../../src/core/request/withdrawal.ts'
import { draw } from '../../src/core/action/drawing.ts'
import { cardText, valueText } from '../../src/core/action/value.ts'
import { after, bot, dba, decision, facts, needs, pending, security, stored, slot } from '../support/build.ts'
import { cards, complaints, lines, marked, objects, texts } from '../cards/drawn.ts'
import { answered, askedBack, glassBroken, reviewedGlass, talkative } from '../support/talked.ts'
import { corpus, pieces, saying } from './hostile.ts'
import { english } from '../../src/words/english.ts'
import { pagesOf } from '../support/english.ts'

/** All cards of such a request, in all states that show something anybody wrote. */
function drawn(text: string): readonly object[] {
  const request = pending(saying(text, 'high'))
  const votes = decision(request, { name: text, reason: text, confirm: text.replaceAll('\n', ' ') })
  const denied = stored(decide(request, { ...votes, verdict: 'deny' }))
  const easy = pending({ ...saying(text, 'high'), judgement: needs([slot('dba')], { summary: text }) })
  const approved = stored(decide(easy, { ...votes, seen: { via: 'api', digest: easy.digest } }), after(60))
  const revoked = stored(revoke(approved, { approver: dba, facts: facts(dba), reason: text, at: after(90) }))
  const cancelled = stored(cancel(request, { reason: text, at: after(60) }))
  const common = { decisions: approved.decisions, events: approved.events, said: approved.said }
  const redeemed: ApprovalRequest = {
    ...easy,
    ...common,
    ...{ status: 'redeemed', approvedAt: after(60), lapsesAt: after(90), redeemedAt: after(70) },
    ...{ redemption: '', unreported: false },
  }
  const failed = stored(report(redeemed, { executor: bot, result: 'failed', summary: text, at: after(80) }))
  return [
    ...[request, denied, approved, revoked, cancelled, failed].map(cards.channel),
    ...[request, easy, approved].map((one) =>
      cards.review(one, { approver: security, page: 1, notice: text, via: 'teams' }),
    ),
    cards.refused(request, text),
    cards.list([request]),
    ...talkedOf(text),
  ]
}

/** The cards of a request about which people talk, and whose glass is broken. */
function talkedOf(text: string): readonly object[] {
  const asked = askedBack(talkative(saying(text, 'high')), text, { name: text })
  const broken = reviewedGlass(glassBroken(talkative(), text, text), 'unjustified', text)
  const reader = { approver: security, page: 1, via: 'teams', may: ['ask', 'break', 'review', 'answer'] } as const
  const all = [asked, answered(asked, text), answered(asked, text, 'agent'), broken]
  return [
    ...all.map(cards.channel),
    ...all.map((one) => cards.review(one, { ...reader, page: 2 })),
    cards.refused(asked, text, { stranger: false, may: ['answer'] }),
  ]
}

/** All strings of a card but what its TextRuns show and what the buttons send. */
function elsewhere(card: Json | object): readonly string[] {
  const json = card as Json
  if (typeof json === 'string') return [json]
  if (typeof json !== 'object' || json === null) return []
  const rest = Object.entries(json).filter(
    ([key]) => key !== 'data' && !('type' in json && json.type === 'TextRun' && key === 'text'),
  )
  return rest.flatMap(([key, value]) => [key, ...elsewhere(value)])
}

/** What differs between cards in other places: digests, and ends of targets that are plain words. */
const plain = /^(?:Action digest sha256:[0-9a-f]{64}|Confirm: export(?: [\w@.:=+-]{1,40})?)$/

test.each(corpus)('%j is shown, and as text alone', (text) => {
  const all = drawn(text)
  const benign = new Set(drawn('benign').flatMap(elsewhere))
  for (const card of all) {
    expect(complaints(card)).toEqual([])
    const address = `https://x.example/${text}`
    expect(elsewhere(card).filter((one) => !benign.has(one) && one !== address && !plain.test(one))).toEqual([])
    for (const one of marked(card, 'TextRun')) {
      const run = one.replace(/: $/, '')
      const [whole, flat] = [unbroken(run), run.replaceAll('\n', '')]
      const marked = [drawnText(whole), drawnValue(whole), copyable(flat), copyable(flat, 'title')]
      expect([whole, ...marked]).toContain(run)
      expect(run).not.toContain('{{')
    }
    for (const run of texts(card, 'TextRun')) {
      expect(run.replaceAll('\n', '')).not.toMatch(
        /[^\S \u00a0]|[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u,
      )
    }
  }
  const shown = texts(all[6] ?? {}, 'TextRun')
  const alone = text.includes('\n') ? cardText(text, 'block') : valueText(text)
  for (const value of [alone, cardText(text, 'block'), draw({ text }, english)?.text]) expect(shown).toContain(value)
  const exact = texts(all[0] ?? {}, 'TextRun').map((run) => run.replaceAll('\n', ''))
  expect(exact).toContain(cardText(`${text}/${text}`.replaceAll('\n', ' ')))
})

const sent = ['posted', 'request', 'view', 'page', 'question', 'number', 'finding']

test('the buttons send only the id of the request, the view, a page, and which question or finding it is', () => {
  for (const card of corpus.flatMap(drawn))
    for (const { data } of objects(card) as { data?: object }[])
      for (const [key, value] of Object.entries(data ?? {})) {
        expect(sent).toContain(key)
        expect(String(value)).toMatch(
          /^(01[0-9a-z]{24}-0[0-9a-f]|(?:sha256:)?[0-9a-f]{64}|\d|true|justified|unjustified|-)$/,
        )
      }
})

/** The deepest of what an agent can do to be read wrongly: pieces of all that is special anywhere. */
const text = fc.oneof(
  fc.constantFrom(...corpus),
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
)
const lineOf = text.map((one) => one.replaceAll(/[\n\t]/g, '') || 'x').filter((one) => !controlCharacter.test(one))
const value = fc.oneof(
  text,
  fc.integer({ min: 0, max: 3 }),
  fc.boolean(),
  fc.array(text, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('a', 'b'), text, { maxKeys: 2 }),
)
const params = fc.dictionary(fc.constantFrom('a', 'b', 'force'), value, { maxKeys: 3 })
const name = fc.constantFrom('prod', 'db.export', 'db.drop')
const actions: fc.Arbitrary<PlainAction> = fc.record({ action: name, target: lineOf, environment: name, params })

/** Two actions, mostly alike. */
const pairs = fc
  .tuple(actions, actions, fc.subarray(['action', 'target', 'environment', 'params'] as const, { minLength: 1 }))
  .map(([one, other, taken]): readonly PlainAction[] => [
    one,
    { ...one, ...Object.fromEntries(taken.map((key) => [key, other[key]])) },
  ])

/** What a person reads, piece by piece; not the digest, which differs anyway, and the id. */
const read = (card: object): string =>
  JSON.stringify(lines(card).filter((line) => !/^(Action digest|Request) /.test(line)))

const reviewOf = (action: Action): string => {
  const request = pending({ action })
  return pagesOf(action)
    .map((_, i) => read(cards.review(request, { approver: dba, page: i + 1, via: 'teams' })))
    .join('\n')
}

test('two different actions never have the same view, digests aside', () => {
  fc.assert(
    fc.property(pairs, ([one, other]) => {
      if (!one || !other) return
      const same = canonical({ ...one }) === canonical({ ...other })
      expect(reviewOf(one) === reviewOf(other)).toBe(same)
    }),
    { numRuns: 150 },
  )
})

test("two different actions never have the same channel's card, their long values alike at both ends", () => {
  const channelOf = (action: Action): string => JSON.stringify(lines(cards.channel(pending({ action }))))
  const padded = pairs.map((pair) =>
    pair.map(
      (one): PlainAction => ({
        ...one,
        params: { ...one.params, pad: `${'x'.repeat(300)}${canonical(one.params)}${'x'.repeat(300)}` },
      }),
    ),
  )
  fc.assert(
    fc.property(fc.oneof(pairs, padded), ([one, other]) => {
      if (!one || !other) return
      const same = canonical({ ...one }) === canonical({ ...other })
      expect(channelOf(one) === channelOf(other)).toBe(same)
    }),
    { numRuns: 150 },
  )
})
