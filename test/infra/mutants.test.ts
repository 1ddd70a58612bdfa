import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../support/root.ts'
import { someOf } from '../support/whole.ts'
import { check, parameterSets } from './demands/check.ts'
import { loadGrammar } from './bicep/grammar.ts'
import { type Mistake, mistakes, unseen } from './mutants.ts'
import type { Flaw } from './bicep/syntax.ts'

let copy: string

beforeAll(async () => {
  await loadGrammar()
  copy = mkdtempSync(join(tmpdir(), 'countersign-'))
  cpSync(join(root, 'infra'), copy, { recursive: true })
})
afterAll(() => rmSync(copy, { recursive: true }))

const textOf = (file: string): string => readFileSync(join(copy, file), 'utf8')

/** What is said of the templates with one mistake in them, with each set of parameters. */
function flawsWith({ file, find, replace }: Mistake): readonly Flaw[] {
  const text = textOf(file)
  expect({ find, count: text.split(find).length - 1 }).toEqual({ find, count: 1 })
  writeFileSync(
    join(copy, file),
    text.replace(find, () => replace),
  )
  try {
    return Object.values(parameterSets).flatMap((parameters) => check(copy, parameters).flaws)
  } finally {
    writeFileSync(join(copy, file), text)
  }
}

/** The line of a mistake, and the lines in which the blocks begin that it stands in. */
function linesOf({ file, find, replace }: Mistake): readonly number[] {
  const text = textOf(file)
  const same = [...find].findIndex((letter, i) => letter !== replace[i])
  const lines = text.slice(0, text.indexOf(find) + Math.max(same, 0)).split('\n')
  const [all, at] = [text.split('\n'), lines.length - 1]
  const found = [at]
  for (let i = at, depth = indentOf(all[at]); i >= 0 && depth > 0; i--)
    if ((all[i] ?? '').trim() !== '' && indentOf(all[i]) < depth) {
      found.push(i)
      depth = indentOf(all[i])
    }
  return found.map((i) => i + 1)
}

const indentOf = (line = ''): number => line.length - line.trimStart().length

/** Where it has to be named: there, or where the mistake says that it shows. */
function places(mistake: Mistake): readonly string[] {
  const { file, find, replace, shows } = mistake
  if (shows === undefined) return linesOf(mistake).map((line) => `${file}:${line}`)
  const [, other = shows, text = ''] = /^(\S+): (.*)$/.exec(shows) ?? []
  const written = other === file ? textOf(file).replace(find, () => replace) : textOf(other)
  const [before = '', after] = written.split(text)
  if (after === undefined) throw new Error(`${other} has no ${text}.`)
  return [`${other}:${text === '' ? 1 : before.split('\n').length}`]
}

test('there are more than a hundred different mistakes', () => {
  expect(mistakes.length).toBeGreaterThan(200)
  expect(new Set(mistakes.map(({ file, find, replace }) => `${file} ${find} ${replace}`)).size).toBe(mistakes.length)
})

const tried = someOf(mistakes, ({ file }) => file, 4)

test.each(
  tried.map((mistake) => [mistake.file, mistake.replace.trim() || `without ${mistake.find.trim()}`, mistake] as const),
)('a mistake in %s is named with its place: %s', (_file, _text, mistake) => {
  const flaws = flawsWith(mistake).map(({ file, line, words }) => ({ at: `${file}:${line}`, words }))
  const named = flaws.filter(({ at }) => places(mistake).includes(at))
  if (named.length === 0)
    throw new Error(`not at ${places(mistake).join(' or ')}, but ${JSON.stringify(flaws, null, 1)}`)
})

test.each(unseen.map((mistake) => [mistake.file, mistake.replace, mistake.why, mistake] as const))(
  'a mistake in %s is not found without Azure: %s: %s',
  (_file, _text, _why, mistake) => {
    expect(flawsWith(mistake)).toEqual([])
  },
)
