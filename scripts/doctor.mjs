// Examines a deployment: npm run doctor -- URL [--app NAME] [--json]
import { az } from './az.mjs'
import { bundle } from './bundled.mjs'

const program = { entry: 'src/doctor/main.ts', file: 'dist/doctor.cjs' }
await bundle(program)
const { main } = await import(new URL(`../${program.file}`, import.meta.url).href)
process.exitCode = await main(process.argv.slice(2), az)
