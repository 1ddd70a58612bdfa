// Writes the client's types from the OpenAPI document.
import { writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

export const typesFile = 'src/client/api.ts'

/** What an agent's client sends and gets. The schemas that these refer to are written, too. */
const wanted = ['Request', 'RequestList', 'AskBody', 'AnswerBody', 'OutcomeBody']

/**
 * Writes TypeScript types for the subset of JSON Schema that the document uses. Every name begins with `Api`, because
 * the service's own code has types of the same names.
 */
export function typesOf(document) {
  const { schemas } = document.components
  const names = new Set()
  const collect = (name) => {
    if (names.has(name)) return
    names.add(name)
    for (const [, next] of JSON.stringify(schemas[name]).matchAll(/"#\/components\/schemas\/(\w+)"/g)) collect(next)
  }
  wanted.forEach(collect)
  const types = [...names].toSorted((a, b) => (a < b ? -1 : 1)).map((name) => `${declared(name, schemas[name])}\n`)
  return ['// Made from the OpenAPI document by scripts/clientTypes.mjs. Changes here are lost.\n', ...types].join('\n')
}

function declared(name, schema) {
  const type = typeOf(schema, '')
  return type.startsWith('{') ? `export interface Api${name} ${type}` : `export type Api${name} = ${type}`
}

function typeOf(schema, indent) {
  if (schema.$ref) return `Api${schema.$ref.split('/').at(-1)}`
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  if (schema.const !== undefined) return literal(schema.const)
  const either = schema.oneOf ?? schema.anyOf
  if (either && !schema.properties) return either.map((one) => typeOf(one, indent)).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return arrayOf(typeOf(schema.items ?? {}, indent))
    case 'object':
      return schema.properties ? membersOf(schema, indent) : '{ readonly [key: string]: unknown }'
    case undefined:
      return 'unknown'
    default:
      throw new Error(`A type that is not known: ${JSON.stringify(schema)}`)
  }
}

const literal = (value) => (typeof value === 'string' ? `'${value}'` : String(value))

const arrayOf = (item) => (/^\w+$/.test(item) ? `readonly ${item}[]` : `readonly (${item})[]`)

function membersOf({ properties, required = [] }, indent) {
  const inner = `${indent}  `
  const members = Object.entries(properties).map(([key, schema]) => {
    const words = schema.description?.replaceAll('\n\n', `\n${inner} *\n${inner} * `)
    const comment = words === undefined ? '' : `${inner}/** ${words} */\n`
    return `${comment}${inner}readonly ${key}${required.includes(key) ? '' : '?'}: ${typeOf(schema, inner)}`
  })
  return `{\n${members.join('\n')}\n${indent}}`
}

if (process.argv[1]?.endsWith('clientTypes.mjs')) void main()

async function main() {
  const { bundle } = await import('./bundled.mjs')
  const program = { entry: 'src/contract/openapi.ts', file: 'dist/openapi.cjs' }
  await bundle(program)
  const { openapi } = await import(new URL(`../${program.file}`, pathToFileURL(process.argv[1])).href)
  await writeFile(typesFile, typesOf(openapi('https://countersign.example')))
}
