import { allowTerms, type AllowTerms, type ApproveTerms, approveTerms, forbidTerms, type Notes } from './annotations.ts'
import type { Hex } from '../data/id.ts'
import { type PlainRoster, readPlainRoster, rosterFile } from './roster.ts'
import { type ListedRule, readRuleList, ruleListFile } from './ruleList.ts'

/** A rule with the terms of its annotations; those of a rule of `forbid.cedar` are `null`. */
export interface PlainRule extends ListedRule {
  /** Its place among all rules of the policy. */
  readonly place: number
  readonly terms: AllowTerms | ApproveTerms | null
}

/** A policy version as it can be read without Cedar: everything but the conditions of its rules. */
export interface PlainPolicy {
  /** By id. */
  readonly rules: ReadonlyMap<string, PlainRule>
  readonly roster: PlainRoster
  /** The SHA-256 of each card template. */
  readonly templates: ReadonlySet<Hex>
}

/**
 * Reads a policy version from its files by name.
 *
 * @param templates the SHA-256 of each card template of the version
 * @returns a sentence that says what cannot be read, if something cannot
 */
export function readPlainPolicy(
  files: ReadonlyMap<string, Uint8Array>,
  templates: Iterable<Hex>,
): PlainPolicy | string {
  const [listed, people] = [files.get(ruleListFile), files.get(rosterFile)]
  if (!listed || !people) return `${listed ? rosterFile : ruleListFile} is missing`
  const list = readRuleList(listed)
  if (!list) return `${ruleListFile} is not a list of rules that this program can read`
  const roster = readPlainRoster(people)
  if (!roster) return `${rosterFile} is not a list of groups, agents and people that this program can read`
  const rules = new Map<string, PlainRule>()
  for (const [place, rule] of list.rules.entries()) {
    const terms = termsOf(rule, roster)
    if (typeof terms === 'string') return `${ruleListFile}: rule ${rule.id}: ${terms}`
    if (rules.has(rule.id)) return `${ruleListFile}: two rules have the id ${rule.id}`
    rules.set(rule.id, { ...rule, place, terms })
  }
  return { rules, roster, templates: new Set(templates) }
}

/** Thrown by a reader of annotations, and caught here: they never return after a flaw. */
class Refused extends Error {}

function termsOf({ file, effect, annotations }: ListedRule, { groups }: PlainRoster): PlainRule['terms'] | string {
  if ((file === 'forbid.cedar') !== (effect === 'forbid')) return `its effect is ${effect}, which ${file} does not hold`
  const notes: Notes = {
    given: new Map(Object.entries(annotations)),
    refuse: (_annotation, reason) => {
      throw new Refused(reason)
    },
  }
  try {
    switch (file) {
      case 'forbid.cedar':
        return forbidTerms(notes)
      case 'approve.cedar':
        return approveTerms(notes, (name) => groups.has(name))
      case 'allow.cedar':
        return allowTerms(notes)
    }
  } catch (cause) {
    if (cause instanceof Refused) return cause.message
    throw cause
  }
}
