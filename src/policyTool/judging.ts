import type { PolicyProgram } from '../cli/policy.ts'
import { Problem } from '../core/data/problem.ts'
import { ruleListFile } from '../core/policy/ruleList.ts'
import { BadPolicy, sentenceOf } from '../policy/flaw.ts'
import { policyFrom } from '../policy/load.ts'

/** Loads a policy of a bundle, to judge its requests again. Card templates decide nothing, and are left out. */
export const judging: PolicyProgram['judging'] = (files) => {
  const own = new Map([...files].filter(([name]) => name !== ruleListFile))
  try {
    const policy = policyFrom(own, new Map())
    return {
      rules: policy.files().get(ruleListFile) ?? new Uint8Array(),
      readsTime: (verb) => policy.readsTime(verb),
      judge: (question) => {
        try {
          const { outcome, rules } = policy.judge(question)
          return { outcome, rules }
        } catch (cause) {
          if (cause instanceof Problem) return cause.message
          throw cause
        }
      },
    }
  } catch (cause) {
    if (cause instanceof BadPolicy) return cause.flaws.slice(0, 1).map(sentenceOf).join('')
    throw cause
  }
}
