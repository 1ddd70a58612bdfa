import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import about from '../package.json'
import { npmCall } from '../scripts/npm.mjs'
import { findExecutable } from '../src/cli/executable.ts'
import { python } from './support/python.ts'
import { root } from './support/root.ts'

/** What keeps `npm start` and the command startable on Windows and macOS, on which no test runs. */

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portable-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(...path: readonly string[]): string {
  const place = join(folder, ...path)
  mkdirSync(join(place, '..'), { recursive: true })
  writeFileSync(place, '')
  chmodSync(place, 0o755)
  return place
}

/** What one shell has and the other has not. `&&` works in all of them. */
const shellWords = /\bexec\b|[;$'`|<>*]|(?:^|\s)(?:rm|cp|mv|mkdir|export|[A-Z_]+=\S*)\s/

test.each(['exec node x', 'A=1 node x', 'rm -r x', "node 'x'", 'node x; node y', 'node $X'])(
  'a script of package.json could not be: %s',
  (script) => expect(script).toMatch(shellWords),
)

test('the scripts of package.json need no particular shell', () => {
  const bad = Object.entries(about.scripts).filter(([, script]) => shellWords.test(script))
  expect(bad).toEqual([])
})

test('no script starts npm by its name, which is a script of the shell on Windows', () => {
  const texts = readdirSync(join(root, 'scripts')).map((name) => [
    name,
    readFileSync(join(root, 'scripts', name), 'utf8'),
  ])
  const bad = texts.filter(([name, text = '']) => name !== 'npm.mjs' && /(?:spawn|spawnSync|run)\('npm'/.test(text))
  expect(bad.map(([name]) => name)).toEqual([])
})

test("npm is called by Node's own path: the npm that runs, or the one beside Node", () => {
  const running = file('running', 'npm-cli.js')
  const node = join(folder, 'bin', 'node')
  expect(npmCall(['ci'], { env: { npm_execpath: running }, node })).toEqual([node, running, 'ci'])
  // Another package manager says where it is in the same way.
  const other = { npm_execpath: file('other', 'yarn.js') }
  expect(npmCall(['ci'], { env: other, node, platform: 'linux' })).toEqual(['npm', 'ci'])
  expect(() => npmCall(['ci'], { env: other, node, platform: 'win32' })).toThrow('npm')
  const beside = file('lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  expect(npmCall(['ci'], { env: other, node })).toEqual([node, beside, 'ci'])
})

test('on Windows a program is found without its suffix, and a script of the shell is none', () => {
  const tool = file('tools', 'tool.exe')
  file('tools', 'script.cmd')
  const path = `${join(folder, 'elsewhere')};${join(folder, 'tools')}`
  const found = (name: string) => findExecutable(name, path, folder, 'win32')
  expect(found('tool')).toBe(tool)
  expect(found('tool.exe')).toBe(tool)
  expect(found('script')).toBeUndefined()
  expect(found('script.cmd')).toBeUndefined()
  expect(found('other')).toBeUndefined()
})

test('the command is one file, which verifies in an empty folder and names what other commands need', () => {
  const alone = join(folder, 'countersign.cjs')
  copyFileSync(join(root, 'dist/bin/countersign.cjs'), alone)
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [alone, ...args], { cwd: folder, env: {}, encoding: 'utf8' })
  execFileSync(python ?? 'python3', [join(root, 'test/evidence/make_bundle.py'), join(folder, 'made'), '3'])
  const verified = run('verify', 'made/1.zip', '--key', 'made/log.pem')
  expect({ status: verified.status, stderr: verified.stderr }).toEqual({ status: 0, stderr: '' })
  expect(verified.stdout).toMatch(/^VERIFIED/)
  expect(run('policy', 'check', 'made').stderr).toContain('Not installed: policy.cjs')
})

test('the build leaves the command under its name for both kinds of system', () => {
  expect(readFileSync(join(root, 'dist/bin/countersign.cmd'), 'utf8')).toBe('@node "%~dp0..\\countersign.cjs" %*\r\n')
  const { stdout } = spawnSync(join(root, 'dist/bin/countersign'), ['--help'], { encoding: 'utf8' })
  expect(stdout).toMatch(/^countersign/)
})
