import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { root } from '../support/root.ts'

/** What esbuild says of its outputs, as far as it is read here. */
interface Built {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly entryPoint?: string
        readonly imports: readonly { readonly path: string; readonly kind: string }[]
        readonly inputs: Readonly<Record<string, unknown>>
      }
    >
  >
}

const { outputs } = JSON.parse(readFileSync(join(root, 'dist/meta-console.json'), 'utf8')) as Built

/** The files that the first page loads: the program, what it draws, and what these import at once. */
function loadedFirst(): readonly string[] {
  const first = ['src/console/main.tsx', 'src/console/app.tsx']
  const found = new Set(Object.keys(outputs).filter((name) => first.includes(outputs[name]?.entryPoint ?? '')))
  for (const name of found)
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === 'import-statement') found.add(path)
  return [...found]
}

const folder = join(root, 'dist/console')
const page = readFileSync(join(folder, 'index.html'), 'utf8')

/** What the page itself names, with the hash that the browser compares: the program, and the style sheet. */
const named = [...page.matchAll(/(?:src|href)="\/console\/(assets\/[^"]+)"(?: integrity="([^"]*)")?/g)].map(
  ([, name = '', integrity]) => ({ name, integrity, bytes: readFileSync(join(folder, name)) }),
)

/**
 * Summed is the program with what it imports at once. The style sheet is loaded beside it and has a limit of its own: the
 * two together are larger than the first.
 */
test('the first page loads programs of at most 40 KiB and a style sheet of 6 KiB, compressed', () => {
  const programs = loadedFirst().map((name) => gzipSync(readFileSync(join(root, name))).length)
  const styles = named.filter(({ name }) => name.endsWith('.css')).map(({ bytes }) => gzipSync(bytes).length)
  expect([programs.length > 0, styles.length]).toEqual([true, 1])
  expect(programs.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(40 * 1024)
  expect(styles[0]).toBeLessThanOrEqual(6 * 1024)
})

test('the page names the hash of each of its files', () => {
  const names = new Set(named.map(({ name }) => name.replace(/-\w+/, '')))
  expect([...names].sort()).toEqual(['assets/app.css', 'assets/app.js', 'assets/chunk.js', 'assets/main.js'])
  expect(named.map(({ name }) => `dist/console/${name}`)).toEqual(expect.arrayContaining([...loadedFirst()]))
  for (const { bytes, integrity } of named)
    expect(integrity).toBe(`sha384-${createHash('sha384').update(bytes).digest('base64')}`)
})

test('it holds the code of two packages, and no others', () => {
  const inputs = loadedFirst().flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}))
  const packages = inputs.flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? [])
  expect([...new Set(packages)].sort()).toEqual(['oauth4webapi', 'preact'])
})
