import { randomUUID } from 'node:crypto'
import { isObject, type JsonObject } from '../../src/core/data/json.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import type { ChannelKind } from '../../src/ports/channel.ts'
import type { Answer } from '../../test/support/stack.ts'
import { wish } from '../../test/support/stack.ts'
import { oidOf } from '../../test/support/teamsDouble.ts'
import { objects, type ShownCard } from './rooms.ts'
import type { Site, SiteParts } from './site.ts'
import { endAtGitHub, evaluate, waitAtGitHub } from './pipelines.ts'
import { linesOf, type OpenModal, pressInSlack, reviewInSlack, sendInSlack } from './slackPerson.ts'
import { demand } from './truth.ts'

export interface Story extends SiteParts {
  /** Plays at an empty site that is not started yet. Says itself from which call on the app may be killed. */
  readonly tell: (site: Site) => Promise<void>
}

const inTeams = (tell: Story['tell']): Story => ({ kinds: ['teams'], sinks: [], tell })

export const stories = {
  start: inTeams(start),
  teams: inTeams(teams),
  deny: inTeams(deny),
  cancel: inTeams(cancel),
  revoke: inTeams(revoke),
  expire: inTeams(expire),
  uses: inTeams(uses),
  takenBack: inTeams(takenBack),
  away: inTeams(away),
  less: inTeams(less),
  seal: inTeams(seal),
  slack: { kinds: ['slack'], sinks: [], tell: slack },
  rooms: { kinds: ['teams', 'slack'], sinks: [], tell: rooms },
  elsewhere: { kinds: ['slack'], sinks: [], tell: elsewhere },
  github: inTeams(github),
  rejected: inTeams(rejected),
  stage: inTeams(stage),
  sinks: { kinds: ['teams'], sinks: [{ name: 'lines', rawData: true }], tell: sinks },
} as const satisfies Record<string, Story>

export type StoryName = keyof typeof stories

export const isStory = (name: string): name is StoryName => Object.hasOwn(stories, name)

/** The first start, on empty storage. */
async function start(site: Site): Promise<void> {
  site.count()
  await site.start()
  await ask(site)
}

/** From the ask to the outcome, approved on the card. */
async function teams(site: Site): Promise<void> {
  await site.start()
  site.count()
  const request = await ask(site)
  const { card } = cardOf(site, request, 'teams')
  const review = await site.click('dba-1', 'review', { request: request.id }, card)
  site.acknowledge(request.id, 'shown')
  await site.deliverAll()
  await site.click('dba-1', 'approve', dataOf(review, 'approve'), card)
  site.acknowledge(request.id, 'approved')
  await site.deliverAll()
  await carryOut(site, request)
}

/** From the ask to the outcome, approved in a modal of Slack. */
async function slack(site: Site): Promise<void> {
  await site.start()
  site.count()
  const request = await ask(site)
  const modal = await reviewInSlack(site, 'dba-1', cardOf(site, request, 'slack'), 'approve')
  site.acknowledge(request.id, 'shown')
  await site.deliverAll()
  const after = await pressInSlack(site, 'dba-1', modal, 'approve')
  says(after, 'Approved by dba-1')
  site.acknowledge(request.id, 'approved')
  await site.deliverAll()
  await carryOut(site, request)
}

/** Shown in both rooms. One half is approved in Slack, and the other in Teams. */
async function rooms(site: Site): Promise<void> {
  await site.start()
  site.count()
  const request = await ask(site, { params: { rows: 250_000 } })
  const modal = await reviewInSlack(site, 'dba-1', cardOf(site, request, 'slack'), 'approve')
  await pressInSlack(site, 'dba-1', modal, 'approve')
  site.acknowledge(request.id, 'decided')
  await site.deliverAll()
  const { card } = cardOf(site, request, 'teams')
  const review = await site.click('security-1', 'review', { request: request.id }, card)
  await site.click('security-1', 'approve', dataOf(review, 'approve'), card)
  site.acknowledge(request.id, 'approved')
}

/** One request is denied by a form of Slack, and another over HTTP, which its message has to tell. */
async function elsewhere(site: Site): Promise<void> {
  await site.start()
  const [here, there] = [await ask(site), await ask(site)]
  const modal = await reviewInSlack(site, 'dba-1', cardOf(site, here, 'slack'), 'deny')
  site.count()
  const form = await pressInSlack(site, 'dba-1', modal, 'deny')
  const after = await sendInSlack(site, 'dba-1', form, 'Not during the audit.')
  says(after, 'Denied by dba-1: “Not during the audit.”')
  site.acknowledge(here.id, 'denied')
  await decide(site, there, { verdict: 'deny', reason: 'Not during the audit.' })
}

const says = (modal: OpenModal, line: string): void =>
  demand(linesOf(modal).includes(line), `the modal says “${line}”, and not “${linesOf(modal).join(' ')}”`)

/** Uses the approval, and reports. */
async function carryOut(site: Site, request: Answer['body']): Promise<void> {
  const { grant } = await read(site, request)
  demand(grant !== undefined, 'an approved request has a grant')
  const redemption = randomUUID()
  const claim = { grant: grant.token, digest: request.digest, redemption }
  await act(site, request, 'redeem', claim, 'redeemed')
  await site.deliverAll()
  await act(site, request, 'outcome', { result: 'succeeded', summary: '1200 rows' }, 'succeeded')
}

async function deny(site: Site): Promise<void> {
  const request = await asked(site)
  await decide(site, request, { verdict: 'deny', reason: 'Not during the audit.' })
  await site.deliverAll()
  // Frees the slots, which remember the denial.
  await ask(site)
}

async function cancel(site: Site): Promise<void> {
  const request = await asked(site)
  await act(site, request, 'cancel', { reason: 'Not needed any more.' }, 'cancelled')
}

/** Approved over HTTP, and taken back. */
async function revoke(site: Site): Promise<void> {
  const request = await asked(site)
  await decide(site, request, { verdict: 'approve' })
  await site.deliverAll()
  await act(site, request, 'revoke', { reason: 'Wrong ticket.' }, 'revoked', 'dba-2')
}

/** A standing approval of two uses: one is carried out, the other is the last, and no third is granted. */
async function uses(site: Site): Promise<void> {
  const standing = await standingApproval(site)
  site.count()
  const [first, last] = [await use(site, standing, 100), await use(site, standing, 200)]
  site.acknowledge(standing.id, 'ended')
  await carryOut(site, first)
  const third = wish({ target: standing.target, under: standing.id })
  const { status, body } = await site.call('deploy-bot', '/api/requests', third, { 'idempotency-key': randomUUID() })
  demand(status === 409 && body.code === 'standing-over', `a third use is answered ${status} ${JSON.stringify(body)}`)
  await act(site, last, 'cancel', {}, 'cancelled')
}

/** A standing approval is revoked while a use of it waits to be carried out. The use is never redeemed then. */
async function takenBack(site: Site): Promise<void> {
  const standing = await standingApproval(site)
  const granted = await use(site, standing, 100)
  const { grant } = await read(site, granted)
  demand(grant !== undefined, 'a use that is approved has a grant')
  site.count()
  await act(site, standing, 'revoke', { reason: 'Wrong ticket.' }, 'revoked', 'dba-2')
  const claim = { grant: grant.token, digest: granted.digest, redemption: randomUUID() }
  const { status, body } = await site.call('deploy-bot', `/api/requests/${granted.id}/redeem`, claim)
  demand(status === 409 && body.code === 'not-redeemable', `its use is answered ${status} ${JSON.stringify(body)}`)
}

/** An approver makes a request smaller and approves what is left, which alone is redeemed. */
async function less(site: Site): Promise<void> {
  await site.start()
  const request = await ask(site, {}, 'other-bot')
  site.count()
  await act(site, request, 'narrow', { params: { rows: 600 }, digest: request.digest }, 'narrowed', 'dba-1')
  await site.deliverAll()
  const { digest, content } = await read(site, request)
  await act(site, request, 'decisions', { verdict: 'approve', digest, content }, 'decided', 'dba-1')
  const { grant } = await read(site, request)
  demand(grant !== undefined, 'an approved request has a grant')
  const claim = { grant: grant.token, redemption: randomUUID() }
  const larger = { ...claim, digest: request.digest }
  const { body } = await site.call('other-bot', `/api/requests/${request.id}/redeem`, larger)
  demand(body.code === 'digest-mismatch', `what was asked for is answered ${JSON.stringify(body)}`)
  await act(site, request, 'redeem', { ...claim, digest }, 'redeemed', 'other-bot')
}

/** A member is away, the deputy approves for them, and the member is back. Nobody acts for them then. */
async function away(site: Site): Promise<void> {
  const request = await asked(site)
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString()
  const named = await site.call('dba-1', '/api/delegations', { to: oidOf('oncall-1'), until })
  demand(named.status === 201, `who is away is answered ${named.status} ${JSON.stringify(named.body)}`)
  const vote = { verdict: 'approve', digest: request.digest }
  await act(site, request, 'decisions', vote, 'decided', 'oncall-1')
  const { decisions } = (await site.call('dba-1', `/api/requests/${request.id}`)).body.approvals
  demand(decisions[0].for.id === oidOf('dba-1'), `the vote is told as ${JSON.stringify(decisions)}`)
  const recalled = await site.remove('dba-1', `/api/delegations/${named.body.event}`)
  demand(recalled.status === 200, `who is back is answered ${recalled.status} ${JSON.stringify(recalled.body)}`)
  const { body } = await site.call('oncall-1', `/api/requests/${request.id}/revoke`, {})
  demand(
    body.code === 'not-found' || body.code === 'not-permitted',
    `a deputy of nobody is told ${JSON.stringify(body)}`,
  )
  demand((await site.call('dba-1', '/api/delegations')).body.delegations.length === 0, 'nobody is away')
}

/** Asks for a standing approval of two exports, and has it approved. */
async function standingApproval(site: Site): Promise<Answer['body']> {
  await site.start()
  const request = await ask(site, { standing: { uses: 2, for: 3600, vary: { params: { rows: 1200 } } } })
  await decide(site, request, { verdict: 'approve' })
  await site.deliverAll()
  return request
}

async function use(site: Site, { id, target }: Answer['body'], rows: number): Promise<Answer['body']> {
  const request = await ask(site, { target, params: { rows }, under: id })
  demand(request.status === 'approved', `a use is ${request.status}`)
  site.acknowledge(request.id, 'approved')
  return request
}

/** One request is not decided in time, another is not redeemed in time, and a third has no outcome in time. */
async function expire(site: Site): Promise<void> {
  await site.start()
  const [pending, approved, redeemed] = [await ask(site), await ask(site), await ask(site)]
  for (const request of [approved, redeemed]) await decide(site, request, { verdict: 'approve' })
  const { grant } = await read(site, redeemed)
  const claim = { grant: grant.token, digest: redeemed.digest, redemption: randomUUID() }
  await act(site, redeemed, 'redeem', claim, 'redeemed')
  await site.deliverAll()
  site.count()
  await site.pass(25 * 3600)
  for (const [request, event] of [
    [pending, 'expired'],
    [approved, 'lapsed'],
    [redeemed, 'unreported'],
  ] as const)
    site.acknowledge(request.id, event)
}

/** Events that are written as lines, by the timer and soon after they were recorded. */
async function sinks(site: Site): Promise<void> {
  await site.start()
  site.count()
  const [denied, open] = [await ask(site), await ask(site)]
  await site.pass(1)
  await decide(site, denied, { verdict: 'deny', reason: 'Not during the audit.' })
  await decide(site, open, { verdict: 'approve' })
  await site.pass(10)
}

/** A day with a closed request, and with one that is still open at midnight. */
async function seal(site: Site): Promise<void> {
  await site.start()
  const day = 24 * 3600
  await site.pass(2 * day - (Math.floor(Date.now() / 1000) % day) - 600)
  const [over, open] = [await ask(site), await ask(site)]
  await decide(site, over, { verdict: 'deny', reason: 'Not during the audit.' })
  await site.deliverAll()
  await site.pass(900)
  await site.deliverAll()
  site.count()
  await site.seal()
  await act(site, open, 'cancel', {}, 'cancelled')
}

/** A deployment of GitHub, from its event to its outcome. */
async function github(site: Site): Promise<void> {
  await site.start()
  site.count()
  const id = await waitAtGitHub(site)
  await decide(site, await requestOf(site, id), { verdict: 'approve' })
  await site.deliverAll()
  site.acknowledge(id, 'redeemed')
  await endAtGitHub(site, 'success')
  site.acknowledge(id, 'succeeded')
}

/** A deployment that is denied. */
async function rejected(site: Site): Promise<void> {
  await site.start()
  const id = await waitAtGitHub(site)
  site.count()
  await decide(site, await requestOf(site, id), { verdict: 'deny', reason: 'Not during the audit.' })
}

/** A stage of Azure DevOps: its check asks, people approve, and the check asks again. */
async function stage(site: Site): Promise<void> {
  await site.start()
  site.count()
  const waiting = await evaluate(site)
  demand(waiting.status === 'pending', `a stage waits, and is ${waiting.status}`)
  await site.deliverAll()
  await decide(site, await requestOf(site, waiting.request), { verdict: 'approve' })
  const after = await evaluate(site)
  demand(after.status === 'approved' && after.request === waiting.request, `a stage goes on: ${JSON.stringify(after)}`)
  site.acknowledge(waiting.request, 'redeemed')
}

const requestOf = async (site: Site, id: string): Promise<Answer['body']> =>
  (await site.call('dba-1', `/api/requests/${id}`)).body

/** Asks, and waits for the answer and the card, before the app may be killed. */
async function asked(site: Site): Promise<Answer['body']> {
  await site.start()
  const request = await ask(site)
  site.count()
  return request
}

async function ask(site: Site, more: Record<string, unknown> = {}, who = 'deploy-bot'): Promise<Answer['body']> {
  const key = { 'idempotency-key': randomUUID() }
  const { status, body } = await site.call(who, '/api/requests', wish(more), key)
  demand([200, 201].includes(status), `an ask is answered ${status} ${JSON.stringify(body)}`)
  site.acknowledge(body.id, 'requested')
  await site.deliverAll()
  return body
}

async function decide(site: Site, request: Answer['body'], decision: object): Promise<void> {
  const given = { ...decision, digest: request.digest }
  await act(site, request, 'decisions', given, 'decided', 'dba-1')
}

/** Makes one call about the request, which must succeed. */
async function act(
  site: Site,
  { id }: Answer['body'],
  what: string,
  body: object,
  event: string,
  who = 'deploy-bot',
): Promise<void> {
  const { status, body: answer } = await site.call(who, `/api/requests/${id}/${what}`, body)
  demand(status === 200, `${what} is answered ${status} ${JSON.stringify(answer)}`)
  site.acknowledge(id, event)
}

const read = async (site: Site, { id, agent }: Answer['body']): Promise<Answer['body']> =>
  (await site.call(agent.name, `/api/requests/${id}`)).body

/** Finds the card of a request in a room. */
function cardOf(site: Site, { id }: Answer['body'], room: ChannelKind): ShownCard {
  const card = site.rooms.shown(parseRequestId(id)).find((one) => one.room === room)
  demand(card !== undefined, `${id} has a card in ${room}`)
  return card
}

/** Reads the data that a button of the card sends. */
function dataOf(card: JsonObject, verb: string): JsonObject {
  const found = objects(card).find((one) => one['type'] === 'Action.Execute' && one['verb'] === verb)?.['data']
  demand(isObject(found), `there is a button to ${verb}`)
  return found
}
