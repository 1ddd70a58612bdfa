import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** An exported declaration that names a type. Declarations for packages of others (`.d.ts`) are not ours to name. */
const declaration = /^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm

/** The files that export each type, by the type's name. */
function exportersOf(tree: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const exporters = new Map<string, readonly string[]>()
  for (const [path, source] of Object.entries(tree))
    for (const [, name = ''] of source.matchAll(declaration))
      exporters.set(name, [...(exporters.get(name) ?? []), path])
  return exporters
}

const twice = (tree: Readonly<Record<string, string>>): readonly string[] =>
  [...exportersOf(tree)].flatMap(([name, files]) => (files.length > 1 ? [`${name}: ${files.join(', ')}`] : []))

test('the name of an exported type occurs once in src, so that it has one meaning', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  const tree = Object.fromEntries(sources.map((file) => [`src/${file}`, readFileSync(join(root, 'src', file), 'utf8')]))
  expect(exportersOf(tree).size).toBeGreaterThan(100)
  expect(twice(tree)).toEqual([])
})

test('two files that export types of one name are found, for any kind of declaration', () => {
  const tree = {
    'src/a.ts': 'export interface Page {}\ninterface Row {}',
    'src/b.ts': 'export type Page = 1\nexport class Row {}',
  }
  expect(twice(tree)).toEqual(['Page: src/a.ts, src/b.ts'])
})
