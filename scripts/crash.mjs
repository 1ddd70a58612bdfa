// Bundles what kills the app and runs it. The arguments are its own.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

await build({
  entryPoints: ['test/crash/main.ts'],
  outfile: 'dist/crash.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  packages: 'external',
  logLevel: 'warning',
})
await import('../dist/crash.cjs')
