import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DecisionInput, decide, show } from '../../src/core/request/decision.ts'
import { withRun } from '../../src/core/action/run.ts'
import { type Digest, digestOf, parseRequestId, sha256 } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import type { VoteMark } from '../../src/core/request/batch.ts'
import { report } from '../../src/core/request/redemption.ts'
import { type ApprovalRequest, overdue } from '../../src/core/request/request.ts'
import { cancel, forbid, revoke } from '../../src/core/request/withdrawal.ts'
import { undeliverable } from '../../src/core/request/delivery.ts'
import { mostViewPages } from '../../src/core/request/viewPage.ts'
import { english } from '../../src/words/english.ts'
import { loadCards } from '../../src/cards/cards.ts'
import { copyable } from '../../src/cards/textRun.ts'
import { clouds } from '../../src/runtime/cloud.ts'
import { storyAddress, withStoryLink } from '../../src/teams/storyLink.ts'
import {
  action,
  after,
  anyWith,
  approved,
  bot,
  dba,
  dba2,
  decision,
  facts,
  needs,
  oid,
  opened,
  owner,
  pending,
  redeemed,
  runner,
  security,
  stored,
  slot,
  statuses,
} from '../support/build.ts'
import { buttons, cards, complaints, lines, objects, templates, texts, titleOf, verbs } from './drawn.ts'
import { pagesOf } from '../support/english.ts'

const two = {
  judgement: needs([slot('dba'), slot('security|oncall')], {
    summary: 'Export data from a production database',
    rules: ['export-needs-dba', 'large-export-needs-security'],
  }),
  links: [{ title: 'FIN-881', url: 'https://tickets.example/FIN-881' }],
}
const long = { ...action, params: { script: 'step\n'.repeat(1_800), after: 1 } }
const high = (target = action.target) =>
  pending({ judgement: needs([slot('dba')], { tier: 'high' }), action: { ...action, target } })

const vote = (request: ApprovalRequest, other: Partial<DecisionInput> = {}) =>
  stored(decide(request, decision(request, other)), after(60))

const reviewed = (request: ApprovalRequest, page = 1, approver = dba) =>
  cards.review(request, { approver, page, via: 'teams' })

/** The card behind a button. */
const behind = (card: object, title: string): JsonObject => {
  const found = objects(card).find((one) => one['type'] === 'Action.ShowCard' && one['title'] === title)
  expect(found).toBeDefined()
  return (found?.['card'] ?? {}) as JsonObject
}

const inputs = (card: object) =>
  objects(card).filter(({ type }) => typeof type === 'string' && type.startsWith('Input'))

/** What lies on the card itself, not behind a button. */
const front = (card: object): object => ({
  ...card,
  actions: (card as { actions?: JsonObject[] }).actions?.filter(({ type }) => type !== 'Action.ShowCard') ?? [],
})

describe('every card', () => {
  const all = statuses.flatMap((status): [string, object][] => {
    const request = anyWith(status)
    return [
      [`the channel's, ${status}`, cards.channel(request)],
      [`the approver's, ${status}`, reviewed(request)],
      [`the stranger's, ${status}`, cards.refused(request, 'No.')],
    ]
  })
  const more: [string, object][] = [
    ['the list', cards.list([pending(), pending(two)])],
    ['the first page', reviewed(pending({ action: long }))],
    ['the last page', reviewed(pending({ action: long }), 3)],
    ['one of tier high', reviewed(high())],
    ['one of two votes', reviewed(vote(pending(two)))],
    ['a notice', cards.review(pending(), { approver: dba, page: 1, notice: 'Late.', via: 'teams' })],
    ['an erased action', cards.channel({ ...anyWith('denied'), action: null, said: [] })],
    ['an erased action, in review', reviewed({ ...anyWith('denied'), action: null, said: [] })],
    ['no params', cards.channel(pending({ action: { ...action, params: {} } }))],
    [
      'what policy allowed',
      cards.channel(opened({ judgement: { outcome: 'allow', rules: ['r'], lapse: 60, grant: 60 } })),
    ],
    ['what policy denied', cards.channel(opened({ judgement: { outcome: 'no-policy', rules: [] } }))],
  ]

  test.each([...all, ...more])('%s is an Adaptive Card of version 1.5 without an unfilled part', (_what, card) => {
    expect(complaints(card)).toEqual([])
    expect(card).toMatchObject({ version: '1.5', msteams: { width: 'Full' }, fallbackText: expect.any(String) })
    expect(JSON.stringify(card)).not.toMatch(/\$\{|undefined|\[object/)
    expect(texts(card, 'TextRun')).not.toContain('')
  })
})

test('an object that is not a card of version 1.5 is found', () => {
  expect(
    complaints({ type: 'AdaptiveCard', version: '1.5', body: [{ type: 'TextBlock', text: 'x', selectAction: {} }] }),
  ).toEqual(['TextBlock has no selectAction'])
  expect(
    complaints({
      type: 'AdaptiveCard',
      version: '1.5',
      body: [{ type: 'TextBlock', text: 'x', size: 'Huge' }, { type: 'Foo' }],
    }),
  ).toHaveLength(3)
})

describe("the channel's card", () => {
  const request = pending({ ...two, onBehalfOf: oid(77), executor: runner, warnings: ['mixed-script'] })
  const card = cards.channel(request)

  test('shows everything that is asked for', () => {
    const said = texts(card, 'TextRun')
    for (const text of [
      'Export data from a production database: ',
      ...[english.tiers.medium, 'db.export', 'prod/postgres/customers', 'production', 'deploy-bot', oid(77), runner],
      english.next.pending(['dba', 'security or oncall']),
      `${request.digest.slice(7, 15)} … ${request.digest.slice(-8)}`,
      request.id,
      'Warning: mixed-script',
    ])
      expect(said).toContain(text)
    expect(JSON.stringify(card)).not.toMatch(/needs-dba|needs-security/)
    expect(JSON.stringify(card)).not.toContain(request.digest)
    for (const line of ['rows: 120000', 'tables: ["accounts"]', 'destination: s3://finance-exports'])
      expect(lines(card)).toContain(line)
  })

  test("shows the deadline in the reader's time zone", () => {
    const noon = '{{DATE(2026-03-04T12:00:00Z, SHORT)}}, {{TIME(2026-03-04T12:00:00Z)}}'
    expect(texts(card, 'TextBlock')).toContain(`Asked ${noon}; decide by {{TIME(2026-03-04T13:00:00Z)}} (1 h in all)`)
    const slow = pending({ judgement: needs([slot('dba')], { expires: 200_000 }), expiresIn: 200_000 })
    expect(texts(cards.channel(slow), 'TextBlock')).toContain(
      `Asked ${noon}. Decide by {{DATE(2026-03-06T19:33:20Z, SHORT)}}, {{TIME(2026-03-06T19:33:20Z)}} (2 d 7 h 33 min 20 s in all)`,
    )
    const slower = pending({ judgement: needs([slot('dba', 2)], { expires: 200_000 }), expiresIn: 200_000 })
    const voted = '{{DATE(2026-03-04T12:01:00Z, COMPACT)}}, {{TIME(2026-03-04T12:01:00Z)}}'
    expect(texts(cards.channel(vote(slower)), 'TextBlock')).toContain(voted)
  })

  test("marks the agent's words, and shows links as text", () => {
    const block = objects(card).find((one) => one['style'] === 'emphasis') ?? {}
    expect(texts(block, 'TextBlock')).toEqual(['Written by the agent, not verified'])
    expect(lines(block).map((line) => line.replaceAll('\n', ''))).toEqual([
      'Quarterly churn report, ticket FIN-881',
      'FIN-881  https://tickets.example/FIN-881',
    ])
    expect(JSON.stringify(card)).not.toContain('selectAction')
  })

  test('opens a link of the agent by a button that says so, and names the host', () => {
    const opens = (...urls: readonly string[]) =>
      objects(cards.channel(pending({ links: urls.map((url) => ({ title: 'Approve', url })) }))).flatMap((one) =>
        one['type'] === 'Action.OpenUrl' ? [[one['title'], one['url']]] : [],
      )
    expect(opens('https://tickets.example/FIN-881')).toEqual([
      ['Agent’s link: tickets.example', 'https://tickets.example/FIN-881'],
    ])
    expect(opens('https://a.example/1', 'https://a.example/2').map(([title]) => title)).toEqual([
      'Agent’s link 1: a.example',
      'Agent’s link 2: a.example',
    ])
    expect(opens(`https://tickets.example.${'x'.repeat(40)}.evil.example/`)[0]?.[0]).toMatch(
      /^Agent’s link: …x+\.evil\.example$/,
    )
    expect(opens('http://a.example/', 'javascript:alert(1)', 'https://good.example@evil.example/', '12')).toEqual([])
  })

  test('has one button, which does not decide', () => {
    expect(buttons(card)).toEqual([{ title: 'Review', verb: 'review', data: { posted: true, request: request.id } }])
    expect(inputs(card)).toEqual([])
  })

  test('shows the progress of the approval', () => {
    const half = cards.channel(vote(request))
    const at = lines(half).indexOf('✓ Approved by Dana')
    expect(lines(half)[at + 1]).toBe(english.next.pending(['security or oncall']))
    expect(texts(half, 'TextBlock')).toContain('{{TIME(2026-03-04T12:01:00Z)}}')
    expect(lines(cards.channel({ ...vote(request), said: [] }))).toContain(`✓ Approved by ${dba}`)
    expect(JSON.stringify(half).match(/Dana/g)).toHaveLength(1)
  })

  test('shows a long value by its beginning, its end and its length', () => {
    const drawn = cards.channel(pending({ action: { ...action, params: { a: `begin${'x'.repeat(9_990)}force` } } }))
    expect(lines(drawn)).toContainEqual(
      expect.stringMatching(/^a: beginx{62}⟦… 10,000 characters in all …⟧x{28}force$/),
    )
  })

  test.each<[string, ApprovalRequest, readonly string[]]>([
    ['approved', approved(), ['Approved by Dana']],
    [
      'approved by policy',
      opened({ judgement: { outcome: 'allow', rules: ['r'], lapse: 60, grant: 60 } }),
      ['Approved by policy (r)'],
    ],
    ['denied', anyWith('denied'), ['Denied by Dana: “Not during the audit.”']],
    ['denied by policy', opened({ judgement: { outcome: 'forbid', rules: ['never'] } }), ['Denied by policy (never)']],
    ['expired', anyWith('expired'), ['Expired: not enough people approved it in time.']],
    [
      'cancelled',
      stored(cancel(pending(), { reason: 'Found another way', at: after(9) })),
      ['Cancelled by the agent: “Found another way”'],
    ],
    [
      'revoked',
      stored(revoke(approved(), { approver: dba, facts: facts(dba), reason: 'Wrong bucket', at: after(90) })),
      ['Approved by Dana', 'Revoked by Dana: “Wrong bucket”'],
    ],
    [
      'revoked by another',
      stored(revoke(approved(), { approver: dba2, facts: facts(dba2), at: after(90) })),
      ['Approved by Dana', `Revoked by ${dba2}`],
    ],
    [
      'revoked by policy',
      stored(forbid(approved(), { rules: ['freeze'], at: after(90) })),
      ['Approved by Dana', 'Revoked by policy: a rule forbids it by now.'],
    ],
    ['a vote that is void', halfVoid(), ['Not counted any more: Dana has a disabled account']],
    ['lapsed', anyWith('lapsed'), ['Approved by Dana', 'Lapsed: nobody used the approval in time.']],
    ['redeemed', redeemed(), ['Approved by Dana', 'Redeemed: the action is being carried out.']],
    [
      'unreported',
      stored(overdue(redeemed(), after(90_000)) ?? { request: redeemed(), events: [] }),
      ['Approved by Dana', 'Redeemed, but no outcome was reported within a day.'],
    ],
    [
      'succeeded',
      stored(report(redeemed(), { executor: bot, result: 'succeeded', summary: '120,000 rows', at: after(180) })),
      ['Approved by Dana', 'Reported as succeeded: “120,000 rows”'],
    ],
    ['failed', anyWith('failed'), ['Approved by Dana', 'Reported as failed']],
  ])('says how the request ended: %s', (_what, request, story) => {
    const card = cards.channel(request)
    const title = 'db.export: prod/postgres/customers'
    expect(titleOf(card)).toBe(title)
    const [status, ...rest] = lines(card)
    expect(status).toBe(english.statuses[request.status])
    const begin = rest.indexOf(title) + 1
    expect(rest.slice(begin, begin + story.length)).toEqual(story)
  })

  test.each(statuses)('leads to a review while a person can still act on the request: %s', (status) => {
    expect(verbs(cards.channel(anyWith(status)))).toEqual(
      status === 'pending' || status === 'approved' ? ['review'] : [],
    )
  })

  test.each<[string, ApprovalRequest, readonly string[]]>([
    ['nobody yet', request, [english.next.pending(['dba', 'security or oncall'])]],
    ['one of two', vote(request), [english.next.pending(['security or oncall'])]],
    [
      'one of three people',
      vote(pending({ judgement: needs([slot('dba', 3)]) })),
      ['Still to approve: 2 people of dba. One denial ends it.'],
    ],
    [
      'some were not reached',
      stored(undeliverable(pending())),
      [english.next.pending(['dba']), english.next.unreached],
    ],
    ['approved', approved(), [english.next.approved]],
    ['redeemed', redeemed(), [english.next.redeemed]],
    [
      'unreported',
      stored(overdue(redeemed(), after(90_000)) ?? { request: redeemed(), events: [] }),
      [english.next.unreported],
    ],
    ['denied', anyWith('denied'), [english.next.closed.denied]],
    ['expired', anyWith('expired'), [english.next.closed.expired]],
    ['revoked', anyWith('revoked'), [english.next.closed.revoked]],
    ['failed', anyWith('failed'), [english.next.closed.failed]],
  ])('says what comes next, and whose approval is missing: %s', (_what, request, next) => {
    for (const card of [cards.channel(request), reviewed(request)])
      expect(lines(card)).toEqual(expect.arrayContaining([...next]))
  })

  test('distinguishes tiers and outcomes without colours', () => {
    const { tiers, statuses: words } = english
    for (const told of [tiers, words]) {
      const all = Object.values(told)
      expect(new Set(all).size).toBe(all.length)
      for (const text of all) expect(text).toMatch(/^[^\p{L}\p{N}]+ \p{L}/u)
    }
    expect(lines(cards.channel(high()))).toContain(tiers.high)
  })

  test('says everything in the words of the language', () => {
    expect(card).toMatchObject({ speak: 'An agent asks for approval. Medium tier. Waiting for approval' })
    const plain = opened({ judgement: { outcome: 'forbid', rules: ['never'] } })
    expect(cards.channel(plain)).toMatchObject({ speak: 'An agent asks for approval. Denied' })
  })

  test('sets warnings apart', () => {
    const warned = cards.channel(pending({ warnings: ['denied-before', 'of-another-version'] }))
    const block = objects(warned).find((one) => one['style'] === 'attention') ?? {}
    expect(texts(block, 'TextBlock')).toEqual([`⚠ ${english.card.warned}`])
    expect(lines(block)).toEqual([english.warnings['denied-before'], 'Warning: of-another-version'])
    expect(objects(cards.channel(pending())).some((one) => one['style'] === 'attention')).toBe(false)
  })

  test('shows who approved by object id once the name is erased', () => {
    expect(lines(cards.channel({ ...approved(), said: [] }))).toContain(`Approved by ${dba}`)
  })
})

describe("the approver's view", () => {
  test('of a short request approves with two clicks, on the shown view', () => {
    const request = pending(two)
    const card = reviewed(request)
    const approve = buttons(card).find(({ verb }) => verb === 'approve')
    expect(approve?.data).toEqual({ request: request.id, view: expect.stringMatching(/^sha256:/), page: 1 })
    expect(objects(front(card))).toContainEqual(expect.objectContaining({ type: 'Action.Execute', verb: 'approve' }))
    expect(inputs(front(card))).toEqual([])
    const noted = behind(card, english.card.noteForm)
    expect(inputs(noted).map(({ id, isRequired }) => [id, isRequired])).toEqual([['note', undefined]])
    expect(buttons(noted)).toEqual([{ ...approve, title: english.card.approveNoted }])
  })

  test('has the buttons that the core lets this person use', () => {
    let request: ApprovalRequest = pending({ action: long })
    const pages = pagesOf(long).length
    for (let page = 1; page <= pages; page++)
      request = stored(show(request, { approver: dba, template: cards.template, page, pages }), after(page))
    const approve = buttons(reviewed(request, pages)).find(({ verb }) => verb === 'approve')
    const seen = { via: 'teams', ...Object(approve?.data) } as DecisionInput['seen']
    expect(vote(request, { seen }).status).toBe('approved')
  })

  test('shows everything in full, and the digest', () => {
    const request = pending({ action: { ...action, params: { a: 'x'.repeat(500) } } })
    const said = lines(reviewed(request))
    expect(said).toContain('x'.repeat(500))
    expect(texts(reviewed(request), 'TextBlock')).toContain(`Action digest ${request.digest}`)
    expect(said).toContain(`Agent id ${bot}`)
  })

  test('is paged, and approves on the last page only', () => {
    const request = pending({ action: long })
    const seen = [1, 2, 3].map((page) => reviewed(request, page))
    expect(seen.map((card) => texts(card, 'TextBlock').find((text) => text.startsWith('Page')))).toEqual([
      'Page 1 of 3',
      'Page 2 of 3',
      'Page 3 of 3',
    ])
    const { approve, approveNoted, denyNow } = english.card
    expect(seen.map((card) => buttons(card).map(({ title, data }) => [title, (data as JsonObject)['page']]))).toEqual([
      [
        ['Next', 2],
        [denyNow, 1],
      ],
      [
        ['Previous', 1],
        ['Next', 3],
        [denyNow, 2],
      ],
      [
        ['Previous', 2],
        [approve, 3],
        [approveNoted, 3],
        [denyNow, 3],
      ],
    ])
    expect(lines(seen[1] ?? {})).toContainEqual(
      expect.stringMatching(/^script: \(text, \d+ lines, part 2 of 3, from line \d+\)$/),
    )
  })

  test.each([
    [-1, 'Page 1 of 3'],
    [99, 'Page 3 of 3'],
  ])('shows the nearest page instead of page %d', (page, expected) => {
    expect(texts(reviewed(pending({ action: long }), page), 'TextBlock')).toContain(expected)
  })

  test('of tier high asks to type the end of the target, but not for a denial', () => {
    const card = reviewed(high())
    expect(verbs(front(card))).toEqual([])
    expect(inputs(front(card))).toEqual([])
    const form = behind(card, english.card.approveForm)
    expect(lines(form)).toEqual(['To confirm, type the last part of the target: customers'])
    expect(inputs(form).map(({ id, isRequired }) => [id, isRequired])).toEqual([
      ['confirm', true],
      ['note', undefined],
    ])
    expect(buttons(form)).toEqual([expect.objectContaining({ title: 'Confirm: export customers', verb: 'approve' })])
    expect(verbs(behind(card, english.card.denyForm))).toEqual(['deny'])
  })

  test.each([
    ['prod/{{DATE(2026-01-01T00:00:00Z)}}', 'Confirm: export'],
    ['prod/a b', 'Confirm: export'],
    ['prod/\u043eracle', 'Confirm: export'],
    [`prod/${'x'.repeat(41)}`, 'Confirm: export'],
    ['prod/web-1/', 'Confirm: export web-1'],
  ])('has on its buttons no text of the agent but plain words: %s', (target, title) => {
    expect(buttons(reviewed(high(target))).map((button) => button.title)).toContain(title)
  })

  test('denies with a reason, from any page', () => {
    for (const page of [1, 3]) {
      const denial = behind(reviewed(pending({ action: long }), page), english.card.denyForm)
      expect(inputs(denial).map(({ id, isRequired }) => [id, isRequired])).toEqual([['reason', true]])
      expect(buttons(denial)).toEqual([
        expect.objectContaining({ verb: 'deny', data: { request: pending().id, view: expect.any(String), page } }),
      ])
    }
  })

  test('shows what the reader did and what is missing, and still offers a denial', () => {
    const card = reviewed(vote(pending(two)))
    expect(lines(card)).toEqual(
      expect.arrayContaining(['✓ Approved by Dana (you)', english.next.pending(['security or oncall'])]),
    )
    expect(verbs(card)).toEqual(['deny'])
  })

  test('shows other approvers the same view as before', () => {
    const before = pending(two)
    const seen = [before, vote(before)].map((request) => buttons(reviewed(request, 1, security)))
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]?.map(({ verb }) => verb)).toEqual(['approve', 'approve', 'deny'])
  })

  test('offers nothing to another account of a person who has voted', () => {
    const card = reviewed(vote(pending(two), { facts: facts(dba, { accounts: [dba, dba2] }) }), 1, dba2)
    expect(lines(card)).toContain('You have already decided this with another account.')
    expect(verbs(card)).toEqual([])
  })

  test.each(['agent', 'policy'] as const)('says why there is nothing to approve for an excluded person: %s', (by) => {
    const seen = (request: ApprovalRequest, page = 1) =>
      cards.review(request, { approver: dba, page, via: 'teams', notice: 'Late.', excludedBy: by })
    const card = seen(pending())
    expect(lines(card)).toEqual(expect.arrayContaining(['Late.', english.bot.excluded[by]]))
    expect(verbs(card)).toEqual(['deny'])
    expect(verbs(seen(high()))).toEqual(['deny'])
    expect(verbs(seen(approved()))).toEqual(['revoke'])
    expect(lines(seen(pending({ action: long })))).not.toContain(english.card.lastPage)
    expect(lines(seen(anyWith('denied')))).not.toContain(english.bot.excluded[by])
  })

  test('of an approved request offers to revoke it', () => {
    const card = reviewed(approved())
    expect(verbs(card)).toEqual(['revoke'])
    expect(inputs(behind(card, english.card.revokeForm)).map(({ id, isRequired }) => [id, isRequired])).toEqual([
      ['reason', undefined],
    ])
    expect(buttons(card)[0]).toMatchObject({ title: english.card.revokeNow, data: { request: approved().id, page: 1 } })
  })

  test.each(statuses.filter((status) => status !== 'pending' && status !== 'approved'))(
    'of a request that is %s offers nothing',
    (status) => {
      expect(verbs(reviewed(anyWith(status)))).toEqual([])
    },
  )

  test('of a request that other doors approve says so, and offers to deny it', () => {
    const elsewhere = pending({ judgement: needs([slot('dba')], { via: ['console', 'slack'] }) })
    expect(lines(reviewed(elsewhere))[0]).toBe(english.bot.approveElsewhere(['console', 'slack']))
    expect(verbs(reviewed(elsewhere))).toEqual(['deny'])
    expect(lines(cards.channel(elsewhere))).toContain(`${english.labels.doors}: console, slack`)
    const here = cards.review(elsewhere, { approver: dba, page: 1, via: 'console' })
    expect(verbs(here)).toEqual(['approve', 'approve', 'deny'])
  })

  test.each(statuses)('never has two buttons of one name at once, whatever form is open: %s', (status) => {
    const act = status === 'approved' ? 'revoke' : 'deny'
    const seen = { approver: dba, page: 1, via: 'teams' } as const
    const request = anyWith(status)
    for (const card of [
      reviewed(request),
      cards.review(request, { ...seen, form: { act, fault: 'No.' } }),
      cards.list([request, request]),
    ]) {
      const titles = objects(card).flatMap(({ type, title }) =>
        typeof type === 'string' && type.startsWith('Action.') ? [title] : [],
      )
      expect(new Set(titles).size).toBe(titles.length)
    }
  })

  test.each([
    ['approve', high(), { words: 'SEC-12', confirm: 'customer' }, { confirm: 'customer', note: 'SEC-12' }],
    ['approve', pending(), { words: 'x' }, { note: 'x' }],
    ['deny', pending(), { words: `\${$root} {{DATE(x)}}` }, { reason: `\${$root} {{DATE(x)}}` }],
    ['revoke', approved(), {}, { reason: '' }],
  ] as const)(
    'draws a form with a fault open, with what was typed, and a way back: %s',
    (act, request, words, typed) => {
      const card = cards.review(request, {
        approver: dba,
        page: 1,
        via: 'teams',
        form: { act, fault: 'Wrong.', ...words },
      })
      expect(complaints(card)).toEqual([])
      expect(lines(card)).toContain('✕ Wrong.')
      expect(Object.fromEntries(inputs(card).map(({ id, value }) => [id, value]))).toEqual(typed)
      expect(verbs(card)).toEqual([act, 'review'])
      expect(objects(card).some(({ type }) => type === 'Action.ShowCard')).toBe(false)
      expect(objects(card).find(({ title }) => title === english.card.back)).toMatchObject({ associatedInputs: 'none' })
    },
  )

  test('offers no form that the person may not use any more', () => {
    const form = { act: 'approve', fault: 'Wrong.' } as const
    const card = cards.review(anyWith('denied'), { approver: dba, page: 1, via: 'teams', form })
    expect([verbs(card), inputs(card)]).toEqual([[], []])
  })

  test('begins with the result of the last click', () => {
    expect(
      lines(cards.review(pending(), { approver: dba, page: 1, notice: 'Nothing was counted.', via: 'teams' }))[0],
    ).toBe('Nothing was counted.')
  })
})

describe('a request that binds a command', () => {
  const bound = { path: '/usr/bin/pg_dump', args: ['customers', "it's"], cwd: '/srv/my exports' }
  const request = pending({ ...two, action: { ...action, params: withRun({ rows: 1 }, bound) } })
  const words = String.raw`Will run: /usr/bin/pg_dump customers 'it'\''s' in '/srv/my exports'`

  test.each([
    ["the channel's card", cards.channel(request)],
    ["the approver's view", reviewed(request)],
  ])('says below the title what will run: %s', (_what, card) => {
    const shown = lines(card)
    expect(shown[shown.indexOf(titleOf(card)) + 1]).toBe(words)
    const box = objects(card).find((one) => one['style'] === 'attention') ?? {}
    expect(lines(box)).toEqual([words])
    expect(shown.some((line) => line.startsWith('countersign.run: '))).toBe(true)
  })

  test('says so where the votes of a batch are sent, too', () => {
    const shown = lines(cards.batchEnd([request], { requests: [request.id], marks: [] }))
    expect(shown[1]).toBe(words)
  })

  test('has it in a list, and not where policy keeps it private', () => {
    expect(lines(cards.list([request]))).toContain(`db.export; ${words}`)
    const hidden = pending({
      action: request.action ?? action,
      judgement: needs([slot('dba')], { private: true }),
    })
    for (const card of [cards.channel(hidden), cards.list([hidden]), cards.refused(request, 'No.')])
      expect(JSON.stringify(card)).not.toContain('pg_dump')
  })

  test('is known by its form: other params under that name say nothing', () => {
    const other = pending({ action: { ...action, params: { 'countersign.run': { path: 'pg_dump' } } } })
    expect(JSON.stringify(cards.channel(other))).not.toContain('Will run')
  })
})

describe('what people copy', () => {
  const target = `/subscriptions/${oid(1)}/resourceGroups/production-of-the-north/providers/Microsoft.Sql/servers/x`
  const url = `https://tickets.example/${'browse/'.repeat(12)}FIN-881`
  const request = pending({
    ...two,
    action: { ...action, target },
    links: [{ title: 'FIN-881', url }],
    onBehalfOf: oid(77),
  })

  test('has no invisible characters: targets, addresses, ids and digests', () => {
    for (const card of [cards.channel(request), reviewed(request), cards.list([request])])
      expect(JSON.stringify(card)).not.toContain('\u200b')
    const shown = texts(reviewed(request), 'TextRun').map((text) => text.replaceAll('\n', ''))
    for (const text of [target, `  ${url}`, oid(77), request.id]) expect(shown).toContain(text)
  })

  test('is broken after the parts of a path, in lines that fit the narrowest card', () => {
    for (const line of copyable(target).split('\n')) expect(line.length).toBeLessThanOrEqual(28)
    expect(copyable('prod/postgres/customers-eu')).toBe('prod/postgres/customers-eu')
    expect(copyable('{{DATE(x)}}')).toBe('{\n{DATE(x)}}')
  })
})

test('spaces around what an agent or a person wrote are no alarm', () => {
  const request = pending({ reason: ' Ticket FIN-881 \n', links: [{ title: 'FIN-881 ', url: 'https://a.example/' }] })
  expect(JSON.stringify(cards.channel(request))).not.toContain('U+0020')
  expect(lines(cards.channel(vote(request, { verdict: 'deny', reason: 'No. ' })))).toContain('Denied by Dana: “No.”')
})

test('the template of an earlier version is drawn in full, so that evidence can show what people saw', () => {
  const old = readFileSync(join(import.meta.dirname, '../golden/cards/review.json'))
  const then = loadCards(new Map([...templates, ['review.json', old]]), english)
  for (const request of [vote(pending(two)), high(), approved(), anyWith('denied')]) {
    const card = then.review(request, { approver: security, page: 1, via: 'teams' })
    expect(complaints(card)).toEqual([])
    expect(JSON.stringify(card)).not.toMatch(/\$\{|undefined/)
  }
})

describe('a request that policy keeps private', () => {
  const written = {
    ...two,
    action: { ...action, environment: 'hidden-environment', params: { hidden_key: 'hidden-value' } },
    agent: { id: bot, name: 'hidden-agent' },
    onBehalfOf: oid(77),
    executor: runner,
    reason: 'hidden-reason',
    owner: 'hidden-owner',
    links: [{ title: 'hidden-link', url: 'https://hidden.example/' }],
    warnings: ['hidden-warning'],
    presentation: {
      title: [{ text: 'Export ' }, { path: ['hidden_key'] }],
      params: [{ key: 'hidden_key', critical: true }],
    },
  } as const
  const asked = (isPrivate: boolean): ApprovalRequest =>
    pending({
      ...written,
      judgement: needs([slot('dba', 2)], { summary: 'Export', ...(isPrivate && { private: true }) }),
    })
  const denied = (request: ApprovalRequest) => vote(request, { verdict: 'deny', reason: 'hidden-note' })
  const hidden = new RegExp(`hidden|${oid(77)}|${runner}|${asked(true).digest.slice(-8)}`)

  test('has on cards in channels its verb, tier and target, a way to Review, and nothing else of the action', () => {
    for (const card of [cards.channel(asked(true)), cards.list([asked(true)], { more: false, here: true })]) {
      expect(JSON.stringify(card)).not.toMatch(hidden)
      const shown = texts(card, 'TextRun').join('\n')
      for (const part of ['db.export', action.target, english.tiers.medium]) expect(shown).toContain(part)
      expect(verbs(card)).toEqual(['review'])
      expect(complaints(card)).toEqual([])
    }
    expect(JSON.stringify(cards.channel(denied(asked(true))))).not.toMatch(hidden)
    expect(texts(cards.channel(asked(true)), 'TextBlock')).toContain(english.card.withheld)
  })

  test.each(statuses)('has no more on the card of its channel when it is %s', (status) => {
    const request = anyWith(status)
    const secret = {
      ...request,
      requirement: { ...pending().requirement, private: true },
      action: written.action,
      warnings: written.warnings,
    } as ApprovalRequest
    const said = secret.said.map((text) => ({ ...text, text: 'hidden' }))
    expect(JSON.stringify(cards.channel({ ...secret, said }))).not.toMatch(hidden)
  })

  test('is shown in full to those who review it, and to channels without that wish', () => {
    const parts = ['hidden-environment', 'hidden-value', 'hidden-reason', 'hidden-agent', 'hidden-owner', 'hidden-note']
    const review = JSON.stringify(reviewed(denied(asked(true)), 1, dba2)).replaceAll('\u200b', '')
    const plain = JSON.stringify(cards.channel(denied(asked(false)))).replaceAll('\u200b', '')
    for (const part of parts) {
      expect(review).toContain(part)
      expect(plain).toContain(part)
    }
  })
})

test('the card for a person who may not decide says why and who may, and nothing of the action', () => {
  const card = cards.refused(pending(two), 'You own this agent.')
  expect(lines(card)).toEqual(expect.arrayContaining(['You own this agent.', 'dba', 'security or oncall']))
  expect(verbs(card)).toEqual([])
  expect(JSON.stringify(card)).not.toMatch(/customers|accounts|churn/)
})

test('cards name the accounts that only the agent’s own word keeps from approving', () => {
  const excluded = { onBehalfOf: oid(77), excluded: [owner, oid(77), oid(78)], excludedByAgent: [oid(77), oid(78)] }
  for (const card of [cards.channel(pending(excluded)), reviewed(pending(excluded))])
    expect(lines(card)).toContain(`${english.labels.excludedByAgent}: ${oid(77)}, ${oid(78)}`)
  expect(JSON.stringify(cards.channel(pending()))).not.toContain(english.labels.excludedByAgent)
})

test('cards name a person who answers for the agent, drawn as any text of others', () => {
  const request = pending({ owner: ' Dana\u202e {{DATE(x)}} ' })
  for (const card of [cards.channel(request), reviewed(request)]) {
    expect(lines(card).map((line) => line.replaceAll('\u200b', ''))).toContain(
      `${english.labels.agent}: deploy-bot (owner: Dana⟦U+202E⟧ {{DATE(x)}})`,
    )
    expect(JSON.stringify(card)).not.toContain('{{DATE(x')
  }
  for (const other of [pending(), { ...request, said: [] }])
    expect(lines(reviewed(other))).toContain(`${english.labels.agent}: deploy-bot`)
})

test('the list leads to each review', () => {
  const [one, other] = [pending(two), high('prod/iam')]
  const card = cards.list([one, other])
  expect(lines(card)).toEqual([
    'Export data from a production database: prod/postgres/customers',
    'db.export; destination: s3://finance-exports; rows: 120000; tables: ["accounts"]',
    english.tiers.medium,
    english.next.pending(['dba', 'security or oncall']),
    'db.export: prod/iam',
    'destination: s3://finance-exports; rows: 120000; tables: ["accounts"]',
    english.tiers.high,
    english.next.pending(['dba']),
  ])
  expect(buttons(card).map(({ title }) => title)).toEqual(['Review 1', 'Review 2', english.batch.open(2, 'deploy-bot')])
  expect(buttons(card).map(({ verb, data }) => [verb, data])).toEqual([
    ['review', { request: one.id }],
    ['review', { request: other.id }],
    ['batch', { requests: [one.id, other.id] }],
  ])
})

describe('a batch', () => {
  const place = (at: number, marks: readonly VoteMark[] = []) => ({ requests: ['1', '2'].map(numbered), marks, at })
  const numbered = (digit: string) => parseRequestId(`01kjw2xm00abcdefghjkmnpqr${digit}-07`)
  const inBatch = (request: ApprovalRequest, at: number, page = 1, marks: readonly VoteMark[] = []) =>
    cards.batchPage({ ...request, id: numbered(String(at)) }, { approver: dba, page, via: 'teams' }, place(at, marks))
  const mark = (digit: string, verdict: 'approve' | 'deny'): VoteMark => ({
    ...{ request: numbered(digit), verdict, view: digestOf(digit) },
  })
  const inputIds = (card: object) => inputs(card).map(({ id }) => id)

  test('shows of each request exactly what Review shows', () => {
    for (const [request, page] of [
      [pending(two), 1],
      [pending({ action: long }), 1],
      [pending({ action: long }), 2],
    ] as const) {
      const own = lines(cards.review(request, { approver: dba, page, via: 'teams' }))
      const [head, ...rest] = lines(cards.batchPage(request, { approver: dba, page, via: 'teams' }, place(2)))
      expect(head).toBe(english.batch.place(2, 2, 'deploy-bot'))
      expect(rest).toEqual(own)
    }
  })

  test('has no button that decides, and lets a request be marked on its last page alone', () => {
    const first = inBatch(pending({ action: long }), 1)
    const last = inBatch(pending({ action: long }), 1, 3)
    expect(verbs(first)).toEqual(['batch'])
    expect(inputs(first)).toEqual([])
    expect(lines(first).concat(texts(first, 'TextBlock'))).toContain(english.card.lastPage)
    expect(verbs(last)).toEqual(['batch', 'batch'])
    expect(inputIds(last)).toEqual(['choice'])
    for (const card of [first, last]) expect(complaints(card)).toEqual([])
  })

  test('leads through all pages of all requests, to the card on which the marks are sent', () => {
    const ways = (card: object) => buttons(card).map(({ data }) => ({ ...(data as { at: number; page: number }) }))
    expect(ways(inBatch(pending({ action: long }), 1))).toMatchObject([{ at: 1, page: 2 }])
    expect(ways(inBatch(pending({ action: long }), 1, 3))).toMatchObject([
      { at: 1, page: 2 },
      { at: 2, page: 1 },
    ])
    expect(ways(inBatch(pending(), 2))).toMatchObject([
      { at: 1, page: mostViewPages },
      { at: 3, page: 1 },
    ])
    const marks = [mark('1', 'approve')]
    const card = inBatch(pending(), 2, 1, marks)
    const { view } = viewIn(cards.review({ ...pending(), id: numbered('2') }, { approver: dba, page: 1, via: 'teams' }))
    expect(buttons(card)[1]?.data).toEqual({
      ...{ requests: place(2).requests, marks, shown: { request: numbered('2'), view }, at: 3, page: 1 },
    })
  })

  test('offers an excluded person to deny, and nobody to approve through a door that may not', () => {
    const choices = (card: object) =>
      inputs(card).flatMap(({ choices }) => (choices as readonly { value: string }[]).map(({ value }) => value))
    const reader = { approver: dba, page: 1, via: 'teams' }
    expect(choices(inBatch(pending(), 1))).toEqual(['approve', 'deny', 'open'])
    expect(choices(cards.batchPage(pending(), { ...reader, excludedBy: 'policy' }, place(1)))).toEqual(['deny', 'open'])
    expect(inputs(inBatch(anyWith('denied'), 1))).toEqual([])
  })

  test('ends in a card that has for each mark the words that its vote needs', () => {
    const requests = [pending(two), high('prod/iam')].map((request, i) => ({ ...request, id: numbered(String(i + 1)) }))
    const ended = (marks: readonly VoteMark[]) => cards.batchEnd(requests, { requests: place(1).requests, marks })
    expect(inputIds(ended([mark('1', 'deny'), mark('2', 'approve')]))).toEqual(['reason1', 'reason2', 'confirm2'])
    expect(inputs(ended([mark('1', 'deny')])).map(({ isRequired }) => isRequired)).toEqual([true])
    expect(inputs(ended([mark('1', 'approve')])).map(({ isRequired }) => isRequired)).toEqual([undefined])
    expect(verbs(ended([mark('1', 'approve')]))).toEqual(['batch', 'submit'])
    expect(verbs(ended([]))).toEqual(['batch'])
    expect(texts(ended([]), 'TextBlock')).toContain(english.batch.nothingMarked)
    for (const card of [ended([]), ended([mark('2', 'approve')])]) expect(complaints(card)).toEqual([])
  })

  test('says afterwards of each request what became of it, and leads back to it', () => {
    const denied = anyWith('denied')
    const card = cards.batchOutcome([
      { id: denied.id, request: denied },
      { id: pending().id, request: pending(), refusal: 'Late.' },
      { id: numbered('3'), request: null, refusal: 'Unknown.' },
    ])
    expect(texts(card, 'TextBlock')[0]).toBe(english.batch.counted(1, 3))
    expect(lines(card)).toEqual(
      expect.arrayContaining([
        ...[english.statuses.denied, english.batch.notCounted('Late.'), english.batch.notCounted('Unknown.')],
      ]),
    )
    expect(verbs(card)).toEqual(['review', 'review'])
    expect(complaints(card)).toEqual([])
  })

  test('of private requests is not offered in a channel, where its button would name the agent', () => {
    const hidden = pending({ judgement: needs([slot('dba')], { private: true }) })
    const offered = (here: boolean) => verbs(cards.list([hidden, hidden], { more: false, here }))
    expect(offered(true)).not.toContain('batch')
    expect(offered(false)).toContain('batch')
  })

  const viewIn = (card: object) => buttons(card).find(({ verb }) => verb === 'approve')?.data as { view: Digest }
})

describe('loading', () => {
  const without = (name: string) => new Map([...templates].filter(([file]) => file !== name))
  const broken = (name: string, text: string) => new Map([...templates, [name, new TextEncoder().encode(text)]])

  test('a view commits to the bytes of the template of the approver’s view', () => {
    expect(cards.template).toBe(sha256(templates.get('review.json') ?? ''))
    const other = loadCards(broken('review.json', '{"type":"AdaptiveCard"}'), english)
    expect(other.template).not.toBe(cards.template)
  })

  test.each([...templates.keys()])('a missing %s stops the start by name', (name) => {
    expect(() => loadCards(without(name), english)).toThrow(`cards/${name}`)
  })

  test.each([
    ['no JSON', '{'],
    ['a bad expression', `{"type":"AdaptiveCard","body":"\${a b}"}`],
    ['no object', '"card"'],
  ])('%s stops the start by name', (_what, text) => {
    expect(() => loadCards(broken('refused.json', text), english)).toThrow('cards/refused.json')
  })
})

/** Two must approve; the account that did first is disabled by the time of the second vote. */
function halfVoid(): ApprovalRequest {
  const first = opened({ judgement: needs([slot('dba', 2)]) })
  const once = stored(decide(first, decision(first)), after(60))
  const others = new Map([[dba, { facts: facts(dba, { enabled: false }), excluded: false }]])
  return stored(decide(once, decision(once, { approver: dba2, name: 'Ben', others, at: after(70) })), after(70))
}

describe('the way from a card in Teams to the console', () => {
  const place = { baseUrl: 'https://countersign.contoso.example' }
  const linked = withStoryLink(cards, place, english)
  const request = pending(two)

  test('is a button beside those of the template, and everything else is as without it', () => {
    const button = {
      type: 'Action.OpenUrl',
      title: 'Open in console',
      url: `${place.baseUrl}/console/requests/${request.id}`,
    }
    const reader = { approver: dba, page: 1, via: 'teams' } as const
    for (const [card, bare] of [
      [linked.channel(request), cards.channel(request)],
      [linked.review(request, reader), cards.review(request, reader)],
    ] as [JsonObject, JsonObject][]) {
      expect(card).toEqual({ ...bare, actions: [...(bare['actions'] as object[]), button] })
      expect(complaints(card)).toEqual([])
    }
    expect(linked.template).toBe(cards.template)
  })

  test('stands on the card of a request that is over, which has no other button', () => {
    const urls = objects(linked.channel(anyWith('denied'))).filter(({ type }) => type === 'Action.OpenUrl')
    expect(urls).toHaveLength(1)
  })

  test('is not on the card of a person who may not decide', () => {
    expect(linked.refused(request, 'No.', { stranger: true })).toEqual(
      cards.refused(request, 'No.', { stranger: true }),
    )
  })

  test.each([
    ['public', 'https://teams.microsoft.com'],
    ['gcc-high', 'https://gov.teams.microsoft.us'],
    ['dod', 'https://dod.teams.microsoft.us'],
  ] as const)('leads into the tab of the app, where Teams has one: %s', (name, origin) => {
    const tab = { teams: clouds[name].teams[0], appId: 'a0000000-0000-4000-8000-00000000000c' }
    const address = new URL(storyAddress({ ...place, tab }, request.id))
    expect(address.origin + address.pathname).toBe(`${origin}/l/entity/${tab.appId}/console`)
    expect(Object.fromEntries(address.searchParams)).toEqual({
      webUrl: `${place.baseUrl}/console/requests/${request.id}`,
      context: JSON.stringify({ subEntityId: request.id }),
    })
  })
})
