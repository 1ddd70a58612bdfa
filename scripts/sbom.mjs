// Lists all packages as CycloneDX JSON, from the lockfile alone: `npm run sbom -- [--out FILE] [--runtime]`.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { npmCall } from './npm.mjs'
import { nameOf } from './supply.mjs'

const root = new URL('..', import.meta.url)
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    runtime: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(`npm run --silent sbom -- [options]
Lists all packages of this project as CycloneDX JSON, from the lockfile alone.

  --out FILE   writes to this file
  --runtime    leaves out the development tools
`)
  process.exit(0)
}
const bom = everything()
const text = `${JSON.stringify(values.runtime ? withoutTools(bom) : bom, null, 2)}\n`
if (values.out === undefined) process.stdout.write(text)
else writeFileSync(values.out, text)

function everything() {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--include=dev', '--loglevel=error']
  const [program, ...words] = npmCall(args)
  const { status, stdout } = spawnSync(program, words, {
    ...{ cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) process.exit(1)
  const bom = JSON.parse(stdout)
  // npm names the project after its folder.
  bom.metadata.component.name = read('package.json').name
  bom.metadata.component.type = 'application'
  return bom
}

/** Leaves out the tools. npm's own option would also leave out packages that both tools and the service need. */
function withoutTools(bom) {
  const needed = Object.entries(read('package-lock.json').packages).filter(([, entry]) => !entry.dev)
  const refs = new Set(needed.map(([path, entry]) => `${nameOf(path, entry)}@${entry.version}`))
  const has = (ref) => refs.has(ref) || ref === bom.metadata.component['bom-ref']
  return {
    ...bom,
    components: bom.components.filter((component) => has(component['bom-ref'])),
    dependencies: bom.dependencies
      .filter(({ ref }) => has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(has) })),
  }
}

function read(file) {
  return JSON.parse(readFileSync(new URL(file, root), 'utf8'))
}
