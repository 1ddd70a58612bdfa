import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ownTypes } from './ownTypes.ts'
import type { ObjectNode, ResourceDeclaration } from './syntax.ts'
import { parseTemplate } from './template.ts'
import { type Definition, type Part, type TypesFile, typesPath, type WrittenMember } from './types.ts'

/** Azure's server for the Model Context Protocol. Its command `bicepschema` knows the definitions that Bicep itself uses. */
export const typesPackage = { name: `@azure/mcp-${process.platform}-${process.arch}`, version: '2.0.5' }

/** Types that are asked for at the same time. */
const atOnce = 2

const run = promisify(execFile)

/**
 * Fetches the package into a folder that is deleted afterwards, asks it for each type of the templates, and writes the
 * definitions to types.json.
 *
 * @throws {Error} that names the type, if the package has none or another version of it; then nothing is written
 */
export async function fetchTypes(folder: string, progress: (words: string) => void): Promise<number> {
  const names = [...(await typesUsed(folder))].filter((name) => !Object.hasOwn(ownTypes, name)).sort()
  const { name, version } = typesPackage
  const place = await mkdtemp(join(tmpdir(), 'countersign-types-'))
  try {
    progress(`fetching ${name} ${version} (about 60 MB)`)
    const options = ['--prefix', place, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await run('npm', ['install', ...options, `${name}@${version}`], { cwd: place, shell: process.platform === 'win32' })
    const program = join(place, 'node_modules', name, 'dist', process.platform === 'win32' ? 'azmcp.exe' : 'azmcp')
    const types: Record<string, Definition> = {}
    const left = names.entries()
    const ask = async () => {
      for (const [i, type] of left) {
        progress(`${i + 1} of ${names.length}: ${type}`)
        types[type] = await definitionOf(program, type)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, ask))
    await write({ source: `${name} ${version}`, types })
    return names.length
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** Names the types of all templates in a folder, with their versions. */
export async function typesUsed(folder: string): Promise<ReadonlySet<string>> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.bicep'))
  const names = new Set<string>()
  const collect = (resources: readonly ResourceDeclaration[], above: string) => {
    for (const { type, object } of resources) {
      const [kind = '', version = above.split('@')[1] ?? ''] = type.split('@')
      const name = above === '' ? type : `${above.split('@')[0]}/${kind}@${version}`
      names.add(name)
      collect(resourcesIn(object), name)
    }
  }
  for (const file of files) {
    const { declarations } = parseTemplate(join(folder, file))
    collect(
      declarations.filter((one) => one.kind === 'resource'),
      '',
    )
  }
  return names
}

const resourcesIn = ({ resources }: ObjectNode): readonly ResourceDeclaration[] => resources

interface Answered {
  readonly status: number
  readonly message: string
  readonly results: { readonly BicepSchemaResult: readonly Told[] }
}

interface Told {
  readonly $type: string
  readonly name: string
  readonly bodyType?: Told
  readonly properties?: readonly ToldMember[]
  readonly baseProperties?: readonly ToldMember[]
  readonly additionalPropertiesType?: string
  readonly discriminator?: string
  readonly elements?: readonly Told[]
}

interface ToldMember {
  readonly name: string
  readonly type: string
  readonly flags?: string
  readonly modifiers?: string
}

async function definitionOf(program: string, type: string): Promise<Definition> {
  const [kind = ''] = type.split('@')
  const { stdout } = await run(program, ['bicepschema', 'get', '--resource-type', kind], {
    env: { ...process.env, AZURE_MCP_COLLECT_TELEMETRY: 'false' },
    maxBuffer: 64 * 1024 * 1024,
  })
  const { status, message, results } = JSON.parse(stdout) as Answered
  if (status !== 200) throw new Error(`${type}: ${message}`)
  return definitionFrom(results.BicepSchemaResult, type)
}

/** @throws {Error} if the answer is about another type, or another version of it */
export function definitionFrom(told: readonly Told[], type: string): Definition {
  const resource = told.find(({ $type }) => $type === 'Resource')
  if (!resource?.bodyType || resource.name !== type)
    throw new Error(
      `${type}: the package has ${resource?.name ?? 'nothing'}. Use that version, or define the type by hand.`,
    )
  const body = { ...resource.bodyType, name: 'the resource' }
  const all = new Map([body, ...told].filter(isPart).flatMap((one) => partsFrom(one)))
  return { body: body.name, parts: reachable(body.name, all) }
}

const isPart = ({ $type }: Told): boolean => $type === 'Object' || $type === 'DiscriminatedObject'

/** An object, or one that has cases, each of which is an object too. */
function partsFrom(told: Told): readonly (readonly [string, Part])[] {
  const { name, properties = [], baseProperties = [], additionalPropertiesType, discriminator, elements = [] } = told
  const members = membersFrom([...properties, ...baseProperties])
  if (discriminator === undefined) {
    const others = additionalPropertiesType === undefined ? {} : { others: additionalPropertiesType }
    return [[name, { members, ...others }]]
  }
  // All cases may have one name: the word that each is chosen by tells them apart.
  const cases = elements.map((one) => {
    const word = one.properties?.find((member) => member.name === discriminator)?.type ?? ''
    return { word, part: { ...one, name: `${name}/${word}` } }
  })
  const named = Object.fromEntries(cases.map(({ word, part }) => [word, part.name]))
  return [[name, { members, by: discriminator, cases: named }], ...cases.flatMap(({ part }) => partsFrom(part))]
}

const membersFrom = (told: readonly ToldMember[]): Part['members'] =>
  Object.fromEntries(
    told.map(({ name, type, flags = '', modifiers = '' }): [string, WrittenMember] => {
      const all = [type, flags, modifiers] as const
      return [name, modifiers ? all : flags ? [type, flags] : [type]]
    }),
  )

/** The answer also describes functions of the resource; only what a body is made of is kept. */
function reachable(body: string, all: ReadonlyMap<string, Part>): Definition['parts'] {
  const kept = new Map<string, Part>()
  const walk = (written: string) => {
    for (const name of written.split(' | ').map((one) => one.replace(/(\[\])+$/, ''))) {
      const part = all.get(name)
      if (!part || kept.has(name)) continue
      kept.set(name, part)
      for (const [type] of Object.values(part.members)) walk(type)
      for (const one of Object.values(part.cases ?? {})) walk(one)
      if (part.others !== undefined) walk(part.others)
    }
  }
  walk(body)
  return Object.fromEntries([...kept].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** One type a line, so that a change shows which type it is. */
async function write({ source, types }: TypesFile): Promise<void> {
  const lines = Object.entries(types)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, definition]) => `${JSON.stringify(name)}:${JSON.stringify(definition)}`)
  const text = `{"source":${JSON.stringify(source)},"types":{\n${lines.join(',\n')}\n}}\n`
  await writeFile(`${typesPath}.new`, text)
  await rename(`${typesPath}.new`, typesPath)
}
