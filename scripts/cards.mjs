// Bundles what draws the cards and runs it, with these arguments.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

await build({
  entryPoints: ['test/cards/main.ts'],
  outfile: 'dist/cardPictures.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.dirname': '__dirname' },
  packages: 'external',
  logLevel: 'warning',
})
await import('../dist/cardPictures.cjs')
