import { excluderOf } from '../approvals/eligibility.ts'
import type { Cards } from '../cards/cards.ts'
import { drawing, templateNames } from '../cards/lazyCards.ts'
import type { PolicyProgram, Redrawing, Redrawn } from '../cli/policy.ts'
import type { StoryEvent } from '../verify/requestStory.ts'
import { actionDigest, type Action } from '../core/action/action.ts'
import { Broken } from '../core/data/broken.ts'
import type { Digest } from '../core/data/id.ts'
import { type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { ruleListFile } from '../core/policy/ruleList.ts'
import { replay } from '../core/record/replay.ts'
import { type ApprovalRequest, rowTexts } from '../core/request/request.ts'
import { BadPolicy } from '../policy/flaw.ts'
import { type LoadedPolicy, policyFrom } from '../policy/load.ts'
import { spoken } from '../words/spoken.ts'

/**
 * Draws the page of a `shown` event again, as its approver got it: the request as it stood then, the texts, the policy
 * that judged it, and the template.
 *
 * What is not recorded is left out: what became of the reader's last click, and through which door the person looked.
 *
 * @throws {Broken} if the events are not those of a request, or the text of the action is another one
 */
export const redraw: PolicyProgram['redraw'] = async ({ events, template, policy: files }) => {
  const last = events.at(-1)?.event
  if (last?.type !== 'shown' || !('id' in last.actor)) throw new TypeError('The last event is the one to draw.')
  const bare = requestAt(events)
  const action = actionIn(events, bare.digest)
  const policy = policyOf(bare.policy.version, files)
  const { request, plain } = dressed({ ...bare, action }, policy)
  const cards = await cardsOf(files, template)
  const approver = last.actor.id
  const excludedBy = excluderOf(request, approver)
  const reader = { approver, page: last.data.page, ...(excludedBy && { excludedBy }) }
  const card = cards.shown(request, reader, last.data.template)
  return { card: card as JsonObject, ...(plain !== undefined && { plain }) } satisfies Redrawn
}

/** The request after these events, with the texts that are known. */
function requestAt(events: readonly StoryEvent[]): ApprovalRequest {
  const rules = replay()
  for (const { event, index } of events) rules.take(event, index)
  const [life] = rules.rows()
  if (!life) throw new Broken('illegal-event', 'No request begins with these events.')
  const said = events.flatMap(({ event: { seq, type }, texts = [] }) =>
    rowTexts([{ seq, type, said: Object.fromEntries(texts.map(({ name, text }) => [name, { salt: '', text }])) }]),
  )
  return { ...life.request, said: said.filter(({ name }) => name !== 'action') }
}

/** @throws {Broken} `bad-said` for the text of another action */
function actionIn([first]: readonly StoryEvent[], digest: Digest): Action | null {
  const text = first?.texts?.find(({ name }) => name === 'action')?.text
  if (text === undefined) return null
  const { type: _type, ...members } = readJson(Buffer.from(text)) as JsonObject
  const action = members as unknown as Action
  if (actionDigest(action) !== digest) throw new Broken('bad-said', 'The text of the action is that of another one.')
  return action
}

const policies = new Map<Digest, LoadedPolicy | string>()

/** Loads the policy of then, once; in words why this version cannot. */
function policyOf(version: Digest, files: Redrawing['policy']): LoadedPolicy | string {
  const known = policies.get(version)
  if (known !== undefined) return known
  const loaded = loadedFrom(new Map([...files].filter(([name]) => !name.includes('/') && name !== ruleListFile)))
  policies.set(version, loaded)
  return loaded
}

function loadedFrom(files: ReadonlyMap<string, Uint8Array>): LoadedPolicy | string {
  try {
    return policyFrom(files, new Map())
  } catch (cause) {
    if (cause instanceof BadPolicy) return 'this version does not read the policy of then'
    throw cause
  }
}

/** Adds what the row of the request had from the policy: names, the rule's summary, and how the action is shown. */
function dressed(bare: ApprovalRequest, policy: LoadedPolicy | string): { request: ApprovalRequest; plain?: string } {
  if (typeof policy === 'string') return { request: bare, plain: policy }
  const { agent, action, onBehalfOf, createdAt: at } = bare
  const name = policy.agent(agent.id)?.name ?? ''
  const request: ApprovalRequest = { ...bare, agent: { ...agent, name } }
  if (!action) return { request }
  try {
    const judgement = policy.judge({ agent: agent.id, action, at, ...(onBehalfOf !== undefined && { onBehalfOf }) })
    if (judgement.outcome !== bare.policy.outcome || judgement.rules.join() !== bare.policy.rules.join())
      return { request, plain: 'this version judges the action by other rules than were recorded' }
    const presentation = policy.presentation(action.action)
    const summary = 'summary' in judgement ? judgement.summary : undefined
    const more = { ...(summary !== undefined && { summary }), ...(presentation && { presentation }) }
    return { request: { ...request, policy: { ...request.policy, ...more } } }
  } catch (cause) {
    if (cause instanceof Problem) return { request, plain: `this version refuses the action: ${cause.message}` }
    throw cause
  }
}

/** The other templates are not drawn from, and need only be there: the version that sealed the day may have had fewer. */
function cardsOf(files: Redrawing['policy'], template: Uint8Array): Promise<Cards> {
  const named = templateNames.map((name) => [name, files.get(`cards/${name}`) ?? template] as const)
  return drawing(new Map(named), spoken)(template)
}
