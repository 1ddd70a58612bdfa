// Builds the page that verifies evidence in a browser: one file, which needs nothing else and has no network.
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, resolve } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { exportsOf, filled } from './pageTemplate.mjs'

const folder = 'src/console/verify'

/** Files of the verifier that have a variant for browsers. */
const replaced = new Map([[resolve('src/verify/inflate.ts'), resolve(folder, 'inflate.ts')]])

/** Puts the files of `node/` in the place of Node's modules. A module without such a file fails the build. */
const browserModules = {
  name: 'browser-modules',
  setup({ onResolve }) {
    const names = builtinModules.filter((name) => name !== 'events' && !name.startsWith('_'))
    const filter = new RegExp(`^(?:node:.*|${names.map((name) => name.replace('/', '\\/')).join('|')})$`)
    onResolve({ filter }, ({ path }) => {
      const [name] = path.replace(/^node:/, '').split('/')
      return { path: resolve(folder, 'node', `${name}.ts`) }
    })
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const variant = replaced.get(resolve(resolveDir, path))
      return variant === undefined ? null : { path: variant }
    })
  },
}

/** Only the page's own script and style run, only its worker starts, and nothing is fetched or sent. */
const policyOf = (script, style) =>
  [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'worker-src blob:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types verifier',
  ].join('; ')

const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`

/**
 * Builds a script of the verifier for browsers.
 *
 * @param entry its first file, below `src/console/verify`
 * @returns its text
 */
export async function verifierScript(entry) {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const { outputFiles } = await build({
    ...{ entryPoints: [`${folder}/${entry}`], inject: [`${folder}/node/globals.ts`], plugins: [browserModules] },
    ...{ bundle: true, minify: true, write: false, format: 'iife', platform: 'browser', target: 'es2022' },
    ...{ charset: 'utf8', logLevel: 'warning', define: { COUNTERSIGN_VERSION: JSON.stringify(version) } },
  })
  return outputFiles[0].text
}

/** Builds the page. @returns its text */
async function verifyPage() {
  const script = await verifierScript('main.ts')
  // HTML would end the script there, or read it in another way.
  if (/<\/script|<!--/i.test(script)) throw new Error('The script of the page has a text that HTML does not take.')
  const style = await readFile(`${folder}/page.css`, 'utf8')
  const parts = { policy: policyOf(script, style), style, script }
  const { pageText: words } = await exportsOf(`${folder}/pageText.ts`)
  return filled(await readFile(`${folder}/page.html`, 'utf8'), { words, parts })
}

/** Writes the page to a file, and compressed beside it. */
export async function writeVerifyPage(file) {
  const page = await verifyPage()
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, page)
  await writeFile(`${file}.br`, brotliCompressSync(page))
  return file
}
