import { mostViewPages } from '../../src/core/request/viewPage.ts'
import { type RequestId, sha256 } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { viewOf } from '../../src/core/request/view.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { spoken } from '../../src/words/spoken.ts'
import { bot, dba, needs, slot, tool } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { agent, anAction, asks, history, roster, stranger } from '../support/world.ts'
import { type Served, served, stepUp } from './served.ts'

const template = sha256(readCards('cards').get('review.json') ?? '')
const long = { params: { a: 'x'.repeat(5_000) }, action: 'db.export', target: 'prod/x', environment: 'production' }

let here: Served

const asked = async (more: Parameters<typeof asks>[0] = {}): Promise<ApprovalRequest> =>
  (await here.approvals.ask(asks(more))).request
const views = ({ id }: Pick<ApprovalRequest, 'id'>, body: object = {}, who = 'approver') =>
  here.call('views', who, { params: { id }, body })
const decide = ({ id }: Pick<ApprovalRequest, 'id'>, body: object) =>
  here.call('decide', 'approver', { params: { id }, body })
const verbsOf = (card: object): string =>
  JSON.stringify(card)
    .match(/"verb":"\w+"/g)
    ?.join() ?? ''

describe('a view over HTTP', () => {
  beforeEach(async () => {
    here = await served()
  })

  test('is the card that Teams would get, with what the vote names, and recorded before the answer', async () => {
    const request = await asked()
    const { status, json } = await views(request)
    expect(status).toBe(200)
    expect(json).toMatchObject({ template, page: 1, pages: 1, request: { id: request.id, status: 'pending' } })
    expect(json.view).toBe(viewOf(request, template))
    expect(json).not.toHaveProperty('refusal')
    expect(json.card).toMatchObject({ type: 'AdaptiveCard' })
    expect(verbsOf(json.card)).toContain('approve')
    expect(await history(here, request.id)).toEqual(['requested', 'shown'])
  })

  test('of a person who may only break the glass has no button that decides', async () => {
    const glass = { groups: ['incident'], review: 86_400 }
    const incident = { name: 'incident', members: [stranger], channels: [] }
    here = await served(undefined, {
      judge: () => needs([slot('dba')], { glass }),
      groups: [...roster().groups, incident],
    })
    const { status, json } = await views(await asked(), {}, 'stranger')
    expect(status).toBe(200)
    expect(json).toMatchObject({ view: expect.any(String), refusal: { code: 'not-permitted' } })
    expect(verbsOf(json.card)).toBe('')
  })

  test('is recorded once for each page, and a page after the last is the last', async () => {
    const request = await asked({ action: long })
    for (const page of [1, 1, 2, 2, 10]) expect((await views(request, { page })).json.page).toBe(Math.min(page, 2))
    expect(await history(here, request.id)).toEqual(['requested', 'shown', 'shown'])
  })

  test.each([0, mostViewPages + 1, 1.5, '1'])('of page %j is refused', async (page) => {
    const { status, json } = await views(await asked(), { page })
    expect({ status, pointer: json.pointer }).toEqual({ status: 400, pointer: '/page' })
  })

  test('of a stranger, an auditor or an unknown request is not found, and records nothing', async () => {
    const request = await asked()
    for (const who of ['stranger', 'no role', 'Evidence.Read'])
      expect((await views(request, {}, who)).json).toMatchObject({ status: 404, code: 'not-found' })
    const other = request.id.endsWith('f') ? 'e' : 'f'
    const elsewhere = `${request.id.slice(0, -1)}${other}` as typeof request.id
    expect((await views({ id: elsewhere })).status).toBe(404)
    expect(await history(here, request.id)).toEqual(['requested'])
  })

  test('of an owner says why it cannot be approved, without that button, and lets them deny', async () => {
    const request = await asked()
    const { status, json } = await views(request, {}, 'owner')
    expect(status).toBe(200)
    expect(json.refusal).toEqual({ code: 'self-approval', words: spoken.bot.excluded.policy })
    expect(verbsOf(json.card)).toMatch(/"deny"/)
    expect(verbsOf(json.card)).not.toMatch(/"approve"/)
    expect(await history(here, request.id)).toEqual(['requested', 'shown'])
    const { view } = json
    const vote = (body: object) => here.call('decide', 'owner', { params: { id: request.id }, body: { view, ...body } })
    expect((await vote({ verdict: 'approve' })).json).toMatchObject({ code: 'self-approval' })
    expect((await vote({ verdict: 'deny', reason: 'No.' })).json).toMatchObject({ status: 'denied' })
  })

  test('of a person who has voted and left the group says why, without a view, and records nothing', async () => {
    const request = await asked()
    await decide(request, { verdict: 'deny', reason: 'No.', digest: request.digest })
    const groups = roster().groups.map((group) => ({ ...group, members: group.members.filter((id) => id !== dba) }))
    const later = here.another({ policy: fakePolicy(roster({ groups })) })
    const reviewed = await later.approvals.review(request.id, dba, { page: 1, template, via: 'cli' })
    expect(reviewed).toMatchObject({ view: null, stranger: false, refusal: { code: 'not-permitted' } })
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'denied'])
  })
})

describe('a vote over HTTP on a view', () => {
  beforeEach(async () => {
    here = await served()
  })

  test('counts, and its event has the view, the application and its door', async () => {
    const request = await asked()
    const { view } = (await views(request)).json
    expect((await decide(request, { verdict: 'approve', view })).json).toMatchObject({ status: 'approved' })
    const found = await here.ledger.find(request.id)
    const leaves = found && (await here.ledger.events(found))
    const decided = leaves?.map(({ text }) => JSON.parse(text)).find(({ type }) => type === 'decided')
    expect(decided.data).toMatchObject({ view, via: 'cli', client: tool })
  })

  test('that was not shown, or not on every page, or to another person, counts nothing', async () => {
    const request = await asked({ action: long })
    const approve = async (view: unknown) => (await decide(request, { verdict: 'approve', view })).json
    const refused = { status: 403, code: 'digest-mismatch', pointer: '/view' }
    const view = viewOf(request, template)
    expect(await approve(view)).toMatchObject(refused)
    await views(request, { page: 2 }, 'other approver')
    expect(await approve(view)).toMatchObject(refused)
    await views(request, { page: 1 })
    expect(await approve(view)).toMatchObject(refused)
    expect(await approve(request.digest)).toMatchObject(refused)
    await views(request, { page: 2 })
    expect(await approve(view)).toMatchObject({ status: 'approved' })
  })

  test.each([
    ['neither', () => ({}), '/view'],
    ['both', ({ digest }: ApprovalRequest) => ({ digest, view: digest }), '/digest'],
    ['a view that is no digest', () => ({ view: 'sha256:1' }), '/view'],
  ])('with %s is refused, naming the field', async (_what, seen, pointer) => {
    const request = await asked()
    const { json } = await decide(request, { verdict: 'approve', ...seen(request) })
    expect(json).toMatchObject({ status: 400, code: 'invalid-input', pointer })
  })
})

describe('a request that another door approves', () => {
  beforeEach(async () => {
    here = await served(undefined, { judge: () => needs([slot('dba')], { via: ['teams'] }) })
  })

  test('is shown with why it cannot be approved here, without that button, and can be denied', async () => {
    const request = await asked()
    const { json } = await views(request)
    expect(json.refusal).toMatchObject({ code: 'not-permitted', words: expect.stringContaining('teams') as string })
    expect(verbsOf(json.card)).toMatch(/"deny"/)
    expect(verbsOf(json.card)).not.toMatch(/"approve"/)
    const { view } = json
    expect((await decide(request, { verdict: 'approve', view })).json).toMatchObject({ code: 'not-permitted' })
    expect((await decide(request, { verdict: 'deny', view, reason: 'No.' })).json).toMatchObject({ status: 'denied' })
  })
})

describe('a request of tier high, where the settings name an authentication context', () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
  const confirm = 'customers'
  const onCustomers = () => asked({ action: { ...anAction(), target: `${anAction().target}/${confirm}` } })
  const acts = [
    ['decide', { verdict: 'approve', confirm }, ['requested', 'decided', 'approved']],
    ['decide', { verdict: 'deny', reason: 'No.' }, ['requested', 'decided', 'denied']],
    ['revoke', {}, ['requested', 'decided', 'approved', 'revoked']],
  ] as const
  const tier = (tier: 'medium' | 'high') => ({ judge: () => needs([slot('dba')], { tier }) })
  const decided = async (id: RequestId) => {
    const found = await here.ledger.find(id)
    const leaves = found ? await here.ledger.events(found) : []
    return leaves.map(({ text }) => JSON.parse(text)).find(({ type }) => type === 'decided')?.data
  }
  /** Calls as this person, after another has approved what is to be revoked. */
  async function act(name: 'decide' | 'revoke', who: string, body: object) {
    const { id, digest } = await onCustomers()
    const call = (caller: string, more: object) =>
      here.call(name, caller, { params: { id }, body: name === 'revoke' ? {} : { digest, ...more } })
    if (name === 'revoke')
      await here.call('decide', 'approver, stepped up', {
        params: { id },
        body: { digest, verdict: 'approve', confirm },
      })
    return { id, answer: await call(who, body), again: () => call('approver', body) }
  }

  test.each(acts)('%s %j takes a token that bears it, and records nothing otherwise', async (name, body, whole) => {
    here = await served(undefined, tier('high'), { stepUp })
    for (const who of ['approver', 'approver, stepped up otherwise']) {
      const { id, answer } = await act(name, who, body)
      expect(answer.json).toMatchObject({ status: 401, code: 'step-up' })
      const challenge = `Bearer error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}", authorization_uri="${stepUp.authorizationUri}"`
      expect(answer.headers.get('www-authenticate')).toBe(challenge)
      expect(await history(here, id)).toEqual(name === 'revoke' ? whole.slice(0, -1) : ['requested'])
      await here.call('cancel', 'agent', { params: { id }, body: {} })
    }
    const { id, answer, again } = await act(name, 'approver, stepped up', body)
    expect(answer.status).toBe(200)
    expect(await history(here, id)).toEqual(whole)
    expect(await decided(id)).toMatchObject({ proved: 'c1' })
    // The same call again, after its answer was lost, records nothing and takes no proof.
    expect((await again()).status).toBe(200)
  })

  test.each(acts)('%s %j takes none for another tier, or where no context is named', async (name, body, whole) => {
    for (const [which, more] of [
      ['medium', { stepUp }],
      ['high', {}],
    ] as const) {
      here = await served(undefined, tier(which), more)
      const { id, answer } = await act(name, 'approver', body)
      expect(answer.status).toBe(200)
      expect(await history(here, id)).toEqual(whole)
      expect(await decided(id)).not.toHaveProperty('proved')
    }
  })

  test('who may not decide is told that, and a stranger nothing, with or without a proof', async () => {
    here = await served(undefined, tier('high'), { stepUp })
    const { id, digest } = await onCustomers()
    const approve = async (who: string) =>
      (await here.call('decide', who, { params: { id }, body: { digest, verdict: 'approve', confirm } })).json.code
    expect(await approve('owner')).toBe('self-approval')
    expect(await approve('stranger')).toBe('not-found')
  })

  test('is shown with the claims to sign in with, to those who can still use them', async () => {
    here = await served(undefined, tier('high'), { stepUp })
    const request = await onCustomers()
    for (const who of ['approver', 'owner', 'approver, stepped up otherwise'])
      expect((await views(request, {}, who)).json.stepUp).toEqual({ claims })
    const { json } = await views(request, {}, 'approver, stepped up')
    expect(json).not.toHaveProperty('stepUp')
    await here.call('decide', 'approver, stepped up', {
      params: { id: request.id },
      body: { view: json.view, verdict: 'deny', reason: 'No.' },
    })
    expect((await views(request)).json).not.toHaveProperty('stepUp')
  })
})

describe('what approvers are warned of', () => {
  beforeEach(async () => {
    here = await served()
  })

  test('is in every answer about a request to a person, in words, and in none to an agent', async () => {
    const request = await asked({ reason: 'p\u0430ypal' })
    const params = { id: request.id }
    const warnings = [{ code: 'mixed-scripts', words: expect.stringContaining('scripts') as string }]
    const { view, request: shown } = (await views(request)).json
    expect(shown.warnings).toEqual(warnings)
    expect((await here.call('read', 'approver', { params })).json.warnings).toEqual(warnings)
    const { requests } = (await here.call('list', 'approver', { query: '?status=pending' })).json
    expect(requests[0].warnings).toEqual(warnings)
    expect((await decide(request, { verdict: 'approve', view })).json.warnings).toEqual(warnings)
    expect((await here.call('revoke', 'approver', { params, body: {} })).json.warnings).toEqual(warnings)
    expect((await here.call('read', 'agent', { params })).json).not.toHaveProperty('warnings')
  })

  test('is an empty list where there is nothing to warn of', async () => {
    const { id } = await asked()
    expect((await here.call('read', 'approver', { params: { id } })).json.warnings).toEqual([])
  })
})

describe('what a person may do beside deciding', () => {
  const glass = { groups: ['security'], review: 3600 }
  const open = async (answers: 'owners' | 'agent' = 'owners') => {
    here = await served(undefined, { judge: () => ({ ...needs(), glass }), agents: [agent(bot, { answers })] })
    return asked()
  }
  const may = async (request: ApprovalRequest, who: string) => (await views(request, {}, who)).json.may as unknown
  const askBack = (request: ApprovalRequest) =>
    here.call('askBack', 'approver', { params: { id: request.id }, body: { question: 'Why?', digest: request.digest } })

  test('is to ask, once at a time, for who may approve; an owner answers, and no one else', async () => {
    const request = await open()
    expect(await may(request, 'approver')).toEqual(['ask'])
    expect(await may(request, 'owner')).toBeUndefined()
    expect((await askBack(request)).status).toBe(200)
    expect(await may(request, 'approver')).toBeUndefined()
    expect(await may(request, 'owner')).toEqual(['answer'])
  })

  test('is not to answer where the agent does', async () => {
    const request = await open('agent')
    await askBack(request)
    expect(await may(request, 'owner')).toBeUndefined()
  })

  test('is to break the glass for its group, and afterwards to review that for an approver', async () => {
    const request = await open()
    expect(await may(request, 'security')).toEqual(['break-glass'])
    const body = {
      reason: 'The site is down.',
      digest: request.digest,
      confirm: request.action?.target.split('/').at(-1),
    }
    const { status } = await here.call('breakGlass', 'security', { params: { id: request.id }, body })
    expect(status).toBe(200)
    expect(await may(request, 'security')).toBeUndefined()
    expect(await may(request, 'approver')).toEqual(['review'])
  })

  test('is told in lists, to people alone', async () => {
    const request = await open('agent')
    const listed = async (who: string, query = '?status=pending') =>
      (await here.call('list', who, { query })).json.requests as readonly Record<string, unknown>[]
    const told = async (who: string, query?: string) => (await listed(who, query)).map(({ may, next }) => [may, next])
    expect(await told('approver')).toEqual([[['ask'], 'wait']])
    expect(await told('security')).toEqual([[['break-glass'], 'wait']])
    expect(await told('agent')).toEqual([[undefined, 'wait']])
    await askBack(request)
    expect(await told('approver')).toEqual([[undefined, 'wait']])
    expect(await told('agent')).toEqual([[undefined, 'answer']])
    const body = { reason: 'Fire.', digest: request.digest, confirm: request.action?.target.split('/').at(-1) }
    await here.call('breakGlass', 'security', { params: { id: request.id }, body })
    expect(await told('other approver', '?review=due')).toEqual([[['review'], 'redeem']])
    expect(await told('security', '?review=due')).toEqual([[undefined, 'redeem']])
  })

  test('leaves the agent to answer until no question is open', async () => {
    const { id, digest } = await open('agent')
    const questions = ['approver', 'other approver'].map(async (who) => {
      const { json } = await here.call('askBack', who, { params: { id }, body: { question: `${who}?`, digest } })
      return (json.questions as readonly { readonly id: string }[]).at(-1)?.id
    })
    const [one, two] = [await questions[0], await questions[1]]
    const answer = async (question?: string) =>
      (await here.call('answer', 'agent', { params: { id }, body: { question, answer: 'So.' } })).json
    expect(await answer(one)).toMatchObject({ next: 'answer' })
    expect(await answer(two)).toMatchObject({ next: 'wait' })
  })
})
