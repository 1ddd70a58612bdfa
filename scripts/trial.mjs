// Bundles a trial, and the process of a deployment that trials start, and runs it: trial.mjs NAME. The other arguments
// are the trial's.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const [name] = process.argv.splice(2, 1)
const trials = ['races', 'flood', 'soak']
if (!trials.includes(name)) throw new Error(`trial.mjs ${trials.join('|')}`)

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  packages: 'external',
  logLevel: 'warning',
}
await Promise.all([
  build({ ...common, entryPoints: ['test/deployment/app.ts'], outfile: 'dist/deployment.cjs' }),
  build({ ...common, entryPoints: [`test/${name}/main.ts`], outfile: `dist/${name}.cjs` }),
])
await import(`../dist/${name}.cjs`)
