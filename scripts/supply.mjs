// Checks of the packages that this project uses. Each check returns its faults, one line each.
import { readFileSync } from 'node:fs'
import { isAllowed } from './spdx.mjs'

/** Licences that only require their notice. */
const allowed = [
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC-BY-4.0', 'CC0-1.0', 'ISC', 'MIT'],
  ...['Python-2.0', 'Unlicense'],
]

/** Packages whose licence is not on the list, or not stated as SPDX. Each version was checked by hand. */
export const licenceExceptions = {
  '@microsoft/m365agentsplayground@0.2.28': 'Microsoft’s own terms; a tool for development, never shipped',
  '@modelcontextprotocol/server-filesystem@2026.8.31':
    'MIT, says its README; its package.json points to a file that is missing; the example’s server, never shipped',
  '@resvg/resvg-wasm@2.6.2': 'MPL-2.0, unchanged; draws icons when a package is built, never shipped',
  'axe-core@4.14.1': 'MPL-2.0, unchanged; looks at the pages in tests, never shipped',
  'jspath@0.4.0': 'MIT (or GPL) in its LICENSE file; its package.json says nothing',
  'uri-templates@0.2.0':
    'in the public domain, says its README; its package.json has an address instead; never shipped',
}

/** Packages with a script at installation, and why they work without it. */
export const installScripts = {
  '@parcel/watcher': 'builds from source if there is no binary; no tool here uses it',
  '@swc/core': 'looks for another binary if that of the platform is missing',
  'tree-sitter-bicep': 'looks for a native parser; only its wasm is used here',
  esbuild: 'replaces the script that starts its binary, which saves some milliseconds',
}

/**
 * Known flaws of packages: the versions that have them, by the advisory of GitHub (github.com/advisories/ID). The registry
 * may not answer `npm audit`, so what maintainers publish is noted here. `below` is the first version without the flaw, in
 * each line of versions that has one.
 */
export const knownFlaws = [
  {
    name: 'axios',
    advisories: ['GHSA-wf5p-g6vw-rhxx', 'GHSA-jr5f-v2jv-69x6', 'GHSA-4hjh-wcwx-xvwj'],
    below: ['0.30.2', '1.15.2'],
  },
  { name: 'tough-cookie', advisories: ['GHSA-72xf-g2v4-qvf3'], below: ['4.1.3'] },
  { name: 'xml2js', advisories: ['GHSA-776f-qx25-q3cc'], below: ['0.5.0'] },
  { name: 'form-data', advisories: ['GHSA-fjxv-7rqg-78g4'], below: ['2.5.4', '3.0.4', '4.0.4'] },
  { name: '@azure/identity', advisories: ['GHSA-m5vv-6r4h-3vj9'], below: ['4.2.1'] },
  { name: 'uuid', advisories: ['GHSA-w5hq-g745-h8pq'], below: ['11.1.1'] },
  { name: 'ws', advisories: ['GHSA-3h5v-q93c-6h6q'], below: ['5.2.4', '6.2.3', '7.5.10', '8.17.1'] },
  { name: 'sequelize', advisories: ['GHSA-f598-mfpv-gmfx', 'GHSA-wrh9-cjv3-2hpw'], below: ['6.29.0'] },
  { name: 'mysql2', advisories: ['GHSA-fpw7-j2hg-69v5'], below: ['3.9.7'] },
]

const azuriteOnly = 'Azurite alone has it, on loopback with a random key, and nothing deployed'

/** Packages with a known flaw that stay, and why the flaw does no harm here. The key names who needs them. */
export const flawExceptions = {
  'axios@0.21.4': `${azuriteOnly}; @azure/ms-rest-js calls with it, of which Azurite uses the serializer`,
  'axios@0.27.2': `${azuriteOnly}; Azurite fetches with it when a blob is copied from an address, which nothing here asks for`,
  'tough-cookie@2.5.0': `${azuriteOnly}; @azure/ms-rest-js keeps cookies with it, of which Azurite uses the serializer`,
  'xml2js@0.4.23': `${azuriteOnly}; @azure/ms-rest-js has it, and Azurite reads XML with its own 0.6.2`,
  '@azure/identity@3.4.2': `${azuriteOnly}; tedious signs in to SQL Server with it, and Azurite has no database here`,
  'uuid@3.4.0': `${azuriteOnly}; it makes random ids, and the flaw is in ids made from names into a buffer`,
  'uuid@8.3.2':
    'MSAL, sequelize and tedious make random ids with it, and the flaw is in ids made from names into a buffer',
  'uuid@10.0.0': 'the Bot Framework makes random ids with it, and the flaw is in ids made from names into a buffer',
}

/** Reads the input of the checks from the project's folder. */
export function readSupply(root = new URL('..', import.meta.url)) {
  const text = (path) => readFileSync(new URL(path, root), 'utf8')
  const lock = JSON.parse(text('package-lock.json'))
  const installed = {}
  for (const path of Object.keys(lock.packages).filter(Boolean)) {
    const about = jsonOrNull(() => text(`${path}/package.json`))
    if (about) installed[path] = about
  }
  return { manifest: JSON.parse(text('package.json')), lock, npmrc: text('.npmrc'), installed }
}

/** Reads JSON; `null` if there is no file. Packages of other platforms are in the lockfile only. */
function jsonOrNull(read) {
  try {
    return JSON.parse(read())
  } catch (cause) {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null
    throw cause
  }
}

/** Lists packages without an allowed licence or an exception, and exceptions that no package needs. */
export function licenceFaults({ lock, installed }, exceptions = licenceExceptions) {
  const used = new Set()
  const faults = packagesOf(lock).flatMap(([path, entry]) => {
    const about = installed[path]
    // Not installed, and without a licence in the registry: it has the licence of the package that it belongs to.
    if (!about && entry.license === undefined && isForeignPlatform(lock, path)) return []
    const [named, stated] = [`${nameOf(path, entry)}@${entry.version}`, about ? licenceIn(about) : entry.license]
    if (Object.hasOwn(exceptions, named)) {
      used.add(named)
      return []
    }
    if (about && entry.license !== undefined && entry.license !== stated)
      return [`${named} is under ${stated}, and the lockfile says ${entry.license}`]
    return isAllowed(stated, allowed)
      ? []
      : [`${named} is under ${stated ?? 'no stated licence'}, which is not allowed`]
  })
  const stale = Object.keys(exceptions).filter((named) => !used.has(named))
  return [...faults, ...stale.map((named) => `${named} is an exception that no package needs`)]
}

/** Reads the licence. Older packages have a list in place of an expression. */
const licenceIn = ({ license, licenses }) =>
  typeof license === 'string'
    ? license
    : [license ?? licenses ?? []]
        .flat()
        .map(({ type }) => type)
        .join(' OR ') || undefined

/**
 * Lists packages that are not installed exactly as the lockfile says, and packages that run scripts at installation.
 */
export function lockFaults({ manifest, lock, npmrc, installed }, scripts = installScripts) {
  return [
    ...rangeFaults(manifest),
    ...stepFaults(manifest, lock),
    ...packagesOf(lock).flatMap((entry) => entryFaults(lock, entry)),
    ...scriptFaults({ manifest, lock, npmrc, installed }, scripts),
    ...packagesOf(lock).flatMap(([path, entry]) => {
      const [about, named] = [installed[path], `${nameOf(path, entry)}@${entry.version}`]
      if (!about || `${about.name}@${about.version}` === named) return []
      return [`${path} is ${about.name}@${about.version}, and the lockfile says ${named}`]
    }),
  ]
}

/** Lists packages with a known flaw and no reason to stay, and exceptions that no package needs. */
export function flawFaults({ lock }, exceptions = flawExceptions, flaws = knownFlaws) {
  const used = new Set()
  const faults = packagesOf(lock).flatMap(([path, entry]) => {
    const named = `${nameOf(path, entry)}@${entry.version}`
    const found = flaws.find(({ name, below }) => name === nameOf(path, entry) && isFlawed(entry.version, below))
    if (!found) return []
    used.add(named)
    return Object.hasOwn(exceptions, named) ? [] : [`${named} has a known flaw: ${found.advisories.join(', ')}`]
  })
  const stale = Object.keys(exceptions).filter((named) => !used.has(named))
  return [...new Set(faults), ...stale.map((named) => `${named} is an exception that no package needs`)]
}

/** Whether a version is older than the first mended one of its line; of a later line than all, it is not. */
function isFlawed(version, below) {
  const numbers = (text) => text.split(/[.-]/).slice(0, 3).map(Number)
  const isOlder = (a, b) => {
    const at = a.findIndex((number, i) => number !== b[i])
    return at >= 0 && a[at] < b[at]
  }
  const own = numbers(version)
  const mended = below.map(numbers).find((one) => one[0] >= own[0])
  return mended !== undefined && isOlder(own, mended)
}

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
const exact = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

function rangeFaults(manifest) {
  return kinds
    .flatMap((kind) => Object.entries(manifest[kind] ?? {}))
    .filter(([, version]) => !exact.test(version))
    .map(([name, version]) => `package.json asks for ${name} ${version}, which is no exact version`)
}

function stepFaults(manifest, lock) {
  const root = lock.packages[''] ?? {}
  const faults = lock.lockfileVersion === 3 ? [] : ['the lockfile is not of version 3']
  for (const kind of kinds) {
    const [here, there] = [manifest[kind] ?? {}, root[kind] ?? {}]
    for (const name of new Set([...Object.keys(here), ...Object.keys(there)])) {
      const locked = lock.packages[`node_modules/${name}`]?.version
      if (here[name] !== there[name] || here[name] !== locked)
        faults.push(`${name} is ${here[name]} in package.json, ${there[name]} and ${locked} in the lockfile`)
    }
  }
  return faults
}

function entryFaults(lock, [path, entry]) {
  const faults = []
  if (!exact.test(entry.version ?? '')) faults.push(`${path} has no exact version`)
  if (entry.resolved !== undefined || entry.link) faults.push(`${path} comes from an address of its own`)
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? '') && !isForeignPlatform(lock, path))
    faults.push(`${path} has no integrity`)
  return faults
}

/**
 * Whether an entry is a binary for another platform, pinned by the package it belongs to. The registry with which the
 * lockfile was made does not offer all of them (see lock.mjs), so these have no integrity: installing one trusts the
 * registry.
 */
function isForeignPlatform(lock, path) {
  const { version, optional, os, cpu, integrity } = lock.packages[path]
  const name = nameOf(path)
  const pinned = packagesOf(lock).some(([, one]) => one.integrity && one.optionalDependencies?.[name] === version)
  return optional === true && (os ?? cpu) !== undefined && integrity === undefined && pinned
}

const atInstall = ['preinstall', 'install', 'postinstall']

function scriptFaults({ manifest, lock, npmrc, installed }, known) {
  const settings = npmrc.split('\n')
  const ours = [...atInstall, 'prepare', 'prepublish', 'dependencies'].filter((name) => manifest.scripts?.[name])
  const running = packagesOf(lock)
    .filter(([path, { hasInstallScript }]) => {
      return hasInstallScript || atInstall.some((name) => installed[path]?.scripts?.[name])
    })
    .map(([path]) => nameOf(path))
  const wanted = ['ignore-scripts=true', 'save-exact=true'].filter((line) => !settings.includes(line))
  const more = settings.filter((line) => /registry=|:_|^\/\//.test(line))
  return [
    ...ours.map((name) => `package.json has the script ${name}, which runs by itself`),
    ...wanted.map((line) => `.npmrc does not say ${line}`),
    ...more.map(() => '.npmrc names a registry or its secrets'),
    ...running.filter((name) => !Object.hasOwn(known, name)).map((name) => `${name} wants to run when it is installed`),
    ...Object.keys(known).flatMap((name) =>
      running.includes(name) ? [] : [`${name} runs nothing when it is installed`],
    ),
  ]
}

const packagesOf = (lock) => Object.entries(lock.packages).filter(([path]) => path !== '')

/** Names a package. If it is installed under another name, its entry has its own. */
export const nameOf = (path, { name } = {}) =>
  name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
