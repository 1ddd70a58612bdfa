// Bundles a program that lies among the tests, as the tests' own files want to be found: `import.meta` names where the
// bundle lies.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Both paths are from the project's folder, which is the current one from then on. */
export async function bundle(entry, outfile) {
  process.chdir(root)
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
    banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    packages: 'external',
    logLevel: 'warning',
  })
}

/** Bundles a program and runs it, with the arguments that are left. */
export async function run(entry, outfile) {
  await bundle(entry, outfile)
  await import(new URL(`../${outfile}`, import.meta.url).href)
}
