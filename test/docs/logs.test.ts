import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LogLineKind, logLine, logLines } from '../../src/runtime/logLine.ts'
import { codesIn, readPage, root, rowsOf, sectionOf } from '../support/pages.ts'

const logs = sectionOf(readPage('docs/operate/health-and-logs.md'), '## Logs')
const tables = logs.split('\n\n').filter((part) => part.startsWith('|'))
const [lines = [], members = []] = tables.map((table) => rowsOf(table).slice(1))

test('docs/operate/health-and-logs.md has every kind of line, with exactly its members and in their order', () => {
  const documented = lines.map(([kind = '', , , names = '']) => [kind, codesIn(names)])
  expect(Object.fromEntries(documented)).toEqual(logLines)
})

test('docs/operate/health-and-logs.md explains every member of a line once, and no other', () => {
  const known = new Set(Object.values(logLines).flat())
  expect(members.flatMap(([names = '']) => codesIn(names)).sort()).toEqual([...known].sort())
})

/** Files of what is deployed, by path. */
function sources(): ReadonlyMap<string, string> {
  const isDeployed = (path: string) => path.endsWith('.ts') && !/^src\/(local|cli|operate)\//.test(path)
  const files = ['src', 'functions'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  )
  return new Map(files.filter(isDeployed).map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** Calls that write a line, each with what is written. */
const writes = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:console|context|lines)\.(?:log|info|warn|error|debug|trace)\(([^]*?)\)\n/g)].map(
    ([, what = '']) => what,
  )

test('whatever is deployed writes lines of these kinds alone', () => {
  const written = [...sources()].flatMap(([path, text]) => writes(text).map((what) => [path, what] as const))
  expect(written.length).toBeGreaterThan(5)
  const isLine = (what: string) =>
    /^\s*(?:logLine\('|backgroundLine\(|undeliveredLine\(|sinkLine\(|traced\(trace, \(\) => backgroundLine)/.test(what)
  expect(written.filter(([, what]) => !isLine(what))).toEqual([])
})

test.each([
  ['console.log(text)\n', 1],
  ['context.error(JSON.stringify(line))\n', 1],
  ["lines.info(logLine('timer', line))\n", 1],
  ['failed(cause)\n', 0],
])('a line that is written is found: %s', (text, count) => {
  expect(writes(text)).toHaveLength(count)
})

test.each(Object.keys(logLines) as LogLineKind[])('a line of %s has nothing but its members', (kind) => {
  const all = Object.fromEntries(Object.values(logLines).flatMap((names) => names.map((name) => [name, 1])))
  const line = JSON.parse(logLine(kind, { ...all, reason: 'canary' } as never)) as object
  expect(Object.keys(line)).toEqual(logLines[kind])
  expect(logLine(kind, {})).toBe('{}')
})
