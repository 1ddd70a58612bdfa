// Bundles the faults on the wire and runs them. The arguments are theirs.
import { build } from 'esbuild'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const outfile = 'dist/wire/main.cjs'
await build({
  entryPoints: ['test/wire/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: {
    'import.meta.url': JSON.stringify(pathToFileURL(resolve(outfile)).href),
    'import.meta.dirname': '__dirname',
  },
  packages: 'external',
  logLevel: 'warning',
})
await import('../dist/wire/main.cjs')
