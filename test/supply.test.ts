import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { isAllowed } from '../scripts/spdx.mjs'
import {
  flawExceptions,
  flawFaults,
  installScripts,
  licenceExceptions,
  licenceFaults,
  lockFaults,
  nameOf,
  readSupply,
} from '../scripts/supply.mjs'

const root = join(import.meta.dirname, '..')
const supply = readSupply(new URL(`file://${root}/`))

test('dependencies are pinned exactly, and none runs a script at installation', () => {
  expect(Object.keys(supply.installed).length).toBeGreaterThan(500)
  expect(lockFaults(supply)).toEqual([])
})

test('every package has an allowed licence', () => {
  expect(licenceFaults(supply)).toEqual([])
})

test('no package has a known flaw, unless a reason says why it does no harm here', () => {
  expect(flawFaults(supply)).toEqual([])
  const reasons = Object.values(flawExceptions)
  for (const reason of reasons) expect(reason.length).toBeGreaterThan(40)
})

test.each<[string, string, boolean]>([
  ['axios', '0.21.1', true],
  ['axios', '0.30.2', false],
  ['axios', '1.15.1', true],
  ['axios', '1.16.0', false],
  ['axios', '2.0.0', false],
  ['form-data', '4.0.3', true],
  ['form-data', '3.0.4', false],
  ['left-pad', '0.0.1', false],
])('a known flaw of %s@%s is found: %s', (name, version, flawed) => {
  const lock = { packages: { [`node_modules/a/node_modules/${name}`]: { version } } }
  expect(flawFaults({ ...supply, lock }, {}).length > 0).toBe(flawed)
})

test('an exception for a flaw that no package needs is a fault', () => {
  expect(flawFaults(supply, { ...flawExceptions, 'axios@0.19.0': 'gone' })).toEqual([
    'axios@0.19.0 is an exception that no package needs',
  ])
})

test('the Bot Framework is used in two files alone', async () => {
  const folder = join(root, 'src')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = [...entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))]
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const))
  const users = texts.filter(([, text]) => /(?:from|import\(|require\()\s*['"](?:botbuilder|botframework)/.test(text))
  expect(users.map(([file]) => relative(root, file)).sort()).toEqual([
    'src/teams/outbound/adapter.ts',
    'src/teams/outbound/messenger.ts',
  ])
})

test('no command that installs packages runs their scripts, in any environment', async () => {
  const folder = join(root, 'scripts')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const texts = await Promise.all([...files, join(root, '.ci/run')].map(async (file) => readFile(file, 'utf8')))
  const installs = texts.flatMap((text) => text.match(/^.*(npm ci|'ci',|npm install|'install', '--).*$/gm) ?? [])
  const npm = installs.filter((line) => /'ci',|^\s*npm (ci|install)/.test(line))
  expect(npm).toHaveLength(1)
  expect(npm[0]).toContain("'--ignore-scripts'")
})

type Supply = typeof supply
/** A copy to spoil. */
const copy = (): Supply => structuredClone(supply)

test.each<[string, (spoilt: Supply) => void, RegExp]>([
  ['a range', ({ manifest }) => (manifest.dependencies['zod'] = '^4.6.7'), /zod \^4\.6\.7, which is no exact version/],
  ['a tag', ({ manifest }) => (manifest.devDependencies['jest'] = 'latest'), /jest latest/],
  ['a package that is not locked', ({ manifest }) => (manifest.dependencies['left-pad'] = '1.3.0'), /left-pad/],
  ['one that is locked and not asked for', ({ manifest }) => delete manifest.dependencies['zod'], /zod is undefined/],
  ['another version in the lockfile', ({ lock }) => (entry(lock, 'zod').version = '4.6.8'), /zod is 4\.6\.7/],
  ['no integrity', ({ lock }) => delete entry(lock, 'zod').integrity, /node_modules\/zod has no integrity/],
  ['a weak integrity', ({ lock }) => (entry(lock, 'zod').integrity = 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='), /integrity/],
  [
    'an optional package without integrity that is no binary of a platform',
    ({ lock }) => Object.assign(entry(lock, 'zod'), { optional: true, integrity: undefined }),
    /zod has no integrity/,
  ],
  [
    'a binary of a platform that nothing pins',
    ({ lock }) => (lock.packages['node_modules/stray'] = { version: '1.0.0', optional: true, os: ['darwin'] }),
    /stray has no integrity/,
  ],
  ['an address', ({ lock }) => (entry(lock, 'zod').resolved = 'https://a.example/zod.tgz'), /address of its own/],
  ['a script of a package', ({ lock }) => (entry(lock, 'zod').hasInstallScript = true), /zod wants to run/],
  [
    'a script that the lockfile keeps quiet about',
    ({ installed }) => Object.assign(installed['node_modules/zod'] ?? {}, { scripts: { postinstall: 'x' } }),
    /zod wants to run/,
  ],
  ['a script of ours', ({ manifest }) => (manifest.scripts['postinstall'] = 'x'), /the script postinstall/],
  ['scripts switched on', (one) => (one.npmrc = one.npmrc.replace('ignore-scripts=true', '')), /ignore-scripts/],
  ['a registry', (one) => (one.npmrc += '\nregistry=https://a.example/'), /names a registry/],
  [
    'something else installed',
    ({ installed }) => Object.assign(installed['node_modules/zod'] ?? {}, { version: '4.6.6' }),
    /zod@4\.6\.6/,
  ],
])('a fault is found: %s', (_what, spoil, expected) => {
  const spoilt = copy()
  spoil(spoilt)
  expect(lockFaults(spoilt).join('\n')).toMatch(expected)
})

test('a reason for a missing script is found', () => {
  expect(lockFaults(supply, { ...installScripts, zod: 'why?' })).toEqual(['zod runs nothing when it is installed'])
})

test.each<[string, (spoilt: Supply) => void, RegExp]>([
  ['a licence that is not allowed', relicensed('GPL-3.0-only'), /^zod@4\.6\.7 is under GPL-3\.0-only, /],
  ['one of two that both hold', relicensed('MIT AND GPL-3.0-only'), /^zod/],
  ['none', relicensed(undefined), /^zod@4\.6\.7 is under no stated licence/],
  [
    'another than the lockfile says',
    ({ installed }) => Object.assign(installed['node_modules/zod'] ?? {}, { license: 'ISC' }),
    /lockfile says MIT/,
  ],
  [
    'a new version of an exception',
    ({ lock, installed }) => {
      entry(lock, 'jspath').version = '0.4.1'
      Object.assign(installed['node_modules/jspath'] ?? {}, { version: '0.4.1' })
    },
    /^jspath@0\.4\.1 is under no stated licence/,
  ],
])('a licence is found: %s', (_what, spoil, expected) => {
  const spoilt = copy()
  spoil(spoilt)
  expect(licenceFaults(spoilt)[0]).toMatch(expected)
})

test('an unused exception is found', () => {
  expect(licenceFaults(supply, { ...licenceExceptions, 'left-pad@1.3.0': 'why?' })).toHaveLength(1)
})

test.each([
  ['MIT', true],
  ['(MIT OR GPL-2.0-only)', true],
  ['GPL-2.0-only OR MIT', true],
  ['MIT AND ISC', true],
  ['MIT AND GPL-2.0-only', false],
  ['MIT OR GPL-2.0-only AND ISC', true],
  ['(MIT OR GPL-2.0-only) AND GPL-2.0-only', false],
  ['MIT WITH exception', false],
  ['(MIT', false],
  ['MIT OR', false],
  ['MIT OR )', false],
  ['MIT AND OR MIT', false],
  ['((MIT))', true],
  ['MIT ISC', false],
  ['SEE LICENSE IN LICENSE', false],
  ['', false],
  [undefined, false],
])('the licence %s is allowed: %s', (expression, expected) => {
  expect(isAllowed(expression, ['MIT', 'ISC'])).toBe(expected)
})

test('the bill of materials names every package of the lockfile, and marks exactly the shipped ones', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  const [all, runtime] = await Promise.all(
    [[], ['--runtime']].map(async (more, i) => {
      const file = join(folder, `${i}.json`)
      await promisify(execFile)(process.execPath, [join(root, 'scripts/sbom.mjs'), '--out', file, ...more])
      return JSON.parse(await readFile(file, 'utf8')) as Bom
    }),
  )
  await rm(folder, { recursive: true })
  expect(all).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'countersign' } } })
  const packages = Object.entries(supply.lock.packages).filter(([path]) => path !== '')
  expect(namesIn(all)).toEqual(namesOf(packages))
  const shipped = namesIn(runtime)
  expect(shipped).toEqual(namesOf(packages.filter(([, { dev }]) => !dev)))
  const own = Object.entries(supply.manifest.dependencies).map(([name, version]) => `${name}@${version}`)
  expect(shipped).toEqual(expect.arrayContaining(own))
  expect(shipped.filter((name) => /^(jest|azurite|esbuild|typescript)@/.test(name))).toEqual([])
})

interface Bom {
  readonly components: readonly { readonly purl: string }[]
}

/** By their package URLs: https://github.com/package-url/purl-spec */
const namesIn = (bom: Bom | undefined) =>
  [...new Set(bom?.components.map(({ purl }) => decodeURIComponent(purl.slice('pkg:npm/'.length))))].sort()

const namesOf = (packages: readonly [string, Entry][]) =>
  [...new Set(packages.map(([path, entry]) => `${nameOf(path, entry)}@${entry.version}`))].sort()

type Entry = Supply['lock']['packages'][string]

function entry({ packages }: Supply['lock'], name: string): Entry {
  const found = packages[`node_modules/${name}`]
  if (!found) throw new Error(`${name} is not in the lockfile.`)
  return found
}

function relicensed(license: string | undefined): (spoilt: Supply) => void {
  return ({ lock, installed }) => {
    if (license === undefined) delete entry(lock, 'zod').license
    else entry(lock, 'zod').license = license
    Object.assign(installed['node_modules/zod'] ?? {}, { license })
  }
}
