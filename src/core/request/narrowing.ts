import { type Action, actionDigest } from '../action/action.ts'
import { type EditFlaw, type Edits, edited, editedNames, editsIn, flawInEdits } from '../action/edits.ts'
import { bounds } from '../data/bound.ts'
import type { Digest, ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { bodyLimits, type Json, jsonIn, type JsonObject } from '../data/json.ts'
import { Problem } from '../data/problem.ts'
import { visible } from '../data/text.ts'
import { changed } from '../data/changed.ts'
import { textsAt } from './conversation.ts'
import { checkDoor, checkMayDecide, checkPending, checkSeen, type Seen, sightOf } from './decision.ts'
import { checkStandIn } from './deputy.ts'
import { type Draft, type Outcome, tiers } from './event.ts'
import {
  type ApprovalRequest,
  askedActionOf,
  isStanding,
  type Narrowing,
  type Requirement,
  saidIn,
  type Step,
} from './request.ts'
import type { Facts, Slot } from './requirement.ts'

/** What edits leave of a request. A replay knows neither the action nor the edits. */
export type Left = Pick<Narrowing, 'digest' | 'params' | 'standing'> & {
  readonly action: Action | null
}

/** An approver's word that less is enough. */
export interface NarrowingInput {
  readonly approver: ObjectId
  /** For display; the event commits to it. */
  readonly name: string
  readonly reason?: string
  readonly seen: Seen
  readonly facts: Facts
  /** Accounts that policy keeps from approving now, in addition to those in the request. Unknown to a replay. */
  readonly excluded?: readonly ObjectId[]
  /** Of the policy that judged what is left. */
  readonly policy: Digest
  /** The text that the event commits to. */
  readonly edits: string
  /**
   * Finds what the edits leave. Asked once nothing else stands in the way.
   *
   * @throws {Problem} `not-narrower` for edits that do not make it smaller, by what they are or by how policy judges what is left
   */
  readonly left: () => Left
  readonly at: Instant
}

/**
 * Makes a request smaller. It decides nothing: all who approved before look again, and so does the person who made it smaller.
 * The executor agrees by redeeming what is left. The same edits by the same person again change nothing.
 *
 * That what is left is smaller is for the caller to find, since the log has digests alone.
 *
 * @throws {Problem} `not-pending`, `not-permitted`, `self-approval`, `digest-mismatch`
 * @throws {Problem} `not-narrower` for what may not be made smaller, `too-many` after three times
 */
export function narrow(request: ApprovalRequest, input: NarrowingInput): Step {
  const { approver, name, reason, seen, facts, policy, edits, at } = input
  const { narrowed = [] } = request
  if (isNarrowedAgain(request, input)) return { request, events: [] }
  checkPending(request, at)
  checkMayDecide(request, facts, { verdict: 'approve', ...(input.excluded && { excluded: input.excluded }) })
  checkStandIn(facts, at)
  checkDoor(request, seen.via)
  checkSeen(request, input, { whole: true })
  if (narrowed.length >= bounds.narrowings)
    throw new Problem('too-many', `This request was made smaller ${bounds.narrowings} times: decide it, or deny it.`)
  const left = input.left()
  checkLeft(request, left)
  const { digest, params, standing } = left
  const less = { digest, ...(params && { params }), ...(standing && { standing }) }
  const event: Draft = {
    type: 'narrowed',
    actor: { kind: 'person', id: approver },
    request: request.id,
    data: { ...sightOf(request, seen), ...less, policy, facts },
    said: { edits, name, ...(reason !== undefined && reason !== '' && { reason }) },
  }
  return { request: narrowedTo(request, left, { by: approver, at, ...less }), events: [event] }
}

/** Whether something of a request can be made smaller, and it was not as often as it may be. */
export const takesNarrowing = (request: ApprovalRequest): boolean =>
  request.status === 'pending' &&
  (isStanding(request) || request.requirement.narrowable !== undefined) &&
  (request.narrowed ?? []).length < bounds.narrowings

function narrowedTo(request: ApprovalRequest, { action, standing }: Left, step: Narrowing): ApprovalRequest {
  const { narrowed = [], askedDigest = request.digest, askedAction = request.action } = request
  const smaller = changed(request, {
    ...{ action, digest: step.digest, askedDigest, askedAction },
    narrowed: [...narrowed, step],
  })
  if (!standing || !request.standing) return smaller
  return changed(smaller, { lapse: standing.seconds, standing: { ...request.standing, uses: standing.uses } })
}

/** Refuses what the events of the request alone tell to be no part of it. */
function checkLeft(request: ApprovalRequest, { digest, params, standing }: Left): void {
  if (digest === request.digest) throw new Problem('not-narrower', 'What is left is what was asked for.')
  if (isStanding(request) !== (standing !== undefined) || isStanding(request) === (params !== undefined))
    throw new Problem('not-narrower', 'Params get smaller, or the uses and the time of a standing approval.')
  if (standing) checkTerms(request, standing)
  if (params) checkNamed(request.requirement?.narrowable ?? [], params)
}

function checkNamed(narrowable: readonly string[], params: readonly string[]): void {
  const isSorted = params.every((name, i) => i === 0 || name > (params[i - 1] ?? ''))
  if (params.length === 0 || !isSorted || !params.every((name) => narrowable.includes(name)))
    throw new Problem('not-narrower', 'Policy does not let these params be made smaller.', { pointer: '/params' })
}

function checkTerms(
  { standing, lapse = 0 }: ApprovalRequest,
  { uses, seconds }: NonNullable<Narrowing['standing']>,
): void {
  const before = standing?.uses ?? 0
  const isLess = uses <= before && seconds <= lapse && (uses < before || seconds < lapse)
  if (!isLess) throw new Problem('not-narrower', 'A standing approval gets fewer uses, or less time.')
}

/** Whether the newest narrowing is the same, by the same person. Then the answer to it was lost. */
function isNarrowedAgain(request: ApprovalRequest, { approver, edits }: NarrowingInput): boolean {
  const last = request.narrowed?.at(-1)
  return request.status === 'pending' && last?.by === approver && saidIn(request, 'narrowed', 'edits') === edits
}

/**
 * What edits leave of the action of a request.
 *
 * @param narrowable the params that may be made smaller
 * @throws {Problem} `not-narrower` with the pointer of what is not smaller for certain
 */
export function leftBy(
  action: Action,
  narrowable: readonly string[],
  edits: Edits,
): Left & { readonly action: Action } {
  const flaw = flawInEdits(action, narrowable, edits)
  if (flaw) throw new Problem('not-narrower', sentence(flaw), flaw.pointer === '' ? {} : { pointer: flaw.pointer })
  const smaller = edited(action, edits)
  const { standing } = smaller
  const what = standing ? { standing: { uses: standing.uses, seconds: standing.for } } : { params: editedNames(edits) }
  return { digest: actionDigest(smaller), ...what, action: smaller }
}

const sentence = ({ pointer, rule }: EditFlaw): string => `${pointer === '' ? '' : `${visible(pointer)}: `}${rule}.`

/** The answer of policy for what is left, as far as it matters. */
type JudgedLeft = { readonly outcome: Outcome } & Partial<Pick<Requirement, 'slots' | 'tier' | 'via'>>

/**
 * Finds what policy would ask for what is left, and did not ask for what was asked. Then it is another action.
 *
 * @returns in words what is more; `null` if nothing is
 */
export function moreThanAsked(
  asked: Requirement,
  { outcome, slots = [], tier = 'high', via }: JudgedLeft,
): string | null {
  if (outcome === 'allow') return 'policy allows what is left without people: the agent has to ask anew'
  if (outcome !== 'approve') return `policy answers “${outcome}” for what is left`
  const other = slots.find((slot) => !asked.slots.some((known) => isSlotOf(known, slot)))
  if (other)
    return `policy wants ${other.quorum} of ${other.groups.join(' or ')} for what is left, and not for this request`
  if (tiers.indexOf(tier) > tiers.indexOf(asked.tier)) return `what is left is of tier ${tier}, and this request is not`
  const isElsewhere = via !== undefined && !(asked.via?.every((door) => via.includes(door)) ?? false)
  return isElsewhere ? `what is left is approved only via ${via.join(' or ')}, and this request is not` : null
}

/** Whether a slot of a request asks for what another asks for: once groups have joined it, it names them, too. */
function isSlotOf({ groups, quorum }: Slot, wanted: Slot): boolean {
  const all = [...wanted.groups, ...(wanted.later?.groups ?? [])]
  const isSame = [wanted.groups, all].some((names) => [...names].sort().join() === [...groups].sort().join())
  return isSame && quorum >= wanted.quorum
}

/** Reads the text of edits; `null` for any other text. */
export const readEdits = (text: string): Edits | null => editsIn(jsonIn(Buffer.from(text), bodyLimits))

/** The texts of a narrowing that are not erased: `edits`, `name` of who made it smaller, and `reason`. */
export const narrowingTexts = (
  request: ApprovalRequest,
  narrowing: Narrowing,
): Readonly<Record<string, string | undefined>> =>
  textsAt(request, 'narrowed', request.narrowed?.indexOf(narrowing) ?? -1)

/** A value that an approver made smaller: of a param, or `uses` and `for` of a standing approval. */
interface SmallerValue {
  readonly name: string
  readonly before: Json
  readonly after: Json
}

/** A narrowing, and what it changed; nothing is known of that once the action or the edits are erased. */
interface NarrowingStep {
  readonly narrowing: Narrowing
  readonly changes: readonly SmallerValue[]
}

/** What approvers made smaller, oldest first. */
export function narrowingSteps(request: ApprovalRequest): readonly NarrowingStep[] {
  const { narrowed = [] } = request
  let action = askedActionOf(request)
  return narrowed.map((narrowing) => {
    const edits = editsOf(request, narrowing)
    const before = action
    action = before && edits && edited(before, edits)
    return { narrowing, changes: before && edits ? changesBy(before, edits) : [] }
  })
}

function changesBy({ params, standing }: Action, edits: Edits): readonly SmallerValue[] {
  const { uses = 0, for: seconds = 0 } = standing ?? {}
  const had: JsonObject = 'params' in edits ? params : { uses, for: seconds }
  const has: JsonObject = 'params' in edits ? edits.params : { ...edits.standing }
  return editedNames(edits).map((name) => ({ name, before: had[name] ?? null, after: has[name] ?? null }))
}

/**
 * The action as so many narrowings left it.
 *
 * @returns `null` if the action, or the edits of one of them, are erased
 */
export function actionAfter(request: ApprovalRequest, narrowings: number): Action | null {
  const { narrowed = [] } = request
  if (narrowings === narrowed.length) return request.action
  return narrowed.slice(0, narrowings).reduce<Action | null>((action, narrowing) => {
    const edits = editsOf(request, narrowing)
    return action && edits && edited(action, edits)
  }, askedActionOf(request))
}

/**
 * The action as it was in the view that a person was shown, whatever was made smaller since.
 *
 * @returns `null` once it, or the edits of a narrowing before that view, are erased
 */
export function actionShown(request: ApprovalRequest, approver: ObjectId, view: Digest): Action | null {
  const { shown, events, narrowed = [], action } = request
  const content = shown.findLast((one) => one.approver === approver && one.view === view)?.content
  if (content === undefined || narrowed.length === 0) return action
  const after = events.slice(events.findIndex(({ hash }) => hash === content) + 1)
  return actionAfter(request, narrowed.length - after.filter(({ type }) => type === 'narrowed').length)
}

function editsOf(request: ApprovalRequest, narrowing: Narrowing): Edits | null {
  const { edits } = narrowingTexts(request, narrowing)
  return edits === undefined ? null : readEdits(edits)
}
