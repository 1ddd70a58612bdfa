// Bundles the bench and runs it. The arguments are the bench's.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

await build({
  entryPoints: ['main', 'makeDay', 'floor', 'seal', 'sealTables'].map((name) => `test/bench/${name}.ts`),
  outdir: 'dist/bench',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
})
await import('../dist/bench/main.mjs')
