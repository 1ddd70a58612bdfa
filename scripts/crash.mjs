// Bundles what kills the app and runs it. The arguments are its own.
import { run } from './bundled.mjs'

await run('trials/crash/main.ts', 'dist/crash.cjs')
