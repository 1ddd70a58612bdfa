// Bundles the simulation and runs it. The arguments are the simulation's.
import { run } from './bundled.mjs'

await run('trials/sim/main.ts', 'dist/sim.cjs')
