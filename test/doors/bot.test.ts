import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../../src/core/data/json.ts'
import { botAppId } from '../../src/local/bot.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import { english } from '../../src/words/english.ts'
import { type Connector, startConnector } from '../support/connector.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { buttons, complaints, lines, objects, texts, verbs } from '../cards/drawn.ts'
import { activity, botOf, channel, click, startTeams, type TeamsDouble } from '../support/teamsDouble.ts'
import { until } from '../support/until.ts'

let connector: Connector
let teams: TeamsDouble
let stack: Stack
let bot: ReturnType<typeof botOf>

beforeAll(async () => {
  ;[connector, teams] = await Promise.all([startConnector(), startTeams()])
  stack = await startStack({ env: { COUNTERSIGN_CONNECTOR: connector.url, COUNTERSIGN_BOT_KEYS: teams.keysUrl } })
  bot = botOf(stack, teams)
})

afterAll(async () => {
  await Promise.all([connector.close(), teams.close()])
  await stack.stop()
})

describe('a request', () => {
  test('is a card to review, is approved by a person who has seen it, and the card shows that', async () => {
    const request = await ask()
    const card = await cardIn(request)
    expect(verbs(shown(card))).toEqual(['review'])
    expect(lines(shown(card))).toContain('rows: 1,200')
    const review = drawn(await bot.click('dba-1', 'review', { request: request.id }, card))
    expect(verbs(review)).toEqual(['ask', 'narrow', 'approve', 'approve', 'deny'])
    const after = drawn(await press('dba-1', review, 'approve', { note: 'Checked.' }, card))
    expect(lines(after)).toContain(english.statuses.approved)
    expect(await read(request)).toMatchObject({
      status: 'approved',
      approvals: { decisions: [{ verdict: 'approve', via: 'teams', reason: 'Checked.', name: 'dba-1' }] },
    })
    expect(await types(request)).toEqual(['requested', 'shown', 'decided', 'approved'])
    await shows(card, 'approved')
    expect(verbs(shown(card))).toEqual(['review'])
    for (const one of [shown(card), review, after])
      expect(objects(one).flatMap(({ type, url }) => (type === 'Action.OpenUrl' ? [url] : []))).toEqual([
        `${stack.api}/console/requests/${request.id}`,
      ])
  })

  test('is denied with a reason, and never without one', async () => {
    const request = await ask()
    const card = await cardIn(request)
    const review = drawn(await bot.click('dba-1', 'review', { request: request.id }, card))
    for (const reason of [undefined, '', ' \n '])
      expect(
        lines(drawn(await press('dba-1', review, 'deny', reason === undefined ? {} : { reason }, card))),
      ).toContain(`✕ ${english.card.reasonMissing}`)
    expect((await read(request)).status).toBe('pending')
    const after = drawn(await press('dba-1', review, 'deny', { reason: 'Not on a Friday.' }, card))
    expect(lines(after)).toContain(english.statuses.denied)
    expect(verbs(after)).toEqual([])
    expect(await types(request)).toEqual(['requested', 'shown', 'decided', 'denied'])
    await shows(card, 'denied')
    expect(verbs(shown(card))).toEqual([])
    expect(texts(shown(card), 'TextRun')).toContain('Not on a Friday.')
  })

  test('of tier high is approved by typing the last part of its target', async () => {
    const request = await ask({ action: 'iam.role.grant', target: `prod/roles/admin-${randomUUID()}`, params: {} })
    const review = drawn(await bot.click('security-1', 'review', { request: request.id }))
    const right = request.target.split('/').at(-1)
    for (const confirm of [undefined, '', 'admin', right.toUpperCase(), `${right}-`, request.target]) {
      const note = 'SEC-12 is open.'
      const again = drawn(
        await press('security-1', review, 'approve', { note, ...(confirm !== undefined && { confirm }) }),
      )
      expect(lines(again)).toContain(`✕ ${english.bot.notConfirmed}`)
      expect(typedIn(again)).toEqual({ confirm: confirm ?? '', note })
      expect(verbs(again)).toEqual(['approve', 'review'])
    }
    expect(await types(request)).toEqual(['requested', 'shown'])
    drawn(await press('security-1', review, 'approve', { confirm: `${right} ` }))
    expect((await read(request)).status).toBe('approved')
  })

  test('is revoked from Review while the approval is unused', async () => {
    const request = await ask()
    const card = await cardIn(request)
    await approve('dba-1', request)
    const review = drawn(await bot.click('dba-2', 'review', { request: request.id }, card))
    expect(verbs(review)).toEqual(['revoke'])
    const answers = [1, 2].map(() => press('dba-2', review, 'revoke', { reason: 'Wrong ticket.' }, card))
    for (const answer of await Promise.all(answers)) expect(lines(drawn(answer))).toContain(english.statuses.revoked)
    expect((await types(request)).filter((type) => type === 'revoked')).toHaveLength(1)
    await shows(card, 'revoked')
  })

  test('cannot be revoked once it is redeemed', async () => {
    const request = await ask()
    await approve('dba-1', request)
    const { grant, digest } = await read(request)
    const redemption = { grant: grant.token, digest, redemption: randomUUID() }
    expect((await stack.call('deploy-bot', `/api/requests/${request.id}/redeem`, redemption)).status).toBe(200)
    const before = await events(request)
    const answer = drawn(await bot.click('dba-2', 'revoke', { request: request.id }))
    expect(lines(answer)).toContain(english.statuses.redeemed)
    expect(await events(request)).toBe(before)
  })
})

describe('a request of many pages', () => {
  const long = () =>
    ask({ action: 'deploy.release', target: `prod/${randomUUID()}`, params: { notes: 'n'.repeat(9_000) } })

  test('is approved by a person who was shown all of them, in any order', async () => {
    const request = await long()
    const page = async (page: number) => drawn(await bot.click('dba-1', 'review', { request: request.id, page }))
    const first = await page(1)
    const pages = pagesOf(first)
    expect(pages).toBeGreaterThan(2)
    expect(verbs(first)).not.toContain('approve')
    const { view } = dataOf(first, 'deny')
    for (let seen = pages; seen > 1; seen--) {
      const refused = drawn(await bot.click('dba-1', 'approve', { request: request.id, view }))
      expect(lines(refused)).toContain(english.bot.outOfDate)
      expect(verbs(refused)).not.toContain('approve')
      expect(verbs(await page(seen)).includes('approve')).toBe(seen === pages)
    }
    expect((await read(request)).approvals.decisions).toEqual([])
    drawn(await press('dba-1', await page(pages), 'approve'))
    expect(await types(request)).toEqual(['requested', ...Array(pages).fill('shown'), 'decided', 'approved'])
    expect((await allTypes(request)).filter((type) => type === 'refused')).toHaveLength(1)
  })

  test('is denied after one page', async () => {
    const request = await long()
    const second = drawn(await bot.click('security-1', 'review', { request: request.id, page: 2 }))
    drawn(await press('security-1', second, 'deny', { reason: 'Too long.' }))
    expect(await types(request)).toEqual(['requested', 'shown', 'decided', 'denied'])
  })

  test('shows its last page for any page beyond', async () => {
    const request = await ask()
    expect(verbs(drawn(await bot.click('dba-1', 'review', { request: request.id, page: 10 })))).toContain('approve')
    await cancel(request)
  })
})

describe('a vote', () => {
  test('counts on a view from before a colleague’s vote', async () => {
    const request = await ask({ params: { rows: 120_000 } })
    const card = await cardIn(request)
    const [dbas, securitys] = [await view('dba-1', request), await view('security-1', request)]
    const mine = drawn(await press('dba-1', dbas, 'approve', {}, card))
    expect(lines(mine)).toContainEqual(expect.stringMatching(/^✓ Approved by dba-1 \(you\)$/))
    expect(verbs(mine)).toEqual(['deny'])
    drawn(await press('security-1', securitys, 'approve', {}, card))
    expect((await read(request)).status).toBe('approved')
    await shows(card, 'approved')
  })

  test('may change from approval to denial while others are missing', async () => {
    const request = await ask({ params: { rows: 120_000 } })
    const review = drawn(await bot.click('dba-1', 'review', { request: request.id }))
    const mine = drawn(await press('dba-1', review, 'approve'))
    drawn(await press('dba-1', mine, 'deny', { reason: 'I misread it.' }))
    expect(await types(request)).toEqual(['requested', 'shown', 'decided', 'decided', 'denied'])
  })

  test('on content that the person was not shown does not count, and the current card comes instead', async () => {
    const [request, other] = [await ask(), await ask()]
    const { view } = dataOf(drawn(await bot.click('dba-1', 'review', { request: request.id })), 'approve')
    const before = await types(request)
    const others = dataOf(drawn(await bot.click('dba-2', 'review', { request: other.id })), 'approve')
    for (const [who, seen] of [
      ['dba-1', others.view],
      ['dba-1', `sha256:${'0'.repeat(64)}`],
      ['dba-2', view],
    ] as const) {
      const answer = drawn(await bot.click(who, 'approve', { request: request.id, view: seen }))
      expect(lines(answer)).toContain(english.bot.outOfDate)
      expect(dataOf(answer, 'approve')).toEqual({ request: request.id, view, page: 1 })
    }
    expect(await types(request)).toEqual([...before, 'shown'])
    expect((await read(request)).status).toBe('pending')
    await bot.click('dba-2', 'approve', { request: request.id, view })
    expect((await read(request)).status).toBe('approved')
    await cancel(other)
  })

  test('counts once, however often it arrives', async () => {
    const request = await ask()
    const review = drawn(await bot.click('dba-1', 'review', { request: request.id }))
    const answers = await Promise.all([1, 2, 3].map(() => press('dba-1', review, 'approve')))
    answers.push(await press('dba-1', review, 'approve'))
    for (const answer of answers) expect(lines(drawn(answer))).toContain(english.statuses.approved)
    expect(await types(request)).toEqual(['requested', 'shown', 'decided', 'approved'])
  })

  test('after the request was closed does not count, and shows how it was closed', async () => {
    const request = await ask()
    const [first, second] = [await view('dba-1', request), await view('dba-2', request)]
    await press('dba-1', first, 'deny', { reason: 'No.' })
    const before = await events(request)
    for (const [verb, typed] of [
      ['approve', {}],
      ['deny', { reason: 'No, too.' }],
    ] as const) {
      const answer = drawn(await press('dba-2', second, verb, typed))
      expect(lines(answer)).toContain(english.statuses.denied)
      expect(verbs(answer)).toEqual([])
    }
    expect(lines(drawn(await press('dba-1', first, 'approve')))).toContain(english.statuses.denied)
    expect(await events(request)).toBe(before)
  })

  test('may also come over HTTP, and Teams shows it', async () => {
    const request = await ask()
    const card = await cardIn(request)
    const review = await view('dba-2', request)
    const decision = { verdict: 'approve', digest: request.digest }
    await stack.call('dba-1', `/api/requests/${request.id}/decisions`, decision)
    await shows(card, 'approved')
    expect(lines(drawn(await press('dba-2', review, 'approve')))).toContain(english.statuses.approved)
    expect((await read(request)).approvals.decisions).toHaveLength(1)
  })
})

test('the owner of the agent cannot approve, learns why, and may deny', async () => {
  const request = await ask()
  const card = drawn(await bot.click('owner', 'review', { request: request.id }))
  expect(verbs(card)).toEqual(['deny'])
  expect(JSON.stringify(card)).toContain(english.bot.excluded.policy)
  const own = dataOf(card, 'deny')
  expect(verbs(drawn(await bot.click('owner', 'approve', own)))).toEqual(['deny'])
  expect((await read(request)).status).toBe('pending')
  await bot.click('owner', 'deny', { ...own, reason: 'Not now.' })
  expect((await read(request)).status).toBe('denied')
})

describe('nothing changes at', () => {
  let request: Answer['body']
  let seen: object
  let before: string

  beforeAll(async () => {
    request = await ask()
    seen = dataOf(await view('dba-1', request), 'approve')
    before = await events(request)
  })

  afterEach(async () => expect(await events(request)).toBe(before))
  afterAll(() => cancel(request))

  test.each([
    ['a guest', 'guest'],
    ['a person whom the directory does not know', 'c9999999-0000-4000-8000-000000000001'],
    ['an agent', 'b0000000-0000-4000-8000-000000000001'],
  ])('a click by %s, who gets the answer for an unknown request', async (_who, who) => {
    const clicks = (id: string) => [
      bot.click(who, 'review', { request: id }),
      bot.click(who, 'approve', { ...seen, request: id }),
      bot.click(who, 'deny', { ...seen, request: id, reason: 'No.' }),
      bot.click(who, 'revoke', { request: id }),
    ]
    const [real, none] = await Promise.all(
      [request.id, '01kjw2xm00abcdefghjkmnpqrs-07'].map((id) => Promise.all(clicks(id))),
    )
    expect(real).toEqual(none)
    for (const answer of real ?? []) expectWords(answer, 'not-found')
  })

  test.each([
    ['a member of a group that is not asked', 'security-1'],
    ['a stranger', 'compliance'],
  ])('a click by %s, who learns who may decide', async (_who, who) => {
    const card = drawn(await bot.click(who, 'review', { request: request.id }))
    expect(buttons(card)).toEqual([])
    expect(texts(card, 'TextBlock')).toContain(english.card.whoMay)
    expect(lines(card)).toContain('dba')
    expect(lines(card).join()).not.toContain(request.target)
    expectWords(await bot.click(who, 'approve', seen), 'not-found')
    expectWords(await bot.click(who, 'deny', { ...seen, reason: 'No.' }), 'not-found')
    expectWords(await bot.click(who, 'revoke', { request: request.id }), 'not-found')
  })

  test('a revocation before there is an approval', async () => {
    const answer = drawn(await bot.click('dba-1', 'revoke', { request: request.id }))
    expect(verbs(answer)).toEqual(['ask', 'narrow', 'approve', 'approve', 'deny'])
  })

  test.each<[string, string, JsonObject]>([
    ['no request', 'review', { request: null }],
    ['a request that is no text', 'approve', { request: 7 }],
    ['a request that is no id', 'approve', { request: '../../secrets' }],
    ['a request that does not exist', 'review', { request: '01kjw2xm00abcdefghjkmnpqrs-07' }],
    ['a vote for one that does not exist', 'approve', { request: '01kjw2xm00abcdefghjkmnpqrs-07' }],
    ['a revocation of one that does not exist', 'revoke', { request: '01kjw2xm00abcdefghjkmnpqrs-07' }],
    ['a page that there never is', 'review', { page: 18 }],
    ['a page before the first', 'review', { page: 0 }],
    ['a page that is no number', 'review', { page: '1' }],
    ['no view', 'approve', { view: null }],
    ['a view that is no digest', 'deny', { view: 'sha256:ab', reason: 'No.' }],
    ['a view that is no text', 'approve', { view: { view: 1 } }],
    ['a reason that is no text', 'deny', { reason: ['No.'] }],
    ['a note that is no text', 'approve', { note: 7 }],
    ['a confirmation that is no text', 'approve', { confirm: true }],
    ['an unknown verb', 'escalate', {}],
    ['a verb that every object has', 'constructor', {}],
    ['no verb', '', {}],
  ])('a click with %s', async (_fault, verb, data) => {
    expectWords(await bot.click('dba-1', verb, { ...seen, ...data }))
  })

  test.each<[string, object]>([
    ['no value', { value: undefined }],
    ['a malformed value', { value: 'approve' }],
    ['no action', { value: {} }],
    ['an action that is a list', { value: { action: [] } }],
    ['another type of action', { value: { action: { type: 'Action.Submit', verb: 'review', data: {} } } }],
    ['no data', { value: { action: { type: 'Action.Execute', verb: 'review' } } }],
    ['another name', { name: 'task/fetch' }],
    ['no name', { name: undefined }],
    ['no conversation', { conversation: undefined }],
    ['a malformed conversation', { conversation: { id: 7 } }],
    ['a malformed card', { replyToId: {} }],
  ])('an invoke with %s', async (_fault, more) => {
    const { status, body } = await bot.send({ ...click('dba-1', 'approve', seen), ...more })
    expect(status).toBe(200)
    expectWords(body)
  })

  test('a click that a client made by itself', async () => {
    const { value } = click('dba-1', 'approve', seen) as { value: object }
    const automatic = { ...click('dba-1', 'approve', seen), value: { ...value, trigger: 'automatic' } }
    expectWords((await bot.send(automatic)).body)
  })

  test.each([
    ['a verb', '"verb":"approve"', '"verb":"review","verb":"approve"'],
    ['a person', '"from":{', '"from":{"aadObjectId":"c0000000-0000-4000-8000-000000000002",'],
    ['a type', '"type":"invoke"', '"type":"message","type":"invoke"'],
  ])('an invoke with a repeated member: %s', async (_what, once, twice) => {
    const text = JSON.stringify(click('dba-1', 'approve', seen))
    const doubled = text.replace(once, twice)
    expect(doubled).not.toBe(text)
    const { status, body } = await bot.send(doubled)
    expect(status).toBe(200)
    expectWords(body)
    const strangers = await stack.call(null, '/api/messages', doubled)
    expect(strangers).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  test.each<[string, object]>([
    ['a name', { id: '29:x', name: 'dba-1' }],
    ['a mail address', { id: '29:x', aadObjectId: 'dba-1@contoso.test' }],
    ['nothing', {}],
  ])('an invoke whose sender is identified by %s', async (_what, from) => {
    const { status, body } = await bot.send({ ...click('dba-1', 'approve', seen), from })
    expect(status).toBe(200)
    expectWords(body)
  })

  test('an invoke from another tenant', async () => {
    const channelData = { tenant: { id: '99999999-9999-4999-8999-999999999999' } }
    const { status, body } = await bot.send({ ...click('dba-1', 'approve', seen), channelData })
    expect({ status, body }).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  test('the typed words approve, deny, revoke', async () => {
    const id = request.id
    for (const text of [`approve ${id}`, `Approve`, `deny ${id} No.`, `revoke ${id}`, `please approve ${id}`]) {
      const said = connector.messages('a:dba-1').length
      expect((await bot.say('dba-1', text)).status).toBe(200)
      expect(connector.messages('a:dba-1').slice(said)).toMatchObject([{ body: { text: expect.any(String) } }])
    }
  })

  test('being installed, except one message, even if Teams repeats it', async () => {
    const before = connector.messages('a:dba-1').length
    const installed = { type: 'installationUpdate', action: 'add' }
    const added = { type: 'conversationUpdate', membersAdded: [{ id: `28:${botAppId}` }] }
    for (const more of [
      installed,
      added,
      installed,
      added,
      { ...installed, action: 'remove-upgrade' },
      { type: 'typing' },
    ]) {
      const { status, body } = await bot.send(activity('dba-1', more))
      expect({ status, body }).toEqual({ status: 200, body: '' })
    }
    const after = connector.messages('a:dba-1').slice(before)
    expect(after.map(({ body }) => body.text)).toEqual([english.bot.welcome])
  })
})

describe('a command', () => {
  const answerTo = async (who: string, text: string) => {
    expect((await bot.say(who, text)).status).toBe(200)
    const { body } = connector.messages(`a:${who}`).at(-1) ?? {}
    return body?.text ?? (body?.attachments?.[0]?.content as object | undefined) ?? null
  }

  test('is explained by help, in words', async () => {
    expect(await answerTo('dba-1', 'help')).toBe(english.bot.help)
    expect(await answerTo('dba-1', 'hello')).toBe(english.bot.unknownCommand)
  })

  test('lists what waits for the person who asks, with a button for each', async () => {
    const [request, other] = [await ask(), await ask({ params: { rows: 120_000 } })]
    const ids = async (who: string) => {
      const answer = await answerTo(who, 'pending')
      if (typeof answer === 'string') return answer
      return buttons(answer as object).map(({ data }) => (data as { request: string }).request)
    }
    expect(await ids('dba-1')).toEqual([request.id, other.id])
    expect(await ids('security-1')).toEqual([other.id])
    await approve('dba-1', other)
    expect(await ids('dba-1')).toEqual([request.id])
    for (const who of ['owner', 'guest', 'compliance']) expect(await ids(who)).toBe(english.bot.nothingPending)
    for (const one of [request, other]) await cancel(one)
  })

  test('shows one request to a person who may know of it', async () => {
    const request = await ask()
    const card = (await answerTo('dba-1', `show ${request.id}`)) as object
    expect(buttons(card)).toMatchObject([{ verb: 'review', data: { request: request.id } }])
    expect(complaints(card)).toEqual([])
    for (const who of ['compliance', 'guest', 'security-1'])
      expect(await answerTo(who, `show ${request.id}`)).toEqual(
        await answerTo(who, 'show 01kjw2xm00abcdefghjkmnpqrs-07'),
      )
    for (const text of ['show', 'show nothing', "show ' or 1 eq 1"])
      expect(await answerTo('dba-1', text)).toEqual(expect.any(String))
    await cancel(request)
  })

  test('is answered in the channel where it was typed', async () => {
    const { conversation } = await stray('Somebody wrote to the bot.')
    const mention = { type: 'mention', text: '<at>Countersign</at>', mentioned: { id: `28:${botAppId}` } }
    const words = { type: 'message', text: '<at>Countersign</at> help', entities: [mention] }
    const place = { conversation: { id: conversation, conversationType: 'channel', isGroup: true } }
    expect((await bot.send(activity('dba-1', { ...words, ...place }))).status).toBe(200)
    expect(connector.messages(conversation).at(-1)?.body.text).toBe(english.bot.help)
  })
})

describe('a forgotten card', () => {
  const posted = ({ id }: Answer['body']) => ({ request: id, posted: true })

  test('is updated at a click of a person who may decide, and stays up to date', async () => {
    const request = await ask()
    const known = await cardIn(request)
    expect(dataOf(shown(known), 'review')).toEqual(posted(request))
    const lost = await stray('An old card.')
    drawn(await bot.click('dba-1', 'review', posted(request), lost))
    await shows(lost, 'pending')
    expect(shown(lost)).toEqual(shown(known))
    await approve('dba-1', request)
    for (const card of [known, lost]) await shows(card, 'approved')
  })

  test.each<[string, string, object, string]>([
    ['in a channel of other groups', 'dba-1', { posted: true }, '19:elsewhere@thread.tacv2'],
    ['at a click by a person who may not decide', 'compliance', { posted: true }, channel],
    ['if it is a list, or a person’s own view', 'dba-1', {}, channel],
  ])('is not adopted %s', async (_which, who, more, where) => {
    const request = await ask()
    const known = await cardIn(request)
    const lost = await stray('Something else.', where)
    await bot.click(who, 'review', { request: request.id, ...more }, lost)
    await approve('dba-1', request)
    await shows(known, 'approved')
    expect(lines(connector.shown(lost) as object)).toEqual(['Something else.'])
  })
})

test('whoever said "notify on" is asked in their own chat and answers there; people are reminded in the thread once', async () => {
  await bot.say('owner', 'notify on')
  const release = { action: 'deploy.release', target: `prod/${randomUUID()}`, params: { from: '1', to: '2' } }
  const request = await ask(release)
  const card = await cardIn(request)
  const asked = await view('dba-1', request)
  const waiting = drawn(await press('dba-1', asked, 'ask', { question: 'Is **it** in?' }))
  expect(lines(waiting)).toContain('dba-1 asks: “Is **it** in?”')
  const own = await until(
    () => noticesIn('a:owner'),
    ({ length }) => length > 0,
  )
  expect(own.map(({ speak }) => speak)).toEqual([english.notices.asked])
  const side = drawn(await bot.click('owner', 'review', dataOf(own[0] ?? {}, 'review')))
  drawn(await press('owner', side, 'answer', { answer1: 'It is.' }))
  await until(
    () => lines(shown(card)),
    (seen) => seen.includes('By owner, for the agent'),
  )
  await stack.local('advance', '16m')
  const thread = await until(
    () => noticesIn(card.conversation).map(({ speak }) => speak),
    (told) => told.includes(english.notices.reminded),
  )
  expect(thread).toEqual([english.notices.asked, english.notices.answered, english.notices.reminded])
  await approve('dba-1', request)
  await shows(card, 'approved')
  expect(noticesIn(card.conversation)).toHaveLength(3)
  expect(noticesIn('a:dba-1')).toEqual([])
  expect(noticesIn('a:owner')).toHaveLength(1)
})

/** The stack's clock goes on: last. */
test('a vote after the deadline finds an expired request, and the card shows that', async () => {
  const request = await ask()
  const card = await cardIn(request)
  const review = await view('dba-1', request)
  await stack.local('advance', '61m')
  await shows(card, 'expired')
  const before = await events(request)
  const answer = drawn(await press('dba-1', review, 'approve', {}, card))
  expect(lines(answer)).toContain(english.statuses.expired)
  expect(verbs(answer)).toEqual([])
  expect(await events(request)).toBe(before)
  expect(await types(request)).toEqual(['requested', 'shown', 'expired'])
})

async function ask(more: Record<string, unknown> = {}, agent = 'deploy-bot'): Promise<Answer['body']> {
  const { status, body } = await stack.call(agent, '/api/requests', wish(more))
  expect({ status, body }).toMatchObject({ status: 201, body: { status: 'pending' } })
  return body
}

const read = async ({ id }: Answer['body']) => (await stack.call('deploy-bot', `/api/requests/${id}`)).body
const cancel = ({ id }: Answer['body']) => stack.call('deploy-bot', `/api/requests/${id}/cancel`, {})

const events = async ({ id }: Answer['body']): Promise<string> =>
  (await stack.call('compliance', `/api/requests/${id}/events`)).body

/** The types of the request's events, without the refusals, which change nothing. */
const types = async (request: Answer['body']): Promise<readonly string[]> =>
  (await allTypes(request)).filter((type) => type !== 'refused')

const allTypes = async (request: Answer['body']): Promise<readonly string[]> =>
  (await events(request))
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type)

/** The one card of the request in the channel. */
async function cardIn({ id }: Answer['body']): Promise<PostedCard> {
  const found = () => connector.posts(channel).filter((card) => JSON.stringify(connector.shown(card)).includes(id))
  const [card] = await until(found, ({ length }) => length > 0)
  if (!card) throw new Error('There is no card.')
  return card
}

/** The card that people see there: one that Teams can draw. */
function shown(card: PostedCard): object {
  const content = connector.shown(card) as object | null
  if (!content) throw new Error('There is no card.')
  expect(complaints(content)).toEqual([])
  return content
}

const shows = (card: PostedCard, status: keyof typeof english.statuses) =>
  until(
    () => lines(connector.shown(card) as object),
    (seen) => seen.includes(english.statuses[status]),
  )

/** The cards that were sent into a conversation after its first message, or into a chat. */
const noticesIn = (conversation: string): readonly { readonly speak?: string }[] =>
  connector.messages(conversation).flatMap(({ body }, i) => {
    const content = body.attachments?.[0]?.content as { speak?: string } | undefined
    return content &&
      (i > 0 || conversation.startsWith('a:')) &&
      /^(?:An approver|A question|Reminder)/.test(content.speak ?? '')
      ? [content]
      : []
  })

/** A card that the bot does not know of. */
async function stray(text: string, where = channel): Promise<PostedCard> {
  const block = { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text }] }
  const attachments = [{ content: { type: 'AdaptiveCard', version: '1.5', body: [block] } }]
  const body = { activity: { type: 'message', attachments }, channelData: { channel: { id: where } } }
  const answer = await fetch(`${connector.url}/v3/conversations`, { method: 'POST', body: JSON.stringify(body) })
  const { id, activityId } = (await answer.json()) as { id: string; activityId: string }
  return { conversation: id, activity: activityId }
}

/** The card of an answer: one that Teams can draw. */
function drawn(answer: Answer['body']): object {
  expect(answer).toMatchObject({ statusCode: 200, type: 'application/vnd.microsoft.card.adaptive' })
  expect(complaints(answer.value)).toEqual([])
  return answer.value
}

const view = async (who: string, request: Answer['body']): Promise<object> =>
  drawn(await bot.click(who, 'review', { request: request.id }))

const approve = async (who: string, request: Answer['body']): Promise<object> =>
  drawn(await press(who, await view(who, request), 'approve'))

function dataOf(card: object, verb: string): JsonObject {
  const button = buttons(card).find((one) => one.verb === verb)
  if (!button) throw new Error(`The card has no ${verb}.`)
  return button.data as JsonObject
}

/** Presses a button of a card. Teams adds what was typed to its data. */
const press = (who: string, card: object, verb: string, inputs: object = {}, on?: PostedCard) =>
  bot.click(who, verb, { ...dataOf(card, verb), ...inputs }, on)

const pagesOf = (card: object): number =>
  Number(texts(card, 'TextBlock').flatMap((text) => /^Page \d+ of (\d+)$/.exec(text)?.[1] ?? [])[0] ?? 1)

/** What stands in the inputs of a card. */
const typedIn = (card: object): object =>
  Object.fromEntries(objects(card).flatMap((one) => (one['type'] === 'Input.Text' ? [[one['id'], one['value']]] : [])))

/** Words as Teams shows them when something went wrong: a sentence for people, nothing of a program. */
function expectWords(answer: Answer['body'], code?: string): void {
  expect(answer).toMatchObject({ type: 'application/vnd.microsoft.error', value: { code: code ?? expect.any(String) } })
  expect(answer.statusCode).toBeGreaterThanOrEqual(400)
  expect(answer.value.message).toMatch(/^[A-Z][^{}<>/_]+\.$/)
  expect(answer.value.message).not.toMatch(/invalid|expected|json|zod|undefined|null/i)
}
