// Bundles the bench and runs it. The arguments are the bench's.
import { build } from 'esbuild'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const common = { bundle: true, platform: 'node', target: 'node20', outdir: 'dist/bench', logLevel: 'warning' }
const programs = ['main', 'makeDay', 'floor', 'seal', 'sealTables', 'peerProcess']

await Promise.all([
  build({
    ...common,
    entryPoints: programs.map((name) => `trials/bench/${name}.ts`),
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    packages: 'external',
    // The tests' own files look for the project above the folder they lie in.
    define: { 'import.meta.dirname': JSON.stringify(resolve('dist')) },
  }),
  // `@azure/functions` is CommonJS, and who serves it must share the worker's `require` with it.
  build({
    ...common,
    entryPoints: ['trials/bench/hostProcess.ts'],
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    packages: 'external',
  }),
  // As what is deployed: a file that needs no node_modules.
  build({
    ...common,
    entryPoints: ['trials/bench/empty.ts'],
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    minify: true,
    external: ['@azure/functions-core'],
  }),
])
await import('../dist/bench/main.mjs')
