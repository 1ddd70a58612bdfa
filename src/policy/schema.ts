import type { SchemaJson, Type } from '@cedar-policy/cedar-wasm/nodejs'
import { flawInVerb } from '../core/action/flaw.ts'
import { flawInKey, isOwn } from '../core/action/key.ts'
import { runKey } from '../core/action/run.ts'
import { cedar } from './engine.ts'
import { exemptions } from './exemption.ts'
import { BadPolicy, flawOf, lineAt } from './flaw.ts'
import { isRunShape } from './params.ts'
import type { RecordShape, Shape } from './paramShape.ts'
import { type ServerContext, serverContext } from './serverContext.ts'
import { readTargetPattern, type TargetPattern } from './targetPattern.ts'

/** An action for which agents can ask. */
export interface DeclaredAction {
  readonly name: string
  /** The action's groups, nearest first, without itself. */
  readonly groups: readonly string[]
  /** Whether rules see the target as text. It is the resource, too, but `like` cannot compare an entity. */
  readonly knowsTarget: boolean
  readonly knowsOnBehalfOf: boolean
  readonly server: ServerContext
  /** Absent if rules do not see params. */
  readonly params?: RecordShape
  /** The pointers of `@notSecret`: values there may look like a secret. */
  readonly notSecret: readonly string[]
  /** The form of its targets, from `@target`. */
  readonly targets?: TargetPattern
}

const file = 'schema.cedarschema'

/** Lets Cedar read the schema. @throws {BadPolicy} for everything that Cedar refuses or warns of */
export function parseSchema(text: string): SchemaJson<string> {
  const answer = cedar().schemaToJsonWithResolvedTypes(text)
  if (answer.type === 'failure') throw new BadPolicy(answer.errors.map((error) => flawOf(error, text, { file })))
  if (answer.warnings.length) throw new BadPolicy(answer.warnings.map((warning) => flawOf(warning, text, { file })))
  return answer.json
}

/**
 * Reads the declared actions and the shapes of their params.
 *
 * @param schema the same in Cedar's JSON
 * @throws {BadPolicy} for declarations that no request can fill: other principals and resources, parents, attributes,
 *   other context.
 */
export function readSchema(text: string, schema = parseSchema(text)): readonly DeclaredAction[] {
  const refuse: Refuse = (name, reason) => {
    throw new BadPolicy([{ file, line: lineOf(text, name), reason }])
  }
  for (const [name, { actions }] of Object.entries(schema))
    if (name !== '' && Object.keys(actions).length) refuse(name, `actions are declared outside of namespaces (${name})`)
  const { actions = {}, entityTypes = {} } = schema[''] ?? {}
  for (const name of ['Agent', 'Target']) {
    const declared = Object.keys(entityTypes[name] ?? refuse(name, `"entity ${name};" is missing`))
    if (declared.some((key) => key !== 'annotations'))
      refuse(name, `${name} is declared as "entity ${name};": nothing fills parents, attributes or tags`)
  }
  return Object.entries(actions)
    .filter(([, { appliesTo }]) => appliesTo?.principalTypes.length)
    .map(([name]) => declaration(name, schema, (reason) => refuse(name, `action ${name}: ${reason}`)))
}

type Refuse = (name: string, reason: string) => never

/** Finds the line that declares an action, entity or namespace; the first line if none does. */
function lineOf(text: string, name: string): number {
  let declares = false
  for (const { 0: token, index } of text.matchAll(/\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"|\w+|[{;=]/g)) {
    if (/^(action|entity|namespace)$/.test(token)) declares = true
    else if (/^(in|appliesTo|tags|[{;=])$/.test(token)) declares = false
    else if (declares && (token === name || token === JSON.stringify(name))) return lineAt(text, index)
  }
  return 1
}

function declaration(name: string, schema: SchemaJson<string>, refuse: (reason: string) => never): DeclaredAction {
  const actions = schema['']?.actions ?? {}
  const { principalTypes = [], resourceTypes = [], context } = actions[name]?.appliesTo ?? {}
  const flaw = flawInVerb(name)
  if (flaw !== null) refuse(`agents can never ask for it: a name ${flaw}`)
  if (principalTypes.join() !== 'Agent') refuse('its principal is Agent, and nothing else')
  if (resourceTypes.join() !== 'Target') refuse('its resource is Target, and nothing else')
  const shape = context ? shapeOf(context, schema, 'context', refuse) : refuse('its context has "environment: String"')
  const { environment, target, onBehalfOf, params, at, counts, ...others } =
    shape.type === 'record' ? Object.fromEntries(shape.members) : refuse('its context is a record')
  if (environment?.shape.type !== 'text' || !environment.required) refuse('its context has "environment: String"')
  if (target && (target.shape.type !== 'text' || !target.required)) refuse('its context has target as "target: String"')
  if (onBehalfOf && (onBehalfOf.shape.type !== 'text' || onBehalfOf.required))
    refuse('its context has onBehalfOf as "onBehalfOf?: String"')
  if (Object.keys(others).length) refuse(`nothing fills ${Object.keys(others).join(', ')} in its context`)
  const groups = groupsOf(name, schema)
  const declared = params?.shape
  if (declared && declared.type !== 'record') return refuse('its params are a record')
  checkOwn(declared, refuse)
  const { notSecret, target: pattern } = actions[name]?.annotations ?? {}
  return {
    name,
    groups,
    knowsTarget: target !== undefined,
    knowsOnBehalfOf: onBehalfOf !== undefined,
    server: serverContext({ at, counts }, declared, refuse),
    ...(declared && { params: declared }),
    notSecret: exemptions(notSecret, declared, refuse),
    ...(pattern !== undefined && { targets: readTargetPattern(pattern ?? '', refuse) }),
  }
}

/** Refuses declarations of kept keys that no request can fill. */
function checkOwn(params: RecordShape | undefined, refuse: (reason: string) => never): void {
  for (const [key, { shape }] of params?.members ?? []) {
    if (!isOwn(key)) continue
    if (key !== runKey) refuse(`params.${key} can never be given: keys that begin with "countersign." are kept`)
    if (!isRunShape(shape))
      refuse(
        `"${runKey}" is declared as { path: String, args: Set<String>, cwd: String }, which is what a run binds; with ` +
          'files: Set<{ path: String, size: Long, sha256: String }> and unbound: Set<String>, rules can compare them, too',
      )
  }
}

/** Lists all groups of an action. Ends, because Cedar has refused cycles before. */
function groupsOf(name: string, schema: SchemaJson<string>): readonly string[] {
  const parents = schema['']?.actions[name]?.memberOf?.map(({ id }) => id) ?? []
  return [...new Set([...parents, ...parents.flatMap((parent) => groupsOf(parent, schema))])]
}

/** Reads a type. Names that are not built in are common types, which Cedar found to exist and to have no cycles. */
function shapeOf(
  type: Type<string>,
  schema: SchemaJson<string>,
  path: string,
  refuse: (reason: string) => never,
): Shape {
  if (type.type === 'Set' && 'element' in type)
    return { type: 'set', element: shapeOf(type.element, schema, path, refuse) }
  if (type.type === 'Record' && 'attributes' in type) {
    const members = Object.entries(type.attributes).map(([key, member]) => {
      const at = `${path}.${key}`
      // Cedar's JSON reads such keys as escapes, not as members.
      const flaw = flawInKey(key) ?? (/^__(?:entity|extn|expr)$/.test(key) ? 'Cedar keeps this key for itself' : null)
      if (flaw !== null) refuse(`${at} can never be given: ${flaw}`)
      return [key, { shape: shapeOf(member, schema, at, refuse), required: member.required ?? true }] as const
    })
    return { type: 'record', members: new Map(members) }
  }
  const name = type.type.replace(/^__cedar::/, '')
  const plain = builtIn.get(name)
  if (plain) return { type: plain }
  const split = name.lastIndexOf('::')
  const common = schema[name.slice(0, Math.max(split, 0))]?.commonTypes?.[split < 0 ? name : name.slice(split + 2)]
  return common
    ? shapeOf(common, schema, path, refuse)
    : refuse(`${path} is not made of String, Long, Bool, decimal, Set and records`)
}

const builtIn: ReadonlyMap<string, 'text' | 'integer' | 'boolean' | 'decimal'> = new Map([
  ['String', 'text'],
  ['Long', 'integer'],
  ['Bool', 'boolean'],
  ['Boolean', 'boolean'],
  ['decimal', 'decimal'],
])
