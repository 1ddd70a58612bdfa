// Bundles a program of a trial. Its `import.meta` names a place from which the files of the tests find the project.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

const commonJs = {
  format: 'cjs',
  define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
}

/** Files of the tests look for the project in the folder above their own. Cedar is loaded by a `require`. */
const esModule = {
  format: 'esm',
  define: { 'import.meta.dirname': JSON.stringify(resolve(root, 'dist')) },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
}

/** Bundles an entry into a file. Both paths start at the project's folder, which becomes the current one. */
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
