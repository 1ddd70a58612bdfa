// Bundles what kills the app and runs it. The arguments are its own.
import { run } from './bundled.mjs'

await run('test/crash/main.ts', 'dist/crash.cjs')
