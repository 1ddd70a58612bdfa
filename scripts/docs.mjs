// Writes the parts of the documents that are generated from the code: the help of every command, the table of
// operations, and the page of controls.
import { bundle } from './bundled.mjs'

const program = { entry: 'test/docs/main.ts', file: 'dist/docs.cjs' }
await bundle(program)
await import(new URL(`../${program.file}`, import.meta.url).href)
