import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The project's folder. */
export const root = join(import.meta.dirname, '../..')

/** Folders with pages of other projects, or with copies. */
const skipped = new Set(['node_modules', 'dist', '.git', '.local', 'coverage'])

/** Lists every Markdown page of the project, as a path from its folder. */
export function pagesIn(folder: string = root): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : pagesIn(path)
    return entry.name.endsWith('.md') ? [relative(root, path)] : []
  })
}

export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8')

/** Drops fenced blocks, in which `#` and `[…](…)` mean something else. */
export const proseOf = (text: string): string => text.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '')

/** Gives the contents of the fenced blocks of one language, in order. */
export const fencesOf = (text: string, language: string): readonly string[] =>
  [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].flatMap(([, found, block = '']) =>
    found === language ? [block] : [],
  )

/** Names the anchors that GitHub gives to the headings of a page: a repeated one gets a number. */
export function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>()
  return [...proseOf(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-')
    const earlier = seen.get(anchor) ?? 0
    seen.set(anchor, earlier + 1)
    return earlier === 0 ? anchor : `${anchor}-${earlier}`
  })
}

/** Gives the lines below a heading, up to the next heading of the same level or above. */
export function sectionOf(text: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 1
  const [, after] = `\n${text}`.split(`\n${heading}\n`)
  if (after === undefined) throw new Error(`There is no heading “${heading}”.`)
  return after.split(new RegExp(`^#{1,${level}} `, 'm'))[0] ?? ''
}

/** Gives the rows of all tables in a text as cells, without the line under each header. */
export const rowsOf = (text: string): readonly (readonly string[])[] =>
  proseOf(text)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s:|-]+\|$/.test(line))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )

/** Gives the texts in backticks of a cell. */
export const codesIn = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
