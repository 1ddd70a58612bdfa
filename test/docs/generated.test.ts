import { readPage } from '../support/pages.ts'
import { generated, generatedPages } from './blocks.ts'

test.each(generatedPages)('%s has the parts that are generated from code', (page) => {
  const text = readPage(page)
  if (generated(page, text) !== text) throw new Error(`${page} is not up to date. Run: node scripts/docs.mjs`)
})
