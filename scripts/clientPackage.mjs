// node scripts/clientPackage.mjs [FOLDER]
// Fills packages/client/dist: the client as one ES module, and the declarations that it needs. Then `npm pack` packs it.
// With a folder, such as one in a program's node_modules, the whole package is written there instead.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'packages/client')
const folder = resolve(process.argv[2] ?? source)
const dist = join(folder, 'dist')

export const clientBundle = {
  entryPoints: [join(root, 'src/client/countersign.ts')],
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
}

rmSync(dist, { recursive: true, force: true })
if (folder !== source) copyTexts()
await build({ ...clientBundle, outfile: join(dist, 'countersign.js') })
declare()

/** Copies what the package has beside the code that is made. */
function copyTexts() {
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'])
    cpSync(join(source, name), join(folder, name))
}

/** Writes the declarations, without those that nothing refers to. */
function declare() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', source, '--outDir', dist], { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(1)
  const needed = new Set()
  follow(join(dist, 'client/countersign.d.ts'), needed)
  for (const file of readdirSync(dist, { recursive: true }).map((name) => join(dist, name)))
    if (file.endsWith('.d.ts') && !needed.has(file)) rmSync(file)
}

/** Names the declarations of an import as `.js`, which every resolution of TypeScript finds, and follows them. */
function follow(file, needed) {
  if (needed.has(file)) return
  needed.add(file)
  const text = readFileSync(file, 'utf8').replaceAll(/(from |import\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2')
  writeFileSync(file, text)
  for (const [, path] of text.matchAll(/(?:from |import\()['"](\.[^'"]*)\.js['"]/g))
    follow(resolve(dirname(file), `${path}.d.ts`), needed)
}
