import { readFileSync, writeFileSync } from 'node:fs'
import { rows } from '../security.ts'
import { pageOf, pagePath } from '../security/page.ts'
import { generated, generatedPages } from './blocks.ts'

/** Writes the generated parts of the documents anew; `scripts/docs.mjs` runs it in the project's folder. */
for (const page of generatedPages) writeFileSync(page, generated(page, readFileSync(page, 'utf8')))
writeFileSync(pagePath, pageOf(rows))
