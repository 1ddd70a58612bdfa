import type { MarkedVote } from '../core/request/batch.ts'
import { checkGrant } from '../core/request/grant.ts'
import {
  checkDoor,
  checkMayDecide,
  type DecisionInput,
  decide,
  isForeignDoor,
  show,
  votesToCheck,
} from '../core/request/decision.ts'
import type { Digest, Hex, ObjectId, RequestId } from '../core/data/id.ts'
import { milliseconds } from '../core/data/instant.ts'
import { asNewer, isBroken, noSuchRequest, Problem, problemIn, type StepUpNeeded } from '../core/data/problem.ts'
import { redeem, type Report, report } from '../core/request/redemption.ts'
import { type ApprovalRequest, due, isStanding } from '../core/request/request.ts'
import { refusalIn } from '../core/request/refusal.ts'
import { type Facts, overlap } from '../core/request/requirement.ts'
import { checkSecretIn } from '../core/action/secret.ts'
import { checkStands, stands } from '../core/request/standing.ts'
import { viewOf } from '../core/request/view.ts'
import { viewPagesOf } from '../core/request/viewPage.ts'
import { cancel, revoke } from '../core/request/withdrawal.ts'
import { type AbsenceParts, delegateAs, delegationsFor, deputiesOf, recallAs } from './absence.ts'
import { type Ask, type Asked, ask, type AskParts, judgeAsk, type Judged } from './ask.ts'
import { type Counted, decideEach } from './batch.ts'
import { applyDeadline, believed, believedStanding, change, type CommitRule, unchanged } from './commit.ts'
import { type DryAsk, type DryRun, dryRun } from './dryRun.ts'
import type { Ends } from './ends.ts'
import type { Grant, grants } from './grants.ts'
import { ofKey, useForGate } from './gateUse.ts'
import { excludedBy, groupsOf, known, namesOf, type PeopleParts, standingsOf } from './eligibility.ts'
import { breakGlassAs, reviewGlassAs } from './emergency.ts'
import { type Further, furtherIn, furtherOf, noFurther } from './further.ts'
import type { KeptEvent, RequestPage, Scope } from '../ports/ledger.ts'
import { bind } from '../runtime/bind.ts'
import { recollectionOf } from './recollection.ts'
import { actorIn, involvedIn, isInvolved, mayKnow, mayRead, type Reader } from './involvement.ts'
import { narrowAs } from './narrowing.ts'
import { forbidden, forbidding, objectionByPolicy, objectionOf, unregistered } from './objection.ts'
import { spoken } from '../words/spoken.ts'
import { checkMayKnowPolicy, type PolicyView, viewPolicy } from './policyView.ts'
import { type Attempt, attemptOf, changeOrRefuse, noteRefusal, type RefusingParts, requestOfAgent } from './refusals.ts'
import { afterStepUp, neededStepUp } from './stepUp.ts'
import { answerAs, askBackAs, awaitsAgent, awaitsPerson } from './talk.ts'
import { sweeping } from './sweeping.ts'
import type { Waiting } from './waiting.ts'

export type ApprovalsParts = AskParts &
  RefusingParts &
  AbsenceParts & {
    readonly grants: ReturnType<typeof grants>
    readonly issuer: string
    readonly waiting: Pick<Waiting, 'watch' | 'watchAll' | 'stopped'>
    readonly ends: Pick<Ends, 'leaveSoon' | 'next'>
    /** What a person proves for a request of tier `high`, over doors with tokens. Absent: nothing. */
    readonly stepUp?: StepUpNeeded
    /** Requests are shown as they are stored: a deadline that has passed takes no effect any more. */
    readonly isReadOnly?: boolean
    /** Is called with every error that a caller gets, and with what kept a refusal from being recorded. Must not throw. */
    readonly noted?: (cause: unknown) => void
  }

/** What an ask led to. */
interface AskedRequest extends Asked {
  /** What the agent does next, if this very ask redeemed. Otherwise the status tells. */
  readonly next?: 'execute' | 'report'
}

/** A redeemed request, and what its executor does next. */
interface RedeemedRequest {
  readonly request: ApprovalRequest
  readonly next: 'execute' | 'report'
}

/** A person's decision, before the facts about them are known. */
export type DecideInput = Omit<DecisionInput, 'facts' | 'at' | 'name'> & {
  /** The authentication contexts that the person's token bears, for doors with tokens. */
  readonly contexts?: readonly string[]
}

/** A person's revocation. */
interface Revocation extends Pick<DecideInput, 'contexts'> {
  readonly reason?: string | undefined
  /** The application that the person used, for doors with tokens. */
  readonly client?: ObjectId
}

/** An approved request as its agent reads it. */
interface Granted {
  readonly request: ApprovalRequest
  readonly grant: Grant | null
}

/** A request as one person sees it. */
export interface Reviewed extends Further {
  readonly request: ApprovalRequest
  readonly page: number
  readonly pages: number
  /** The view of which the page is a part; `null` if the person may neither decide nor break the glass. */
  readonly view: Digest | null
  /** Why this person may not decide. */
  readonly refusal: Problem | null
  /** Why this person may not approve, but deny and revoke: who has excluded them. */
  readonly exclusion: Exclusion | null
  /** Why nothing can be approved through this door, by any person. */
  readonly elsewhere: Problem | null
  /** What this person has to sign in with before they decide or revoke; `null` if their sign-in is enough. */
  readonly stepUp: StepUpNeeded | null
  /** This person may not know of the request, and must not see its content. */
  readonly stranger: boolean
}

/** Whether the agent's own word alone excludes a person, or `approvers.json` does. */
type Exclusion = 'agent' | 'policy'

export type Approvals = ReturnType<typeof approvals>

/** The use cases of the main job, bound to their parts: each loads, applies a rule of the core, and commits once. */
export const approvals = (parts: ApprovalsParts) =>
  bind(
    parts,
    {
      ask: askUpToDate,
      tryAsk,
      judge: judgeAlone,
      readPolicy,
      groupsOf,
      namesOf,
      read,
      wait,
      grant,
      objection: objectionOf,
      decide: decideAs,
      decideBatch,
      review,
      cancel: cancelAs,
      revoke: revokeAs,
      askBack: askBackAs,
      awaitsAgent: ({ policy }: ApprovalsParts, request: ApprovalRequest) => awaitsAgent(policy, request),
      awaitsPerson: awaitsAnswerOf,
      further: furtherOf,
      answer: answerAs,
      narrow: narrowAs,
      breakGlass: breakGlassAs,
      reviewGlass: reviewGlassAs,
      delegate: delegateAs,
      recall: recallAs,
      delegations: delegationsFor,
      deputiesOf,
      redeem: redeemAs,
      useForGate,
      ofKey,
      report: reportAs,
      refused,
      events,
      list,
      lookFor,
      sweep: sweeping(),
    },
    parts.noted,
  )

/**
 * Opens a request, or answers with the one that the same ask opened before. If the ask redeemed what policy alone allows,
 * the answer waits for the file in the archive, as that of a redemption does.
 *
 * @throws {Problem} as {@link ask}; `evidence-broken`
 */
async function askUpToDate(parts: ApprovalsParts, input: Ask): Promise<AskedRequest> {
  const asked = await ask(parts, input)
  const request = asked.created ? asked.request : await upToDate(parts, asked.request)
  const isThisAttempt = request.status === 'redeemed' && request.redemption === input.redemption
  return { ...asked, request, ...(isThisAttempt && { next: await parts.ends.next(request) }) }
}

/**
 * Says what an ask would lead to, for a person who belongs to a group of approvers or may read evidence. Opens no
 * request.
 *
 * @throws {Problem} as {@link dryRun}; `not-permitted` for other people
 */
async function tryAsk(parts: ApprovalsParts, asked: DryAsk, reader: Reader & { kind: 'person' }): Promise<DryRun> {
  await checkMayKnowPolicy(parts, reader)
  return dryRun(parts, asked, parts.clock.now())
}

/**
 * Says how policy judges an ask, for the agent that would ask. Opens no request, and does not look whether enough people
 * could decide.
 *
 * @throws {Problem} as {@link judgeAsk}
 */
const judgeAlone = async (parts: ApprovalsParts, asked: Ask): Promise<Judged['judgement']> =>
  (await judgeAsk(parts, asked, parts.clock.now())).judgement

/** Shows the policy in force. @throws {Problem} `not-permitted` as for {@link tryAsk}; `unavailable` */
async function readPolicy(parts: ApprovalsParts, reader: Reader & { kind: 'person' }): Promise<PolicyView> {
  await checkMayKnowPolicy(parts, reader)
  return viewPolicy(parts)
}

/**
 * Reads a request as it stands.
 *
 * @throws {Problem} `evidence-broken`; `not-found`, also for a request that the reader may not know of
 */
async function read(parts: ApprovalsParts, id: RequestId, reader: Reader): Promise<ApprovalRequest> {
  const request = await parts.ledger.find(id)
  if (!request || !(await mayRead(parts, request, reader))) throw noSuchRequest()
  return believed(parts, await upToDate(parts, request))
}

/**
 * Waits for a request to leave `pending`, or for a question that the agent answers, but no longer than so many seconds.
 * Checks no rights: {@link read} did.
 *
 * @throws {Problem} `not-found`
 */
async function wait(parts: ApprovalsParts, id: RequestId, seconds: number): Promise<ApprovalRequest> {
  const { ledger, clock, waiting } = parts
  const until = performance.now() + seconds * 1000
  const watch = waiting.watch(id)
  try {
    for (;;) {
      const request = await ledger.find(id)
      if (!request) throw noSuchRequest()
      const now = await upToDate(parts, request)
      const left = until - performance.now()
      const isOver = left <= 0 || waiting.stopped() || parts.isReadOnly === true
      if (now.status !== 'pending' || awaitsAgent(parts.policy, now) || isOver) return await believed(parts, now)
      const toDeadline = milliseconds(now.requirement.expiresAt) - milliseconds(clock.now())
      await watch.changed(Math.max(1, Math.min(left, toDeadline)))
    }
  } finally {
    watch.close()
  }
}

/**
 * Issues the grant of an approved request to the agent that asked or to the executor; anyone else gets `null`, and so
 * does an agent that is no longer registered.
 *
 * @param known the standing approval of a use, if the caller has it
 * @returns the request, too: revoked if the policy in force forbids the action
 * @throws {Problem} `evidence-broken`, `busy`, `unavailable`
 */
async function grant(
  parts: ApprovalsParts,
  read: ApprovalRequest,
  reader: ObjectId,
  known?: ApprovalRequest,
): Promise<Granted> {
  const request = await believed(parts, read)
  const mayHave = reader === request.agent.id || reader === request.executor
  const isGranted = request.status === 'approved' && !isStanding(request)
  if (!mayHave || !isGranted || unregistered(parts, request)) return { request, grant: null }
  const rules = forbidding(parts, request, parts.clock.now())
  if (rules === null) return { request, grant: null }
  if (rules.length === 0) {
    const standing = known ?? (await believedStanding(parts, request))
    if (standing && !stands(standing)) return { request, grant: null }
    return { request, grant: await parts.grants.issue(request, parts.clock.now(), standing) }
  }
  const revoked = await change(
    parts,
    request.id,
    (request, at) => forbidden(parts, request, at) ?? unchanged(request, at),
  )
  return { request: await ended(parts, revoked), grant: null }
}

/**
 * Counts a person's decision. A refusal is recorded; that a proof is missing is none.
 *
 * @throws {Problem} as core/request/decision.ts; `step-up`; `not-found` for a person who may not know of the request
 */
async function decideAs(
  parts: ApprovalsParts,
  id: RequestId,
  { contexts = [], ...input }: DecideInput,
): Promise<ApprovalRequest> {
  const { found, name, facts, member } = await involvedIn(parts, id, input.approver)
  const vote = { ...input, name, facts, ...(member !== undefined && { member }) }
  const { client } = input.seen
  const attempt = attemptOf({ kind: 'person', id: input.approver }, 'decide', input.seen)
  let latest = found
  for (;;) {
    const others = await standingsOf(parts, votesToCheck(latest, vote), latest)
    let isChecked = true
    latest = await changeOrRefuse(
      parts,
      id,
      attempt,
      (request, at) => {
        // Others may have voted since the request was read: another round looks them up first.
        isChecked = votesToCheck(request, vote).every(({ approver }) => others.has(approver))
        if (!isChecked) return unchanged(request, at)
        const needed = client === undefined ? null : neededStepUp(parts, request)
        const seen = needed ? { ...vote.seen, proved: needed.context } : vote.seen
        const excluded = excludedBy(parts.policy, request)
        return afterStepUp(decide(request, { ...vote, seen, excluded, others, at }), needed, contexts)
      },
      latest,
    )
    if (isChecked) return ended(parts, latest)
  }
}

/**
 * Counts a person's decisions on several requests of one agent, each as {@link decideAs} does, with a view of its own.
 *
 * @param via the name of the door
 * @throws {Problem} `invalid-input`, before any vote is counted, for a list that is no batch
 */
async function decideBatch(
  parts: ApprovalsParts,
  approver: ObjectId,
  votes: readonly MarkedVote[],
  via: string,
): Promise<readonly Counted[]> {
  const counted = await decideEach(votes, {
    read: (id) => read(parts, id, { kind: 'person', id: approver, evidence: false }),
    decide: ({ request, view, ...vote }) => decideAs(parts, request, { ...vote, approver, seen: { via, view } }),
  })
  for (const one of counted) if ('refusal' in one) parts.noted?.(one.refusal)
  return counted
}

/**
 * Shows a person one page of a request. If the person may decide, that is recorded before the page is sent.
 *
 * @throws {Problem} `not-found`; that too for guests and disabled accounts
 */
async function review(
  parts: ApprovalsParts,
  id: RequestId,
  approver: ObjectId,
  wanted: { page: number; template: Hex; via: string; contexts?: readonly string[] },
): Promise<Reviewed> {
  const actor = await actorIn(parts, id, approver)
  const { facts, found } = actor
  const { template, via, contexts } = wanted
  let reviewed = {
    page: 1,
    pages: 1,
    refusal: null as Problem | null,
    exclusion: null as Exclusion | null,
    ...noFurther,
  }
  const request = await change(
    parts,
    id,
    (request, at) => {
      const pages = viewPagesOf(request, spoken.units).length
      const page = Math.min(wanted.page, pages)
      const refusal = problemIn(() => checkMayDecide(request, facts, { verdict: 'deny' }))
      const excluded = excludedBy(parts.policy, request)
      const excluding = problemIn(() => checkMayDecide(request, facts, { verdict: 'approve', excluded }))
      const exclusion = refusal || !excluding ? null : exclusionOf(request, facts)
      reviewed = { page, pages, refusal, exclusion, ...furtherIn(parts.policy, request, actor) }
      // A person who can only break the glass, and not through this door, gets no page.
      if (refusal && (!reviewed.mayBreak || isForeignDoor(via))) return unchanged(request, at)
      return show(request, { approver, template, page, pages })
    },
    found,
  )
  const elsewhere = problemIn(() => checkDoor(request, via))
  const isUnseen = reviewed.refusal && (!reviewed.mayBreak || isForeignDoor(via))
  const view = isUnseen ? null : viewOf(request, template)
  const needed = view === null || !isOpen(request) ? null : neededStepUp(parts, request)
  const stepUp = contexts === undefined || contexts.includes(needed?.context ?? '') ? null : needed
  return { request, ...reviewed, view, elsewhere, stepUp, stranger: !isInvolved(actor) }
}

/** Whether a person can still decide or revoke. */
const isOpen = ({ status }: ApprovalRequest): boolean => status === 'pending' || status === 'approved'

/**
 * Withdraws a request for the agent that asked.
 *
 * @throws {Problem} as core/request/withdrawal.ts; `secret-in-params`; `not-found` for other agents
 */
async function cancelAs(
  parts: ApprovalsParts,
  id: RequestId,
  agent: ObjectId,
  reason?: string,
): Promise<ApprovalRequest> {
  checkSecretIn(reason, '/reason')
  const after = await change(parts, id, (request, at) => {
    if (request.agent.id !== agent) throw noSuchRequest()
    return cancel(request, { at, ...(reason !== undefined && { reason }) })
  })
  return ended(parts, after)
}

/**
 * Takes an approval back. A refusal is recorded; that a proof is missing is none.
 *
 * @throws {Problem} as core/request/withdrawal.ts; `step-up`; `not-found` for a person who may not know of the request
 */
async function revokeAs(
  parts: ApprovalsParts,
  id: RequestId,
  approver: ObjectId,
  { reason, client, contexts = [] }: Revocation = {},
): Promise<ApprovalRequest> {
  const { found, name, facts } = await involvedIn(parts, id, approver)
  const used = client !== undefined && { client }
  const input = { approver, name, facts, ...(reason !== undefined && { reason }), ...used }
  const attempt = attemptOf({ kind: 'person', id: approver }, 'revoke', { client })
  const rule: CommitRule = (request, at) => {
    const needed = client === undefined ? null : neededStepUp(parts, request)
    return afterStepUp(revoke(request, { ...input, at }), needed, contexts)
  }
  return ended(parts, await changeOrRefuse(parts, id, attempt, rule, found))
}

/**
 * Uses up an approval, before the action is carried out. The answer waits for the file in the archive. If the archive
 * fails, the ledger has the redemption already, and the executor repeats the call.
 *
 * The policy in force judges the action again. If it forbids the action, the approval is revoked instead. A refusal of the
 * agent or the executor is recorded.
 *
 * @throws {Problem} `grant-invalid`, `digest-mismatch`, `already-redeemed`, `not-redeemable`, `forbidden-by-policy`;
 *   `not-permitted`, also if an agent is no longer registered; `not-found` for a caller that is neither the agent nor
 *   the executor; `evidence-broken` if the approval was used up or taken away and the ledger was changed to hide that
 */
async function redeemAs(
  parts: ApprovalsParts,
  id: RequestId,
  input: { caller: ObjectId; mayRedeemForOthers: boolean; grant: string; digest: Digest; redemption: string },
): Promise<RedeemedRequest> {
  const { caller, mayRedeemForOthers, grant, digest, redemption } = input
  const attempt = attemptOf({ kind: 'agent', id: caller }, 'redeem')
  const claims = await parts.grants.read(grant).catch(async (cause: unknown) => {
    if (refusalIn(cause) !== null)
      await noteRefusal(parts, id, attempt, cause as Problem, () => requestOfAgent(parts, id, caller))
    throw cause
  })
  const used = await changeOrRefuse(parts, id, attempt, (request, at, standing) => {
    if (request.executor !== caller && request.agent.id !== caller) throw noSuchRequest()
    if (request.agent.id !== caller && !mayRedeemForOthers)
      throw new Problem('not-permitted', 'To execute for another agent needs the app role Grants.Redeem.')
    const grantExpiresAt = checkGrant(claims, { issuer: parts.issuer, caller, digest, request })
    const step = redeem(request, { redemption, digest, grantExpiresAt, at })
    if (step.events.length === 0) return step
    if (standing) checkStands(standing)
    if (unregistered(parts, request))
      throw new Problem('not-permitted', 'The agent that asked, or the executor, is not registered any more.')
    return forbidden(parts, request, at) ?? step
  })
  if (used.status === 'revoked') {
    await ended(parts, used)
    throw new Problem('forbidden-by-policy', objectionByPolicy(parts, used))
  }
  return { request: used, next: await parts.ends.next(used) }
}

/** Records a caller whom a door refused before any use case was called, if they may know of the request. Never throws. */
function refused(parts: ApprovalsParts, id: RequestId, attempt: Attempt, problem: Problem): Promise<void> {
  const { kind, id: who } = attempt.by
  const mayKnow = async () =>
    kind === 'agent' ? requestOfAgent(parts, id, who) : (await involvedIn(parts, id, who)).found
  return noteRefusal(parts, id, attempt, problem, mayKnow)
}

/** Whether a question is open that a member of the tenant may answer, as one of the side that asks. */
const awaitsAnswerOf = ({ policy, clock }: ApprovalsParts, request: ApprovalRequest, who: ObjectId): boolean =>
  awaitsPerson(policy, request, {
    ...{ accounts: policy.accounts(who), groups: [], member: true, enabled: true, asOf: clock.now() },
  })

/**
 * Records the outcome of the action.
 *
 * @throws {Problem} `not-redeemed`, `already-reported`, `secret-in-params`; `not-found` for a caller that is not the
 *   executor
 */
async function reportAs(parts: ApprovalsParts, id: RequestId, input: Omit<Report, 'at'>): Promise<ApprovalRequest> {
  checkSecretIn(input.summary, '/summary')
  return change(parts, id, (request, at) => {
    if (request.executor !== input.executor) throw noSuchRequest()
    return report(request, { ...input, at })
  })
}

/** Reads all events of a request. */
async function events({ ledger }: ApprovalsParts, request: ApprovalRequest): Promise<readonly KeptEvent[]> {
  return ledger.events(request)
}

/**
 * Reads a page of requests, after passed deadlines have taken effect. The page has only requests that the reader may
 * know of. Of those that this program cannot read it has the row keys.
 *
 * @throws {Problem} `unavailable`; that too when the reader's rights cannot be determined, so that a list never looks
 *   complete when it is not
 */
async function list(
  parts: ApprovalsParts,
  scope: Scope,
  page: { keep: (request: ApprovalRequest) => boolean; limit: number; cursor?: string },
  reader: Reader,
): Promise<RequestPage> {
  const mayList = await listing(parts, reader)
  const keep = async (request: ApprovalRequest) => page.keep(request) && mayList(request)
  const found = await parts.ledger.list(scope, { ...page, keep })
  const states = await Promise.all(
    found.requests.map((request) => listed(parts, request).then((request) => ({ request }), asNewer)),
  )
  const newer = [...(found.newer ?? []), ...states.flatMap((state) => ('newer' in state ? [state.newer] : []))]
  const requests = states.flatMap((state) => ('request' in state ? [state.request] : [])).filter(page.keep)
  return { ...found, requests, ...(newer.length > 0 && { newer }) }
}

/**
 * Looks for something until it is found, but no longer than so many seconds: now, whenever a request may have changed, and
 * when the time is up.
 *
 * @param look resolves to whether it was found
 */
async function lookFor(parts: ApprovalsParts, seconds: number, look: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + seconds * 1000
  const watch = parts.waiting.watchAll()
  try {
    for (;;) {
      const isOver = performance.now() >= until || parts.waiting.stopped() || parts.isReadOnly === true
      if ((await look()) || isOver) return
      await watch.changed(Math.max(1, until - performance.now()))
    }
  } finally {
    watch.close()
  }
}

/** Tells which requests a reader's list has: all for evidence, what a person may know of, and what an agent asked for. */
async function listing(
  parts: ApprovalsParts,
  reader: Reader,
): Promise<(request: ApprovalRequest) => boolean | Promise<boolean>> {
  if (reader.kind === 'agent') return ({ agent }) => agent.id === reader.id
  if (reader.evidence) return () => true
  const person = await known(parts, reader.id)
  const once = { ...parts, delegations: rememberedOf(parts.delegations) }
  return (request) => person !== null && mayKnow(once, request, person)
}

/** Asks once who is away, for all requests of a list. */
function rememberedOf(delegations: Pick<ApprovalsParts['delegations'], 'to'>): PeopleParts['delegations'] & {} {
  let found: ReturnType<typeof delegations.to> | undefined
  return { to: (deputies) => (found ??= delegations.to(deputies)) }
}

/** Writes the file of a request that a person or its agent ended, before the caller gets an answer. */
async function ended({ ends }: ApprovalsParts, request: ApprovalRequest): Promise<ApprovalRequest> {
  await ends.leaveSoon(request)
  return request
}

/** Lets a passed deadline take effect, so that no answer shows a state that is over. */
async function upToDate(parts: ApprovalsParts, request: ApprovalRequest): Promise<ApprovalRequest> {
  const deadline = parts.isReadOnly ? null : due(request)
  return deadline === null || parts.clock.now() < deadline ? request : applyDeadline(parts, request.id)
}

/** Shows a request that its events contradict as its row has it, so that one altered row does not make a list fail. */
const listed = (parts: ApprovalsParts, request: ApprovalRequest): Promise<ApprovalRequest> =>
  latest(parts, request)
    .then((now) => upToDate(parts, now))
    .catch((cause: unknown) => {
      if (isBroken(cause)) return request
      throw cause
    })

/** Reads a request again that this process knows to have gone on: an older copy may have been put back into an index. */
const latest = async ({ ledger }: ApprovalsParts, request: ApprovalRequest): Promise<ApprovalRequest> =>
  recollectionOf(ledger).knowsLater(request) ? ((await ledger.find(request.id)) ?? request) : request

const exclusionOf = ({ requirement }: ApprovalRequest, { accounts }: Facts): Exclusion =>
  overlap(requirement?.excludedByAgent ?? [], accounts) ? 'agent' : 'policy'
