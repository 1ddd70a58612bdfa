// Writes docs/security/controls.md from the table of test/security.ts. `--check` only says whether the page is up to
// date, and ends with 1 if it is not.
import { build } from 'esbuild'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { rows, pageOf, pagePath, pageCommand } = await tests()
const path = join(root, pagePath)
const page = pageOf(rows)

if (!process.argv.includes('--check')) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, page)
} else if ((await readFile(path, 'utf8').catch(() => '')) !== page) {
  process.stderr.write(`${pagePath} is not up to date: run ${pageCommand}\n`)
  process.exitCode = 1
}

/** The tests are TypeScript; bundled, they load in any Node. */
async function tests() {
  const contents = "export { rows } from './test/security.ts'; export * from './test/security/page.ts'"
  const stdin = { contents, resolveDir: root, loader: 'ts' }
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', platform: 'node', write: false })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}
