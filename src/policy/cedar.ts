import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import { checkCompared, foldedTarget } from '../core/action/target.ts'
import type { ObjectId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { Policy, Question } from '../ports/policy.ts'
import { type AllowTerms, type ApproveTerms, shortest, strictest } from '../core/policy/annotations.ts'
import { cedar } from './engine.ts'
import { fit, hidesRun } from './params.ts'
import type { Rule } from './rules.ts'
import type { DeclaredAction } from './schema.ts'
import { clockIn, countsOf } from './serverContext.ts'
import { nearest, unmatched } from './uncovered.ts'

/** The rules of the three files, in the order of each file. */
export interface Rules {
  readonly forbid: readonly Rule<null>[]
  readonly approve: readonly Rule<ApproveTerms>[]
  readonly allow: readonly Rule<AllowTerms>[]
}

/**
 * Makes the judge. For each action and file Cedar gets only the rules whose scope can match, parsed once, so that a
 * judgement does not take longer if other actions have more rules.
 *
 * @param name distinguishes these rules from others in the same process: Cedar caches parsed rules by name
 */
export function judge(
  name: string,
  rules: Rules,
  actions: readonly DeclaredAction[],
  zone: string,
): Pick<Policy, 'judge' | 'forbids' | 'uncovered'> {
  const clock = clockIn(zone)
  const preparedFor = (action: DeclaredAction) => ({
    action,
    comparesTargets: Object.values(rulesFor(action, rules))
      .flat()
      .some((rule: Rule) => rule.comparesTargets),
    entities: entitiesOf(action),
    forbid: ruleSet(`${name} forbid`, rules.forbid, action),
    approve: ruleSet(`${name} approve`, rules.approve, action),
    allow: ruleSet(`${name} allow`, rules.allow, action),
  })
  type Prepared = ReturnType<typeof preparedFor>
  const byAction = new Map(actions.map((action) => [action.name, preparedFor(action)]))
  // Errors fail closed: a forbid rule that cannot be evaluated denies, an approve rule requires its approval,
  // an allow rule does not match.
  const forbiddenBy = (prepared: Prepared, call: Call) =>
    prepared.forbid(call, { errorsMatch: true }).map(({ id }) => id)
  const allowedBy = (prepared: Prepared, call: Call) => prepared.allow(call, { errorsMatch: false })

  return {
    judge(question) {
      const prepared = byAction.get(question.action.action)
      if (!prepared) return { outcome: 'no-policy', rules: [] }
      const hidden = hidesRun(question.action.params, prepared.action.params)
      const call = callOf(question, prepared, clock)

      const forbidden = forbiddenBy(prepared, call)
      if (forbidden.length) return { outcome: 'forbid', rules: forbidden }

      const required = prepared.approve(call, { errorsMatch: true })
      if (required.length)
        return {
          outcome: 'approve',
          rules: required.map(({ id }) => id),
          ...strictest(required.map(({ terms }) => terms)),
        }

      // A command that rules cannot see would run unchecked, since no person looks at an allowed action either.
      const allowed = allowedBy(prepared, call).filter(({ terms }) => terms.anyCommand || !hidden)
      if (allowed.length)
        return { outcome: 'allow', rules: allowed.map(({ id }) => id), ...shortest(allowed.map(({ terms }) => terms)) }

      return { outcome: 'no-policy', rules: [] }
    },

    uncovered(question) {
      const { action } = question.action
      const prepared = byAction.get(action)
      if (!prepared) {
        const near = nearest(action, [...byAction.keys()])
        return { why: 'undeclared', ...(near !== null && { near }) }
      }
      const own = rulesFor(prepared.action, rules)
      const call = callOf(question, prepared, clock)
      const hiddenRun = hidesRun(question.action.params, prepared.action.params) && allowedBy(prepared, call).length > 0
      return unmatched([...own.approve, ...own.allow], question.action, hiddenRun)
    },

    forbids(question) {
      const prepared = byAction.get(question.action.action)
      return prepared ? forbiddenBy(prepared, callOf(question, prepared, clock)) : []
    },
  }
}

/** Whether a rule's scope can match the action. */
export const concerns = ({ scope }: Pick<Rule, 'scope'>, { name, groups }: DeclaredAction): boolean =>
  scope === null || scope.some((named) => named === name || groups.includes(named))

/** The rules whose scope can match the action. */
export const rulesFor = (action: DeclaredAction, { forbid, approve, allow }: Rules): Rules => ({
  forbid: forbid.filter((rule) => concerns(rule, action)),
  approve: approve.filter((rule) => concerns(rule, action)),
  allow: allow.filter((rule) => concerns(rule, action)),
})

/** The question to Cedar, which is the same for each file of rules. */
interface Call {
  readonly principal: { type: string; id: ObjectId }
  readonly action: { type: string; id: string }
  readonly resource: { type: string; id: string }
  readonly context: Record<string, CedarValueJson>
  readonly entities: EntityJson[]
}

interface Declared {
  readonly action: DeclaredAction
  readonly comparesTargets: boolean
  readonly entities: EntityJson[]
}

function callOf(
  { agent, action, onBehalfOf, at }: Question,
  { action: declared, comparesTargets, entities }: Declared,
  clock: ReturnType<typeof clockIn>,
): Call {
  const { server } = declared
  const target = foldedTarget(action.target)
  if (comparesTargets || declared.targets) checkCompared(action.target, { rooted: declared.targets?.rooted ?? false })
  if (declared.targets && !declared.targets.matches(target)) throw otherForm(declared.name, declared.targets.source)
  return {
    principal: { type: 'Agent', id: agent },
    action: { type: 'Action', id: action.action },
    resource: { type: 'Target', id: target },
    context: {
      environment: action.environment,
      ...(declared.knowsTarget && { target }),
      ...(onBehalfOf !== undefined && declared.knowsOnBehalfOf && { onBehalfOf }),
      ...(server.at && { at: clock(at, server.at) }),
      ...(server.counts && { counts: countsOf(action.params, server.counts) }),
      ...(declared.params && { params: fit(action.params, declared.params) }),
    },
    entities,
  }
}

const otherForm = (action: string, pattern: string): Problem =>
  new Problem('invalid-input', `/target: the target of ${action} has the form ${pattern}, in lower case.`, {
    pointer: '/target',
  })

/** The action as an entity. All its groups are direct parents, so they need not be entities themselves. */
const entitiesOf = ({ name, groups }: DeclaredAction): EntityJson[] =>
  groups.length
    ? [{ uid: { type: 'Action', id: name }, attrs: {}, parents: groups.map((id) => ({ type: 'Action', id })) }]
    : []

function parseOnce(name: string, rules: readonly Pick<Rule, 'id' | 'text'>[]): void {
  const staticPolicies = Object.fromEntries(rules.map(({ id, text }) => [id, text]))
  const parsed = cedar().preparsePolicySet(name, { staticPolicies })
  if (parsed.type === 'failure') throw new Error('Cedar refused rules that it had accepted.', { cause: parsed.errors })
}

/**
 * Takes the rules of one file for one action. Returns a function that finds the matching rules, in file order; Cedar
 * parses them with the first question.
 */
function ruleSet<Terms>(
  name: string,
  all: readonly Rule<Terms>[],
  action: DeclaredAction,
): (call: Call, { errorsMatch }: { errorsMatch: boolean }) => readonly Rule<Terms>[] {
  const rules = all.filter((rule) => concerns(rule, action))
  if (rules.length === 0) return () => []
  const preparsedPolicySetId = `${name} ${action.name}`
  let isParsed = false
  return (call, { errorsMatch }) => {
    if (!isParsed) parseOnce(preparsedPolicySetId, rules)
    isParsed = true
    const answer = cedar().statefulIsAuthorized({ ...call, preparsedPolicySetId })
    if (answer.type === 'failure') throw new Error('Cedar did not answer.', { cause: answer.errors })
    const { reason, errors } = answer.response.diagnostics
    const matching = new Set([...reason, ...(errorsMatch ? errors.map(({ policyId }) => policyId) : [])])
    return rules.filter(({ id }) => matching.has(id))
  }
}
