// Bundles the fuzzer and runs it. The arguments are the fuzzer's.
import { run } from './bundled.mjs'

await run('test/fuzz/main.ts', 'dist/fuzz.cjs')
