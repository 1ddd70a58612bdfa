// Bundles the faults on the wire and runs them. The arguments are theirs.
import { run } from './bundled.mjs'

await run('trials/wire/main.ts', 'dist/wire/main.cjs')
