// Writes the parts of the documents that are made from the code: the help of every command, the table of operations.
import { run } from './bundled.mjs'

await run('test/docs/main.ts', 'dist/docs.cjs')
