// Bundles the simulation and runs it. The arguments are the simulation's.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

await build({
  entryPoints: ['test/sim/main.ts'],
  outfile: 'dist/sim.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.dirname': '__dirname' },
  packages: 'external',
  logLevel: 'warning',
})
await import('../dist/sim.cjs')
