import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { root } from '../support/root.ts'

const folder = join(root, 'adapters')
const adapters = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'package.json')))
const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8')

interface Manifest {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
}
const jsonOf = <T>(...path: string[]): T => JSON.parse(read(...path)) as T

test('there is an adapter for each framework, and a page that the list of documents names', () => {
  expect(adapters).toEqual(['claude-agent-sdk', 'langchain', 'langgraph', 'openai-agents', 'vercel-ai'])
  const list = readFileSync(join(root, 'docs/README.md'), 'utf8')
  const pages = adapters.filter((name) => !list.includes(`(agents/adapters/${name}.md)`))
  expect(pages).toEqual([])
})

describe.each(adapters)('the adapter %s', (name) => {
  test('is one file of at most 40 lines that do something, and has tests', () => {
    // Without types, as a bundler prints it: a signature is one line. Imports and exports are not counted, nor brackets alone.
    const { code } = transformSync(read(name, 'countersign.ts'), { loader: 'ts', format: 'esm' })
    const lines = code.replaceAll(/^(import|export) [\s\S]*?;$/gm, '').split('\n')
    const active = lines.filter((line) => !/^ *((\/\/).*|[\])}>,;]*)$/.test(line))
    expect(active.length).toBeGreaterThanOrEqual(15)
    expect(active.length).toBeLessThanOrEqual(40)
    for (const file of ['countersign.ts', 'countersign.test.ts'])
      expect(() => transformSync(read(name, file), { loader: 'ts', format: 'esm' })).not.toThrow()
  })

  test('names exact versions, which its lockfile has, and takes the client from this repository', () => {
    const { dependencies } = jsonOf<Manifest>(name, 'package.json')
    const { packages } = jsonOf<{ packages: Record<string, Partial<Manifest> & { readonly version?: string }> }>(
      name,
      'package-lock.json',
    )
    const { '@countersign/client': client, ...others } = dependencies
    expect(client).toBe('file:../../packages/client')
    expect(packages['']?.dependencies).toEqual(dependencies)
    for (const [dependency, version] of Object.entries(others)) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/)
      expect(packages[`node_modules/${dependency}`]?.version).toBe(version)
    }
  })

  test('its page names the versions that were tried', () => {
    const { dependencies } = jsonOf<Manifest>(name, 'package.json')
    const page = readFileSync(join(root, 'docs/agents/adapters', `${name}.md`), 'utf8')
    for (const [dependency, version] of Object.entries(dependencies))
      if (!['@countersign/client', '@langchain/core', 'zod'].includes(dependency)) expect(page).toContain(version)
  })
})

test('the examples in Python are marked as not run, and are Python', () => {
  const files = readdirSync(join(folder, 'python')).filter((file) => file.endsWith('.py'))
  expect(files).toEqual(['langgraph_node.py', 'openai_agents_tool.py'])
  for (const file of files) expect(read('python', file)).toContain('NOT RUN')
  const program = 'import ast, sys\nfor file in sys.argv[1:]: ast.parse(open(file).read(), file)'
  const { status, stderr } = spawnSync('python3', ['-c', program, ...files.map((file) => join(folder, 'python', file))])
  expect([status, String(stderr)]).toEqual([0, ''])
})
