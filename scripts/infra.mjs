// Checks the templates of infra/ without Azure. See `npm run infra -- --help`.
import { bundle } from './bundled.mjs'

const program = { entry: 'test/infra/main.ts', file: 'dist/infra.cjs' }
await bundle(program)
await import(new URL(`../${program.file}`, import.meta.url).href)
