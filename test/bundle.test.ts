import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<
    Record<string, { bytes: number; imports: readonly { path: string; external?: boolean }[] }>
  >
}

const dist = join(import.meta.dirname, '..', 'dist')
/** What the start needs of what is deployed: the client of Teams is loaded when somebody is to see a card. */
const needed = ['main.cjs', 'service.cjs', 'cedar_wasm_bg.wasm']
/** What the first card needs, and what each offers. */
const later = { 'teams.cjs': 'messenger', 'cards.cjs': 'loadCards' }

const metafile = (): Metafile => JSON.parse(readFileSync(join(dist, 'meta.json'), 'utf8')) as Metafile

test("the build's record matches the bundle", () => {
  expect(metafile().outputs['dist/service.cjs']?.bytes).toBe(statSync(join(dist, 'service.cjs')).size)
})

test('the bundle has no code of the local stack', () => {
  const inputs = Object.keys(metafile().inputs)
  expect(inputs).toContain('functions/main.ts')
  expect(inputs.filter((path) => path.startsWith('src/local/'))).toEqual([])
})

test('the bundle has neither the Teams SDK nor the template engine', () => {
  const inputs = Object.keys(metafile().inputs)
  expect(inputs.filter((path) => /^node_modules\/(bot(builder|framework)|adaptive)/.test(path))).toEqual([])
  expect(
    inputs.filter((path) => ['src/teams/outbound/adapter.ts', 'src/teams/outbound/messenger.ts'].includes(path)),
  ).toEqual([])
})

test('the bundle requires only Node, the Functions worker and files beside it', () => {
  const imports = metafile().outputs['dist/service.cjs']?.imports ?? []
  const names = imports.filter((one) => one.external).map((one) => one.path.replace(/^node:/, ''))
  expect(names).toContain('@azure/functions-core')
  const known = [...builtinModules, '@azure/functions-core', ...Object.keys(later).map((file) => `./${file}`)]
  expect(names.filter((name) => !known.includes(name))).toEqual([])
})

test('the bundle loads in an empty folder and registers its functions', () => {
  const run = inEmptyFolder(needed, worker)
  expect(run.stderr).toBe('')
  const names = run.stdout.split('\n').filter(Boolean)
  expect(names.length).toBeGreaterThan(0)
  expect(new Set(names).size).toBe(names.length)
})

test.each(Object.entries(later))('%s loads in an empty folder', (file, offered) => {
  const run = inEmptyFolder([file], `process.stdout.write(Object.keys(require('./${file}')).join())`)
  expect(run.stdout).toBe(offered)
})

function inEmptyFolder(files: readonly string[], script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bundle-'))
  try {
    for (const name of files) copyFileSync(join(dist, name), join(folder, name))
    writeFileSync(join(folder, 'script.cjs'), script)
    const env = { PATH: process.env['PATH'] ?? '' } // no setting, and no NODE_PATH that could lend packages
    return spawnSync(process.execPath, ['script.cjs'], { cwd: folder, env, encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Loads the bundle the way the Functions worker does, and prints the name of each function it registers. */
const worker = `
const { Module } = require('node:module')
class Disposable { dispose() {} }
const core = {
  version: '0', hostVersion: '0', Disposable,
  log() {}, setProgrammingModel() {}, getProgrammingModel() {}, registerHook: () => new Disposable(),
  registerFunction({ name }) { process.stdout.write(name + '\\n'); return new Disposable() },
}
const original = Module.prototype.require
Module.prototype.require = function (id) { return id === '@azure/functions-core' ? core : original.call(this, id) }
require('./main.cjs')
process.exit() // whatever the bundle keeps running does not concern this test
`
