import { type CedarValueJson, preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { deployBot, now, rules } from '../../test/policy/folder.ts'
import { type Bench, each, type Figure, figure, inTurns, type Means, share } from './figure.ts'

/** Rules whose scope can match the action that is asked for. */
const matching = 10

export const policy: Bench = {
  about: 'a judgement of the policy with 10, 200 and 1,000 rules, beside Cedar alone with the 10 that can match',
  async measure(means) {
    const figures: Figure[] = []
    for (const count of [10, 200, 1_000]) figures.push(await judgements(means, count))
    return figures
  },
}

async function judgements(means: Means, count: number): Promise<Figure> {
  const names = Array.from({ length: count / matching }, (_, action) => `job.n${action}`)
  const approve = names.flatMap((name) => Array.from({ length: matching }, (_, rule) => ruleOf(name, rule)))
  const policy = await rules({ approve: approve.join('\n'), schema: schemaOf(names) })
  const staticPolicies = Object.fromEntries(approve.slice(0, matching).map((text, i) => [`rule-${i}`, text]))
  const preparsedPolicySetId = `bench ${count}`
  preparsePolicySet(preparsedPolicySetId, { staticPolicies })
  const times = share(means, 2_000)
  const ours: number[] = []
  const floor: number[] = []
  await inTurns(means, async (counts) => {
    const took = each(times, (number) => {
      const params = { rows: number }
      policy.judge({
        agent: deployBot,
        at: now,
        action: { action: 'job.n0', target: 'x', environment: 'production', params },
      })
    })
    const tookBare = each(times, (number) => {
      const context: Record<string, CedarValueJson> = { environment: 'production', params: { rows: number } }
      statefulIsAuthorized({ ...bareCall, context, preparsedPolicySetId })
    })
    if (!counts) return
    ours.push(took)
    floor.push(tookBare)
  })
  return figure({
    name: `policy, ${count.toLocaleString('en')} rules, ${matching} can match`,
    ...{ unit: 'ms', ours, floor, goal: { of: 'ours', most: 0.3 } },
  })
}

const bareCall = {
  principal: { type: 'Agent', id: deployBot },
  action: { type: 'Action', id: 'job.n0' },
  resource: { type: 'Target', id: 'x' },
  entities: [],
}

const ruleOf = (name: string, rule: number): string =>
  `@id("${name}.rule-${rule}")\n@approvers("dba")\n` +
  `permit (principal, action == Action::"${name}", resource)\n` +
  `when { context.environment == "production" && context.params.rows > ${rule * 100} };\n`

const schemaOf = (names: readonly string[]): string => `
entity Agent;
entity Target;
${names
  .map((name) => `action "${name}" appliesTo { principal: Agent, resource: Target, context: Context };`)
  .join('\n')}
type Context = { environment: String, onBehalfOf?: String, params: { rows: Long } };
`
