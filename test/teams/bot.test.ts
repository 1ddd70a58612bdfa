import { type Digest, digestOf, type ObjectId, type RequestId } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Messenger, PostedCard } from '../../src/ports/messenger.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import type { Intent } from '../../src/teams/inbound/activity.ts'
import { parseClick } from '../../src/teams/inbound/click.ts'
import { type Bot, bot } from '../../src/teams/inbound/bot.ts'
import type { BotAnswer } from '../../src/teams/inbound/botAnswer.ts'
import { channelsOf } from '../../src/approvals/eligibility.ts'
import { english } from '../../src/words/english.ts'
import { after, dba, dba2, needs, oid, owner, runner, security, slot } from '../support/build.ts'
import { fakePolicy, type Roster } from '../support/fakes.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import {
  agent,
  asks,
  disabled,
  guest,
  history,
  ownerAlias,
  roster,
  stranger,
  votes,
  type World,
  world,
} from '../support/world.ts'
import { buttons, cards, lines } from '../cards/drawn.ts'

const conversation = '19:dba@thread.tacv2;messageid=1'
const channel = '19:dba@thread.tacv2'

let place: World
let talk: Bot
let box: MemoryOutbox
let said: { readonly conversation: string; readonly answer: string | object }[]
let sent: Awaited<ReturnType<Messenger['reply']>>
let adopted: { readonly request: RequestId; readonly channel: string; readonly card: PostedCard }[]

beforeEach(() => enter())

/** Two groups must decide; the bot talks to fakes. */
async function enter(other: Partial<Roster> = {}): Promise<void> {
  const { judge = () => needs([slot('dba'), slot('security')]), ...rest } = other
  const groups = roster().groups.map((group) => ({ ...group, channels: [`19:${group.name}@thread.tacv2`] }))
  place = await world(judge, { groups, ...rest })
  const policy = fakePolicy(roster({ groups, ...rest }))
  said = []
  sent = { sent: null }
  adopted = []
  box = new MemoryOutbox(new MemoryLedger())
  talk = bot({
    approvals: place.approvals,
    cards,
    messenger: {
      reply: async (conversation, answer) => {
        said.push({ conversation, answer })
        return sent
      },
    },
    arrivals: box,
    hearings: box,
    isShownIn: ({ requirement }, channel) => channelsOf(policy, requirement?.slots).includes(channel),
    adopt: async (request, channel, card) => void adopted.push({ request, channel, card }),
  })
}

const ask = async (): Promise<ApprovalRequest> => (await place.approvals.ask(asks())).request

const origin = (who: ObjectId) => ({ who, conversation, channel, card: '1' })
const review = (request: RequestId, who = dba, more: object = {}): Intent => ({
  ...{ kind: 'review', ...origin(who), request, page: 1, posted: true },
  ...more,
})
const revoke = (request: RequestId, who = dba): Intent => ({ kind: 'revoke', page: 1, ...origin(who), request })
const deny = (request: RequestId, view: Digest, who = dba): Intent => ({
  ...{ kind: 'decide', ...origin(who), request, verdict: 'deny', view, reason: 'No.', page: 1 },
})
const approve = (request: RequestId, view: Digest, who = dba): Intent => ({
  ...{ kind: 'decide', ...origin(who), request, verdict: 'approve', view, page: 1 },
})
const own = { conversation: 'a:1', personal: true } as const
/** A command in a person's own chat, or elsewhere. */
const command = (
  name: 'help' | 'pending' | 'show',
  argument?: string,
  who = dba,
  where: { readonly conversation: string; readonly channel?: string } = own,
): Intent => ({ ...{ kind: 'command', who, name }, ...where, ...(argument !== undefined && { argument }) })

function drawn(answer: BotAnswer): object {
  if (answer.kind !== 'card') throw new Error(`This is ${JSON.stringify(answer)}.`)
  return answer.card
}

const viewOf = (answer: BotAnswer): Digest =>
  buttons(drawn(answer)).flatMap(({ data }) => (data as { view?: Digest }).view ?? [])[0] as Digest

const down = () => {
  place.directory.down = true
}

describe('while the directory does not answer', () => {
  test('a click gets an error, and no vote is counted', async () => {
    const { id } = await ask()
    const view = viewOf(await talk(review(id)))
    down()
    for (const intent of [review(id), approve(id, view), deny(id, view), revoke(id)])
      expect(await talk(intent)).toMatchObject({ kind: 'error', status: 503, code: 'unavailable' })
    expect(await history(place, id)).toEqual(['requested', 'shown'])
  })

  test('a command gets an error', async () => {
    const { id } = await ask()
    down()
    for (const intent of [command('pending'), command('show', id)])
      expect(await talk(intent)).toEqual({ kind: 'none', code: 'unavailable' })
    expect(said.map(({ answer }) => answer)).toEqual(Array(2).fill(expect.stringMatching(/^[A-Z][^{}<>]+\.$/)))
    expect(await talk(command('help'))).toEqual({ kind: 'none' })
    expect(said.at(-1)).toEqual({ conversation: own.conversation, answer: english.bot.help })
  })

  test('a vote on outdated content gets words instead of the current card', async () => {
    const { id } = await ask()
    const view = viewOf(await talk(review(id)))
    const { ledger } = place
    const load = ledger.load.bind(ledger)
    ledger.load = (...args) => {
      down()
      return load(...args)
    }
    expect(await talk(approve(id, digestOf(view)))).toMatchObject({ kind: 'error', status: 503 })
  })
})

test('another account of a person who has voted gets an error, and no second vote', async () => {
  await enter({ people: [[dba, dba2]] })
  const { id } = await ask()
  const view = viewOf(await talk(review(id)))
  const before = drawn(await talk(review(id, dba2)))
  expect(lines(before)).not.toContain(english.bot.yourOtherAccount)
  await talk(approve(id, view))
  expect(lines(drawn(await talk(review(id, dba2))))).toContain(english.bot.yourOtherAccount)
  for (const intent of [approve(id, view, dba2), deny(id, view, dba2)])
    expect(await talk(intent)).toMatchObject({ kind: 'error', status: 409, code: 'already-decided' })
  expect(await history(place, id)).toEqual(['requested', 'shown', 'shown', 'decided'])
})

test('a bug is not turned into an answer', async () => {
  const { id } = await ask()
  const bug = () => Promise.reject(new TypeError('a bug'))
  Object.assign(place.ledger, { find: bug, load: bug })
  await expect(talk(review(id))).rejects.toThrow(TypeError)
  await expect(talk(command('show', id))).rejects.toThrow(TypeError)
  expect(said).toEqual([])
})

test("a reply that Teams refuses fails Teams' call", async () => {
  sent = { unsent: 'passing' }
  await expect(talk(command('help'))).rejects.toMatchObject({ code: 'unavailable' })
})

describe('a person who may not know of a request', () => {
  test.each<[string, ObjectId]>([
    ['a guest', guest],
    ['a disabled member', disabled],
    ['an unknown person', oid(99)],
  ])('gets the same answer as for an unknown request: %s', async (_who, who) => {
    const { id } = await ask()
    const other = `${id.slice(0, 10)}0000000000000000${id.slice(26)}` as RequestId
    const view = viewOf(await talk(review(id)))
    const tried = (of: RequestId) => [review(of, who), approve(of, view, who), deny(of, view, who), revoke(of, who)]
    for (const [i, intent] of tried(id).entries()) {
      const answer = await talk(intent)
      expect(answer).toEqual({ kind: 'error', status: 404, code: 'not-found', words: english.bot.notFound })
      expect(answer).toEqual(await talk(tried(other)[i] ?? intent))
    }
    for (const one of [id, other]) {
      expect(await talk(command('show', one, who))).toEqual({ kind: 'none', code: 'not-found' })
      expect(said.at(-1)?.answer).toBe(english.bot.notFound)
    }
    expect(await history(place, id)).toEqual(['requested', 'shown'])
  })
})

test('a person of no group who clicks on a card learns who may decide, and nothing else', async () => {
  const { id } = await ask()
  const view = viewOf(await talk(review(id)))
  await talk(deny(id, view))
  const answer = await talk(review(id, stranger))
  expect(answer).toMatchObject({ kind: 'card', code: 'not-permitted' })
  const told = lines((answer as { card: object }).card).join('\n')
  expect(told).toContain('dba')
  expect(told).toContain('security')
  for (const secret of ['prod/', 'No.', 'dba-1']) expect(told).not.toContain(secret)
  for (const intent of [approve(id, view, stranger), deny(id, view, stranger), revoke(id, stranger)])
    expect(await talk(intent)).toEqual({ kind: 'error', status: 404, code: 'not-found', words: english.bot.notFound })
  expect(await talk(command('show', id, stranger))).toEqual({ kind: 'none', code: 'not-found' })
  expect(await history(place, id)).toEqual(['requested', 'shown', 'decided', 'denied'])
})

describe('being added', () => {
  const added: Intent = { kind: 'installed', who: dba, conversation }
  const words = () => said.map(({ answer }) => answer)

  test('is answered once with what to do next, even if it is repeated', async () => {
    for (const intent of [added, { ...added, who: dba2 }, added]) expect(await talk(intent)).toEqual({ kind: 'none' })
    expect(said).toEqual([{ conversation, answer: english.bot.welcome }])
  })

  test("to a channel is answered with the channel's id, which policy needs", async () => {
    await talk({ ...added, channel })
    expect(words()).toEqual([expect.stringContaining(channel)])
  })

  test('to a shared channel also tells that people of other organisations would see the cards', async () => {
    await talk({ ...added, channel, shared: true })
    expect(words()).toEqual([`${english.bot.welcomeChannel(channel)}\n\n${english.bot.sharedChannel}`])
  })

  test('again, after a removal, is answered again', async () => {
    for (const intent of [added, { ...added, kind: 'removed' } as const, added]) await talk(intent)
    expect(words()).toEqual([english.bot.welcome, english.bot.welcome])
  })

  test('is answered at a repetition if Teams did not take the words before', async () => {
    sent = { unsent: 'throttled' }
    expect(await talk(added)).toEqual({ kind: 'none' })
    sent = { sent: null }
    await talk(added)
    expect(words()).toEqual([english.bot.welcome, english.bot.welcome])
  })
})

test('what a person typed comes back when it is not counted', async () => {
  const request = await ask()
  const { id, digest } = request
  const deny = {
    kind: 'decide',
    request: id,
    verdict: 'deny',
    view: digest,
    page: 1,
    reason: 'Not <b>today</b>',
  } as const
  const typed = english.bot.typed('Not <b>today</b>')
  expect(lines(drawn(await talk({ ...origin(dba), ...deny })))).toContain(`${english.bot.outOfDate} ${typed}`)
  await place.approvals.decide(id, votes(request, dba2, { verdict: 'deny', reason: 'No.' }))
  expect(lines(drawn(await talk({ ...origin(dba), ...deny })))).toContainEqual(expect.stringContaining(typed))
})

describe('a refusal has its code in the log, even as a card:', () => {
  test('for an excluded person who approves', async () => {
    const { id } = await ask()
    const view = viewOf(await talk(review(id, owner)))
    expect(await talk(approve(id, view, owner))).toMatchObject({ kind: 'card', code: 'self-approval' })
  })

  test('for a view that was not shown, and for a closed request', async () => {
    const { id } = await ask()
    expect(await talk(approve(id, digestOf('another view')))).toMatchObject({ kind: 'card', code: 'digest-mismatch' })
    const view = viewOf(await talk(review(id)))
    expect(await talk(deny(id, view))).not.toHaveProperty('code')
    expect(await talk(approve(id, view, dba2))).toMatchObject({ kind: 'card', code: 'not-pending' })
    expect(await talk(revoke(id))).toMatchObject({ kind: 'card', code: 'not-redeemable' })
  })
})

describe('a person who may not approve', () => {
  const acts = (card: object) => buttons(card).map(({ verb }) => verb)

  test.each<[string, ObjectId, 'agent' | 'policy']>([
    ['the owner of the agent', owner, 'policy'],
    ['the person for whom the agent says it asks', dba, 'agent'],
  ])('sees the request with what they may do, and why they may not approve: %s', async (_who, who, why) => {
    const { id } = (await place.approvals.ask(asks({ onBehalfOf: dba }))).request
    const answer = await talk(review(id, who))
    expect(answer).not.toHaveProperty('code')
    expect(acts(drawn(answer))).toEqual(['deny'])
    expect(JSON.stringify(drawn(answer))).toContain(english.bot.excluded[why])
    expect(await talk(deny(id, viewOf(answer), who))).toMatchObject({ kind: 'card' })
    expect((await place.ledger.find(id))?.status).toBe('denied')
  })

  test('may revoke what others approved', async () => {
    const request = (await place.approvals.ask(asks({ onBehalfOf: dba }))).request
    for (const who of [dba2, security]) await place.approvals.decide(request.id, votes(request, who))
    const card = drawn(await talk(review(request.id, dba)))
    expect(acts(card)).toEqual(['revoke'])
    expect(JSON.stringify(card)).toContain(english.bot.excluded.agent)
    await talk(revoke(request.id, dba))
    expect((await place.ledger.find(request.id))?.status).toBe('revoked')
  })
})

describe('the card at which a person clicks', () => {
  test('is adopted if it is the channel card and the person may decide', async () => {
    const { id } = await ask()
    await talk(review(id))
    expect(adopted).toEqual([{ request: id, channel, card: { conversation, activity: '1' } }])
  })

  test.each<[string, ObjectId, object]>([
    ['it is no channel card', dba, { posted: false }],
    ['it is in no channel', dba, { channel: undefined }],
    ['Teams does not say which it is', dba, { card: undefined }],
    ['a guest clicks', guest, {}],
    ['a stranger clicks', oid(99), {}],
  ])('is not adopted if %s', async (_why, who, more) => {
    const { id } = await ask()
    await talk(review(id, who, more))
    expect(adopted).toEqual([])
  })

  test('is not adopted if there is no such request', async () => {
    const { id } = await ask()
    const other = `${id.slice(0, 10)}0000000000000000${id.slice(26)}` as RequestId
    expect(await talk(review(other))).toMatchObject({ kind: 'error', status: 404, code: 'not-found' })
    expect(adopted).toEqual([])
  })
})

describe('the command pending', () => {
  const listed = async (who: ObjectId): Promise<unknown> => {
    await talk(command('pending', undefined, who))
    const answer = said.at(-1)?.answer
    return typeof answer === 'object'
      ? buttons(answer).flatMap(({ data }) => (data as { request?: string }).request ?? [])
      : answer
  }

  test('lists what waits for a person, and not what waits for others', async () => {
    const first = await ask()
    place.clock.set(after(1))
    const second = await ask()
    for (const who of [dba, dba2, security]) expect(await listed(who)).toEqual([first.id, second.id])
    for (const who of [owner, ownerAlias, guest, oid(99)]) expect(await listed(who)).toBe(english.bot.nothingPending)
    await place.approvals.decide(first.id, votes(first))
    expect(await listed(dba)).toEqual([second.id])
    expect(await listed(security)).toEqual([first.id, second.id])
  })

  test('lists what the agent asks for somebody, for them too, so that it cannot be hidden from them', async () => {
    const { id } = (await place.approvals.ask(asks({ onBehalfOf: dba }))).request
    expect(await listed(dba)).toEqual([id])
    expect(await listed(owner)).toBe(english.bot.nothingPending)
  })

  test('says if there are more than it lists', async () => {
    const often = { ...asks().agent, limits: { pending: 20, hourly: 60 } }
    for (let i = 0; i < 11; i++) await place.approvals.ask(asks({ agent: often }))
    expect(await listed(dba)).toHaveLength(10)
    expect(said.at(-1)?.answer).toMatchObject({ speak: english.bot.waiting(10, true) })
  })
})

describe('the commands away and back', () => {
  const deputies = [oid(61), oid(62)]
  const own = { personal: true, conversation: 'a:dba' } as const
  const typed = async (name: 'away' | 'back', argument?: string, who: ObjectId = dba) => {
    said = []
    await talk({ kind: 'command', who, name, ...own, ...(argument !== undefined && { argument }) })
    return said[0]?.answer
  }
  const until = '2026-03-06T00:00:00.000Z' as Instant
  const named = ['Dora Dean (dba)', 'Dan Dean (dba)']

  const house = async (ids = deputies) => {
    const [first, ...others] = roster().groups
    if (!first) throw new Error('There is a group.')
    await enter({ groups: [{ ...first, deputies: ids }, ...others] })
    place.directory.add(oid(61), { name: 'Dora Dean' })
    place.directory.add(oid(62), { name: 'Dan Dean' })
  }

  test('name a deputy by what tells one from the others, and end that', async () => {
    await house()
    for (const name of ['dora', 'dora dean', '<at>dora dean</at>', oid(61)]) {
      expect(await typed('away', `until 2026-03-05 for ${name}`)).toBe(
        english.bot.awayDone('Dora Dean', ['dba'], until),
      )
      expect(await typed('back')).toBe(english.bot.backDone)
    }
    await typed('away', 'until 2026-03-05 for dora')
    const stands = english.bot.awayDone('Dora Dean', ['dba'], until)
    expect(await typed('away')).toBe(english.bot.awayUsage(stands, named))
    const { request } = await place.approvals.ask(asks())
    expect(
      (await place.approvals.decide(request.id, votes(request, oid(61)))).decisions[0]?.facts.for?.accounts,
    ).toEqual([dba])
  })

  test('change nothing where they do not tell one deputy, or no time', async () => {
    await house()
    for (const rest of ['until 2026-03-05', 'until 2026-03-05 for dean', 'until 2026-03-05 for nobody'])
      expect(await typed('away', rest)).toBe(english.bot.awayWhom(named))
    for (const rest of [undefined, 'for dora', 'until tomorrow for dora', 'until 2026-02-30 for dora'])
      expect(await typed('away', rest)).toBe(english.bot.awayUsage(english.bot.notAway, named))
    expect(await typed('away', 'until 2026-03-03 for dora')).toContain('its end is over')
    expect(await typed('back')).toBe(english.bot.notAway)
  })

  test('need no name where there is one deputy, and say so where there is none', async () => {
    await house([oid(61)])
    expect(await typed('away', 'until 2026-03-05')).toBe(english.bot.awayDone('Dora Dean', ['dba'], until))
    expect(await typed('away', 'until 2026-03-05', security)).toBe(english.bot.awayNobody)
  })

  test('are for one’s own chat alone', async () => {
    await house()
    await talk({ kind: 'command', who: dba, name: 'away', argument: 'until 2026-03-05 for dora', conversation })
    await talk({ kind: 'command', who: dba, name: 'back', conversation })
    expect(said.map(({ answer }) => answer)).toEqual([english.bot.awayElsewhere, english.bot.awayElsewhere])
    expect(await place.approvals.delegations({ kind: 'person', id: dba, evidence: true })).toEqual([])
  })
})

describe('the command notify', () => {
  const hearing = async () => (await box.hearings()).map(({ person, ...rest }) => [person, rest])
  const typed = async (argument: string | undefined, who = dba, where: object = own) => {
    await talk({ kind: 'command', who, name: 'notify', ...own, ...where, ...(argument !== undefined && { argument }) })
    return said.at(-1)?.answer
  }

  test('notes the own chat of a person, with quiet hours, until they do not want to hear', async () => {
    expect(await typed(undefined)).toBe(english.bot.notifyUsage(english.bot.notifyOff))
    expect(await typed('on')).toBe(english.bot.notifyOn)
    expect(await hearing()).toEqual([[dba, { conversation: own.conversation }]])
    const hours = '22:00-07:00 Europe/Berlin'
    expect(await typed('quiet 22:00-07:00 europe/berlin')).toBe(english.bot.notifyQuiet(hours))
    expect(await hearing()).toEqual([[dba, { conversation: own.conversation, quiet: hours }]])
    expect(await typed('what')).toBe(english.bot.notifyUsage(english.bot.notifyQuiet(hours)))
    expect(await typed('off')).toBe(english.bot.notifyOff)
    expect(await hearing()).toEqual([])
  })

  test.each(['quiet', 'quiet 22:00-07:00', 'quiet tonight', 'quiet 25:00-07:00 utc'])(
    'says how quiet hours are written, and changes nothing: %s',
    async (argument) => {
      await typed('on')
      expect(await typed(argument)).toBe(english.bot.notifyForm)
      expect(await hearing()).toEqual([[dba, { conversation: own.conversation }]])
    },
  )

  test('does nothing where others read', async () => {
    expect(await typed('on', dba, { conversation, channel, personal: undefined })).toBe(english.bot.notifyElsewhere)
    expect(await hearing()).toEqual([])
  })

  test('is ended by the removal from the own chat, and not by that from a channel', async () => {
    await typed('on')
    await talk({ kind: 'removed', who: dba, conversation, channel })
    expect(await hearing()).toHaveLength(1)
    await talk({ kind: 'removed', who: dba, ...own })
    expect(await hearing()).toEqual([])
  })
})

describe('in a channel, where others read the answer,', () => {
  const dbas = { conversation, channel }
  const others = { conversation: '19:oncall@thread.tacv2;messageid=1', channel: '19:oncall@thread.tacv2' }
  const group = { conversation: '19:group@thread.v2' }
  const asked = async (): Promise<ApprovalRequest> => {
    await enter({ judge: () => needs([slot('dba')]) })
    return ask()
  }
  const answered = async (...told: Parameters<typeof command>) => {
    await talk(command(...told))
    return said.at(-1)?.answer
  }

  test('show shows a request of the channel', async () => {
    const { id } = await asked()
    expect(buttons((await answered('show', id, dba, dbas)) as object)).toMatchObject([{ data: { request: id } }])
  })

  test('show says of every other request the same, whether it exists or not', async () => {
    const { id } = await asked()
    const none = `${id.slice(0, 10)}0000000000000000${id.slice(26)}`
    for (const where of [others, group]) {
      for (const one of [id, none, 'x']) expect(await answered('show', one, dba, where)).toBe(english.bot.notHere)
      expect(await talk(command('show', id, dba, where))).toEqual({ kind: 'none', code: 'not-found' })
    }
    expect(await answered('show', none, dba, dbas)).toBe(english.bot.notHere)
  })

  test('pending lists the requests of the channel alone, and points to the personal chat', async () => {
    const { id } = await asked()
    const list = (await answered('pending', undefined, dba, dbas)) as object
    expect(buttons(list)).toMatchObject([{ data: { request: id } }])
    expect(list).toMatchObject({ speak: english.bot.waitingHere(1, false) })
    expect(await answered('pending', undefined, dba, others)).toBe(english.bot.nothingPendingHere)
    expect(await answered('pending', undefined, dba, group)).toBe(english.bot.notHere)
  })
})

test.each<[string, Intent]>([
  ['its removal', { kind: 'removed', who: dba, conversation }],
  ['an unknown activity', { kind: 'ignored' }],
  ['a message that cannot be read', { kind: 'malformed', invoke: false, why: 'This is no activity.' }],
])('%s gets no answer', async (_what, intent) => {
  expect(await talk(intent)).toEqual({ kind: 'none' })
  expect(said).toEqual([])
})

test('an unreadable invoke gets the reason', async () => {
  const why = 'This is no button of a Countersign card.'
  expect(await talk({ kind: 'malformed', invoke: true, why })).toMatchObject({ kind: 'error', status: 400, words: why })
})

describe('a batch', () => {
  const texts = (answer: BotAnswer) => JSON.stringify(drawn(answer)).replaceAll('\u200b', '')
  /** The data of the button with this title, as its client sends it back with what the person typed. */
  const dataOf = (answer: BotAnswer, title: string): object => {
    const found = buttons(drawn(answer)).find((one) => one.title === title)
    if (!found) throw new Error(`No button ${title}: ${JSON.stringify(buttons(drawn(answer)).map((one) => one.title))}`)
    return found.data as object
  }
  const clicked = (verb: string, data: object, who = dba): Promise<BotAnswer> => {
    const value = { action: { type: 'Action.Execute', verb, data: data as JsonObject } }
    const click = parseClick({ type: 'invoke', name: 'adaptiveCard/action', value })
    if ('why' in click) throw new Error(click.why)
    return talk({ ...origin(who), ...click })
  }
  const { next, end } = english.batch
  const sending = (many: number) => english.batch.submit(many)

  /** Goes through all requests, and marks each with a choice. */
  async function marked(requests: readonly RequestId[], choices: readonly string[], who = dba): Promise<BotAnswer> {
    let answer = await clicked('batch', { requests }, who)
    for (const [i, choice] of choices.entries())
      answer = await clicked('batch', { ...dataOf(answer, i < choices.length - 1 ? next : end), choice }, who)
    return answer
  }

  const three = async () => [await ask(), await ask(), await ask()].map(({ id }) => id)

  beforeEach(() => enter({ judge: () => needs([slot('dba')]) }))

  test('is offered by the list of what waits, for each agent with at least two requests', async () => {
    await ask()
    await talk(command('pending'))
    expect(buttons(said.at(-1)?.answer as object).map(({ verb }) => verb)).toEqual(['review'])
    await ask()
    await talk(command('pending'))
    const [, , together] = buttons(said.at(-1)?.answer as object)
    expect(together).toMatchObject({ verb: 'batch', title: english.batch.open(2, 'agent-0001') })
  })

  test('records each page as shown, and decides each request by a vote of its own with its own view', async () => {
    const ids = await three()
    const sent = await marked(ids, ['approve', 'deny', 'open'])
    for (const id of ids) expect(await history(place, id)).toEqual(['requested', 'shown'])
    const answer = await clicked('submit', { ...dataOf(sent, sending(2)), reason2: 'Not today.' })
    expect(texts(answer)).toContain(english.batch.counted(2, 2))
    const [first = '', second = '', third = ''] = ids
    expect(await history(place, first as RequestId)).toEqual(['requested', 'shown', 'decided', 'approved'])
    expect(await history(place, second as RequestId)).toEqual(['requested', 'shown', 'decided', 'denied'])
    expect(await history(place, third as RequestId)).toEqual(['requested', 'shown'])
    const views = await Promise.all(
      ids.slice(0, 2).map(async (id) => {
        const request = await place.ledger.find(id)
        const events = request ? await place.ledger.events(request) : []
        const decided = events.flatMap(({ text }) =>
          /"type":"decided"/.test(text) ? [/"view":"([^"]*)"/.exec(text)?.[1]] : [],
        )
        expect(decided).toEqual([request?.shown[0]?.view])
        return decided[0]
      }),
    )
    expect(new Set(views).size).toBe(2)
  })

  test('does not approve what was not shown', async () => {
    const [first, second] = await three()
    if (!first || !second) throw new Error('There are three.')
    await marked([first], ['approve'])
    const { view } = dataOf(await talk(review(second, dba2)), english.card.approve) as { readonly view: Digest }
    const marks = [{ request: second, verdict: 'approve', view }]
    const answer = await clicked('submit', { requests: [first, second], marks })
    expect(answer).toMatchObject({ code: 'digest-mismatch' })
    expect(texts(answer)).toContain(english.batch.counted(0, 1))
    expect(await history(place, second)).toEqual(['requested', 'shown', 'refused'])
  })

  test('carries out the other votes when one is refused, and says why', async () => {
    const ids = await three()
    const sent = await marked(ids, ['approve', 'approve', 'deny'])
    const [first, second, third] = ids
    if (!first || !second || !third) throw new Error('There are three.')
    await place.approvals.decide(second, { approver: dba2, verdict: 'deny', reason: 'No.', seen: await seenBy(second) })
    const answer = await clicked('submit', { ...dataOf(sent, sending(3)), reason2: 'Checked.' })
    expect(texts(answer)).toContain(english.batch.counted(1, 3))
    expect(texts(answer)).toContain(
      `${english.batch.notCounted('This request is already denied.')} ${english.bot.typed('Checked.')}`,
    )
    expect(texts(answer)).toContain(english.batch.notCounted(english.card.reasonMissing))
    expect((await place.ledger.find(first))?.status).toBe('approved')
    expect((await place.ledger.find(third))?.status).toBe('pending')
  })

  test('wants the confirmation of tier high for each request', async () => {
    await enter({ judge: () => needs([slot('dba')], { tier: 'high' }) })
    const ids = (await three()).slice(0, 2)
    const sent = await marked(ids, ['approve', 'approve'])
    const last = (await place.ledger.find(ids[1] ?? ('' as RequestId)))?.action?.target.split('/').at(-1)
    const answer = await clicked('submit', { ...dataOf(sent, sending(2)), confirm1: 'wrong', confirm2: last })
    expect(texts(answer)).toContain(english.batch.notCounted(english.batch.notConfirmed))
    const found = await Promise.all(ids.map((id) => place.ledger.find(id)))
    expect(found.map((request) => request?.status)).toEqual(['pending', 'approved'])
  })

  test('of two agents is refused, and nothing is counted', async () => {
    const first = await ask()
    const other = (await place.approvals.ask(asks({ agent: agent(runner) }))).request
    const marks = await Promise.all(
      [first, other].map(async ({ id: request }) => {
        const { view } = dataOf(await talk(review(request)), english.card.approve) as { readonly view: Digest }
        return { request, verdict: 'approve', view }
      }),
    )
    const answer = await clicked('submit', { requests: [first.id, other.id], marks })
    expect(answer).toMatchObject({ kind: 'error', code: 'invalid-input' })
    for (const { id } of [first, other]) expect(await history(place, id)).toEqual(['requested', 'shown'])
  })

  test('twice over counts each vote once', async () => {
    const ids = await three()
    const data = dataOf(await marked(ids, ['approve', 'approve', 'approve']), sending(3))
    await clicked('submit', data)
    expect(texts(await clicked('submit', data))).toContain(english.batch.counted(3, 3))
    for (const id of ids) expect(await history(place, id)).toEqual(['requested', 'shown', 'decided', 'approved'])
  })

  test('shows a stranger nothing', async () => {
    const ids = await three()
    const answer = await clicked('batch', { requests: ids }, stranger)
    expect(answer).toMatchObject({ kind: 'card', code: 'not-permitted' })
    expect(await clicked('batch', { requests: ids, at: 4 }, stranger)).toMatchObject({
      kind: 'error',
      code: 'not-found',
    })
  })

  const seenBy = async (id: RequestId) => {
    const request = await place.ledger.find(id)
    return { via: 'api', digest: request?.digest ?? ('' as Digest) }
  }
})
