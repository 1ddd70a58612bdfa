// Bundles the fuzzer and runs it. The arguments are the fuzzer's.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

await build({
  entryPoints: ['test/fuzz/main.ts'],
  outfile: 'dist/fuzz.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.dirname': '__dirname' },
  packages: 'external',
  logLevel: 'warning',
})
await import('../dist/fuzz.cjs')
