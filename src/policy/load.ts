import { setFlagsFromString } from 'node:v8'
import { maxLeafBytes } from '../core/request/event.ts'
import { ruleListFile } from '../core/policy/ruleList.ts'
import { versionOf } from '../core/record/policyVersion.ts'
import { sha256 } from '../core/data/id.ts'
import type { Policy } from '../ports/policy.ts'
import { allowTerms, approveTerms, forbidTerms, groupsNamedBy, strictest } from '../core/policy/annotations.ts'
import { type MostExcluded, readRoster, type Roster } from './approvers.ts'
import { concerns, judge, type Rules, rulesFor } from './cedar.ts'
import { type CompiledPolicy, digestOfTexts } from './compiled.ts'
import { cedar, cedarVersion } from './engine.ts'
import { type FileName, readFiles, textOf } from './files.ts'
import { BadPolicy, flawOf } from './flaw.ts'
import { largestLeaf } from './leaf.ts'
import { listingOf } from './listing.ts'
import type { Shape } from './paramShape.ts'
import { readPresentations } from './presentation.ts'
import { unfillable } from './quorum.ts'
import { readableRules } from './readable.ts'
import { parseRules, readRules, type Rule, type RuleReading } from './rules.ts'
import { type DeclaredAction, parseSchema, readSchema } from './schema.ts'
import { sizes } from '../core/policy/sizes.ts'

/** A policy as its author sees it: with the places of its rules. */
export interface LoadedPolicy extends Policy {
  readonly rules: readonly Pick<Rule, 'id' | 'file' | 'line' | 'summary'>[]
  /** The names of the actions that the schema declares. */
  readonly actions: readonly string[]
  /** Whether the rules for a verb can read the time. */
  readonly readsTime: (verb: string) => boolean
  /** What a later start of the same program reads this policy from faster. */
  readonly compiled: CompiledPolicy
}

/**
 * Loads a policy from its folder and checks all of it, since an overlooked flaw would decide about privileged actions.
 *
 * @param cards the card templates by file name; the policy version covers what approvers are shown
 * @param ref what the deployer says of the policy; the version does not cover it
 * @param compiled of an earlier start or of the package; without effect if it is of other texts
 * @throws {BadPolicy} with file, line and rule of what is wrong.
 */
export async function loadPolicy(
  folder: string,
  cards: ReadonlyMap<string, Uint8Array>,
  { ref, compiled }: { readonly ref?: string | undefined; readonly compiled?: CompiledPolicy | null } = {},
): Promise<LoadedPolicy> {
  const own = await readFiles(folder)
  return { ...policyFrom(own, cards, compiled), ...(ref !== undefined && { ref }) }
}

/**
 * As {@link loadPolicy}, of the files of a policy by name.
 *
 * @throws {BadPolicy} with file, line and rule of what is wrong.
 */
export function policyFrom(
  own: ReadonlyMap<string, Uint8Array>,
  cards: ReadonlyMap<string, Uint8Array>,
  known: CompiledPolicy | null = null,
): LoadedPolicy {
  keepCallsOutOfLine()
  const text = (name: FileName): string => textOf(name, own.get(name) ?? new Uint8Array())

  const listed = own.get('approvers.json') ?? new Uint8Array()
  const { mostExcluded, ...roster } = readRoster(listed, text('approvers.json'))
  const texts = Object.fromEntries(cedarFiles.map((name) => [name, text(name)])) as CedarTexts
  const schema = texts['schema.cedarschema']
  const of = digestOfTexts(texts, cedarVersion)
  const isKnown = known?.of === of
  const compiled: CompiledPolicy = isKnown ? known : { of, schema: parseSchema(schema), rules: parsedRules(texts) }
  const actions = readSchema(schema, compiled.schema)
  const rules = rulesIn(texts, compiled.rules, (name) => roster.group(name) !== null)
  const shown = own.get('presentation.json')
  const presentations = shown && readPresentations(shown, text('presentation.json'), actions)
  checkTogether(rules, roster)
  if (!isKnown) validate(rules, schema)
  checkQuorums(rules, roster)
  const deputised = roster.groups().filter(({ deputies = [] }) => deputies.length > 0)
  checkSizes(rules, actions, mostExcluded, new Set(deputised.map(({ name }) => name)))
  checkVaried(rules, actions)
  checkNarrowed(rules, actions)
  const files = new Map([
    ...own,
    [ruleListFile, Buffer.from(listingOf(rules, actions))] as const,
    ...[...cards].map(([name, bytes]) => [`cards/${name}`, bytes] as const),
  ])
  const version = versionOf([...files].map(([name, bytes]) => [name, sha256(bytes)]))
  const all: readonly Rule[] = Object.values(rules).flat()
  const named = new Set(rules.approve.flatMap(({ terms }) => groupsNamedBy(terms)))
  const exempt = new Map(actions.map(({ name, notSecret }) => [name, notSecret]))
  return {
    version,
    ...roster,
    ...judge(version, rules, actions, roster.zone),
    notSecret: (action) => exempt.get(action) ?? [],
    namedGroups: () => roster.groups().filter(({ name }) => named.has(name)),
    doors: () => rules.approve.flatMap(({ id, terms: { via } }) => (via ? [{ rule: id, via }] : [])),
    readable: () => readableRules(rules, actions, roster),
    presentation: (action) => presentations?.get(action) ?? null,
    summary: (rule) => all.find(({ id }) => id === rule)?.summary ?? null,
    files: () => files,
    rules: all,
    actions: actions.map(({ name }) => name),
    readsTime: (verb) => actions.some(({ name, server }) => name === verb && server.at !== undefined),
    compiled,
  }
}

const ruleFiles = ['forbid.cedar', 'approve.cedar', 'allow.cedar'] as const
const cedarFiles = ['schema.cedarschema', ...ruleFiles] as const

type CedarTexts = Readonly<Record<(typeof cedarFiles)[number], string>>

const parsedRules = (texts: CedarTexts): CompiledPolicy['rules'] =>
  Object.fromEntries(ruleFiles.map((file) => [file, parseRules(texts[file], file)]))

function rulesIn(texts: CedarTexts, parsed: CompiledPolicy['rules'], groupExists: (name: string) => boolean): Rules {
  const read = <Terms>(file: (typeof ruleFiles)[number], reading: Omit<RuleReading<Terms>, 'file'>) =>
    readRules(texts[file], { file, ...reading }, parsed[file] ?? [])
  return {
    forbid: read('forbid.cedar', { effect: 'forbid', terms: forbidTerms }),
    approve: read('approve.cedar', { effect: 'permit', terms: (notes) => approveTerms(notes, groupExists) }),
    allow: read('allow.cedar', { effect: 'permit', terms: allowTerms }),
  }
}

/**
 * Prevents a crash of Node 20. Its V8 (11) ends the process if it deoptimises code during a WebAssembly call that it
 * has inlined there. That happens after some hundred calls into Cedar. V8 12 does not crash.
 */
function keepCallsOutOfLine(): void {
  if (Number.parseInt(process.versions.v8, 10) < 12) setFlagsFromString('--no-turbo-inline-js-wasm-calls')
}

/** Checks rules together: unique ids, and registered agents. */
function checkTogether(rules: Rules, roster: Roster): void {
  const all: readonly Rule[] = Object.values(rules).flat()
  const byId = new Map<string, Rule>()
  const agents = new Set<string>(roster.agents().map(({ id }) => id))
  for (const rule of all) {
    const earlier = byId.get(rule.id)
    if (earlier) refuse(rule, `${earlier.file}:${earlier.line} has a rule with the same @id`)
    byId.set(rule.id, rule)
    const unknown = rule.agents.find((id) => !agents.has(id))
    if (unknown !== undefined) refuse(rule, `approvers.json registers no agent with the object id "${unknown}"`)
  }
}

/** Lets Cedar validate all rules against the schema, strictly. */
function validate(rules: Rules, schema: string): void {
  const all: readonly Rule[] = Object.values(rules).flat()
  const byId = new Map(all.map((rule) => [rule.id, rule]))
  const staticPolicies = Object.fromEntries(all.map(({ id, text }) => [id, text]))
  const answer = cedar().validate({ validationSettings: { mode: 'strict' }, schema, policies: { staticPolicies } })
  if (answer.type === 'failure') throw new Error('Cedar refused rules that it had accepted.', { cause: answer.errors })
  // Warnings count as flaws, too: a rule that never matches or has deceptive characters is not what its author meant.
  const flaws = [...answer.validationErrors, ...answer.validationWarnings].flatMap(({ policyId, error }) => {
    const rule = byId.get(policyId)
    return rule ? [flawOf(error, rule.text, { file: rule.file, line: rule.line, rule: rule.id })] : []
  })
  if (flaws.length) throw new BadPolicy(flaws)
}

/** Refuses a rule that too few people could ever approve: each of its requests would wait until it expires. */
function checkQuorums({ approve }: Rules, roster: Roster): void {
  for (const rule of approve) {
    const why = unfillable(rule.terms.slots, roster)
    if (why !== null) refuse(rule, `${why}: add members, or ask for fewer in @approvers`)
  }
}

/** Limits the rules and slots of each action, and the size of the events that its rules can lead to. */
function checkSizes(
  rules: Rules,
  actions: readonly DeclaredAction[],
  excluded: MostExcluded,
  deputised: ReadonlySet<string>,
): void {
  for (const action of actions) {
    const own = rulesFor(action, rules)
    const concerned: readonly Rule[] = Object.values(own).flat()
    const excess = concerned[sizes.rulesPerAction]
    if (excess) refuse(excess, `${concerned.length} rules speak of ${action.name}; at most ${sizes.rulesPerAction} may`)
    const slots = own.approve.length ? strictest(own.approve.map(({ terms }) => terms)).slots.length : 0
    const last = own.approve.at(-1)
    if (last && slots > sizes.slots)
      refuse(last, `all rules for ${action.name} together ask for ${slots} slots; at most ${sizes.slots} may be`)
    const { type, bytes } = largestLeaf(action.name, own, excluded, deputised)
    const widest = last ?? concerned.at(-1)
    if (widest && bytes > sizes.leaf)
      refuse(
        widest,
        `all rules for ${action.name} together can make a “${type}” event of ${bytes === Infinity ? `over ${maxLeafBytes}` : bytes} bytes; at most ${sizes.leaf} may ` +
          'be: give groups and rules shorter names, name fewer groups in @approvers, let fewer rules speak of it, or ' +
          'list fewer owners, sponsors and principals in approvers.json, whose accounts the event names',
      )
  }
}

/**
 * Refuses a name in `@vary` that no action of the rule declares: a misspelt one would make every standing approval be
 * refused that lets it vary. Where no action of the rule declares its params, any name may be one.
 */
function checkVaried({ approve }: Rules, actions: readonly DeclaredAction[]): void {
  for (const rule of approve) {
    const own = actions.filter((action) => action.params && concerns(rule, action))
    for (const name of rule.terms.session?.vary ?? []) {
      const isFree = name === 'target' || own.length === 0
      if (isFree || own.some(({ params }) => mayVary(params?.members.get(name)?.shape))) continue
      const isDeclared = own.some(({ params }) => params?.members.has(name))
      const what = isDeclared ? 'is no number, text or list of these' : 'is no param that the schema declares'
      refuse(rule, `@vary names "${name}", which ${what}`, 'vary')
    }
  }
}

const scalar: ReadonlySet<Shape['type']> = new Set(['integer', 'decimal', 'text'])

const mayVary = (shape: Shape | undefined): boolean =>
  shape !== undefined && scalar.has(shape.type === 'set' ? shape.element.type : shape.type)

/**
 * Refuses a name in `@narrow` that an action of the rule declares as anything but a number or a set, or that none declares:
 * of nothing else can be told what is smaller.
 */
function checkNarrowed({ approve }: Rules, actions: readonly DeclaredAction[]): void {
  for (const rule of approve) {
    const own = actions.filter((action) => concerns(rule, action))
    for (const name of rule.terms.narrow ?? []) {
      const declared = own.flatMap(({ params }) => params?.members.get(name)?.shape ?? [])
      if (declared.length === 0)
        refuse(rule, `@narrow names "${name}", which is no param that the schema declares`, 'narrow')
      if (!declared.every(({ type }) => comparable.has(type)))
        refuse(rule, `@narrow names "${name}", which the schema does not declare as Long, decimal or Set`, 'narrow')
    }
  }
}

const comparable: ReadonlySet<Shape['type']> = new Set(['integer', 'decimal', 'set'])

function refuse({ file, line, lines, id }: Rule, reason: string, annotation?: string): never {
  const at = annotation === undefined ? line : (lines.get(annotation) ?? line)
  throw new BadPolicy([{ file, line: at, rule: id, reason }])
}
