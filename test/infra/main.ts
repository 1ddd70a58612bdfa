import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../support/root.ts'
import { roles } from './demands/access.ts'
import { membersWritten } from './demands/logLines.ts'
import { queryFlaws } from './demands/queries.ts'
import { check, type Parameters, parameterSets } from './demands/check.ts'
import type { Evaluated } from './bicep/evaluate.ts'
import { fetchTypes, typesPackage } from './bicep/fetchTypes.ts'
import type { Plain } from './bicep/functions.ts'
import { loadGrammar } from './bicep/grammar.ts'
import { readParameters } from './bicep/parameters.ts'

const help = `npm run infra -- [options] [NAME=VALUE ...]
Checks the templates for Azure without Azure: their syntax, references and types, and what the service needs of them.
Values are parameters of infra/main.bicep; without values, ${Object.keys(parameterSets).length} sets of them that differ in everything are checked.

  --list           lists what would be deployed: resources, roles and settings
  --json           prints the result as JSON
  --folder FOLDER  the templates are here (infra)
  --types          fetches the definitions of all types anew, from ${typesPackage.name} ${typesPackage.version} of npm
                   (60 MB, kept nowhere), and writes them to test/infra/types.json

npm run infra -- --list name=prod location=westeurope private=true 'operators=["a@contoso.example"]'

It ends with 1 if something is wrong, and with 2 if it was called wrongly. The compiler knows more: az bicep build -f infra/main.bicep.
`

interface Checked {
  readonly set: string
  readonly parameters: Parameters
  readonly result: Evaluated
}

void main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<void> {
  const options = read(args)
  if (options === null) return
  const { values, positionals } = options
  if (values.help) return void process.stdout.write(help)
  await loadGrammar()
  const folder = values.folder ?? join(root, 'infra')
  if (values.types) {
    const count = await fetchTypes(folder, (words) => say(words))
    say(`wrote ${count} types`)
    return
  }
  const given = readParameters(join(folder, 'main.bicep'), positionals)
  if (typeof given === 'string') return fail(given)
  const sets: Readonly<Record<string, Parameters>> = positionals.length > 0 ? { given } : parameterSets
  const written = await membersWritten()
  const checked = Object.entries(sets).map(([set, parameters]): Checked => {
    const result = check(folder, parameters)
    const flaws = [...result.flaws, ...queryFlaws(result.deployed, written)]
    return { set, parameters, result: { ...result, flaws } }
  })
  process.stdout.write(values.json ? `${JSON.stringify(checked.map(asJson))}\n` : textOf(checked, values.list))
  if (checked.some(({ result }) => result.flaws.length > 0)) process.exitCode = 1
}

function read(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const
  const options = { list: flag, json: flag, types: flag, help: flag, folder: { type: 'string' } } as const
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (cause) {
    fail(cause instanceof Error ? cause.message : String(cause))
    return null
  }
}

const asJson = ({ set, parameters, result }: Checked) => ({
  set,
  parameters,
  flaws: result.flaws,
  outputs: result.outputs,
  resources: result.deployed.map(({ lineAt, ...one }) => ({ ...one, line: lineAt([]) })),
})

function textOf(checked: readonly Checked[], isListed: boolean): string {
  return checked
    .map(({ set, result }) => {
      const flaws = result.flaws.map(({ file, line, words }) => `  infra/${file}:${line}: ${words}\n`)
      const list = isListed ? listOf(result) : ''
      return `${set}: ${result.deployed.length} resources, ${flaws.length === 0 ? 'nothing wrong' : `${flaws.length} wrong`}\n${flaws.join('')}${list}`
    })
    .join('')
}

function listOf({ deployed, outputs }: Evaluated): string {
  const settings = deployed.find(({ type }) => type === 'Microsoft.Web/sites/config')?.body['properties'] ?? {}
  const assignments = deployed.filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments')
  const others = deployed.filter((one) => !assignments.includes(one))
  const pairs = (object: Plain) =>
    Object.entries(object as object).map(([name, value]) => `    ${name} = ${String(value)}\n`)
  return [
    ...others.map(
      ({ type, name, scope }) => `  ${type} ${name}${scope ? ` on ${scope.split('/').slice(-2).join(' ')}` : ''}\n`,
    ),
    '  roles\n',
    ...assignments.map(({ body, scope }) => {
      const { roleDefinitionId, principalId, principalType } = body['properties'] as Readonly<Record<string, string>>
      const role = roleDefinitionId?.split('/').at(-1) ?? ''
      return `    ${roles[role] ?? role} on ${scope?.split('/').slice(-2).join(' ')} to ${principalType} ${principalId}\n`
    }),
    '  settings\n',
    ...pairs(settings),
    '  outputs\n',
    ...pairs(outputs),
  ].join('')
}

function say(words: string): void {
  process.stderr.write(`infra: ${words}\n`)
}

function fail(words: string): void {
  say(words)
  process.exitCode = 2
}
