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

/** The files that the first page loads: the program, and what it imports at once. */
function loadedFirst(): readonly string[] {
  const found = new Set(Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === 'src/console/main.tsx'))
  for (const name of found)
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === 'import-statement') found.add(path)
  return [...found]
}

test('the first page loads at most 40 KiB, compressed', () => {
  const sizes = loadedFirst().map((name) => gzipSync(readFileSync(join(root, name))).length)
  expect(sizes.length).toBeGreaterThan(0)
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(40 * 1024)
})

test('it holds the code of three packages, and no others', () => {
  const inputs = loadedFirst().flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}))
  const packages = inputs.flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? [])
  expect([...new Set(packages)].sort()).toEqual(['@noble/hashes', 'oauth4webapi', 'preact'])
})
