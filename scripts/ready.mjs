// Installs what the project needs, if it is missing. Uses Node alone, because it runs before there are any packages.
// `--for test` also installs what only the tests need, and `--for spreadsheets` what only that trial needs.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { npmCall } from './npm.mjs'

const root = new URL('..', import.meta.url)

/** Debian packages that the tests need. One is installed if any of its commands succeeds. */
const debian = [
  { name: 'jq', commands: [['jq', '--version']] },
  { name: 'openssl', commands: [['openssl', 'version']] },
  { name: 'libarchive-tools', commands: [['bsdtar', '--version']] },
  { name: 'unzip', commands: [['unzip', '-v']] },
  { name: 'busybox', commands: [['busybox', 'true']] },
  { name: 'chromium', commands: [[process.env.COUNTERSIGN_CHROMIUM || '/usr/bin/chromium', '--version']] },
  {
    name: 'python3-cryptography',
    // Only Debian's own python3 sees Debian's packages, and another one may come first on the PATH.
    commands: ['python3', '/usr/bin/python3'].map((python) => [python, '-c', 'import cryptography']),
  },
]

/** What the trial of spreadsheets needs beside these: it is too large for every test run. */
const office = [{ name: 'libreoffice-calc', commands: [['soffice', '--version']] }]

const wanted = { test: debian, spreadsheets: [...debian, ...office] }[process.argv[process.argv.indexOf('--for') + 1]]

requireNode()
if (!packagesMatchLock()) installPackages()
if (wanted) installDebian(wanted.filter((one) => !isThere(one)))

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node 20.19 or newer is needed, this is ${process.versions.node}`)
}

/** Compares the lockfile with the record that npm writes last, so that an interrupted installation does not count. */
function packagesMatchLock() {
  const wanted = packagesOf('package-lock.json')
  const present = packagesOf('node_modules/.package-lock.json')
  if (!wanted || !present) return false
  const same = (path) =>
    present[path]?.version === wanted[path]?.version && present[path]?.integrity === wanted[path]?.integrity
  // Optional packages of other platforms are in the lockfile alone.
  return (
    Object.keys(wanted).every((path) => path === '' || same(path) || (wanted[path].optional && !present[path])) &&
    Object.keys(present).every((path) => path in wanted)
  )
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(new URL(lockfile, root), 'utf8')).packages
  } catch (cause) {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR' || cause instanceof SyntaxError) return null
    throw cause
  }
}

function installPackages() {
  say('installing the packages of package-lock.json (about half a minute)')
  // Building needs the development packages, also with NODE_ENV=production. No package runs scripts at installation.
  if (!run(...npmCall(['ci', '--include=dev', '--ignore-scripts', '--loglevel=error']))) fail('npm ci failed')
}

function isThere({ commands }) {
  return commands.some(([command, ...args]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0)
}

function installDebian(missing) {
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  const byHand = `The tests need the Debian packages ${names.join(', ')}: apt-get install ${names.join(' ')}`
  const asRoot = rootPrefix()
  if (asRoot === null || !isThere({ commands: [['apt-get', '--version']] })) fail(byHand)
  say(`installing the Debian packages ${names.join(', ')}`)
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
  run(...apt, 'update', '-qq')
  if (!run(...apt, 'install', '-y', '-qq', '--no-install-recommends', ...names)) fail(byHand)
  const absent = missing.filter((wanted) => !isThere(wanted)).map(({ name }) => name)
  if (absent.length > 0) fail(`Installed, but still not usable: ${absent.join(', ')}`)
}

/**
 * Gives the words before a command that root must run; `null` if that is not possible. CI's machines have a sudo
 * without a password. On a developer's machine this program never becomes root.
 */
function rootPrefix() {
  if (process.getuid?.() === 0) return []
  return process.env.CI === 'true' && isThere({ commands: [['sudo', '-n', 'true']] }) ? ['sudo', '-n'] : null
}

/** Runs a command. Its output goes to standard error, because standard output belongs to the next program. */
function run(command, ...args) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
