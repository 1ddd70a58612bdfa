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
const deployed = ['main.cjs', 'cedar_wasm_bg.wasm']

const metafile = (): Metafile => JSON.parse(readFileSync(join(dist, 'meta.json'), 'utf8')) as Metafile

test('the record of the build is that of the bundle', () => {
  expect(metafile().outputs['dist/main.cjs']?.bytes).toBe(statSync(join(dist, 'main.cjs')).size)
})

test('nothing of the local stack is deployed', () => {
  const inputs = Object.keys(metafile().inputs)
  expect(inputs).toContain('functions/main.ts')
  expect(inputs.filter((path) => path.startsWith('src/local/'))).toEqual([])
})

test('the bundle asks for nothing but Node and the Functions worker', () => {
  const imports = metafile().outputs['dist/main.cjs']?.imports ?? []
  const names = imports.filter((one) => one.external).map((one) => one.path.replace(/^node:/, ''))
  expect(names).toContain('@azure/functions-core')
  expect(names.filter((name) => !builtinModules.includes(name) && name !== '@azure/functions-core')).toEqual([])
})

test('the bundle loads in an empty folder and registers its functions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bundle-'))
  try {
    for (const name of deployed) copyFileSync(join(dist, name), join(folder, name))
    writeFileSync(join(folder, 'worker.cjs'), worker)
    const env = { PATH: process.env['PATH'] ?? '' } // no setting, and no NODE_PATH that could lend packages
    const run = spawnSync(process.execPath, ['worker.cjs'], { cwd: folder, env, encoding: 'utf8' })
    expect(run.stderr).toBe('')
    const names = run.stdout.split('\n').filter(Boolean)
    expect(names.length).toBeGreaterThan(0)
    expect(new Set(names).size).toBe(names.length)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

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
