import type { ObjectId, RequestId } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { type Bot, bot } from '../../src/teams/inbound/bot.ts'
import type { BotAnswer } from '../../src/teams/inbound/botAnswer.ts'
import { parseClick } from '../../src/teams/inbound/click.ts'
import { english } from '../../src/words/english.ts'
import { action, bot as deployBot, dba, dba2, needs, oid, owner } from '../support/build.ts'
import type { Roster } from '../support/fakes.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import { incident, provided } from '../support/talked.ts'
import { agent, asks, history, roster, stranger, type World, world } from '../support/world.ts'
import { buttons, cards, lines, objects, verbs } from '../cards/drawn.ts'

/** The second account of the person who breaks glasses, which is also in dba. */
const incident2 = oid(62)
/** An owner who is in no group. */
const sponsor = oid(63)

const registered = agent(deployBot, { sponsors: [sponsor] })

let place: World
let talk: Bot
let said: (string | object)[]

beforeEach(() => enter())

async function enter(other: Partial<Roster> = {}): Promise<void> {
  const { judgement = needs() } = provided()
  const groups = [
    ...roster().groups.map((group) => ({ ...group, members: [...group.members, incident2] })),
    { name: 'incident', members: [incident, owner], channels: [] },
  ]
  const others: Partial<Roster> = {
    groups,
    people: [...roster().people, [incident, incident2]],
    agents: [registered],
    ...other,
  }
  place = await world(() => judgement, others)
  for (const id of [incident, incident2, sponsor]) place.directory.add(id)
  said = []
  const outbox = new MemoryOutbox(new MemoryLedger())
  talk = bot({
    approvals: place.approvals,
    cards,
    messenger: { reply: async (_where, answer) => (said.push(answer), { sent: null }) },
    arrivals: outbox,
    hearings: outbox,
    isShownIn: () => true,
    adopt: async () => undefined,
  })
}

const ask = async (): Promise<ApprovalRequest> =>
  (await place.approvals.ask(asks({ action, agent: registered }))).request
const found = async (id: RequestId): Promise<ApprovalRequest> => {
  const request = await place.ledger.find(id)
  if (!request) throw new Error('There is no such request.')
  return request
}
const types = (id: RequestId) => history(place, id)

/** Sends what a button sends, with what the person typed, through the reader of clicks. */
async function click(who: ObjectId, verb: string, data: object): Promise<BotAnswer> {
  const value = { action: { type: 'Action.Execute', verb, data: data as JsonObject } }
  const read = parseClick({ type: 'invoke', name: 'adaptiveCard/action', value })
  if ('why' in read) throw new Error(read.why)
  return talk({ who, conversation: 'a:1', personal: true, ...read })
}

function drawn(answer: BotAnswer): object {
  if (answer.kind !== 'card') throw new Error(`This is ${JSON.stringify(answer)}.`)
  return answer.card
}

const open = async (who: ObjectId, request: RequestId) => drawn(await click(who, 'review', { request }))

/** Presses a button of a card, the one that matches if there are several. */
function press(who: ObjectId, card: object, verb: string, typed: object = {}, also: object = {}): Promise<BotAnswer> {
  const data = buttons(card)
    .filter((one) => one.verb === verb)
    .map((one) => one.data as object)
    .find((one) => Object.entries(also).every(([key, value]) => (one as Record<string, unknown>)[key] === value))
  if (!data) throw new Error(`No button ${verb}: ${JSON.stringify(verbs(card))}`)
  return click(who, verb, { ...data, ...typed })
}

const dataOf = (card: object, verb: string): JsonObject =>
  (buttons(card).find((one) => one.verb === verb)?.data ?? {}) as JsonObject

const viewIn = (card: object, verb: string): unknown => dataOf(card, verb)['view']

const valuesIn = (card: object) =>
  Object.fromEntries(objects(card).flatMap(({ id, value }) => (typeof value === 'string' ? [[id, value]] : [])))

describe('a question', () => {
  test('is asked by an approver, answered by the owner, and the vote rests on the answer', async () => {
    const { id } = await ask()
    const card = await open(dba, id)
    const after = drawn(await press(dba, card, 'ask', { question: 'Which customers?' }))
    expect(lines(after)).toEqual(expect.arrayContaining(['Person 11 asks: “Which customers?”', english.talk.waits]))
    expect(verbs(after)).not.toContain('ask')

    const side = await open(sponsor, id)
    expect(verbs(side)).toEqual(['answer'])
    const told = await press(sponsor, side, 'answer', { answer1: 'Those of FIN-881.' })
    expect(told).toMatchObject({ kind: 'card' })
    expect(verbs(drawn(told))).toEqual([])

    const stale = await press(dba, card, 'approve')
    expect(stale).toMatchObject({ code: 'digest-mismatch' })
    const now = drawn(stale)
    expect(lines(now)).toEqual(expect.arrayContaining(['By Person 63, for the agent', 'Those of FIN-881.']))
    await press(dba, now, 'approve')
    await press(dba2, await open(dba2, id), 'approve')
    expect((await found(id)).status).toBe('approved')
  })

  test('is recorded once, however often it is sent', async () => {
    const { id } = await ask()
    const card = await open(dba, id)
    for (let i = 0; i < 3; i++) drawn(await press(dba, card, 'ask', { question: 'Why?' }))
    expect((await types(id)).filter((type) => type === 'asked')).toHaveLength(1)
    const other = await press(dba, card, 'ask', { question: 'Why else?' })
    expect(other).toMatchObject({ code: 'too-many' })
    expect(lines(drawn(other)).join('\n')).toContain('“Why else?”')
  })

  test.each([
    ['no words', '  ', english.card.questionMissing],
    ['nothing that can be seen', '\u200b\u3164', english.card.questionMissing],
    ['a control character', 'Why\u0007?', english.clicks.invisible(english.clicks.inputs.question)],
    ['too many characters', 'w'.repeat(501), english.clicks.tooLong(english.clicks.inputs.question, 500)],
    ['a secret', 'Is it postgres://admin:hunter2hunter2@db/x?', 'looks like a secret'],
  ])('with %s is not asked, and comes back in its form', async (_what, question, why) => {
    const { id } = await ask()
    const answer = await press(dba, await open(dba, id), 'ask', { question })
    expect(answer).toHaveProperty('code')
    const form = drawn(answer)
    expect(lines(form).join('\n')).toContain(why)
    expect(valuesIn(form)['question']).toBe(question.trim())
    expect(verbs(form)).toEqual(['ask', 'review'])
    expect(await types(id)).not.toContain('asked')
  })

  test('of somebody who may not approve is refused, and the refusal is recorded', async () => {
    const { id } = await ask()
    const card = await open(owner, id)
    expect(verbs(card)).not.toContain('ask')
    const view = viewIn(card, 'deny')
    const refused = await click(owner, 'ask', { request: id, view, question: 'Why?' })
    expect(refused).toMatchObject({ kind: 'card', code: 'self-approval' })
    expect(await types(id)).toEqual(['requested', 'shown', 'refused'])
    expect(await click(stranger, 'ask', { request: id, view, question: 'Why?' })).toMatchObject({ code: 'not-found' })
  })
})

describe('an answer', () => {
  const asked = async () => {
    const { id } = await ask()
    await press(dba, await open(dba, id), 'ask', { question: 'Which customers?' })
    return id
  }

  test('that comes twice is recorded once, and other words are refused with what was typed', async () => {
    const id = await asked()
    const side = await open(sponsor, id)
    for (let i = 0; i < 2; i++) await press(sponsor, side, 'answer', { answer1: 'All.' })
    const other = await press(sponsor, side, 'answer', { answer1: 'None.' })
    expect(other).toMatchObject({ kind: 'card', code: 'already-answered' })
    expect(lines(drawn(other)).join('\n')).toContain(english.bot.typed('None.'))
    expect((await types(id)).filter((type) => type === 'answered')).toHaveLength(1)
  })

  test('that comes late is refused with what was typed', async () => {
    const id = await asked()
    const side = await open(sponsor, id)
    await press(dba, await open(dba, id), 'deny', { reason: 'Too late.' })
    const late = await press(sponsor, side, 'answer', { answer1: 'a'.repeat(1_000) })
    expect(late).toMatchObject({ code: 'not-pending' })
    expect(lines(drawn(late)).join('\n')).toContain('a'.repeat(1_000))
    expect(await types(id)).not.toContain('answered')
  })

  test.each([
    ['no words', ' ', english.card.answerMissing],
    ['a secret', 'The password is postgres://admin:hunter2hunter2@db/x', 'looks like a secret'],
    ['too many characters', 'w'.repeat(1_001), english.clicks.tooLong(english.clicks.inputs.answer, 1_000)],
  ])('with %s is not given, and comes back with those to other questions', async (_what, words, why) => {
    const id = await asked()
    await press(dba2, await open(dba2, id), 'ask', { question: 'Until when?' })
    const side = await open(sponsor, id)
    const answer = await press(sponsor, side, 'answer', { answer1: words, answer2: 'Noon.' }, { number: 1 })
    expect(answer).toHaveProperty('code')
    expect(lines(drawn(answer)).join('\n')).toContain(why)
    expect(valuesIn(drawn(answer))).toEqual({ answer1: words.trim(), answer2: 'Noon.' })
    const sent = drawn(await press(sponsor, side, 'answer', { answer1: 'Those.', answer2: 'Noon.' }, { number: 1 }))
    expect(valuesIn(sent)).toEqual({ answer2: 'Noon.' })
  })

  test('by an approver is refused, and the refusal is recorded', async () => {
    const id = await asked()
    const data = dataOf(await open(sponsor, id), 'answer')
    const refused = await click(dba2, 'answer', { ...data, answer1: 'All.' })
    expect(refused).toMatchObject({ kind: 'card', code: 'not-permitted' })
    expect(await types(id)).toEqual(['requested', 'shown', 'asked', 'refused', 'shown'])
    expect(await click(stranger, 'answer', { ...data, answer1: 'All.' })).toMatchObject({ code: 'not-found' })
  })

  test('is offered only to people whom policy lets answer', async () => {
    await enter({ agents: [{ ...registered, answers: 'agent' }] })
    const id = await asked()
    expect(verbs(await open(sponsor, id))).toEqual([])
  })

  test('with hidden characters warns the approvers, and is shown as text', async () => {
    const id = await asked()
    await press(sponsor, await open(sponsor, id), 'answer', { answer1: '[ok](https://evil.example)\u202e ${$root}' })
    const now = await open(dba, id)
    expect(lines(now)).toContain(`[ok](https://evil.example)⟦U+202E⟧ \${$root}`)
    expect(lines(now).join('\n')).toContain(english.warnings['hidden-characters'])
    expect((await found(id)).warnings).toContain('hidden-characters')
  })
})

describe('"pending"', () => {
  const listed = async (who: ObjectId): Promise<unknown> => {
    await talk({ kind: 'command', who, conversation: 'a:1', personal: true, name: 'pending' })
    const answer = said.at(-1)
    return typeof answer === 'object'
      ? buttons(answer).map(({ data }) => (data as { request?: string }).request)
      : answer
  }

  test('lists a request for the side while a question waits for them, and for approvers anew after the answer', async () => {
    const { id } = await ask()
    expect(await listed(sponsor)).toBe(english.bot.nothingPending)
    await press(dba, await open(dba, id), 'approve')
    expect(await listed(dba)).toBe(english.bot.nothingPending)
    await press(dba2, await open(dba2, id), 'ask', { question: 'Why?' })
    expect(await listed(sponsor)).toEqual([id])
    await press(sponsor, await open(sponsor, id), 'answer', { answer1: 'FIN-881.' })
    expect(await listed(sponsor)).toBe(english.bot.nothingPending)
    expect(await listed(dba)).toEqual([id])
  })

  test('lists nothing for a person who may only break the glass', async () => {
    await ask()
    expect(await listed(incident)).toBe(english.bot.nothingPending)
  })
})

describe('a broken glass', () => {
  const typed = { glassReason: 'The site is down.', glassConfirm: 'customers ' }

  test('is broken by one of its group alone, seen by all, and reviewed by another', async () => {
    const { id } = await ask()
    const card = await open(incident, id)
    expect(verbs(card)).toEqual(['break-glass'])
    const after = drawn(await press(incident, card, 'break-glass', typed))
    expect(verbs(after)).toEqual([])
    expect(lines(after)).toContain('Break-glass: approved by Person 61 alone: “The site is down.”')
    expect(await found(id)).toMatchObject({ status: 'approved', glass: { by: incident } })

    const review = await open(dba, id)
    expect(verbs(review)).toEqual(['review-glass', 'review-glass', 'revoke'])
    const found1 = await press(dba, review, 'review-glass', { unjustified: 'It was up.' }, { finding: 'unjustified' })
    expect(lines(drawn(found1))).toContain('Found not justified by Person 11: “It was up.”')
    expect((await found(id)).glass?.review).toMatchObject({ by: dba, finding: 'unjustified' })
    const again = await press(dba2, review, 'review-glass', { justified: 'It was down.' }, { finding: 'justified' })
    expect(again).toMatchObject({ kind: 'card', code: 'already-reviewed' })
    expect(lines(drawn(again)).join('\n')).toContain('“It was down.”')
  })

  test('twice is broken once', async () => {
    const { id } = await ask()
    const card = await open(incident, id)
    for (let i = 0; i < 2; i++) drawn(await press(incident, card, 'break-glass', typed))
    expect((await types(id)).filter((type) => type === 'glass-broken')).toHaveLength(1)
  })

  test.each([
    ['no reason', { glassConfirm: 'customers' }, english.card.breakMissing],
    ['another target', { glassReason: 'Fire.', glassConfirm: 'orders' }, english.bot.notConfirmed],
    [
      'a secret',
      { glassReason: 'postgres://admin:hunter2hunter2@db/x', glassConfirm: 'customers' },
      'looks like a secret',
    ],
  ])('with %s is not broken, and its form comes back', async (_what, given, why) => {
    const { id } = await ask()
    const form = drawn(await press(incident, await open(incident, id), 'break-glass', given))
    expect(lines(form).join('\n')).toContain(why)
    expect(valuesIn(form)).toEqual({ glassReason: '', ...given })
    expect((await found(id)).status).toBe('pending')
  })

  test('by the owner, though of its group, is refused and recorded', async () => {
    const { id } = await ask()
    const card = await open(owner, id)
    expect(verbs(card)).not.toContain('break-glass')
    const view = viewIn(card, 'deny')
    const refused = await click(owner, 'break-glass', { request: id, view, ...typed })
    expect(refused).toMatchObject({ kind: 'card', code: 'self-approval' })
    expect(await types(id)).toEqual(['requested', 'shown', 'refused'])
  })

  test('on a view that was not shown is refused', async () => {
    const { id } = await ask()
    const view = viewIn(await open(dba, id), 'approve')
    const refused = await click(incident, 'break-glass', { request: id, view, ...typed })
    expect(refused).toMatchObject({ kind: 'card', code: 'digest-mismatch' })
    expect(lines(drawn(refused)).join('\n')).toContain(english.bot.typed('The site is down.'))
  })

  test('is not reviewed by another account of the person who broke it', async () => {
    const { id } = await ask()
    await press(incident, await open(incident, id), 'break-glass', typed)
    const theirs = await open(incident2, id)
    expect(verbs(theirs)).toEqual(['revoke'])
    const refused = await click(incident2, 'review-glass', { request: id, finding: 'justified', justified: 'Yes.' })
    expect(refused).toMatchObject({ code: 'self-approval' })
    expect((await found(id)).glass).not.toHaveProperty('review')
  })

  test('a review without a reason comes back in its form', async () => {
    const { id } = await ask()
    await press(incident, await open(incident, id), 'break-glass', typed)
    const form = drawn(await press(dba, await open(dba, id), 'review-glass', {}, { finding: 'justified' }))
    expect(lines(form)).toContain(`✕ ${english.card.findingMissing}`)
    expect(verbs(form)).toEqual(['review-glass', 'review'])
  })
})
