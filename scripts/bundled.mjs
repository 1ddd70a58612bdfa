// Bundles a program of a trial, as the tests' own files want to be found: `import.meta` names where the bundle lies.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

const commonJs = {
  format: 'cjs',
  define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
}

/** The tests' own files look for the project above the folder that they lie in. */
const esModule = { format: 'esm', define: { 'import.meta.dirname': JSON.stringify(resolve(root, 'dist')) } }

/** Both paths are from the project's folder, which is the current one from then on. */
export async function bundle({ entry, file, options }) {
  process.chdir(root)
  await build({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    ...(file.endsWith('.mjs') ? esModule : commonJs),
    ...options,
  })
}
