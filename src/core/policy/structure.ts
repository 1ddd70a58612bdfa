import { bounds } from '../data/bound.ts'
import type { ObjectId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import type { Outcome, Requested, Tier } from '../request/event.ts'
import { remindersWithin } from '../request/prompt.ts'
import type { Glass, Provisions, Slot } from '../request/requirement.ts'
import { type AllowTerms, type ApproveTerms, shortest, strictest } from './annotations.ts'
import { excludedByWord, excludedFrom } from './people.ts'
import type { PlainPolicy, PlainRule } from './plainPolicy.ts'
import { coversAgent, type RuleFile } from './ruleList.ts'

/** An ask as its event records it. */
export interface RecordedAsk {
  readonly agent: ObjectId
  readonly at: Instant
  readonly data: Requested
}

/** What follows from the rules that an ask names, and from who asks for whom. */
interface Expected extends Provisions {
  readonly tier?: Tier
  readonly requirement?: readonly Slot[]
  readonly excluded?: readonly ObjectId[]
  readonly excludedByAgent?: readonly ObjectId[]
  readonly lapse?: number
  readonly grant?: number
  readonly via?: readonly string[]
  readonly private?: true
  /** Seconds that it waits at most for people. */
  readonly expires?: number
}

/** The file whose rules lead to an outcome. No rule leads to `no-policy`. */
const fileOf: Readonly<Record<Exclude<Outcome, 'no-policy'>, RuleFile>> = {
  forbid: 'forbid.cedar',
  approve: 'approve.cedar',
  allow: 'allow.cedar',
}

/** The most answers that are remembered for one policy. */
const mostRemembered = 10_000

/**
 * Judges recorded asks by the structure of a policy: that who asks may ask, that the rules exist and cover the action, and
 * that all which follows from them was recorded so. Whether the conditions of the rules were met needs Cedar and the
 * action.
 *
 * @returns a function that says in words what of an ask is first wrong, with `null` for nothing
 */
export function structuralJudge(policy: PlainPolicy): (ask: RecordedAsk) => string | null {
  const known = new Map<string, Expected | string>()
  return ({ agent, at, data }) => {
    const { executor, onBehalfOf, action, policy: judged } = data
    const key = `${agent} ${executor} ${onBehalfOf} ${action} ${judged.outcome} ${judged.rules.join()}`
    let expected = known.get(key)
    if (expected === undefined) {
      expected = expectedOf(policy, agent, data)
      if (known.size >= mostRemembered) known.clear()
      known.set(key, expected)
    }
    const wanted = typeof expected === 'string' ? expected : ofItsKind(expected, data)
    return typeof wanted === 'string' ? wanted : differenceIn(wanted, at, data)
  }
}

function expectedOf(policy: PlainPolicy, agent: ObjectId, data: Requested): Expected | string {
  const { roster } = policy
  const { executor, onBehalfOf, policy: judged } = data
  const registered = roster.agents.get(agent)
  if (!registered) return `agent ${agent} is not registered in approvers.json`
  const acting = roster.agents.get(executor)
  if (executor !== agent && (!acting || !registered.executors.includes(executor)))
    return `${executor} is not among the executors of agent ${agent} in approvers.json`
  const { onBehalfOf: rule, principals } = registered
  if (onBehalfOf === undefined && rule === 'required') return `agent ${agent} has to say whom it acts for`
  if (onBehalfOf !== undefined && (rule === 'refused' || (principals && !principals.includes(onBehalfOf))))
    return `agent ${agent} is not registered to act for ${onBehalfOf}`
  const rules = rulesOf(policy, agent, data)
  if (typeof rules === 'string') return rules
  if (judged.outcome === 'allow') {
    const { lapse, grant } = shortest(rules.map(({ terms }) => terms as AllowTerms))
    return { lapse, grant }
  }
  if (judged.outcome !== 'approve') return {}
  const strict = strictest(rules.map(({ terms }) => terms as ApproveTerms))
  const { slots, tier, expires, lapse, grant, via, private: isPrivate, answer, remind, glass, session, narrow } = strict
  if (via?.length === 0) return 'its rules have no door in common, so that nobody can approve it'
  const excluded = excludedFrom(roster, [registered, ...(acting ? [acting] : [])], onBehalfOf)
  const byAgent = excludedByWord(roster, registered, excluded)
  return {
    ...{ requirement: slots, tier, expires, lapse, grant, excluded },
    ...(byAgent.length > 0 && { excludedByAgent: byAgent }),
    ...(via && { via }),
    ...(isPrivate && { private: isPrivate }),
    ...(answer !== undefined && { answer }),
    ...(remind && { remind }),
    ...(glass && { glass }),
    ...(session && { session }),
    ...(narrow && registered.narrowing && { narrow }),
  }
}

/** What the rules give a standing approval, or a use of one. */
function ofItsKind(expected: Expected, { standing, under, lapse = 0 }: Requested): Expected | string {
  const { answer, remind, glass: _, narrow: __, session, ...bare } = expected
  if (under !== undefined && !session) return 'its rules let nobody approve it in advance'
  if (under !== undefined) return { ...bare, lapse: Math.min(expected.lapse ?? 0, bounds.useLapse) }
  if (standing === undefined) return expected
  if (!session) return 'its rules let nobody ask for a standing approval'
  if (standing.uses > session.uses) return `it is for ${standing.uses} uses, and its rules give ${session.uses}`
  if (lapse > session.for) return `it is for ${lapse} seconds, and its rules give ${session.for}`
  return { ...bare, ...(answer !== undefined && { answer }), ...(remind && { remind }), lapse }
}

/** The rules that an ask names. They stand in the one file that leads to its outcome, in the order of that file. */
function rulesOf(
  { rules }: PlainPolicy,
  agent: ObjectId,
  { action, policy: { outcome, rules: named } }: Requested,
): readonly PlainRule[] | string {
  const found: PlainRule[] = []
  for (const id of named) {
    const rule = rules.get(id)
    if (!rule) return `no file of the policy has a rule “${id}”`
    if (outcome !== 'no-policy' && rule.file !== fileOf[outcome])
      return `rule “${id}” stands in ${rule.file}, which does not lead to “${outcome}”`
    if (!rule.verbs.includes(action)) return `the scope of rule “${id}” does not cover “${action}”`
    if (!coversAgent(rule, agent)) return `the scope of rule “${id}” does not cover agent ${agent}`
    const before = found.at(-1)
    if (before && before.place >= rule.place) return 'its rules are not in the order of the policy, each once'
    found.push(rule)
  }
  return found
}

const compared = [
  'requirement',
  'tier',
  'lapse',
  'grant',
  'via',
  'private',
  'excluded',
  'excludedByAgent',
  'glass',
] as const

function differenceIn(expected: Expected, at: Instant, data: Requested): string | null {
  const pairs = [...compared.map((name) => [name, expected[name], data[name]] as const), ...timed(expected, at, data)]
  for (const [name, wanted, found] of pairs) {
    if (wanted === found || JSON.stringify(wanted) === JSON.stringify(found)) continue
    return `its “${name}” is ${inWords(found)}, and its rules and approvers.json give ${inWords(wanted)}`
  }
  if (data.warnings.includes('approver-excluded') && data.excludedByAgent === undefined)
    return 'it warns of approvers whom the agent’s own word excludes, and there are none'
  const { expires } = expected
  if (expires !== undefined && data.expiresAt !== undefined && data.expiresAt > plusSeconds(at, expires))
    return `it waits until ${data.expiresAt}, and its rules give people ${expires} seconds`
  return null
}

/** What the rules give depends for these members on when was asked, and until when the request waits. */
function timed({ answer, expires, remind = [], narrow }: Expected, at: Instant, data: Requested) {
  const latest = expires === undefined ? at : plusSeconds(at, expires)
  const moments = data.expiresAt === undefined ? [] : remindersWithin(remind, at, data.expiresAt)
  return [
    ['answer', answer === undefined ? undefined : { latest, within: answer }, data.answer],
    ['remind', moments.length > 0 ? moments : undefined, data.remind],
    ['narrowable', narrow, data.narrowable],
  ] as const
}

type Compared = Expected[(typeof compared)[number]] | Requested['answer'] | Requested['remind'] | Glass

function inWords(value: Compared): string {
  if (value === undefined) return 'absent'
  if (typeof value !== 'object') return String(value)
  if (!isList(value)) return JSON.stringify(value)
  const items = value.map((item) => (typeof item === 'object' ? slotInWords(item) : String(item)))
  return items.length > 0 ? `[${items.join(', ')}]` : 'empty'
}

const isList = (value: object): value is readonly (string | number | Slot)[] => Array.isArray(value)

const slotInWords = ({ groups, later, quorum }: Slot): string =>
  `${groups.join('|')}:${quorum}${later ? ` and after ${later.after} seconds ${later.groups.join('|')}` : ''}`
