// Bundles the fuzzer and runs it. The arguments are the fuzzer's.
import { run } from './bundled.mjs'

await run('trials/fuzz/main.ts', 'dist/fuzz.cjs')
