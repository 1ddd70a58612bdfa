import { exits } from '../cli/exit.ts'
import type { Result } from '../cli/result.ts'
import type { JsonObject } from '../core/data/json.ts'
import { type BadPolicy, sentenceOf } from '../policy/flaw.ts'
import type { LoadedPolicy } from '../policy/load.ts'

/** Says what a policy without flaws has. */
export function described(policy: LoadedPolicy): Result {
  const rules = Object.fromEntries(
    ['forbid.cedar', 'approve.cedar', 'allow.cedar'].map((name) => [
      name,
      policy.rules.filter(({ file }) => file === name).length,
    ]),
  )
  const [groups, agents] = [policy.groups().map(({ name }) => name), policy.agents().map(({ name }) => name)]
  const counts = Object.entries(rules).map(([file, count]) => `${count} in ${file}`)
  return {
    exit: exits.ok,
    lines: [
      ['OK', 'The service would start with this policy.'],
      ['actions', policy.actions.join(', ')],
      ['rules', counts.join(', ')],
      ['groups', groups.join(', ')],
      ['agents', agents.join(', ')],
    ],
    to: 'stdout',
    record: { exit: exits.ok, ok: true, actions: policy.actions, rules, groups, agents },
  }
}

/** Names everything that keeps a service from starting with a policy. */
export function flawed({ flaws }: BadPolicy): Result {
  const exit = exits.broken
  return {
    exit,
    lines: flaws.map((flaw) => ['flaw:', sentenceOf(flaw)] as const),
    to: 'stderr',
    record: { exit, ok: false, flaws: flaws.map((flaw): JsonObject => ({ ...flaw })) },
  }
}
