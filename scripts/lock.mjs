// Completes package-lock.json after `npm install`, which may leave out the optional packages of other platforms. `npm
// ci` would refuse such a lockfile. Run this when dependencies change.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

const lock = JSON.parse(readFileSync(file, 'utf8'))
const added = Object.entries(lock.packages).flatMap(([path, parent]) => absentFrom(path, parent))
lock.packages = Object.fromEntries([...Object.entries(lock.packages), ...added].sort(byPath))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
process.stderr.write(`lock: ${added.length} platform packages added\n`)

/** Lists missing packages with an exact version, since a package always pins its platform packages. */
function absentFrom(path, parent) {
  if (path === '') return []
  const wanted = Object.entries(parent.optionalDependencies ?? {})
  return wanted
    .filter(([name, version]) => /^\d+\.\d+\.\d+$/.test(version) && !isLocked(path, name))
    .map(([name, version]) => [
      `node_modules/${name}`,
      { version, ...platformOf(name), ...(parent.dev && { dev: true }), optional: true },
    ])
}

function isLocked(path, name) {
  return `node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages
}

/** Reads the platform from the name of a package: `…-linux-x64-musl`. */
function platformOf(name) {
  const words = name.split(/[-/]/)
  const os = words.find((word) => systems.includes(word))
  const cpu = words.find((word) => processors.includes(word))
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : null
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }) }
}

function byPath([a], [b]) {
  return a < b ? -1 : 1
}
