import { parseSync } from '@swc/core'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Source texts by path from the root of the repository. */
type Tree = Readonly<Record<string, string>>

const root = join(import.meta.dirname, '..')

/** Where sources may lie. Imports go to the same floor or down. */
interface Floor {
  readonly floor: number
  /** Folders of one floor that have names import nothing from each other. */
  readonly stranger?: string
  /** The only folders, beside its own, that it imports from. */
  readonly only?: readonly string[]
}

/** What pages in a browser take of the rest. */
const inBrowser = ['src/core/', 'src/words/', 'src/contract/']

/** By the beginning of a path; the longest that fits counts. */
const floors: ReadonlyMap<string, Floor> = new Map<string, Floor>([
  ['src/core/data/', { floor: 0 }],
  ['src/core/action/', { floor: 0.1, stranger: 'action' }],
  ['src/core/log/', { floor: 0.1, stranger: 'log' }],
  ['src/core/request/', { floor: 0.2 }],
  ['src/core/policy/', { floor: 0.25 }],
  ['src/core/record/', { floor: 0.3 }],
  // Evidence in the formats of others: as pure as the core.
  ['src/exports/', { floor: 0.9, only: ['src/core/', 'src/exports/'] }],
  ['src/ports/', { floor: 1 }],
  ['src/contract/', { floor: 1, only: ['src/core/', 'src/contract/'] }],
  ['src/runtime/', { floor: 1 }],
  ['src/words/', { floor: 1, stranger: 'words', only: ['src/core/', 'src/words/'] }],
  ['src/verify/', { floor: 1, stranger: 'verify', only: ['src/core/', 'src/verify/'] }],
  ['src/client/', { floor: 1, stranger: 'client', only: ['src/core/', 'src/client/'] }],
  ['src/cards/', { floor: 1.5, only: ['src/core/', 'src/words/', 'src/cards/'] }],
  ['src/verdict/', { floor: 1.5, only: ['src/core/', 'src/words/', 'src/verify/', 'src/verdict/'] }],
  ['src/approvals/', { floor: 2 }],
  ['src/health.ts', { floor: 2 }],
  ['src/sweep.ts', { floor: 2 }],
  ['src/delivery/', { floor: 2 }],
  ['src/sinks/', { floor: 2 }],
  ['src/evidence/', { floor: 2 }],
  ['src/http/', { floor: 3, stranger: 'http' }],
  ['src/teams/', { floor: 3, stranger: 'teams' }],
  ['src/slack/', { floor: 3, stranger: 'slack' }],
  ['src/github/', { floor: 3, stranger: 'github' }],
  ['src/azureDevOps/', { floor: 3, stranger: 'azureDevOps' }],
  ['src/authzen/', { floor: 3, stranger: 'authzen' }],
  ['src/webhook/', { floor: 3, stranger: 'webhook' }],
  ['src/azure/', { floor: 3, stranger: 'azure' }],
  ['src/cosigner/', { floor: 3, stranger: 'cosigner' }],
  ['src/policy/', { floor: 3, stranger: 'policy' }],
  ['src/cli/', { floor: 3, stranger: 'cli' }],
  // A program of its own, which the command loads by its file's name.
  [
    'src/policyTool/',
    {
      floor: 3.5,
      only: [
        ...['src/core/', 'src/words/', 'src/contract/', 'src/ports/', 'src/approvals/', 'src/policy/', 'src/cli/'],
        ...['src/cards/', 'src/verify/'],
        ...['src/http/input.ts', 'src/policyTool/'],
      ],
    },
  ],
  // What the next two share: the action of a call of a tool.
  ['src/toolCall/', { floor: 3.2, only: ['src/core/', 'src/cli/exit.ts', 'src/toolCall/'] }],
  // Programs of their own, as that of policies.
  [
    'src/mcp/',
    {
      floor: 3.5,
      only: [
        ...['src/core/', 'src/runtime/cloud.ts', 'src/client/', 'src/cli/', 'src/toolCall/', 'src/http/caller.ts'],
        'src/mcp/',
      ],
    },
  ],
  ['src/hook/', { floor: 3.5, only: ['src/core/', 'src/client/', 'src/cli/', 'src/toolCall/', 'src/hook/'] }],
  ['src/app.ts', { floor: 4 }],
  ['src/config.ts', { floor: 4 }],
  ['src/sinksFile.ts', { floor: 4 }],
  ['src/deployment.ts', { floor: 4.4 }],
  ['src/deployed.ts', { floor: 4.5 }],
  ['functions/', { floor: 5, stranger: 'functions' }],
  // Asks a deployment from outside, and is never deployed.
  ['src/doctor/', { floor: 5, stranger: 'doctor' }],
  // The local stack composes the app, and is never deployed.
  ['src/local/', { floor: 6 }],
  // Runs in browsers, and is imported by nothing.
  ['src/console/', { floor: 8, stranger: 'console', only: [...inBrowser, 'src/console/'] }],
  [
    'src/console/verify/',
    { floor: 8, stranger: 'console', only: [...inBrowser, 'src/verify/', 'src/verdict/', 'src/console/verify/'] },
  ],
  // Programs of an operator, which run from the repository.
  ['src/operate/', { floor: 7 }],
])

test('every row of the floors has a file', () => {
  const paths = Object.keys(sources())
  expect([...floors.keys()].filter((prefix) => !paths.some((path) => path.startsWith(prefix)))).toEqual([])
})

test.each([
  ['src/core/data/a.ts', 0],
  ['src/http/a.ts', 3],
  ['src/health.ts', 2],
  ['src/elsewhere/a.ts', null],
  ['src/loose.ts', null],
])('the longest prefix gives the floor of %s', (path, floor) => {
  expect(place(path)?.floor ?? null).toBe(floor)
})

test('the sources import only from lower floors', () => {
  const tree = sources()
  expect(Object.keys(tree)).not.toEqual([])
  expect(complaints(tree)).toEqual([])
})

const app = { 'src/core/data/a.ts': '', 'src/ports/a.ts': "import type { A } from '../core/data/a.ts'" }

test.each<[string, Tree]>([
  [
    'down to the core and across the use cases',
    { 'src/approvals/a.ts': "import '../evidence/a.ts'", 'src/evidence/a.ts': "import '../ports/a.ts'" },
  ],
  ['inside one neighbour', { 'src/http/a.ts': "import { b } from './b.ts'", 'src/http/b.ts': "import 'zod'" }],
  ['the local stack, of anything', { 'src/local/a.ts': "import '../http/b.ts'", 'src/http/b.ts': '' }],
  ['data that lies beside the sources', { 'src/cli/a.ts': "import about from '../../package.json'" }],
  [
    'the verifier, by the one in a browser',
    { 'src/console/verify/a.ts': "import '../../verify/b.ts'\nimport '@noble/hashes/sha2.js'", 'src/verify/b.ts': '' },
  ],
  ['elements, in a page', { 'src/console/a.tsx': "import { render } from 'preact'\nrender(<p>a</p>, document.body)" }],
  ['hashing, in the core', { 'src/core/data/b.ts': "import { createHash } from 'node:crypto'" }],
  [
    'a moment given as a number, in the core',
    { 'src/core/data/instant.ts': 'export const f = (ms: number) => new Date(ms)' },
  ],
  [
    'a word of its own that is also a global name',
    { 'src/core/data/b.ts': 'const f = (process: { Date: 1 }) => process.Date' },
  ],
])('an import is accepted: %s', (_what, files) => {
  expect(complaints({ ...app, ...files })).toEqual([])
})

test.each<[string, Tree]>([
  ['up', { 'src/ports/a.ts': "import '../approvals/a.ts'", 'src/approvals/a.ts': '' }],
  ['up, of a type', { 'src/core/data/a.ts': "import type { Ledger } from '../../ports/a.ts'", 'src/ports/a.ts': '' }],
  [
    'up, by import()',
    { 'src/ports/a.ts': "export const a = () => import('../approvals/a.ts')", 'src/approvals/a.ts': '' },
  ],
  [
    'up, by the type import()',
    { 'src/ports/a.ts': "export type A = import('../approvals/a.ts').A", 'src/approvals/a.ts': '' },
  ],
  ['up, by export from', { 'src/ports/a.ts': "export * from '../approvals/a.ts'", 'src/approvals/a.ts': '' }],
  ['up, by export of names', { 'src/ports/a.ts': "export { a } from '../approvals/a.ts'", 'src/approvals/a.ts': '' }],
  ['up, by require', { 'src/ports/a.ts': "export const a = require('../approvals/a.ts')", 'src/approvals/a.ts': '' }],
  ['of a path that is not written out', { 'src/ports/a.ts': 'export const a = (p: string) => import(p)' }],
  ['of the composition, by a door', { 'src/http/a.ts': "import '../app.ts'", 'src/app.ts': '' }],
  ['up, inside the core', { 'src/core/log/a.ts': "import '../request/b.ts'", 'src/core/request/b.ts': '' }],
  ['sideways, inside the core', { 'src/core/log/a.ts': "import '../action/b.ts'", 'src/core/action/b.ts': '' }],
  ['sideways', { 'src/http/a.ts': "import '../azure/b.ts'", 'src/azure/b.ts': '' }],
  ['of a function, by anything below', { 'src/app.ts': "import '../functions/a.ts'", 'functions/a.ts': '' }],
  ['of the local stack', { 'functions/a.ts': "import '../src/local/b.ts'", 'src/local/b.ts': '' }],
  ['of a file that is not there', { 'src/app.ts': "import './config.ts'" }],
  ['without the file’s ending', { 'src/app.ts': "import './config'", 'src/config.ts': '' }],
  [
    'in a circle',
    { 'src/http/a.ts': "import './b.ts'", 'src/http/b.ts': "import './c.ts'", 'src/http/c.ts': "import './a.ts'" },
  ],
  ['of a package, by the core', { 'src/core/data/a.ts': "import { jwtVerify } from 'jose'" }],
  ['of Node, by a page', { 'src/console/a.tsx': "import { readFile } from 'node:fs'" }],
  ['of any package, by a page', { 'src/console/a.tsx': "import { render } from 'react-dom'" }],
  ['of a page’s package, by the verifier in a browser', { 'src/console/verify/a.ts': "import { h } from 'preact'" }],
  ['of the verifier, by a page', { 'src/console/a.ts': "import '../verify/b.ts'", 'src/verify/b.ts': '' }],
  ['of a page, by what is deployed', { 'src/app.ts': "import './console/a.ts'", 'src/console/a.ts': '' }],
  ['of data, by the core', { 'src/core/data/a.ts': "import about from '../../../package.json'" }],
  ['of randomness, by the core', { 'src/core/data/a.ts': "import { randomUUID } from 'node:crypto'" }],
  ['of all of node:crypto, by the core', { 'src/core/data/a.ts': "import * as crypto from 'node:crypto'" }],
  ['of a package, by a format of others', { 'src/exports/a.ts': "import { z } from 'zod'" }],
  [
    'of a use case, by a format of others',
    { 'src/exports/a.ts': "import '../evidence/b.ts'", 'src/evidence/b.ts': '' },
  ],
])('an import is refused: %s', (_what, files) => {
  expect(complaints(files)).toHaveLength(1)
})

test.each([
  ['an async function', 'export async function f() {}'],
  ['an async arrow', 'export const f = async () => 1'],
  ['a promise', 'export const f = () => Promise.resolve()'],
  ['the clock', 'export const f = () => Date.now()'],
  ['a Date as data', 'export const f = (d: Date) => d'],
  ['randomness', 'export const f = () => Math.random()'],
  ['randomness, taken out', 'export const { random } = Math'],
  ['randomness, by its name as text', "export const f = () => Math['random']()"],
  ['the environment', "export const f = () => process.env['A']"],
  ['a timer', 'export const f = () => setTimeout(() => {}, 1)'],
  ['a way around', 'export const f = () => globalThis'],
])('pure sources may not have: %s', (_what, source) => {
  expect(complaints({ 'src/core/data/a.ts': source })).toHaveLength(1)
  expect(complaints({ 'src/exports/a.ts': source })).toHaveLength(1)
  expect(complaints({ 'src/http/a.ts': source })).toEqual([])
})

test.each(['Date.now()', 'new Date()', 'Date()'])('even the file about time does not read the clock: %s', (source) => {
  expect(complaints({ 'src/core/data/instant.ts': `export const now = ${source}` })).toHaveLength(1)
})

test.each(['src/core/data/utils.ts', 'src/http/helpers.ts', 'src/cli/index.ts', 'src/teams/types.ts', 'src/x/a.ts'])(
  'a file needs a subject and a place: not %s',
  (path) => {
    expect(complaints({ [path]: '' })).toHaveLength(1)
  },
)

/** Says what breaks the rules, one line each. */
function complaints(tree: Tree): string[] {
  const files = Object.keys(tree).sort()
  const syntax = new Map(
    files.map((path) => [
      path,
      parseSync(tree[path] ?? '', { syntax: 'typescript', tsx: path.endsWith('.tsx') }) as unknown,
    ]),
  )
  const imports = new Map([...syntax].map(([path, module]) => [path, importsOf(module)]))
  const local = new Map([...imports].map(([path, names]) => [path, names.map((name) => resolve(path, name))]))
  return [
    ...files.flatMap(misplaced),
    ...[...local].flatMap(([from, targets]) => targets.flatMap((to) => refused(from, to, tree))),
    ...circles(local),
    ...[...syntax].filter(([path]) => isPure(path)).flatMap(([path, module]) => impurities(path, module)),
  ]
}

const isPure = (path: string): boolean => path.startsWith('src/core/') || path.startsWith('src/exports/')

function misplaced(path: string): string[] {
  // What stands in for a module of Node has its name.
  const isStandIn = path.startsWith('src/console/verify/node/')
  if (!isStandIn && /(^|\/)(index|utils?|helpers?|types?)\.tsx?$/.test(path))
    return [`${path} is not named by its subject`]
  return place(path) === null ? [`${path} is on no floor`] : []
}

/** A file's row; `null` where no file may lie. */
function place(path: string): Floor | null {
  const fitting = [...floors.keys()].filter((prefix) => path.startsWith(prefix))
  const longest = fitting.reduce((a, b) => (b.length > a.length ? b : a), '')
  return floors.get(longest) ?? null
}

function refused(from: string, to: string, tree: Tree): string[] {
  const here = place(from)
  const there = place(to)
  const complaint = [`${from} may not import ${to}`]
  if (to === unknown) return [`${from} imports something it does not name`]
  if (from.startsWith('src/core/') && !to.startsWith('src/core/') && to !== 'node:crypto') return complaint
  if (isPure(from) && isPackage(to) && to !== 'node:crypto') return complaint
  if (isPackage(to)) return from.startsWith('src/console/') && !isForBrowsers(from, to) ? complaint : []
  if (to.endsWith('.json')) return existsSync(join(root, to)) ? [] : [`${to} does not exist`]
  if (!(to in tree)) return [`${from} imports ${to}, which is no file`]
  if (here === null || there === null) return []
  if (here === there) return []
  if (there.floor > here.floor) return complaint
  if (here.only && !here.only.some((prefix) => to.startsWith(prefix))) return complaint
  return there.floor === here.floor && here.stranger !== there.stranger ? complaint : []
}

function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const finished = new Set<string>()
  const found: string[] = []
  const walk = (path: string, way: readonly string[]) => {
    if (way.includes(path)) found.push(`a circle: ${[...way.slice(way.indexOf(path)), path].join(' → ')}`)
    if (way.includes(path) || finished.has(path)) return
    for (const next of imports.get(path) ?? []) walk(next, [...way, path])
    finished.add(path)
  }
  for (const path of imports.keys()) walk(path, [])
  return found
}

/** The few packages of the pages, and those of the verifier's worker, since little is trusted there. */
const isForBrowsers = (from: string, name: string): boolean =>
  from.startsWith('src/console/verify/')
    ? /^@noble\/(curves|hashes)\//.test(name)
    : /^(preact|oauth4webapi|@microsoft\/teams-js|@noble\/hashes)(\/|$)/.test(name)

const unknown = '?'
const isPackage = (name: string) =>
  !name.startsWith('src/') && !name.startsWith('functions/') && !name.endsWith('.json')

function resolve(from: string, name: string): string {
  return name.startsWith('.') ? join(from, '..', name) : name
}

/** What pure sources may not touch, by the global's name; `Date` is added for all files but the one of moments. */
const impure = [
  ...['process', 'globalThis', 'global', 'performance', 'crypto', 'fetch', 'console', 'Promise', 'require'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
]

function impurities(path: string, module: unknown): string[] {
  const found = new Set<string>()
  const banned = path === 'src/core/data/instant.ts' ? impure : [...impure, 'Date']
  visit(module, (node) => {
    if (node['async'] === true || (node['type'] === 'ForOfStatement' && node['await'] === true)) found.add('async')
    const global = globalName(node)
    if (global !== null && banned.includes(global)) found.add(global)
    if (readsClock(node) && !banned.includes('Date')) found.add('the clock')
    if (usesRandom(node)) found.add('Math.random')
    if (node['type'] === 'ImportDeclaration' && text(node['source']) === 'node:crypto' && !onlyHashes(node))
      found.add('more of node:crypto than hashing')
  })
  return [...found].map((what) => `${path} is to be pure and uses ${what}`)
}

/** The parser marks names that no scope of the file declares. */
function globalName(node: Node): string | null {
  return node['type'] === 'Identifier' && node['ctxt'] === 1 ? text(node) : null
}

function readsClock(node: Node): boolean {
  if (node['type'] === 'MemberExpression')
    return isGlobal(node['object'], 'Date') && text(node['property']) !== 'parse' && text(node['property']) !== 'UTC'
  const bare = node['type'] === 'NewExpression' && !(Array.isArray(node['arguments']) && node['arguments'].length > 0)
  return (bare || node['type'] === 'CallExpression') && isGlobal(node['callee'], 'Date')
}

/** `Math` is taken only to name one of its functions, and that is not `random`. */
function usesRandom(node: Node): boolean {
  if (node['type'] === 'MemberExpression' && isGlobal(node['object'], 'Math')) {
    const property = node['property']
    return !isNode(property) || property['type'] !== 'Identifier' || text(property) === 'random'
  }
  return Object.entries(node).some(
    ([key, child]) => isGlobal(child, 'Math') && !(key === 'object' && node['type'] === 'MemberExpression'),
  )
}

function onlyHashes(declaration: Node): boolean {
  const specifiers = Array.isArray(declaration['specifiers']) ? declaration['specifiers'].filter(isNode) : []
  return specifiers.every(
    (one) =>
      one['type'] === 'ImportSpecifier' &&
      ['createHash', 'createHmac', 'hash', 'timingSafeEqual'].includes(
        text(one['imported']) ?? text(one['local']) ?? '',
      ),
  )
}

/** Names everything that a module imports, in whichever way. */
function importsOf(module: unknown): string[] {
  const names: string[] = []
  visit(module, (node) => {
    const type = node['type']
    if (type === 'ImportDeclaration' || type === 'ExportAllDeclaration') names.push(text(node['source']) ?? unknown)
    if (type === 'ExportNamedDeclaration' && isNode(node['source'])) names.push(text(node['source']) ?? unknown)
    if (type === 'TsImportType') names.push(text(node['argument']) ?? unknown)
    if (type !== 'CallExpression') return
    const callee = node['callee']
    if ((isNode(callee) && callee['type'] === 'Import') || isGlobal(callee, 'require'))
      names.push(firstText(node['arguments']))
  })
  return names
}

function firstText(args: unknown): string {
  const first: unknown = Array.isArray(args) ? args[0] : undefined
  const value = isNode(first) ? first['expression'] : undefined
  return isNode(value) && value['type'] === 'StringLiteral' ? (text(value) ?? unknown) : unknown
}

type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)
const isGlobal = (value: unknown, name: string) => isNode(value) && globalName(value) === name

function text(node: unknown): string | null {
  return isNode(node) && typeof node['value'] === 'string' ? node['value'] : null
}

function visit(value: unknown, look: (node: Node) => void): void {
  if (Array.isArray(value)) value.forEach((item) => visit(item, look))
  if (!isNode(value)) return
  look(value)
  for (const child of Object.values(value)) visit(child, look)
}

function sources(): Tree {
  const files = ['functions', 'src']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
    )
  return Object.fromEntries(
    files.filter((path) => /\.tsx?$/.test(path)).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  )
}
