import { type Action, checkAction, type Link } from '../core/action/action.ts'
import {
  type Hex,
  newRequestId,
  type ObjectId,
  type RequestId,
  type Shard,
  sha256,
  shardAt,
  shardOf,
} from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import { commitWithin, sameness, subjectOf } from '../core/request/limit.ts'
import { checkShowable } from '../core/action/page.ts'
import { Problem } from '../core/data/problem.ts'
import { isForeignDoor } from '../core/request/decision.ts'
import type { Tier } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Slot } from '../core/request/requirement.ts'
import { checkSecrets } from '../core/action/secret.ts'
import { type Judgement, open, type Submission } from '../core/request/submission.ts'
import { textWarnings, type Warning } from '../core/action/warning.ts'
import { answeringOf } from './answering.ts'
import { claimForUse, closeClaim, keyIsClosed, placeOfKey, requestOfKey, usedKeyOf } from './askKey.ts'
import { type ChangeParts, record, retrying, timeOf } from './commit.ts'
import { channelsOf, isMember, ownerNameOf, type PeopleParts, weakened } from './eligibility.ts'
import type { Directory } from '../ports/directory.ts'
import { isClaim, type KeyRow, type UsedKey } from '../ports/ledger.ts'
import type { Limits } from '../ports/limits.ts'
import type { AgentRegistration, Policy } from '../ports/policy.ts'
import { excludedByWord, excludedFrom } from '../core/policy/people.ts'
import { spoken } from '../words/spoken.ts'
import { release, type Reservation, reserve, wasDenied } from './reservation.ts'
import { type Excluded, shortageOf } from './shortage.ts'
import { checkSession, checkStandingAsk } from './standingAsk.ts'
import { checkUse, recordUse } from './use.ts'

export type AskParts = ChangeParts & {
  readonly limits: Limits
  readonly policy: Policy
  readonly directory: Directory
}

/** What an agent sends, parsed. */
export interface Ask {
  readonly agent: AgentRegistration
  readonly action: Action
  readonly reason: string
  readonly executor?: ObjectId
  readonly onBehalfOf?: ObjectId
  readonly links: readonly Link[]
  readonly expiresIn: number
  /** A uuid of this attempt, with which the agent redeems at once what policy alone allows. */
  readonly redemption?: string
  /** The standing approval that this is to be a use of. */
  readonly under?: RequestId
  /** The idempotency key, and the hash of the body it came with. */
  readonly key?: { readonly text: string; readonly body: Hex }
}

/** A request, and whether this call made it. */
export interface Asked {
  readonly request: ApprovalRequest
  readonly created: boolean
  /** The standing approval of a use that this call made. */
  readonly standing?: ApprovalRequest
}

/**
 * Opens a request: once for each idempotency key of an agent. The answer comes after the commit.
 *
 * A known key is answered whatever limits, rules and the directory say by now. Since most keys are new, none is read
 * beforehand: the commit inserts it, and finds a known one. It is read only where an ask is refused before its commit, or
 * holds a slot already.
 *
 * An ask that becomes a use of a standing approval lies in the shard of that one. Its key is claimed before.
 *
 * @throws {Problem} `invalid-input`, `too-large`, `secret-in-params`, `idempotency-mismatch`, `no-eligible-approver`,
 *   `too-many`, `already-pending`, `cooling-down`, `standing-over`, `not-covered`, `not-found`, `busy`, `unavailable`
 */
export async function ask(parts: AskParts, asked: Ask): Promise<Asked> {
  let admitted: Admitted
  try {
    admitted = await admit(parts, asked)
  } catch (cause) {
    const known = cause instanceof Problem ? await knownBy(parts, asked) : null
    if (known) return known
    throw cause
  }
  try {
    // An ask that holds its slot already was most likely sent before.
    const known = admitted.joined ? await knownBy(parts, asked) : null
    const made = known ?? (await commit(parts, admitted, asked))
    if (made.request.id !== admitted.submission.id) await admitted.giveBack()
    return made
  } catch (cause) {
    // The same ask may have taken the last use.
    const known = isRefusedUse(cause) ? await knownBy(parts, asked) : null
    if (known) return known
    if (!mayStillHappen(cause, asked.key !== undefined)) await admitted.giveBack()
    throw cause
  }
}

function shardFor({ random }: AskParts, { agent, key }: Ask, under: RequestId | undefined): Shard {
  if (under !== undefined) return shardOf(under)
  return key ? placeOfKey({ agent, key }).shard : shardAt(Buffer.from(random(1)).toString('hex'))
}

const isRefusedUse = (cause: unknown): boolean =>
  cause instanceof Problem && (cause.code === 'standing-over' || cause.code === 'not-covered')

/** An ask that limits and policy let through, before its commit. */
interface Admitted {
  readonly submission: Omit<Submission, 'at'>
  /** Up to when its slot is sure; `null` for what policy answers, which takes none. */
  readonly until: Instant | null
  /** Whether the same ask had taken the slot before. */
  readonly joined: boolean
  /** Of a use: see {@link UseAsk}. */
  readonly isCooling?: boolean
  /** What the key of a use had made before. */
  readonly used?: UsedKey
  /** Undoes what it was counted for. */
  readonly giveBack: () => Promise<void>
}

async function admit(parts: AskParts, asked: Ask): Promise<Admitted> {
  const prepared = await prepare(parts, asked)
  const { agent, action } = asked
  const key = usedBy(asked, undefined)
  const id = newRequestId(parts.clock.now(), parts.random(10), shardFor(parts, asked, prepared.under))
  if (prepared.judgement.outcome !== 'approve') {
    const giveBack = await answeringOf(parts.limits).take(parts, agent)
    return { submission: { ...prepared, id }, until: null, joined: false, giveBack }
  }
  if (prepared.under !== undefined) return admitUse(parts, asked, { ...prepared, id, under: prepared.under })
  const reservation: Reservation = {
    ...{ id, agent, digest: sameness(action), subject: subjectOf(action), isStanding: action.standing !== undefined },
    channels: channelsOf(parts.policy, prepared.judgement.slots),
    ...(key && { key: sha256(`${key.hash}\n${key.body}`) }),
  }
  const until = plusSeconds(parts.clock.now(), commitWithin)
  const { id: own, joined, warnings } = await reserve(parts, reservation)
  return {
    submission: { ...prepared, id: own, warnings: [...warnings, ...prepared.warnings] },
    ...{ until, joined, giveBack: () => release(parts, { ...reservation, id: own }) },
  }
}

/**
 * Claims the key of a use, once it is found that the use would be granted: who is refused leaves no rows behind.
 *
 * @throws {Problem} `not-found`, `standing-over`, `not-covered`
 */
async function admitUse(parts: AskParts, asked: Ask, submission: Admitted['submission'] & Used): Promise<Admitted> {
  const { agent, action, key } = asked
  const isCooling = await wasDenied(parts, agent.id, sameness(action))
  const admitted = { submission, until: null, joined: false, isCooling, giveBack: async () => undefined }
  if (!key) return admitted
  await checkUse(parts, { submission, isCooling })
  const used = await claimForUse(parts, { agent, key }, { under: submission.under, request: submission.id })
  return { ...admitted, ...(used && { used }) }
}

interface Used {
  readonly under: RequestId
}

/**
 * Whether the request may exist, or come to exist, although its commit failed: a commit without an answer may have been
 * written, and an ask with a key may have been sent twice. Then its slots are kept; unused ones are reclaimed later.
 */
function mayStillHappen(cause: unknown, hasKey: boolean): boolean {
  if (!(cause instanceof Problem)) return hasKey
  return cause.code === 'unavailable' || (hasKey && cause.code !== 'idempotency-mismatch')
}

/**
 * All checks that need no storage, and the policy's answer. The owner's name is for the people who decide, so that what
 * policy alone answers needs no call of the directory. It is looked up beside the checks.
 */
async function prepare(parts: AskParts, asked: Ask): Promise<Judged> {
  const judged = await judgeAsk(parts, asked, parts.clock.now())
  if (judged.judgement.outcome !== 'approve') {
    // Of a use, whom it is for is known from its standing approval.
    if (asked.under !== undefined) await checkMember(parts, asked.onBehalfOf)
    return judged
  }
  if (asked.under !== undefined) return { ...judged, under: asked.under }
  const [warnings, owner] = await Promise.all([checkDecidable(parts, judged), ownerNameOf(parts, asked.agent)])
  return { ...judged, ...(owner !== undefined && { owner }), warnings: [...judged.warnings, ...warnings] }
}

/** An ask with policy's answer, before a request is made of it. */
export type Judged = Omit<Submission, 'id' | 'at'>

/**
 * Checks an ask, and lets policy judge it as of an instant. Whether people could decide is for {@link checkDecidable}.
 *
 * @throws {Problem} `invalid-input`, `too-large`, `secret-in-params`; `unavailable` when the directory cannot be asked
 */
export async function judgeAsk(parts: PeopleParts, asked: Ask, at: Instant): Promise<Judged> {
  const { agent, onBehalfOf } = asked
  const action = checkAction(asked.action)
  checkStandingAsk(asked)
  checkSecrets(asked, parts.policy.notSecret(action.action))
  const executor = executorOf(parts.policy, agent, asked.executor)
  checkPrincipal(agent, onBehalfOf)
  if (asked.under === undefined) await checkMember(parts, onBehalfOf)
  const judgement = parts.policy.judge({
    ...{ agent: agent.id, action, at },
    ...(onBehalfOf !== undefined && { onBehalfOf }),
  })
  checkSession(action, judgement)
  const excluded = excludedFrom(parts.policy, [agent, executor], onBehalfOf)
  const presentation = 'lapse' in judgement ? parts.policy.presentation(action.action) : null
  return {
    agent: { id: agent.id, name: agent.name },
    executor: executor.id,
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    action,
    reason: asked.reason,
    links: asked.links,
    expiresIn: asked.expiresIn,
    policy: parts.policy.version,
    judgement,
    ...(presentation && { presentation }),
    ...(agent.narrowing && { narrowing: true }),
    excluded,
    excludedByAgent: excludedByWord(parts.policy, agent, excluded),
    warnings: textWarnings(action, asked),
  }
}

/**
 * Checks that an ask which people must decide can be shown to them, and that enough of them may decide.
 *
 * @returns what the approvers are warned of
 * @throws {Problem} `not-showable`, `no-eligible-approver`; `unavailable` when the directory cannot be asked
 */
export async function checkDecidable(parts: PeopleParts, judged: Judged): Promise<readonly Warning[]> {
  const { judgement, action, presentation, excluded, excludedByAgent: byWord = [] } = judged
  if (judgement.outcome !== 'approve') return []
  checkShowable(action, presentation, spoken.units)
  checkDoors(judgement)
  await checkEligible(parts, judgement.slots, whyExcluded(parts.policy, judged))
  return checkIndependence(parts, judgement, { excluded, byWord })
}

function executorOf(policy: Policy, agent: AgentRegistration, id: ObjectId = agent.id): AgentRegistration {
  if (id === agent.id) return agent
  const executor = agent.executors.includes(id) ? policy.agent(id) : null
  if (!executor)
    throw invalid(
      '/executor',
      `${id} is not among the executors of this agent in approvers.json: leave it out, or have it registered`,
    )
  return executor
}

function checkPrincipal({ onBehalfOf: rule, principals }: AgentRegistration, id: ObjectId | undefined): void {
  if (id === undefined && rule === 'required')
    throw invalid('/onBehalfOf', 'this agent must say whom it acts for: send the object id of a person')
  if (id === undefined) return
  if (rule === 'refused') throw invalid('/onBehalfOf', 'this agent is not registered to act for people: leave it out')
  if (principals && !principals.includes(id))
    throw invalid('/onBehalfOf', 'this agent is registered to act for listed people alone, and this is none of them')
}

/** A guest or a disabled account could not ask for anything, so a request for one only keeps people from approving. */
async function checkMember({ directory }: PeopleParts, id: ObjectId | undefined): Promise<void> {
  if (id !== undefined && !(await isMember(directory, id)))
    throw invalid('/onBehalfOf', 'name the enabled account of a member of the tenant, not of a guest or an agent')
}

interface JudgedDoors {
  readonly via?: readonly string[]
  readonly tier: Tier
  readonly rules: readonly string[]
}

/** Rules that never match together may name different doors, so that this is found out only by an action. */
function checkDoors({ via, tier, rules }: JudgedDoors): void {
  if (via && via.length > 0 && tier === 'high' && via.every(isForeignDoor))
    throw new Problem(
      'no-eligible-approver',
      `No door may approve this: ${rules.join(', ')} ask for tier high, and ${via.join(', ')} approves none of it.`,
    )
  if (via?.length === 0)
    throw new Problem('no-eligible-approver', `No door may approve this: ${rules.join(', ')} have none in common.`)
}

function whyExcluded(policy: Policy, { agent, executor, onBehalfOf }: Judged): Excluded {
  const agents = [agent.id, executor].flatMap((id) => policy.agent(id) ?? [])
  return {
    responsible: excludedFrom(policy, agents, undefined),
    principal: onBehalfOf === undefined ? [] : policy.accounts(onBehalfOf),
  }
}

async function checkEligible(parts: PeopleParts, slots: readonly Slot[], excluded: Excluded): Promise<void> {
  const shortage = await shortageOf(parts, slots, excluded)
  if (shortage !== null)
    throw new Problem(
      'no-eligible-approver',
      `Not enough people may decide this. ${shortage} Ask the keeper of approvers.json.`,
    )
}

/**
 * Warns where the agent's own word keeps people from approving who otherwise could.
 *
 * @throws {Problem} `no-eligible-approver` where a rule wants such people to be replaceable, and they are not
 */
async function checkIndependence(
  parts: PeopleParts,
  { slots, independent = [] }: Extract<Judgement, { outcome: 'approve' }>,
  excluded: Parameters<typeof weakened>[2],
): Promise<readonly Warning[]> {
  const few = (await weakened(parts, independent, excluded)).find(({ quorum, left }) => left <= quorum)
  if (few)
    throw new Problem(
      'no-eligible-approver',
      `The agent's own word (onBehalfOf or executor) keeps people of ${few.groups.join(' or ')} from approving. ` +
        `The policy then wants ${few.quorum + 1} others who may, and there are ${few.left}.`,
    )
  return (await weakened(parts, slots, excluded)).length > 0 ? ['approver-excluded'] : []
}

/** Commits the request with the shard's time. If the key was used meanwhile, returns the request that it made. */
async function commit(parts: AskParts, admitted: Admitted, asked: Ask): Promise<Asked> {
  const { submission, until, isCooling = false, used } = admitted
  if (used) return again(parts, used, asked)
  const { under } = submission
  const shard = shardOf(submission.id)
  const key = usedBy(asked, under)
  return retrying(parts, (number) =>
    parts.ledger.inTurn(shard, async () => {
      // The first attempt assumes that the key is new. Its row is inserted, so a known key causes a conflict.
      const loaded = await parts.ledger.load(shard, {
        ...(key && number > 0 && { key: key.hash }),
        ...(under !== undefined && { request: under }),
      })
      const made = loaded.key && asked.key && (await madeBy(parts, loaded.key, { ...asked, key: asked.key }, under))
      if (made) return again(parts, made, asked)
      const at = timeOf(parts.clock, loaded)
      if (until !== null && parts.clock.now() >= until)
        throw new Problem('busy', 'Too many changes at once: try again.', { retryAfter: 1 })
      const more = key ? { key: { ...key, request: submission.id } } : {}
      if (under !== undefined)
        return { ...(await recordUse(parts, loaded, { submission, isCooling }, at, more)), created: true }
      const { redemption } = asked
      const step = open({ ...submission, at, ...(redemption !== undefined && { redemption }) })
      return { request: await record(parts, loaded, step, at, more), created: true }
    }),
  )
}

const usedBy = ({ agent, key }: Ask, under: RequestId | undefined) =>
  key && {
    ...{ hash: placeOfKey({ agent, key }, under).hash, body: key.body },
    ...(under !== undefined && { claim: { hash: placeOfKey({ agent, key }).hash, under } }),
  }

/** What the row of a known key says that it made. `null` of a claim, whose place the request then takes. */
async function madeBy(
  parts: AskParts,
  found: KeyRow,
  asked: Ask & Required<Pick<Ask, 'key'>>,
  under: RequestId | undefined,
): Promise<UsedKey | null> {
  if (!isClaim(found)) return found
  if (under !== undefined) throw keyIsClosed()
  return closeClaim(parts, asked, found)
}

async function knownBy(parts: AskParts, { key, ...asked }: Ask): Promise<Asked | null> {
  const used = key && (await usedKeyOf(parts, { ...asked, key }))
  return used ? again(parts, used, { ...asked, key }) : null
}

const again = async (parts: AskParts, used: UsedKey, asked: Ask): Promise<Asked> => ({
  request: await requestOfKey(parts, used, asked),
  created: false,
})

const invalid = (pointer: string, rule: string) => new Problem('invalid-input', `${pointer}: ${rule}.`, { pointer })
