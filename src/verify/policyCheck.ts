import type { Action } from '../core/action/action.ts'
import type { Digest, ObjectId, Shard } from '../core/data/id.ts'
import { type Instant, instant, milliseconds } from '../core/data/instant.ts'
import { bundleFiles } from '../core/log/bundleFiles.ts'
import type { ShardCut } from '../core/log/manifest.ts'
import { type ApproveTerms, strictest } from '../core/policy/annotations.ts'
import { type PlainPolicy, readPlainPolicy } from '../core/policy/plainPolicy.ts'
import { coversAgent, ruleListFile } from '../core/policy/ruleList.ts'
import {
  flawInAccounts,
  flawInAnswer,
  flawInApproval,
  flawInFacts,
  flawInRoster,
  flawInSight,
  isExcluded,
} from '../core/policy/standing.ts'
import { structuralJudge } from '../core/policy/structure.ts'
import type { EventOf, LogEvent } from '../core/record/eventType.ts'
import type { Life } from '../core/record/replayedRequest.ts'
import { type ApprovalRequest, decidingGroups } from '../core/request/request.ts'
import { moreThanAsked } from '../core/request/narrowing.ts'
import type { SessionTerms, StandIn } from '../core/request/requirement.ts'
import { BrokenAt, type FaultPlace } from './finding.ts'
import type { LoadedVersion, LoadVersion } from './policyJudge.ts'
import type { VersionFiles } from './versionFiles.ts'

/** How many asks were judged, carried ones included. */
export interface JudgedCount {
  /** By the structure of their policy. */
  readonly asks: number
  /** Of these, also by Cedar. */
  readonly anew: number
  /** Whether Cedar was at hand: then the lists of rules were compared with the Cedar files. */
  readonly hasCedar: boolean
}

/** How a policy version judges, without Cedar. */
interface Judge {
  readonly policy: PlainPolicy
  readonly ask: ReturnType<typeof structuralJudge>
  /** Absent if Cedar is not at hand. */
  readonly cedar?: LoadedVersion
  /** By agent, principal, verb and digest of the action, what Cedar answered. */
  readonly answers: Map<string, string>
}

/** The most answers of Cedar that are remembered for one policy. */
const mostRemembered = 50_000

/** Milliseconds by which an ask may have been judged before it was committed. */
const judgedBefore = 300_000

/** Where a record stands, for what is found about it. */
export interface RecordPlace {
  readonly member: string
  readonly line?: number
  /** Its log index. */
  readonly index: number
}

/**
 * Judges events anew by the policy files in the bundle, so that no event is believed about what policy said: an ask by the
 * version that it names, and what people did by the version that was in force in its shard.
 *
 * Versions that the bundle lacks are left out here, since another check refuses such a bundle.
 */
export class PolicyCheck {
  readonly #versions: ReadonlyMap<Digest, VersionFiles>
  readonly #judges = new Map<Digest, Judge | null>()
  readonly #load: LoadVersion | undefined
  #inForce: Digest | undefined
  #asks = 0
  #anew = 0

  /** @param load loads policies with Cedar, if it is at hand */
  constructor(versions: readonly VersionFiles[], load?: LoadVersion) {
    this.#load = load
    this.#versions = new Map(versions.map((one) => [one.version, one]))
  }

  /** How many asks were judged by structure, and how many of them anew by Cedar. */
  judged(): JudgedCount {
    return { asks: this.#asks, anew: this.#anew, hasCedar: this.#load !== undefined }
  }

  /** @param cut the shard's part of the day, which says what was in force before */
  begin({ policyFrom }: Pick<ShardCut, 'policyFrom'>): void {
    this.#inForce = policyFrom
  }

  /**
   * Finds that the manifest names the policy that is in force after a shard's last event.
   *
   * @throws {BrokenAt} `against-policy`
   */
  end(shard: Shard, { policyTo }: Pick<ShardCut, 'policyTo'>): void {
    if (this.#inForce === policyTo) return
    const what = `The manifest says that policy ${policyTo ?? 'none'} is in force in shard ${shard} after the day, and the records say ${this.#inForce ?? 'none'}.`
    throw new BrokenAt({ check: 'policy', member: bundleFiles.manifest.name }, 'against-policy', what)
  }

  /**
   * Judges the `requested` of a carried request.
   *
   * @throws {BrokenAt} `against-policy`, `cannot-judge`
   */
  carry(event: LogEvent, place: RecordPlace): void {
    if (event.type === 'requested') this.#checkAsk(event, place)
  }

  /**
   * Judges a record of the day, which the rules allow.
   *
   * @param life its request, after the event
   * @throws {BrokenAt} `against-policy`, `cannot-judge`
   */
  take(event: LogEvent, life: Life | undefined, place: RecordPlace): void {
    switch (event.type) {
      case 'policy-changed':
        this.#inForce = event.data.to
        return
      case 'requested':
        this.#inForce ??= event.data.policy.version
        this.#checkAsk(event, place)
        return
      case 'shown':
      case 'decided':
      case 'vote-void':
      case 'approved':
      case 'revoked':
      case 'asked':
      case 'answered':
      case 'narrowed':
      case 'glass-broken':
      case 'reviewed':
      case 'erasure-asked':
      case 'erased': {
        const judge = this.#judgeInForce(event, place)
        const flaw = judge && life ? flawUnder(judge.policy, event, life.request) : null
        if (flaw !== null) throw against(event, place, flaw)
        return
      }
      case 'roster': {
        const judge = this.#judgeInForce(event, place)
        const flaw = judge && flawInRoster(judge.policy, event.data)
        if (flaw !== null) throw against(event, place, flaw)
        return
      }
      default:
    }
  }

  /**
   * Judges an ask of the day anew with Cedar, by the action that was asked for.
   *
   * @param text the action in canonical form, of which the event has the digest
   * @throws {BrokenAt} `against-policy`
   */
  anew(event: EventOf<'requested'>, text: string, place: RecordPlace): void {
    const judge = this.#judgeOf(event.data.policy.version, place)
    if (!judge?.cedar) return
    const flaw = flawAnew(judge, event, text)
    this.#anew += 1
    if (flaw !== null) throw against(event, place, flaw)
  }

  /**
   * Judges with Cedar what an approver left of an action: policy has people decide it, and wants no more than it wanted of
   * the request.
   *
   * @param text what is left, in canonical form
   * @throws {BrokenAt} `against-policy`
   */
  left(event: EventOf<'narrowed'>, text: string, request: ApprovalRequest, place: RecordPlace): void {
    const judge = this.#judgeOf(event.data.policy, place)
    const flaw = judge && flawInLeft(judge, event, text, request)
    if (flaw) throw against(event, place, flaw)
  }

  /** What the rules of an ask let a standing approval be for; `null` if that cannot be told. */
  sessionOf({ data: { policy } }: EventOf<'requested'>, place: RecordPlace): SessionTerms | null {
    const judge = this.#judgeOf(policy.version, place)
    return (judge && termsOf(judge.policy, policy.rules).session) ?? null
  }

  #checkAsk(event: EventOf<'requested'>, place: RecordPlace): void {
    const judge = this.#judgeOf(event.data.policy.version, place)
    if (!judge || !('id' in event.actor)) return
    this.#asks += 1
    const flaw = judge.ask({ agent: event.actor.id, at: event.at, data: event.data })
    if (flaw !== null) throw against(event, place, flaw)
  }

  /** The policy in force. An event that needs one, in a shard where none is known, is not believed. */
  #judgeInForce(event: LogEvent, place: RecordPlace): Judge | null {
    if (this.#inForce === undefined) throw against(event, place, 'nothing says which policy was in force')
    return this.#judgeOf(this.#inForce, place)
  }

  #judgeOf(version: Digest, place: RecordPlace): Judge | null {
    let judge = this.#judges.get(version)
    if (judge === undefined) {
      // A version that cannot be read is said once.
      this.#judges.set(version, null)
      judge = this.#read(version, place)
      this.#judges.set(version, judge)
    }
    return judge
  }

  #read(version: Digest, { member, line }: RecordPlace): Judge | null {
    const found = this.#versions.get(version)
    if (!found) return null
    const policy = readPlainPolicy(found.files, found.templates)
    const cedar = typeof policy === 'string' ? undefined : this.#load?.(found.files)
    const broken = { check: 'policy', member, ...(line !== undefined && { line }) } as const
    if (typeof policy !== 'string' && typeof cedar !== 'string') {
      const listed = found.files.get(ruleListFile)
      if (cedar && (!listed || Buffer.compare(listed, cedar.rules) !== 0))
        throw new BrokenAt(
          broken,
          'against-policy',
          `${ruleListFile} of policy ${version} does not list what the Cedar files of that policy say.`,
        )
      return { policy, ask: structuralJudge(policy), answers: new Map(), ...(cedar && { cedar }) }
    }
    const why = [policy, cedar].find((one) => typeof one === 'string')
    const what = `Policy ${version} cannot be judged by with this program: ${why}.`
    throw new BrokenAt(broken, 'cannot-judge', what)
  }
}

/** Compares what Cedar answers with what was recorded, of rules and outcome. */
function flawAnew({ cedar, answers }: Judge, event: EventOf<'requested'>, text: string): string | null {
  const { actor, at, data } = event
  if (!cedar || !('id' in actor)) return null
  const recorded = answerOf(data.policy)
  const readsTime = cedar.readsTime(data.action)
  // With the verb, which an event may tell otherwise than the action of its digest.
  const key = `${actor.id} ${data.onBehalfOf} ${data.action} ${data.digest}`
  let answer = readsTime ? undefined : answers.get(key)
  if (answer === undefined) {
    const { onBehalfOf } = data
    const question = { agent: actor.id, action: actionIn(text), ...(onBehalfOf !== undefined && { onBehalfOf }) }
    if (question.action.action !== data.action)
      return `its verb is “${data.action}”, and the action’s “${question.action.action}”`
    const ask = (when: Instant): string => {
      const judged = cedar.judge({ ...question, at: when })
      return typeof judged === 'string' ? judged : answerOf(judged)
    }
    answer = ask(at)
    // It was judged before it was committed, perhaps in the hour before.
    if (readsTime && answer !== recorded) answer = ask(instant(milliseconds(at) - judgedBefore))
    if (answers.size >= mostRemembered) answers.clear()
    if (!readsTime) answers.set(key, answer)
  }
  return answer === recorded ? null : `it records ${recorded}, and Cedar answers: ${answer}`
}

function flawInLeft(
  { cedar, policy }: Judge,
  { at }: EventOf<'narrowed'>,
  text: string,
  { agent, onBehalfOf, requirement }: ApprovalRequest,
): string | null {
  if (!cedar || !requirement) return null
  const of = onBehalfOf === undefined ? {} : { onBehalfOf }
  const judged = cedar.judge({ agent: agent.id, action: actionIn(text), at, ...of })
  if (typeof judged === 'string') return judged
  return moreThanAsked(requirement, { ...judged, ...termsOf(policy, judged.rules) })
}

/** What rules of `approve.cedar` want together; nothing for other rules. */
function termsOf({ rules }: PlainPolicy, named: readonly string[]): Partial<ApproveTerms> {
  const terms = named.flatMap((id) => {
    const found = rules.get(id)?.terms
    return found && 'slots' in found ? [found] : []
  })
  return terms.length > 0 ? strictest(terms) : {}
}

const answerOf = ({ outcome, rules }: { readonly outcome: string; readonly rules: readonly string[] }): string =>
  `“${outcome}” by [${rules.join(', ')}]`

/** The action in its canonical form. Its type is a part of that form, and not of the action. */
function actionIn(text: string): Action {
  const { type: _type, ...action } = JSON.parse(text) as Action & { readonly type: string }
  return action
}

function flawUnder(
  { roster, rules, templates }: PlainPolicy,
  event: LogEvent,
  request: ApprovalRequest,
): string | null {
  const { at } = event
  if (event.type === 'approved') return event.data.by === 'quorum' ? flawInApproval(roster, request) : null
  if (event.type === 'vote-void') return flawInVoid(event, { roster, request })
  if (event.type === 'revoked' && 'rules' in event.data) return flawInForbidding(rules, event.data.rules, request)
  // The rules have checked that a person did the rest.
  if (!('id' in event.actor)) return null
  const person = event.actor.id
  const groups = decidingGroups(request)
  switch (event.type) {
    case 'shown':
      if (!templates.has(event.data.template)) return 'its template is none of the policy in force'
      return flawInSight(roster, request, person)
    case 'decided': {
      const { facts, verdict } = event.data
      const mayNot = verdict === 'approve' ? flawInPerson(roster, request, person, facts.for) : null
      return mayNot ?? flawInFacts(roster, { person, facts, groups, at })
    }
    case 'asked':
    case 'narrowed':
    case 'reviewed': {
      const { facts } = event.data
      return flawInPerson(roster, request, person, facts.for) ?? flawInFacts(roster, { person, facts, groups, at })
    }
    case 'glass-broken': {
      const glass = request.requirement?.glass?.groups ?? []
      const flaw = flawInPerson(roster, request, person)
      return flaw ?? flawInFacts(roster, { person, facts: event.data.facts, groups: glass, at })
    }
    case 'answered': {
      const { facts } = event.data
      const flaw = flawInAnswer(roster, request, facts ? 'person' : 'agent')
      return flaw ?? (facts ? flawInFacts(roster, { person, facts, groups, at }) : null)
    }
    case 'revoked':
      return 'facts' in event.data ? flawInFacts(roster, { person, facts: event.data.facts, groups, at }) : null
    case 'erasure-asked':
    case 'erased':
      return flawInAccounts(roster, person, event.data.accounts)
    default:
      return null
  }
}

function flawInVoid(
  { data: { vote, why, facts }, at }: EventOf<'vote-void'>,
  { roster, request }: Pick<PlainPolicy, 'roster'> & { readonly request: ApprovalRequest },
): string | null {
  const place = request.events.filter(({ type }) => type === 'decided').findIndex(({ hash }) => hash === vote)
  const person: ObjectId | undefined = request.decisions[place]?.approver
  if (person === undefined) return 'the vote that it names is none of the request'
  const excluded = isExcluded(roster, request, person, facts.for)
  if (why === 'excluded' && !excluded) return `${person} may approve this request`
  if (why === 'duplicate' && excluded) return `${person} may not approve this request, which comes first`
  return flawInFacts(roster, { person, facts, groups: decidingGroups(request), at })
}

const flawInPerson = (
  roster: PlainPolicy['roster'],
  request: ApprovalRequest,
  person: ObjectId,
  standIn?: StandIn,
): string | null => (isExcluded(roster, request, person, standIn) ? `${person} may not approve this request` : null)

function flawInForbidding(
  rules: PlainPolicy['rules'],
  named: readonly string[],
  { verb, agent }: ApprovalRequest,
): string | null {
  for (const id of named) {
    const rule = rules.get(id)
    if (rule?.file !== 'forbid.cedar') return `forbid.cedar of the policy in force has no rule “${id}”`
    if (!rule.verbs.includes(verb)) return `the scope of rule “${id}” does not cover “${verb}”`
    if (!coversAgent(rule, agent.id)) return `the scope of rule “${id}” does not cover agent ${agent.id}`
  }
  return null
}

/** Says that a record is not what policy says. */
export function against(event: LogEvent, { member, line, index }: RecordPlace, flaw: string): BrokenAt {
  const place: FaultPlace = { check: 'policy', member, ...(line !== undefined && { line }) }
  const of = event.request === undefined ? '' : ` of request ${event.request}`
  return new BrokenAt(
    place,
    'against-policy',
    `Record ${index} (“${event.type}”${of}) is not what policy says: ${flaw}.`,
  )
}
