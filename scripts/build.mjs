// Builds all programs into dist/, as `outputs` lists them. `--source-maps` is for debuggers.
import { build } from 'esbuild'
import { chmod, copyFile, cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildConsole } from './consoleBuild.mjs'
import { writeVerifyPage } from './verifyPage.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const started = performance.now()
const quiet = process.argv.includes('--quiet')
const sourcemap = process.argv.includes('--source-maps') && 'inline'

/** Replaces import.meta.url, which CommonJS lacks: a bundled ES module would fail in `createRequire(undefined)`. */
const moduleUrl = "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;"

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: moduleUrl },
  logLevel: 'warning',
  sourcemap,
}

/** Modules that are left out of the bundles and loaded from a file in dist/ when they are first needed. */
const beside = [
  { importer: 'src/teams/outbound/connection.ts', entry: 'src/teams/outbound/messenger.ts', file: 'dist/teams.cjs' },
  { importer: 'src/cards/lazyCards.ts', entry: 'src/cards/cards.ts', file: 'dist/cards.cjs' },
]

const loadedLater = {
  name: 'loaded-later',
  setup({ onResolve, initialOptions }) {
    const folder = dirname(initialOptions.outfile)
    onResolve({ filter: /^\.\// }, ({ kind, importer, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return null
      const found = beside.find(
        (one) => importer === resolve(one.importer) && resolve(resolveDir, path) === resolve(one.entry),
      )
      return found ? { path: `./${relative(folder, found.file)}`, external: true } : null
    })
  },
}

/** The service is a file beside its entry. */
const service = {
  name: 'service',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './service.cjs', external: true })),
}

const outputs = [
  // The deployment: four files that need no node_modules. The Functions worker itself provides functions-core.
  { entry: 'functions/entry.ts', file: 'dist/main.cjs', options: { plugins: [service] } },
  {
    entry: 'functions/main.ts',
    file: 'dist/service.cjs',
    options: {
      // Names stay: setting each again, as `keepNames` does, takes 15 ms of a start.
      minifySyntax: true,
      minifyWhitespace: true,
      external: ['@azure/functions-core'],
      plugins: [loadedLater],
      supported: { 'dynamic-import': false }, // so that CommonJS loads CommonJS with require()
      metafile: true,
    },
  },
  ...beside.map(({ entry, file }) => ({ entry, file, options: { minify: true } })),
  // The command of agents and people.
  {
    entry: 'src/cli/main.ts',
    file: 'dist/countersign.cjs',
    options: { banner: { js: `#!/usr/bin/env node\n${moduleUrl}` } },
  },
  // The part of the command that has Cedar. The command loads it from its own folder.
  {
    entry: 'src/policyTool/main.ts',
    file: 'dist/policy.cjs',
    options: {
      ...{ minify: true, keepNames: true, plugins: [loadedLater] },
      supported: { 'dynamic-import': false }, // as above, for the cards
    },
  },
  // The part of the command that has the SDK of MCP, which is loaded in the same way.
  { entry: 'src/mcp/main.ts', file: 'dist/mcp.cjs', options: { minify: true, keepNames: true } },
  // The part of the command that hooks of coding agents start, once for each call of a tool.
  { entry: 'src/hook/main.ts', file: 'dist/hook.cjs', options: { minify: true, keepNames: true } },
  // The local stack, which is never deployed. One file loads in half of the time that its packages take one by one.
  {
    entry: 'src/local/start.ts',
    file: 'dist/local/start.cjs',
    options: {
      ...{ minify: true, keepNames: true, plugins: [loadedLater] },
      external: ['@azure/functions-core', '@cedar-policy/cedar-wasm'],
      supported: { 'dynamic-import': false }, // as above
    },
  },
  { entry: 'src/local/command.ts', file: 'dist/local/command.cjs', options: { packages: 'external' } },
  // Programs that an operator runs from a checkout.
  { entry: 'src/operate/restore.ts', file: 'dist/operate/restore.cjs', options: { packages: 'external' } },
  { entry: 'src/operate/sinks.ts', file: 'dist/operate/sinks.cjs', options: { packages: 'external' } },
  // The checks of a policy and of sinks for `scripts/package.mjs`.
  { entry: 'src/local/policyCheck.ts', file: 'dist/local/policyCheck.cjs', options: { packages: 'external' } },
  { entry: 'src/local/sinksCheck.ts', file: 'dist/local/sinksCheck.cjs', options: { packages: 'external' } },
]

/** Folders that the bundle reads at run time, copied beside it. */
const folders = ['policy', 'cards', 'evidence']

await mkdir('dist', { recursive: true })
try {
  const built = await Promise.all([...outputs.map(bundle), ...folders.map(copyFolder), copyCedar(), consolePages()])
  if (!quiet) say(`${built.filter(Boolean).join(', ')} (${Math.round(performance.now() - started)} ms)`)
} catch (cause) {
  // esbuild has already shown its own errors, with their places.
  if (!Array.isArray(cause?.errors)) throw cause
  process.exitCode = 1
}

async function bundle({ entry, file, options }) {
  if (!existsSync(entry)) {
    await rm(file, { force: true }) // so that a stale file does not pass for a built one
    say(`${file} skipped: ${entry} does not exist yet`)
    return null
  }
  const result = await build({ ...common, ...options, entryPoints: [entry], outfile: file })
  if (result.metafile) await writeFile('dist/meta.json', JSON.stringify(result.metafile))
  if (file === 'dist/countersign.cjs') await nameCommand(file)
  return file
}

/**
 * Makes the command executable, and gives it the name `countersign` in a folder for the PATH: by a link, and by a script
 * for Windows, where links need a right that users lack. The copy in that folder is one file for a machine without this
 * project: auditors need nothing else to verify.
 */
async function nameCommand(file) {
  await chmod(file, 0o755)
  await mkdir('dist/bin', { recursive: true })
  await copyFile(file, 'dist/bin/countersign.cjs')
  await writeFile('dist/bin/countersign.cmd', '@node "%~dp0..\\countersign.cjs" %*\r\n')
  if (process.platform === 'win32') return
  await rm('dist/bin/countersign', { force: true })
  await symlink('../countersign.cjs', 'dist/bin/countersign')
}

async function copyFolder(folder) {
  await rm(`dist/${folder}`, { recursive: true, force: true })
  if (!existsSync(folder)) return null
  await cp(folder, `dist/${folder}`, { recursive: true })
  return `dist/${folder}/`
}

/** Copies a file that Cedar's Node variant reads from the folder of the script it is bundled into. */
async function copyCedar() {
  await copyFile('node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm_bg.wasm', 'dist/cedar_wasm_bg.wasm')
  return 'dist/cedar_wasm_bg.wasm'
}

/**
 * Builds what browsers load. The page that verifies lies among the others, and needs none of them: auditors take it from
 * here and not from a bundle.
 */
async function consolePages() {
  const folder = await buildConsole({ sourcemap })
  await writeVerifyPage(`${folder}verify.html`)
  return folder
}

function say(text) {
  process.stderr.write(`build: ${text}\n`)
}
