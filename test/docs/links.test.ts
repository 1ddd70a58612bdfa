import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import about from '../../package.json'
import { anchorsOf, codesIn, pagesIn, proseOf, readPage, root } from '../support/pages.ts'

const pages = pagesIn()

/** Says what is wrong with a link of a page; `null` if it leads somewhere, or outside of the project. */
function fault(page: string, link: string): string | null {
  if (/^[a-z]+:/.test(link)) return null
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : normalize(join(dirname(page), path))
  if (!existsSync(join(root, file))) return `${page}: ${link} leads to no file`
  if (anchor === undefined || !file.endsWith('.md')) return null
  return anchorsOf(readPage(file)).includes(anchor) ? null : `${page}: ${link} leads to no heading`
}

test('every relative link in a document leads to a file, and to a heading of it', () => {
  const faults = pages.flatMap((page) =>
    [...proseOf(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => fault(page, link) ?? []),
  )
  expect(faults).toEqual([])
})

test.each([
  ['a file that is not there', 'no-such-page.md', 'leads to no file'],
  ['a heading that another page does not have', 'SECURITY.md#no-such-heading', 'leads to no heading'],
  ['a heading that is not on its own page', '#no-such-heading', 'leads to no heading'],
])('a link to %s is reported', (_what, link, expected) => {
  expect(fault('README.md', link)).toContain(expected)
})

const ourFolders = 'src|test|trials|scripts|functions|packages|examples|policy|cards|evidence|docs'
const ourPath = new RegExp(`^(?:${ourFolders})/[\\w./-]*$`)

test('every file and folder of the project that a document names exists', () => {
  const named = pages.flatMap((page) =>
    codesIn(proseOf(readPage(page))).flatMap((code) => (ourPath.test(code) ? [`${page}: ${code}`] : [])),
  )
  expect(named.filter((line) => !existsSync(join(root, line.split(': ')[1] ?? '')))).toEqual([])
  expect(named.length).toBeGreaterThan(3)
})

test('every `npm run` command in a document is a script in package.json', () => {
  const scripts = Object.keys(about.scripts)
  const named = pages.flatMap((page) =>
    [...readPage(page).matchAll(/npm run (?:-s |--silent )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name),
  )
  expect([...new Set(named)].filter((name) => !scripts.includes(name))).toEqual([])
  expect(named.length).toBeGreaterThan(5)
})

test('the README has at most 150 lines', () => {
  expect(readPage('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150)
})

test('the changelog begins with unreleased changes or the version of package.json', () => {
  const headings = readPage('CHANGELOG.md').match(/^## .*$/gm) ?? []
  expect(headings[0]).toBe('## [Unreleased]')
  expect(headings.some((heading) => heading.startsWith(`## [${about.version}]`))).toBe(true)
})
