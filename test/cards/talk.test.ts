import type { CardReader } from '../../src/cards/cardReader.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { noticesOf } from '../../src/core/request/notice.ts'
import type { NoticeScope } from '../../src/cards/noticeFace.ts'
import { viewPagesOf } from '../../src/core/request/viewPage.ts'
import { withStoryLink } from '../../src/teams/storyLink.ts'
import { english } from '../../src/words/english.ts'
import { action, anyWith, approved, dba, dba2, needs, owner, pending } from '../support/build.ts'
import {
  answered,
  askedBack,
  glassBroken,
  incident,
  passedAt,
  promptedAt,
  provided,
  reviewedGlass,
  talkative,
  votedFor,
} from '../support/talked.ts'
import { buttons, cards, complaints, lines, objects, texts, verbs } from './drawn.ts'

const { talk, emergency, card: words } = english
const asked = askedBack(votedFor(talkative()))
const told = answered(asked)
const broken = glassBroken(talkative())
const hidden = (): ApprovalRequest => {
  const { judgement, ...rest } = provided()
  return pending({ ...rest, judgement: { ...needs(), ...judgement, private: true } as ReturnType<typeof needs> })
}

const reviewed = (request: ApprovalRequest, more: Partial<CardReader> = {}) =>
  cards.review(request, { approver: dba, page: 1, via: 'teams', ...more })
const approver = { may: ['ask', 'break', 'review'] } as const
const onlyGlass = { approver: incident, may: ['break'], decides: false } as const
const side = { stranger: false, may: ['answer'] } as const
const toneOf = (card: object) => objects(card).find(({ bleed }) => bleed === true)?.['style']
const block = (card: object, style: string) => objects(card).filter((one) => one['style'] === style)
const inputs = (card: object) => objects(card).flatMap(({ type, id }) => (type === 'Input.Text' ? [id] : []))

const hostile = '# Approve\u202e [me](https://evil.example) ${$root} {{DATE(2026-01-01T00:00:00Z)}} <b>'

describe('every card of a request of which people talk', () => {
  const requests: readonly (readonly [string, ApprovalRequest])[] = [
    ['asked', asked],
    ['answered', told],
    ['answered by the agent', answered(asked, hostile, 'agent')],
    ['asked with hostile words', askedBack(talkative(), hostile, { name: hostile })],
    ['joined by a group', promptedAt(promptedAt(talkative(), 900), 1_800)],
    ['a broken glass', broken],
    ['reviewed', reviewedGlass(broken, 'unjustified')],
    ['not reviewed in time', passedAt(passedAt(broken, 4_000), 90_000)],
    ['erased', { ...told, action: null, said: [] }],
    ['a broken glass whose texts are erased', { ...reviewedGlass(broken), said: [] }],
    ['private', answered(askedBack(hidden()))],
  ]
  const readers: readonly Partial<CardReader>[] = [
    approver,
    onlyGlass,
    { may: ['answer'], excludedBy: 'policy', approver: owner },
    { ...approver, form: { act: 'ask', fault: 'No.', words: hostile } },
    { ...onlyGlass, form: { act: 'break', fault: 'No.', words: hostile, confirm: 'c' } },
    { ...approver, form: { act: 'unjustified', fault: 'No.', words: hostile } },
    { may: ['answer'], answering: { typed: { 1: hostile }, fault: { number: 1, why: 'No.' } } },
  ]

  test.each(requests)('is of version 1.5, and has no text that is more than a text: %s', (_what, request) => {
    const drawn = [
      cards.channel(request),
      cards.refused(request, 'No.', { ...side, answering: { typed: { 1: hostile } } }),
      cards.list([request]),
      ...readers.map((reader) => reviewed(request, reader)),
    ]
    for (const card of drawn) {
      expect(complaints(card)).toEqual([])
      const values = objects(card).flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
      const shown = [...texts(card, 'TextRun'), ...texts(card, 'TextBlock')].filter((text) => !values.includes(text))
      expect(shown.join('\n')).not.toMatch(/undefined|\[object|\u202e/)
      expect(texts(card, 'TextRun')).not.toContain('')
      expect(texts(card, 'TextBlock').join('\n')).not.toMatch(/evil|Approve\b.*\[me\]/)
      expect(objects(card).some(({ selectAction }) => selectAction !== undefined)).toBe(false)
    }
  })
})

describe("the channel's card", () => {
  test('says who asks what, and that people wait', () => {
    expect(lines(cards.channel(asked))).toEqual(expect.arrayContaining(['Dana asks: “Which customers?”', talk.waits]))
    expect(verbs(cards.channel(asked))).toEqual(['review'])
  })

  test('marks an answer as the words of the side, and counts the approvals from before it no more', () => {
    const ofOwner = cards.channel(told)
    expect(lines(ofOwner)).toContain('0 of 2 (Dana approved before the answer)')
    expect(lines(ofOwner)).not.toContain('✓ Approved by Dana')
    expect(lines(ofOwner)).not.toContain(talk.waits)
    const [, own = {}] = block(ofOwner, 'emphasis')
    expect(lines(own)).toEqual(['By Olga, for the agent', 'Those of the churn report.'])
    const [, agents = {}] = block(cards.channel(answered(asked, 'All.', 'agent')), 'emphasis')
    expect(lines(agents)).toEqual([words.fromAgent, 'All.'])
  })

  test('names an approver who approved again after the answer once', () => {
    const again = cards.channel(votedFor(told, dba, 'Dana', 240))
    expect(lines(again)).toContain('✓ Approved by Dana')
    expect(JSON.stringify(again)).not.toContain('before the answer')
  })

  test('has the newest questions, and says that there are others', () => {
    const many = [1, 2, 3].reduce((request, i) => answered(askedBack(request, `Question ${i}?`)), talkative())
    const shown = lines(cards.channel(many))
    expect(shown.filter((line) => line.includes(' asks: '))).toEqual([
      'Dana asks: “Question 2?”',
      'Dana asks: “Question 3?”',
    ])
    expect(texts(cards.channel(many), 'TextBlock')).toContain(talk.earlier(1))
    expect(lines(reviewed(many)).filter((line) => line.includes(' asks: '))).toHaveLength(3)
  })

  test('says which groups joined, and does not change at a reminder', () => {
    const once = promptedAt(talkative(), 900)
    expect(cards.channel(once)).toEqual(cards.channel(talkative()))
    expect(lines(cards.channel(promptedAt(once, 1_800)))).toContain('Now oncall may approve, too.')
  })

  test('is loud about a broken glass until the end, and has Review while it is to be reviewed', () => {
    const line = 'Break-glass: approved by Ina alone: “The site is down, INC-7.”'
    const lapsed = passedAt(broken, 4_000)
    for (const request of [broken, reviewedGlass(broken), lapsed, passedAt(lapsed, 90_000)]) {
      expect(toneOf(cards.channel(request))).toBe('attention')
      expect(lines(cards.channel(request))).toContain(line)
    }
    expect(toneOf(cards.channel(approved()))).toBe('good')
    expect(texts(cards.channel(broken), 'TextBlock')).toContain(
      'To be reviewed by {{DATE(2026-03-05T12:05:00Z, SHORT)}}, {{TIME(2026-03-05T12:05:00Z)}}',
    )
    expect(lines(cards.channel(broken))).toContain(emergency.next)
    expect(verbs(cards.channel(lapsed))).toEqual(['review'])
    const over = cards.channel(reviewedGlass(lapsed, 'unjustified'))
    expect(lines(over)).toContain('Found not justified by Dora: “It was down.”')
    expect(verbs(over)).toEqual([])
    expect(JSON.stringify(over)).not.toContain('To be reviewed')
  })

  test('of a private request tells of a question and a broken glass, but neither words nor names', () => {
    const request = hidden()
    const open = cards.channel(askedBack(request))
    expect(lines(open)).toContain(talk.waitsUnnamed)
    const alone = cards.channel(reviewedGlass(glassBroken(request)))
    expect(lines(alone)).toEqual(expect.arrayContaining([emergency.brokenUnnamed, emergency.findingUnnamed.justified]))
    expect(toneOf(alone)).toBe('attention')
    for (const card of [open, cards.channel(answered(askedBack(request))), alone])
      expect(JSON.stringify(card)).not.toMatch(/Dana|Olga|Ina|Dora|Which customers|churn|INC-7|was down/)
  })
})

describe("the approver's view", () => {
  test('lets a person approve again whose approval an answer has made to count no more', () => {
    expect(verbs(reviewed(votedFor(talkative())))).not.toContain('approve')
    expect(verbs(reviewed(told))).toContain('approve')
  })

  test('asks on the view that was shown, if the reader may, and while people decide', () => {
    const ask = buttons(reviewed(talkative(), approver)).find(({ verb }) => verb === 'ask')
    const approve = buttons(reviewed(talkative())).find(({ verb }) => verb === 'approve')
    expect(ask?.data).toEqual({ ...(approve?.data as object), finding: '-' })
    expect(verbs(reviewed(asked, { may: [] }))).not.toContain('ask')
    expect(verbs(reviewed(anyWith('denied'), approver))).toEqual([])
  })

  test('lets only those break the glass who may, with a reason and the last part of the target', () => {
    expect(verbs(reviewed(talkative()))).not.toContain('break-glass')
    const card = reviewed(talkative(), onlyGlass)
    expect(verbs(card)).toEqual(['break-glass'])
    expect(inputs(card)).toEqual(['glassConfirm', 'glassReason'])
    expect(lines(card)).toContain(emergency.onlyGlass)
    expect(JSON.stringify(card)).toContain(talkative().digest)
    expect(verbs(reviewed(broken, onlyGlass))).toEqual([])
  })

  test('of several pages breaks the glass on the last alone, and asks on each', () => {
    const script = 'step\n'.repeat(1_800)
    const long = talkative({ action: { ...action, params: { script, after: 1 } } })
    const last = viewPagesOf(long, english.units).length
    expect(last).toBeGreaterThan(1)
    expect(verbs(reviewed(long, approver))).toEqual(['review', 'ask', 'deny'])
    expect(verbs(reviewed(long, { ...approver, page: last }))).toEqual(expect.arrayContaining(['ask', 'break-glass']))
  })

  test('has a finding with a reason for each answer to whether it was justified', () => {
    const card = reviewed(broken, { ...approver, approver: dba2 })
    expect(verbs(card)).toEqual(['review-glass', 'review-glass', 'revoke'])
    expect(buttons(card).flatMap(({ data }) => (data as { finding?: string }).finding ?? [])).toEqual([
      'justified',
      'unjustified',
    ])
    expect(verbs(reviewed(passedAt(broken, 4_000), approver))).toEqual(['review-glass', 'review-glass'])
    expect(verbs(reviewed(reviewedGlass(broken), approver))).toEqual(['revoke'])
  })

  test('puts questions on a page of their own if the params leave no room for them', () => {
    const params = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`key${i}`, 'v'.repeat(41)]))
    const full = talkative({ action: { ...action, params } })
    expect(viewPagesOf(full, english.units)).toHaveLength(1)
    const talked = answered(askedBack(full))
    expect(viewPagesOf(talked, english.units)).toHaveLength(2)
    expect(verbs(reviewed(talked))).not.toContain('approve')
    expect(lines(reviewed(talked)).join()).not.toContain('Which customers?')
    const second = reviewed(talked, { page: 2 })
    expect(verbs(second)).toContain('approve')
    expect(lines(second).join()).toContain('Which customers?')
  })

  test('keeps what was typed into a form whose words cannot be taken', () => {
    const card = reviewed(talkative(), {
      ...onlyGlass,
      form: { act: 'break', fault: 'No.', words: 'Why', confirm: 'x' },
    })
    const values = objects(card).flatMap(({ id, value }) => (value === undefined ? [] : [[id, value]]))
    expect(values).toEqual([
      ['glassConfirm', 'x'],
      ['glassReason', 'Why'],
    ])
    expect(lines(card)).toContain('✕ No.')
    expect(verbs(card)).toEqual(['break-glass', 'review'])
  })

  test('has no more buttons in a row than Teams shows at once', () => {
    const linked = withStoryLink(cards, { baseUrl: 'https://countersign.example' }, english)
    for (const request of [asked, talkative(), broken]) {
      const card = linked.review(request, { approver: dba2, page: 1, via: 'teams', ...approver })
      for (const { actions } of objects(card) as readonly { actions?: readonly object[] }[])
        expect(actions?.length ?? 0).toBeLessThanOrEqual(6)
    }
  })
})

describe('for the side that asks', () => {
  test('the card that refuses has a field for each open question, and no button that decides', () => {
    const two = askedBack(asked, 'Until when?', { by: dba2, name: 'Dora', at: 150 })
    const card = cards.refused(two, 'No.', {
      ...side,
      answering: { typed: { 2: 'Noon' }, fault: { number: 1, why: 'Empty.' } },
    })
    expect(verbs(card)).toEqual(['answer', 'answer'])
    expect(inputs(card)).toEqual(['answer1', 'answer2'])
    expect(buttons(card).map(({ data }) => (data as { number: number }).number)).toEqual([1, 2])
    expect(objects(card).flatMap(({ id, value }) => (id === 'answer2' ? [value] : []))).toEqual(['Noon'])
    expect(lines(card)).toContain('✕ Empty.')
  })

  test('an answered question, and a reader who may not answer, have no field', () => {
    expect(inputs(cards.refused(told, 'No.', side))).toEqual([])
    expect(inputs(cards.refused(asked, 'No.', { stranger: false }))).toEqual([])
    expect(lines(cards.refused(asked, 'No.', { stranger: true })).join()).not.toContain('Which customers?')
  })

  test('a person who may deny as well sees all of the request, and the question once', () => {
    const card = reviewed(asked, { approver: owner, excludedBy: 'policy', may: ['answer'] })
    expect(verbs(card)).toEqual(['answer', 'deny'])
    expect(lines(card).filter((line) => line.includes('Which customers?'))).toHaveLength(1)
    const denying = reviewed(asked, {
      ...{ approver: owner, excludedBy: 'policy', may: ['answer'] },
      form: { act: 'deny', fault: 'No.' },
    })
    expect(inputs(denying)).toEqual(['reason'])
  })
})

test('a warning about an answer names the characters', () => {
  const odd = answered(asked, 'p\u0430ypal \u0440\u0430\u0443', 'owner', ['mixed-scripts', 'look-alikes'])
  expect(lines(cards.channel(odd)).join('\n')).toMatch(/Found: U\+0430/)
})

test('in a batch a page has the questions, and no form of its own', () => {
  const request = answered(askedBack(talkative()))
  const batch = { requests: [request.id], marks: [], at: 1 }
  const card = cards.batchPage(request, { approver: dba, page: 1, via: 'teams', ...approver }, batch)
  expect(verbs(card)).not.toContain('ask')
  expect(lines(card)).toContain('Dana asks: “Which customers?”')
})

describe('the card of a notice', () => {
  const noticed = (request: ApprovalRequest, more: Partial<NoticeScope> = {}, at = 0) => {
    const notice = noticesOf(request).at(at)
    if (!notice) throw new Error('Nothing is told.')
    return cards.notice(request, { notice, isOwn: false, mentioned: [], ...more })
  }
  const reminded = promptedAt(talkative(), 900)

  test.each<[string, ApprovalRequest, readonly string[]]>([
    ['a reminder', reminded, ['Still to approve: 2 people of dba. One denial ends it.']],
    ['a question', asked, ['Dana asks: “Which customers?”']],
    [
      'an answer',
      told,
      ['By Olga, for the agent: “Those of the churn report.”', '0 of 2 (Dana approved before the answer)'],
    ],
    ['a broken glass', broken, ['Break-glass: approved by Ina alone: “The site is down, INC-7.”']],
    ['a failure', anyWith('failed'), [english.next.closed.failed]],
  ])('says why people are told: %s', (_what, request, said) => {
    for (const isOwn of [true, false]) {
      const card = noticed(request, { isOwn })
      const heading = english.notices[noticesOf(request)[0]?.kind ?? 'expired']
      expect(card).toMatchObject({ version: '1.5', speak: heading })
      expect(texts(card, 'TextBlock')[0]).toBe(heading)
      expect(lines(card)).toEqual(expect.arrayContaining([...said, `Request ${request.id}`]))
      expect(complaints(card)).toEqual([])
    }
  })

  test('leads to Review while something can be done', () => {
    expect(verbs(noticed(reminded))).toEqual(['review'])
    expect(verbs(noticed(broken))).toEqual(['review'])
    expect(verbs(noticed(anyWith('failed')))).toEqual([])
  })

  test('of a private request has no words and no names in a channel, and has them for one person', () => {
    const request = askedBack(hidden())
    for (const one of [request, answered(request), glassBroken(hidden())]) {
      expect(JSON.stringify(noticed(one))).not.toMatch(/Dana|Olga|Ina|Which customers|churn|INC-7|prod\//)
      expect(lines(noticed(one, { isOwn: true })).join('\n')).toMatch(/Dana|Ina/)
    }
  })

  test('mentions people by their id, with a name that is no markup', () => {
    const mentioned = [
      { id: dba, name: 'Dana O’Neil-Śmith' },
      { id: dba2, name: '[x](https://evil.example) </at>' },
    ]
    const card = noticed(reminded, { mentioned }) as { readonly msteams: { readonly entities: readonly object[] } }
    expect(card.msteams.entities).toEqual([
      { type: 'mention', text: '<at>Dana O’Neil-Śmith</at>', mentioned: { id: dba, name: 'Dana O’Neil-Śmith' } },
      { type: 'mention', text: '<at>Person 2</at>', mentioned: { id: dba2, name: 'Person 2' } },
    ])
    expect(texts(card, 'TextBlock')).toContain('<at>Dana O’Neil-Śmith</at> <at>Person 2</at>')
    expect(JSON.stringify(card)).not.toContain('evil')
  })

  test('has hostile words as text alone', () => {
    const card = noticed(answered(askedBack(talkative(), hostile, { name: hostile }), hostile))
    expect(complaints(card)).toEqual([])
    expect(texts(card, 'TextBlock').join()).not.toContain('evil')
    expect(JSON.stringify(card)).not.toContain('\u202e')
  })
})
