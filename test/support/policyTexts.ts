import { canonical } from '../../src/core/data/json.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { formatRuleList, type ListedRule, type RuleFile, ruleFiles } from '../../src/core/policy/ruleList.ts'

/** A rule whose conditions every action meets. */
export interface RuleText {
  readonly id: string
  readonly file: RuleFile
  /** The actions that it is about. */
  readonly verbs: readonly string[]
  /** Its annotations beside the id. */
  readonly notes?: Readonly<Record<string, string>>
}

interface GroupText {
  readonly members?: readonly ObjectId[]
  readonly entraGroup?: ObjectId
  readonly deputies?: readonly ObjectId[]
}

/** What approvers.json says. */
export interface RosterText {
  readonly agents: Readonly<
    Record<ObjectId, { readonly name: string; readonly owners: readonly ObjectId[]; readonly [more: string]: unknown }>
  >
  readonly groups: Readonly<Record<string, GroupText>>
  /** Accounts of one person each. */
  readonly people?: readonly (readonly [ObjectId, ...ObjectId[]])[]
}

/**
 * Writes all files of a policy that loads, with the list of its rules. Cedar is not needed for it; a test holds the list
 * to what Cedar makes of the files.
 */
export function policyTexts({ agents, groups, people = [] }: RosterText, rules: readonly RuleText[]) {
  const inOrder = ruleFiles.flatMap((file) => rules.filter((rule) => rule.file === file))
  const verbs = [...new Set(rules.flatMap((rule) => rule.verbs))].sort()
  const texts = ruleFiles.map(
    (file) =>
      [
        file,
        rules
          .filter((rule) => rule.file === file)
          .map(cedarOf)
          .join('\n'),
      ] as const,
  )
  const registered = Object.entries(agents).map(([id, agent]) => [id, { appId: id, ...agent }])
  const roster = {
    version: 1,
    agents: Object.fromEntries(registered) as object,
    groups,
    people: Object.fromEntries(people.map(([id, ...sameAs]) => [id, { sameAs }])),
  }
  return new Map([
    ...texts,
    ['approvers.json', JSON.stringify(roster, null, 2)] as const,
    ['rules.json', formatRuleList({ verbs, rules: inOrder.map(listed) })] as const,
    ['schema.cedarschema', schemaOf(verbs)] as const,
  ])
}

const effectOf = (file: RuleFile) => (file === 'forbid.cedar' ? 'forbid' : 'permit')

function cedarOf({ id, file, verbs, notes = {} }: RuleText): string {
  const annotations = Object.entries({ id, ...notes }).map(([name, value]) => `@${name}(${canonical(value)})\n`)
  const actions = verbs.map((verb) => `Action::${canonical(verb)}`)
  const scope = actions.length > 1 ? `in [${actions.join(', ')}]` : `== ${actions.join('')}`
  return `${annotations.join('')}${effectOf(file)} (principal, action ${scope}, resource);\n`
}

const listed = ({ id, file, verbs, notes = {} }: RuleText): ListedRule => ({
  ...{ id, file, effect: effectOf(file), annotations: { id, ...notes } },
  scope: {
    principal: { op: 'All' },
    action:
      verbs.length > 1 ? { op: 'in', entities: verbs.map(entityOf) } : { op: '==', entity: entityOf(verbs[0] ?? '') },
    resource: { op: 'All' },
  },
  verbs: verbs.toSorted(),
})

const entityOf = (verb: string) => ({ type: 'Action', id: verb })

const schemaOf = (verbs: readonly string[]): string =>
  `entity Agent;\nentity Target;\naction ${verbs.map((verb) => canonical(verb)).join(', ')} appliesTo {\n` +
  '  principal: Agent, resource: Target, context: { environment: String },\n};\n'
