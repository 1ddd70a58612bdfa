import * as fc from 'fast-check'
import type { Json, JsonObject } from '../../src/core/data/json.ts'
import { type Intent, parseActivity } from '../../src/teams/inbound/activity.ts'

const who = 'c0000000-0000-4000-8000-000000000001'
const botId = '28:33333333-3333-4333-8333-333333333333'
const request = '01j00000000000000000000000-0a'
const view = `sha256:${'ab'.repeat(32)}`
const other = '01j00000000000000000000001-0a'
const marked = (request: string, verdict = 'approve') => ({ request, verdict, view })
const conversation = '19:abc@thread.tacv2;messageid=1700000000000'
const channel = '19:abc@thread.tacv2'
const card = '1700000000000'
const origin = { who, conversation, channel }

describe('a click on a card', () => {
  test.each<[string, string, JsonObject, JsonObject]>([
    ['opens Review', 'review', { request }, { kind: 'review', request, page: 1, posted: false }],
    ['turns to a page', 'review', { request, page: 10 }, { kind: 'review', request, page: 10, posted: false }],
    ['approves', 'approve', { request, view }, { ...decided('approve') }],
    [
      'approves with a note and a confirmation',
      'approve',
      { request, view, note: 'Checked.', confirm: 'prod' },
      { ...decided('approve'), reason: 'Checked.', confirm: 'prod' },
    ],
    [
      'denies with a reason',
      'deny',
      { request, view, reason: 'Not today.' },
      { ...decided('deny'), reason: 'Not today.' },
    ],
    ['denies without one, which the core refuses', 'deny', { request, view }, decided('deny')],
    [
      'revokes',
      'revoke',
      { request, reason: 'Wrong one.' },
      { kind: 'revoke', request, page: 1, reason: 'Wrong one.' },
    ],
    ['revokes without a reason', 'revoke', { request }, { kind: 'revoke', request, page: 1 }],
    [
      'opens a batch',
      'batch',
      { requests: [request, other] },
      { kind: 'batch', requests: [request, other], marks: [], at: 1, page: 1 },
    ],
    [
      'marks what was shown, and goes on',
      'batch',
      { requests: [request, other], at: 2, marks: [marked(other)], shown: { request, view }, choice: 'deny' },
      { kind: 'batch', requests: [request, other], marks: [marked(other), marked(request, 'deny')], at: 2, page: 1 },
    ],
    [
      'takes a mark back',
      'batch',
      { requests: [request], marks: [marked(request)], shown: { request, view }, choice: 'open' },
      { kind: 'batch', requests: [request], marks: [], at: 1, page: 1 },
    ],
    [
      'keeps the marks on a page without a choice',
      'batch',
      { requests: [request], marks: [marked(request)], shown: { request, view }, page: 2 },
      { kind: 'batch', requests: [request], marks: [marked(request)], at: 1, page: 2 },
    ],
    [
      'sends the marks, each with its own words',
      'submit',
      {
        requests: [request, other],
        marks: [marked(other, 'deny'), marked(request)],
        ...{ reason1: '', reason2: ' No. ', confirm1: 'x\u200b', confirm2: '' },
      },
      {
        kind: 'submit',
        requests: [request, other],
        votes: [
          { ...marked(other, 'deny'), reason: 'No.', confirm: '' },
          { ...marked(request), confirm: 'x' },
        ],
      },
    ],
  ])('%s', (_what, verb, data, expected) => {
    expect(parseActivity(click(verb, data))).toEqual({ ...origin, card, ...expected })
  })

  test.each<[string, string, JsonObject, string | undefined]>([
    ['an approval takes its note, not the reason typed beside it', 'approve', { note: 'a', reason: 'b' }, 'a'],
    ['an approval takes the reason if there is no note', 'approve', { reason: 'b' }, 'b'],
    ['a denial takes its reason, not the note typed beside it', 'deny', { note: 'a', reason: 'b' }, 'b'],
    ['an empty text is left out', 'deny', { reason: '' }, undefined],
    ['blanks are no text', 'deny', { reason: ' \r\n\t ' }, undefined],
    ['a newline stays, and is one character', 'deny', { reason: 'a\r\nb\nc\n' }, 'a\nb\nc'],
    [
      '500 characters are allowed, whatever they need in UTF-16',
      'deny',
      { reason: '😀'.repeat(500) },
      '😀'.repeat(500),
    ],
  ])('%s', (_rule, verb, words, reason) => {
    const intent = parseActivity(click(verb, { request, view, ...words }))
    expect(intent).toMatchObject({ kind: 'decide' })
    expect('reason' in intent ? intent.reason : undefined).toBe(reason)
  })

  test.each<[string, string, JsonObject, string]>([
    ['a reason of 501 characters', 'deny', { reason: 'x'.repeat(501) }, 'x'.repeat(501)],
    ['a reason without end', 'deny', { reason: 'x'.repeat(100_000) }, 'x'.repeat(2_000)],
    ['a note of 501 characters', 'approve', { note: 'x'.repeat(501) }, 'x'.repeat(501)],
    ['a reason with an escape', 'deny', { reason: 'a\u001b[2Jb' }, 'a\u001b[2Jb'],
    ['a reason with a lone carriage return', 'revoke', { reason: 'a\rb' }, 'a\rb'],
    ['a reason with a line separator', 'deny', { reason: 'a\u2028b' }, 'a\u2028b'],
  ])('%s is kept for the form, with what is wrong with it', (_fault, verb, words, reason) => {
    const intent = parseActivity(click(verb, { request, view, ...words, page: 2 }))
    expect(intent).toMatchObject({ page: 2, reason, fault: expect.stringMatching(/^The (?:reason|note) .+\.$/) })
  })

  test('a denial has no confirmation, whatever the client adds', () => {
    const data = { request, view, confirm: 'prod', verdict: 'approve', who: 'somebody', kind: 'revoke', card: 'x' }
    expect(parseActivity(click('deny', data))).toEqual({ ...origin, card, ...decided('deny') })
  })

  test.each(['manual', 'other', null, undefined])('counts with another trigger than `automatic`: %s', (trigger) => {
    const value = { ...actionOf('review', { request }), ...(trigger !== undefined && { trigger }) }
    expect(parseActivity({ ...click('review', { request }), value })).toMatchObject({ kind: 'review' })
  })

  test('a typed confirmation stays unchanged, because it is compared exactly', () => {
    const data = { request, view, confirm: ' prod ' }
    expect(parseActivity(click('approve', data))).toMatchObject({ confirm: ' prod ' })
  })

  test.each<[string, string, JsonObject]>([
    ['no request', 'review', {}],
    ['a request that is no text', 'review', { request: [request] }],
    ['a request that is no id', 'review', { request: '../../secrets' }],
    ['a request in capitals', 'review', { request: request.toUpperCase() }],
    ['a request of an unknown shard', 'review', { request: request.replace('-0a', '-1a') }],
    ['a page before the first', 'review', { request, page: 0 }],
    ['a page after the last', 'review', { request, page: 18 }],
    ['half a page', 'review', { request, page: 1.5 }],
    ['a batch of nothing', 'batch', { requests: [] }],
    ['a batch of six', 'batch', { requests: Array(6).fill(request) }],
    ['a place behind the end of a batch', 'batch', { requests: [request], at: 7 }],
    ['a choice that is none', 'batch', { requests: [request], shown: { request, view }, choice: 'all' }],
    ['a mark without a view', 'submit', { requests: [request], marks: [{ request, verdict: 'approve' }] }],
    ['a mark that is no verdict', 'submit', { requests: [request], marks: [marked(request, 'open')] }],
    ['a page as text', 'review', { request, page: '1' }],
    ['a page that is null', 'review', { request, page: null }],
    ['no view', 'approve', { request }],
    ['a view that is no digest', 'approve', { request, view: 'sha256:ab' }],
    ['a view in capitals', 'approve', { request, view: view.toUpperCase() }],
    ['no view to deny', 'deny', { request, reason: 'No.' }],
    ['a view that is no text', 'deny', { request, view: { toString: view }, reason: 'No.' }],
    ['a reason that is no text', 'deny', { request, view, reason: 1 }],
    ['a confirmation that is no text', 'approve', { request, view, confirm: true }],
    ['a confirmation of 513 characters', 'approve', { request, view, confirm: 'x'.repeat(513) }],
    ['no view to ask', 'ask', { request, question: 'Why?' }],
    ['a question that is no text', 'ask', { request, view, question: { text: 'Why?' } }],
    ['no view to narrow', 'narrow', { request, less1: '5' }],
    ['a field that is neither text nor number', 'narrow', { request, view, less1: { rows: 5 } }],
    ['no view to break the glass', 'break-glass', { request, glassReason: 'Fire.' }],
    ['a confirmation of a broken glass that is no text', 'break-glass', { request, view, glassConfirm: 7 }],
    ['no finding', 'review-glass', { request, justified: 'Yes.' }],
    ['another finding', 'review-glass', { request, finding: 'constructor', justified: 'Yes.' }],
    ['no question to answer', 'answer', { request, number: 1, answer1: 'Yes.' }],
    ['a question that is no hash', 'answer', { request, question: 'AB', number: 1 }],
    ['no number of a question', 'answer', { request, question: 'ab'.repeat(32) }],
    ['a number beyond the questions', 'answer', { request, question: 'ab'.repeat(32), number: 6 }],
    ['an answer that is no text', 'answer', { request, question: 'ab'.repeat(32), number: 1, answer1: ['Yes.'] }],
    ['an unknown verb', 'escalate', { request, view }],
    ['a verb in capitals', 'Approve', { request, view }],
    ['the name of something that every object has', 'constructor', { request, view }],
    ['no verb', '', { request, view }],
  ])('is malformed with %s', (_fault, verb, data) => {
    expectMalformed(click(verb, data))
  })

  test.each<[string, Json]>([
    ['no value', null],
    ['a value that is no object', 'approve'],
    ['no action', {}],
    ['an action that is no object', { action: 'approve' }],
    ['another type of action', { action: { type: 'Action.Submit', verb: 'review', data: { request } } }],
    ['no type of action', { action: { verb: 'review', data: { request } } }],
    ['a verb that is no text', { action: { type: 'Action.Execute', verb: ['review'], data: { request } } }],
    ['no data', { action: { type: 'Action.Execute', verb: 'review' } }],
    ['data that is no object', { action: { type: 'Action.Execute', verb: 'review', data: request } }],
    ['data in a list', { action: { type: 'Action.Execute', verb: 'review', data: [{ request }] } }],
    ['an automatic refresh', { ...actionOf('review', { request }), trigger: 'automatic' }],
  ])('is malformed with %s', (_fault, value) => {
    expectMalformed({ ...click('review', { request }), value })
  })

  test('is malformed without a value', () => {
    const { value: _gone, ...rest } = click('review', { request })
    expectMalformed(rest)
  })

  test.each(['task/fetch', 'composeExtension/query', 'adaptiveCard/Action', '', 7])(
    'an unknown invoke is ignored: %s',
    (name) => {
      expectMalformed({ ...click('review', { request }), name })
    },
  )

  test('beside deciding is read with what was typed, and why that cannot be taken', () => {
    const question = 'ab'.repeat(32)
    const read = (verb: string, data: JsonObject) => {
      const { kind: _kind, ...rest } = parseActivity(click(verb, data)) as unknown as Record<string, unknown>
      return { ...rest, kind: _kind }
    }
    const shown = { request, view, page: 1 }
    expect(read('ask', { request, view, question: ' Why?\r\n', reason: 'not this' })).toEqual(
      expect.objectContaining({ kind: 'ask', ...shown, question: 'Why?' }),
    )
    expect(read('ask', { request, view, question: 'x'.repeat(501) })).toMatchObject({ fault: expect.any(String) })
    expect(read('narrow', { request, view, less1: 5, less8: '1,3', less9: 'no', lessReason: ' Less. ' })).toEqual(
      expect.objectContaining({
        ...{ kind: 'narrow', ...shown, reason: 'Less.' },
        less: { 1: '5', 2: '', 3: '', 4: '', 5: '', 6: '', 7: '', 8: '1,3' },
      }),
    )
    expect(read('break-glass', { request, view, glassReason: 'Fire.', glassConfirm: 'db', confirm: 'no' })).toEqual(
      expect.objectContaining({ kind: 'break', ...shown, reason: 'Fire.', confirm: 'db' }),
    )
    expect(read('review-glass', { request, finding: 'unjustified', justified: 'a', unjustified: 'b' })).toEqual(
      expect.objectContaining({ kind: 'find', finding: 'unjustified', reason: 'b' }),
    )
    const answer = {
      request,
      question,
      number: 2,
      answer1: 'kept',
      answer2: 'x'.repeat(1_000),
      answer3: 'k'.repeat(4_000),
    }
    expect(read('answer', answer)).toEqual(
      expect.objectContaining({
        kind: 'answer',
        question,
        typed: { 1: 'kept', 2: 'x'.repeat(1_000), 3: 'k'.repeat(2_000) },
      }),
    )
    expect(read('answer', { request, question, number: 1, answer1: 'x\u0007' })).toMatchObject({
      typed: { 1: 'x\u0007' },
      fault: expect.any(String),
    })
  })

  test('each fault has its own sentence', () => {
    const whys = [
      click('review', {}),
      click('approve', { request }),
      click('review', { request, page: 18 }),
      click('deny', { request, view, reason: 7 }),
      click('escalate', { request }),
    ].map((activity) => whyOf(parseActivity(activity)))
    expect(new Set(whys).size).toBe(whys.length)
    for (const why of whys) expect(why).toMatch(/^[A-Z][^{}<>]+\.$/)
  })

  test('the answer has nothing of the client’s words', () => {
    const data = { request: 'canary', view: 'canary', reason: 'canary\u0007', page: 'canary' }
    for (const verb of ['review', 'approve', 'deny', 'revoke', 'canary'])
      expect(whyOf(parseActivity(click(verb, data)))).not.toContain('canary')
  })

  test('a card outside a channel, or without an id, is left out', () => {
    const { replyToId: _card, channelData: _data, ...rest } = click('review', { request })
    expect(parseActivity(rest)).toEqual({ who, conversation, kind: 'review', request, page: 1, posted: false })
  })
})

describe('a typed command', () => {
  const mention = { type: 'mention', mentioned: { id: botId, name: 'Countersign' }, text: '<at>Countersign</at>' }

  test.each<[string, JsonObject]>([
    ['help', { name: 'help' }],
    ['  HELP \n', { name: 'help' }],
    ['pending', { name: 'pending' }],
    ['pending please', { name: 'pending' }],
    [`show ${request}`, { name: 'show', argument: request }],
    [`Show\u00a0\t${request.toUpperCase()} now`, { name: 'show', argument: request }],
    ['show', { name: 'show' }],
    ['notify', { name: 'notify' }],
    ['Away until 2026-12-01 for Dora', { name: 'away', argument: 'until 2026-12-01 for dora' }],
    ['back', { name: 'back' }],
    ['Notify  ON', { name: 'notify', argument: 'on' }],
    ['notify quiet 22:00-07:00 Europe/Berlin', { name: 'notify', argument: 'quiet 22:00-07:00 europe/berlin' }],
    [`approve ${request}`, { name: 'approve' }],
    ['APPROVE', { name: 'approve' }],
    [`deny ${request} because`, { name: 'approve' }],
    ['revoke', { name: 'approve' }],
    ['', { name: 'unknown' }],
    ['hello', { name: 'unknown' }],
    ['helpme', { name: 'unknown' }],
    ['constructor', { name: 'unknown' }],
    [`please approve ${request}`, { name: 'unknown' }],
    [' '.repeat(2_000) + 'help', { name: 'unknown' }],
  ])('%j', (text, command) => {
    expect(parseActivity(message({ text }))).toEqual({ ...origin, kind: 'command', ...command })
  })

  test.each([
    '<at>Countersign</at> help',
    '<at>Countersign</at>&nbsp;help\n',
    'help <at>Countersign</at>',
    '<at>Countersign</at> <at>Countersign</at> help',
  ])('a mention of the bot is ignored: %j', (text) => {
    expect(parseActivity(message({ text, entities: [mention, mention] }))).toMatchObject({ name: 'help' })
  })

  test.each<[string, Json]>([
    ['another account', [{ ...mention, mentioned: { id: '29:other' } }]],
    ['no account', []],
    ['no list', 'mention'],
    ['something else', [null, 1, { type: 'clientInfo' }, { ...mention, text: 7 }, { ...mention, mentioned: botId }]],
  ])('a mention of %s is text', (_whom, entities) => {
    const activity = message({ text: '<at>Countersign</at> help', entities })
    expect(parseActivity(activity)).toMatchObject({ name: 'unknown' })
  })

  test('a mention of the bot removes only its own words', () => {
    const entities = [
      { ...mention, text: 'help' },
      { ...mention, text: '' },
      { ...mention, text: ' ' },
    ]
    expect(parseActivity(message({ text: 'help', entities }))).toMatchObject({ name: 'help' })
  })

  test.each<[string, JsonObject]>([
    ['no text', {}],
    ['a malformed text', { text: ['help'] }],
    ['the data of a card and no text', { value: { request } }],
  ])('a message with %s is unknown', (_what, more) => {
    expect(parseActivity(message(more))).toMatchObject({ kind: 'command', name: 'unknown' })
  })

  test('an answer to a card is not a click on it', () => {
    expect(parseActivity(message({ text: 'help', replyToId: card }))).not.toHaveProperty('card')
  })
})

describe("the bot's arrival", () => {
  const bot = { id: botId }
  const person = { id: '29:x', aadObjectId: who }

  test.each<[string, JsonObject]>([
    ['by an installation', { type: 'installationUpdate', action: 'add' }],
    ['by an upgrade', { type: 'installationUpdate', action: 'add-upgrade' }],
    ['by a change of members', { type: 'conversationUpdate', membersAdded: [person, bot] }],
  ])('is reported %s', (_how, more) => {
    expect(parseActivity(from(more))).toEqual({ ...origin, kind: 'installed' })
  })

  test.each<[string, JsonObject]>([
    ['an installation', { type: 'installationUpdate', action: 'add' }],
    ['a change of members', { type: 'conversationUpdate', membersAdded: [bot] }],
  ])('is reported for a shared channel, by %s', (_how, more) => {
    const channelData = { channel: { id: channel, name: 'approvals', type: 'shared' }, eventType: 'channelMemberAdded' }
    const expected = { ...origin, kind: 'installed', shared: true }
    expect(parseActivity({ ...from(more), channelData })).toEqual(expected)
  })

  test.each<[string, Json]>([
    ['standard', 'standard'],
    ['private', 'private'],
    ['of a kind that is yet unknown', 'another'],
    ['of a kind that is no text', ['shared']],
    ['of no named kind', null],
  ])('to a channel that is %s, which is not shared', (_what, type) => {
    const activity = {
      ...from({ type: 'installationUpdate', action: 'add' }),
      channelData: { channel: { id: channel, type } },
    }
    expect(parseActivity(activity)).toEqual({ ...origin, kind: 'installed' })
  })

  test.each<[string, JsonObject]>([
    ['the first half of an upgrade', { type: 'installationUpdate', action: 'remove-upgrade' }],
    ['an installation that says nothing', { type: 'installationUpdate' }],
    ['the arrival of another account', { type: 'conversationUpdate', membersAdded: [person] }],
    ['its leaving', { type: 'conversationUpdate', membersRemoved: [bot] }],
    ['malformed members', { type: 'conversationUpdate', membersAdded: [7, bot] }],
    ['a renamed channel', { type: 'conversationUpdate', channelData: { eventType: 'channelRenamed' } }],
    ['a reaction', { type: 'messageReaction', reactionsAdded: [{ type: 'like' }] }],
    ['an edit', { type: 'messageUpdate', text: 'help' }],
    ['typing', { type: 'typing' }],
    ['an event', { type: 'event', name: 'adaptiveCard/action' }],
  ])('is not reported by %s', (_what, more) => {
    expect(parseActivity(from(more))).toEqual({ kind: 'ignored' })
  })
})

test.each<[string, Json]>([
  ['nothing', {}],
  ['a name', { id: '29:x', name: 'Dana' }],
  ['something else', { aadObjectId: 'dana@contoso.test' }],
  ['a list', { aadObjectId: [who] }],
  ['a text', who],
  ['null', null],
])('a sender identified by %s is unknown: messages are ignored, and a click gets an error', (_what, sender) => {
  const added = from({ type: 'installationUpdate', action: 'add' })
  for (const activity of [message({ text: 'help' }), added])
    expect(parseActivity({ ...activity, from: sender })).toEqual({ kind: 'ignored' })
  const clicked = parseActivity({ ...click('approve', { request, view }), from: sender })
  expect(clicked).toMatchObject({ kind: 'malformed', invoke: true })
})

describe('a conversation is personal', () => {
  const said = (place: JsonObject) => parseActivity({ ...click('review', { request }), channelData: {}, ...place })

  test.each<[string, JsonObject]>([
    ['if Teams says so', { conversation: { id: 'a:1', conversationType: 'personal' } }],
    ['without a type, if nothing says that others are in it', { conversation: { id: 'a:1' } }],
  ])('%s', (_when, place) => {
    expect(said(place)).toMatchObject({ personal: true })
  })

  test.each<[string, JsonObject]>([
    ['if it is a group chat', { conversation: { id: '19:g@thread.v2', conversationType: 'groupChat', isGroup: true } }],
    ['if it is of a type to come', { conversation: { id: 'a:1', conversationType: 'meeting' } }],
    ['if its type is malformed', { conversation: { id: 'a:1', conversationType: 1 } }],
    [
      'if it is a group, whatever its type',
      { conversation: { id: 'a:1', conversationType: 'personal', isGroup: true } },
    ],
    ['if its id is that of a thread', { conversation: { id: '19:g@thread.v2' } }],
    ['if it is in a channel', { conversation: { id: 'a:1' }, channelData: { channel: { id: channel } } }],
  ])('not %s', (_when, place) => {
    expect(said(place)).toMatchObject({ kind: 'review' })
    expect(said(place)).not.toHaveProperty('personal')
  })
})

test('object ids are in lower case, whatever case Teams uses', () => {
  const activity = click('review', { request })
  expect(parseActivity({ ...activity, from: { aadObjectId: who.toUpperCase() } })).toMatchObject({ who })
})

test.each<[string, JsonObject]>([
  ['no conversation', { conversation: null }],
  ['a conversation without id', { conversation: {} }],
  ['an empty conversation', { conversation: { id: '' } }],
  ['a conversation whose id is endless', { conversation: { id: 'x'.repeat(513) } }],
  ['a malformed channel', { channelData: { channel: { id: 1 } } }],
  ['a malformed card', { replyToId: 1 }],
])('an activity with %s is malformed', (_fault, more) => {
  expectMalformed({ ...click('review', { request }), ...more })
  expect(parseActivity({ ...message({ text: 'help' }), ...more })).toMatchObject({ kind: 'malformed', invoke: false })
})

test.each<Json>([null, 7, 'invoke', [], {}, { type: 7 }, { from: { aadObjectId: who } }])(
  'a body that is not an activity is malformed: %j',
  (body) => {
    expect(parseActivity(body)).toMatchObject({ kind: 'malformed', invoke: false })
  },
)

const kinds = ['review', 'decide', 'revoke', 'command', 'installed', 'removed', 'ignored', 'malformed']

test('any JSON becomes one of the intents', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      expect(kinds).toContain(parseActivity(body as Json).kind)
    }),
  )
})

test('any click is a known one, or malformed with a sentence', () => {
  const text = fc.constantFrom(request, view, '', 'prod', '\u202e', '${x}', 'sha256:', 'a\u0000b')
  const anything = fc.oneof(text, fc.integer({ min: -1, max: 12 }), fc.jsonValue({ maxDepth: 2 }))
  const keys = fc.constantFrom('request', 'view', 'page', 'reason', 'note', 'confirm', 'constructor', 'x')
  const verb = fc.constantFrom('review', 'approve', 'deny', 'revoke', 'other')
  const data = fc.dictionary(keys, anything)
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(verb, data, fc.boolean(), (verb, data, good) => {
      const intent = parseActivity(click(verb, { ...(good && { request, view }), ...(data as JsonObject) }))
      seen.set(intent.kind, (seen.get(intent.kind) ?? 0) + 1)
      switch (intent.kind) {
        case 'malformed':
          expect(intent.why).toMatch(/^[A-Z].+\.$/)
          return
        case 'review':
          expect(intent.page >= 1 && intent.page <= 16).toBe(true)
          break
        case 'decide':
          expect(intent.view).toMatch(/^sha256:[0-9a-f]{64}$/)
          expect(intent.verdict).toBe(verb)
          break
        default:
          expect(intent.kind).toBe('revoke')
      }
      expect(intent).toMatchObject({ request, who })
    }),
    { numRuns: 2_000 },
  )
  expect([...seen.keys()].sort()).toEqual(['decide', 'malformed', 'review', 'revoke'])
})

test('no value of one field of an activity throws', () => {
  const fields = ['type', 'name', 'value', 'from', 'recipient', 'conversation', 'channelData', 'replyToId', 'text']
  const whole = [
    click('approve', { request, view }),
    message({ text: 'help' }),
    from({ type: 'conversationUpdate', membersAdded: [{ id: botId }] }),
  ]
  const change = fc.dictionary(fc.constantFrom(...fields, 'entities', 'membersAdded', 'action'), fc.jsonValue())
  fc.assert(
    fc.property(fc.constantFrom(...whole), change, (activity, change) => {
      expect(kinds).toContain(parseActivity({ ...activity, ...(change as JsonObject) }).kind)
    }),
    { numRuns: 500 },
  )
})

function decided(verdict: string): JsonObject {
  return { kind: 'decide', verdict, request, view, page: 1 }
}

/** An activity as Teams sends it, so far as we read it. */
function from(more: JsonObject): JsonObject {
  return {
    id: 'f:1',
    channelId: 'msteams',
    from: { id: '29:x', name: 'Dana', aadObjectId: who },
    recipient: { id: botId, name: 'Countersign' },
    conversation: { id: conversation, conversationType: 'channel', isGroup: true },
    channelData: { channel: { id: channel }, team: { id: channel }, tenant: { id: 't' } },
    ...more,
  }
}

function click(verb: string, data: JsonObject): JsonObject {
  const value = { ...actionOf(verb, data), trigger: 'manual' }
  return from({ type: 'invoke', name: 'adaptiveCard/action', replyToId: card, value })
}

function actionOf(verb: string, data: JsonObject): JsonObject {
  return { action: { type: 'Action.Execute', title: 'A button', verb, data } }
}

function message(more: JsonObject): JsonObject {
  return from({ type: 'message', textFormat: 'plain', ...more })
}

function expectMalformed(activity: Json): void {
  expect(parseActivity(activity)).toEqual({
    kind: 'malformed',
    invoke: true,
    why: expect.stringMatching(/^[A-Z].+\.$/) as string,
  })
}

function whyOf(intent: Intent): string {
  if (intent.kind !== 'malformed') throw new Error(`This is ${intent.kind}.`)
  return intent.why
}
