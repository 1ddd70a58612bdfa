// Bundles a trial, and the process of a deployment that trials start, and runs it: trial.mjs NAME. The other arguments
// are the trial's.
import { bundle, run } from './bundled.mjs'

const [name] = process.argv.splice(2, 1)
const trials = ['races', 'flood', 'soak']
if (!trials.includes(name)) throw new Error(`trial.mjs ${trials.join('|')}`)

await bundle('trials/deployment/app.ts', 'dist/deployment.cjs')
await run(`trials/${name}/main.ts`, `dist/${name}.cjs`)
