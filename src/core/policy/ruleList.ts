import { canonical, isArray, isObject, type Json, jsonIn, type JsonObject } from '../data/json.ts'

/** The file of a policy version that lists its rules, so that they can be read without Cedar. */
export const ruleListFile = 'rules.json'

const type = 'countersign/rules/v1'

/** The files with rules, in the order in which they count. */
export const ruleFiles = ['forbid.cedar', 'approve.cedar', 'allow.cedar'] as const

export type RuleFile = (typeof ruleFiles)[number]

/** What a rule says outside its conditions. */
export interface ListedRule {
  readonly id: string
  readonly file: RuleFile
  readonly effect: 'permit' | 'forbid'
  /** The values of its annotations by name; empty for one without a value. */
  readonly annotations: Readonly<Record<string, string>>
  /** The constraints on principal, action and resource, in Cedar's JSON. */
  readonly scope: { readonly principal: Json; readonly action: Json; readonly resource: Json }
  /** The declared actions that its scope covers, sorted. */
  readonly verbs: readonly string[]
}

/** The rules of a policy version: by file, and inside of a file in its order. */
export interface RuleList {
  /** The actions that the schema declares, sorted. */
  readonly verbs: readonly string[]
  readonly rules: readonly ListedRule[]
}

/** Writes `rules.json`: canonical JSON (RFC 8785), without a newline. */
export const formatRuleList = ({ verbs, rules }: RuleList): string =>
  canonical({ type, verbs, rules: rules.map((rule) => ({ ...rule, scope: { ...rule.scope } })) })

/** Far above what the limits of a policy allow: three files of 256 KiB, and at most 12 rules for each action. */
const limits = { bytes: 8_388_608, depth: 12, nodes: 1_000_000 }

/** Reads `rules.json`; `null` if the bytes are anything else. */
export function readRuleList(bytes: Uint8Array): RuleList | null {
  const value = jsonIn(bytes, limits)
  if (!isObject(value) || value['type'] !== type || canonical(value) !== Buffer.from(bytes).toString('utf8'))
    return null
  const { verbs, rules, type: _type, ...others } = value
  if (!isTexts(verbs) || !isArray(rules) || Object.keys(others).length > 0) return null
  const read = rules.map((rule) => ruleIn(rule))
  return read.includes(null) ? null : { verbs, rules: read.filter((rule) => rule !== null) }
}

function ruleIn(value: Json): ListedRule | null {
  if (!isObject(value)) return null
  const { id, file, effect, annotations, scope, verbs, ...others } = value
  const named = ruleFiles.find((name) => name === file)
  const isWhole =
    typeof id === 'string' && named !== undefined && (effect === 'permit' || effect === 'forbid') && isTexts(verbs)
  if (!isWhole || !isTextMap(annotations) || !isObject(scope) || Object.keys(others).length > 0) return null
  const { principal, action, resource, ...more } = scope
  if (principal === undefined || action === undefined || resource === undefined || Object.keys(more).length > 0)
    return null
  return { id, file: named, effect, annotations, scope: { principal, action, resource }, verbs }
}

const isTexts = (value: Json | undefined): value is readonly string[] =>
  isArray(value) && value.every((item) => typeof item === 'string')

const isTextMap = (value: Json | undefined): value is JsonObject & Readonly<Record<string, string>> =>
  isObject(value) && Object.values(value).every((item) => typeof item === 'string')

/**
 * Whether the scope of a rule can match this agent. Agents have no parents, so that `in` means the same as `==`.
 *
 * @param agent an object id
 */
export function coversAgent({ scope: { principal } }: Pick<ListedRule, 'scope'>, agent: string): boolean {
  const named = isObject(principal) ? (entityIn(principal) ?? entityIn(principal['in'])) : undefined
  return named === undefined || named === agent
}

/** The id of the entity that a constraint names, which Cedar writes in two ways. */
function entityIn(constraint: Json | undefined): string | undefined {
  const entity = isObject(constraint) ? constraint['entity'] : undefined
  const plain = isObject(entity) ? (entity['__entity'] ?? entity) : undefined
  const id = isObject(plain) ? plain['id'] : undefined
  return typeof id === 'string' ? id : undefined
}
