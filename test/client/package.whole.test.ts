import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { transformSync } from 'esbuild'
import { action, approved, ok, startDouble, stopped } from '../cli/double.ts'
import { start } from '../cli/program.ts'
import { root } from '../support/root.ts'

const source = join(root, 'packages/client')
const read = (...path: string[]) => readFileSync(join(...path), 'utf8')
const { version } = JSON.parse(read(root, 'package.json')) as { version: string }

/** An empty project, into which the package was installed from its tarball, without a network. */
let project: string

beforeAll(() => {
  run(process.execPath, [join(root, 'scripts/clientPackage.mjs')], root)
  project = mkdtempSync(join(tmpdir(), 'countersign-project-'))
  const npm = (...args: string[]) => run('npm', [...args, '--offline', '--no-audit', '--no-fund'], project)
  npm('pack', source, '--pack-destination', project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  npm('install', '--ignore-scripts', `./countersign-client-${version}.tgz`)
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`)
}

test('the package has the client, its types and its texts, and needs no other package', () => {
  const installed = join(project, 'node_modules/@countersign/client')
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).sort()
  expect(files).toEqual(expect.arrayContaining(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/countersign.js']))
  expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([])
  expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@countersign'])
  const about = JSON.parse(read(installed, 'package.json')) as Record<string, unknown>
  expect(about).toMatchObject({ name: '@countersign/client', version, license: 'MIT' })
  expect(Object.keys(about).filter((name) => /dependencies|scripts/i.test(name))).toEqual([])
  expect(read(installed, 'LICENSE')).toBe(read(root, 'LICENSE'))
})

test('the client has at most 12 KB, minified and compressed', () => {
  const { code } = transformSync(read(source, 'dist/countersign.js'), { minify: true, format: 'esm' })
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(12 * 1024)
})

test('a program of the project gates an action', async () => {
  const double = await startDouble()
  try {
    double.answer('ask', () => ok(double.asked(), 201))
    double.answer('read', () => ok(double.asked(approved)))
    double.answer('redeem', ({ body }) =>
      ok(
        double.asked({ status: 'redeemed', next: 'execute', redemption: (body as { redemption: string }).redemption }),
      ),
    )
    double.answer('outcome', () => ok(double.asked(stopped('succeeded'))))
    const program = `
      import { Countersign, keyOf } from '@countersign/client'
      const options = { reason: 'Report', key: keyOf('agent', 'run', 'call') }
      const asked = ${JSON.stringify(action)}
      console.log(await Countersign.fromEnvironment().gate(asked, options, (given) => given.params.rows + 1))`
    writeFileSync(join(project, 'agent.mjs'), program)
    const env = { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token' }
    expect(await start(join(project, 'agent.mjs'), [], { cwd: project, env })).toEqual({
      ...{ code: 0, stdout: `${action.params.rows + 1}\n`, stderr: '' },
    })
    expect(double.seen.map(({ call }) => call)).toEqual(['ask', 'read', 'redeem', 'outcome'])
  } finally {
    await double.end()
  }
})

test('a strict TypeScript program of the project compiles, and one with a wrong type does not', () => {
  const compile = (statement: string): string => {
    const program = `
      import { Countersign, Stopped, explain, keyOf, type Request } from '@countersign/client'
      const gated = new Countersign({ url: 'https://countersign.example', token: async () => 'token' }).gate(
        { action: 'db.export', target: 'prod', environment: 'test', params: { rows: 1 } },
        { reason: 'x', key: keyOf('a', 'b'), onProgress: (request: Request) => console.log(request.status) },
        async ({ params }) => params.rows,
      )
      gated.catch((cause: unknown) => cause instanceof Stopped && explain(cause))
      ${statement}`
    writeFileSync(join(project, 'typed.ts'), program)
    const tsc = join(dirname(createRequire(__filename).resolve('typescript/package.json')), 'bin/tsc')
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
    const how = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--exactOptionalPropertyTypes']
    return spawnSync(process.execPath, [tsc, ...how, ...types, 'typed.ts'], { cwd: project, encoding: 'utf8' }).stdout
  }
  expect(compile('export const rows: number = await gated')).toBe('')
  expect(compile('export const rows: string = await gated')).toMatch(/TS2322/)
})
