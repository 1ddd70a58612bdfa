import { bundleFileKind, bundleFiles, requiredFiles } from '../../src/core/log/bundleFiles.ts'
import { codesIn, readPage, rowsOf, sectionOf } from '../support/pages.ts'

const hash = 'a'.repeat(64)

/** A name as a bundle may have it, for one of the page. */
const nameOf = (shown: string): string =>
  shown
    .replace('<kid>', 'K'.repeat(43))
    .replace('<version>', hash)
    .replace('<sha256>', hash)
    .replace('<file>', 'rules/payments.cedar')

const shown = rowsOf(sectionOf(readPage('docs/evidence/bundle.md'), '## Members, in this order'))
  .slice(1)
  .flatMap(([names = '']) => codesIn(names))

test('docs/evidence/bundle.md has every file of a bundle, in its order', () => {
  const kinds = shown.map((name) => bundleFileKind(nameOf(name)))
  expect([...new Set(kinds)]).toEqual(Object.keys(bundleFiles))
  expect(kinds).not.toContain(null)
  // Files of one kind stand together.
  expect(kinds.filter((kind, i) => kind !== kinds[i - 1])).toHaveLength(Object.keys(bundleFiles).length)
})

test('docs/evidence/bundle.md marks by a placeholder the files that a bundle may lack, but for those that are later than others', () => {
  const later: readonly string[] = Object.values(bundleFiles).flatMap((file) => ('isLater' in file ? [file.name] : []))
  expect(later).toEqual(['further.csv', 'metrics.csv'])
  expect(shown.filter((name) => !name.includes('<') && !later.includes(name))).toEqual(requiredFiles)
})
