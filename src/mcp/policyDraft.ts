import { isArray, isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { visible } from '../core/data/text.ts'
import { variedBy } from '../core/action/scope.ts'
import type { GatedTool } from './catalogue.ts'

/**
 * Writes a schema and rules for the tools, to start a policy from. Every tool needs an approval: what a tool says of
 * itself, as that it only reads, is its server's word, and stands in a comment.
 */
export function policyDraft(tools: readonly GatedTool[]): string {
  const sorted = tools.toSorted((a, b) => (a.verb < b.verb ? -1 : 1))
  return [
    '// ---- schema.cedarschema: add this to the schema of the policy. ----------------------------------------------',
    '',
    ...sorted.map(declared),
    '// ---- approve.cedar: name a group of approvers.json in place of "approvers". ---------------------------------',
    '// A tool that may run without people goes into a rule of allow.cedar, without @approvers. Say there which arguments',
    '// it may have: the hints are the word of its server.',
    '',
    ...sorted.map(ruled),
  ].join('\n')
}

function declared(tool: GatedTool): string {
  const params = paramsOf(tool)
  return [
    ...about(tool),
    `action ${quoted(tool.verb)} appliesTo {`,
    '  principal: Agent,',
    '  resource: Target,',
    '  context: {',
    '    environment: String,',
    '    target: String,',
    '    onBehalfOf?: String,',
    ...(params === null ? [] : [`    params: { server: String, tool: String, ${params} },`]),
    '  },',
    '};',
    '',
  ].join('\n')
}

const ruled = (tool: GatedTool): string =>
  [
    `@id(${quoted(tool.verb.replaceAll(/[^A-Za-z0-9._-]/g, '-'))})`,
    '@approvers("approvers")',
    `@summary(${quoted(line(`Run ${tool.name} of ${tool.server}`, 80))})`,
    ...inAdvance(tool.rule),
    `permit (principal, action == Action::${quoted(tool.verb)}, resource);`,
    '',
  ].join('\n')

/** What CONFIG wants to be approved in advance. */
function inAdvance({ standing }: GatedTool['rule']): readonly string[] {
  if (!standing) return []
  const names = variedBy(standing.vary)
  return [
    `@session("PT${Math.ceil(standing.for / 60)}M")`,
    `@uses("${standing.uses}")`,
    ...(names.length > 0 ? [`@vary(${quoted(names.join(', '))})`] : []),
  ]
}

function about({ server, name, definition, rule }: GatedTool): readonly string[] {
  const { title, description = '', annotations } = definition
  const hints = Object.entries(annotations ?? {}).filter(([hint, value]) => hint.endsWith('Hint') && value === true)
  return [
    `// ${line(`${server}/${name}: ${title ?? description}`, 110)}`,
    ...(hints.length > 0 ? [`// Its server says: ${hints.map(([hint]) => hint).join(', ')}`] : []),
    ...(rule.large ? ['// Long texts come by their digest, so that arguments have no fixed form.'] : []),
  ]
}

/** The params that hold the arguments, in Cedar's words; `null` if the input schema says something that Cedar cannot say. */
function paramsOf({ definition, rule }: GatedTool): string | null {
  const schema = definition.inputSchema as unknown as JsonObject
  const { properties = {}, required = [] } = schema
  // Only a schema that allows no other arguments says which ones there can be.
  if (rule.large || schema['additionalProperties'] !== false || !isObject(properties) || !isArray(required)) return null
  const members = Object.entries(properties).map(([key, property]) => {
    const type = typeOf(property)
    return type === null || !/^[\w$.@-]+$/.test(key)
      ? null
      : `${quoted(key)}${required.includes(key) ? '' : '?'}: ${type}`
  })
  if (members.includes(null)) return null
  const all = members.join(', ')
  return rule.params === 'arguments' ? all : `arguments: { ${all} }`
}

const types: Readonly<Record<string, string>> = { string: 'String', integer: 'Long', boolean: 'Bool' }

function typeOf(property: Json): string | null {
  if (!isObject(property)) return null
  const { type, items } = property
  if (type === 'array') {
    const item = isObject(items) && typeof items['type'] === 'string' ? types[items['type']] : undefined
    return item === undefined ? null : `Set<${item}>`
  }
  return (typeof type === 'string' ? types[type] : undefined) ?? null
}

/** One line of a foreign text, in which nothing is hidden. */
function line(text: string, most: number): string {
  const one = visible(text.replaceAll(/\s+/g, ' ').trim())
  return one.length > most ? `${[...one].slice(0, most - 1).join('')}…` : one
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, (one) => `\\${one}`)}"`
