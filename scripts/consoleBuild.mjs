// Builds the console's files into dist/console: scripts and styles whose names hold their hash, and the page that loads
// them with `integrity`.
import * as tokens from '@fluentui/tokens'
import { build, transform } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { exportsOf, filled } from './pageTemplate.mjs'
import { verifierScript } from './verifyPage.mjs'

const folder = 'dist/console'

/** Hashes are computed in the browser, where `node:crypto` is not. */
const inBrowser = {
  name: 'in-browser',
  setup({ onResolve }) {
    onResolve({ filter: /^node:crypto$/ }, () => ({ path: resolve('src/console/hash.ts') }))
  },
}

/** Returns the folder. `sourcemap` is for debuggers. */
export async function buildConsole({ sourcemap }) {
  await rm(folder, { recursive: true, force: true })
  await mkdir(`${folder}/assets`, { recursive: true })
  const worker = Buffer.from(await verifierScript('workerMain.ts'))
  const verifier = `verify-${nameHash(worker)}.js`
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  const { outputFiles, metafile } = await build({
    entryPoints: ['src/console/main.tsx'],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    outdir: `${folder}/assets`,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    splitting: true,
    plugins: [inBrowser],
    define: {
      COUNTERSIGN_VERIFIER: JSON.stringify(`/console/assets/${verifier}`),
      COUNTERSIGN_VERSION: JSON.stringify(version),
    },
    metafile: true,
    write: false,
    logLevel: 'warning',
    sourcemap,
  })
  const program = outputOf(metafile, 'src/console/main.tsx')
  const bytesOf = (name) => outputFiles.find(({ path }) => basename(path) === basename(name)).contents
  const styles = Buffer.from(await sheet())
  const styled = `app-${nameHash(styles)}.css`
  for (const { path, contents } of outputFiles) await put(`assets/${basename(path)}`, contents)
  await put(`assets/${styled}`, styles)
  await put(`assets/${verifier}`, worker)
  const preloaded = neededWith(metafile, program, outputOf(metafile, 'src/console/app.tsx'))
  const file = (name) => [basename(name), bytesOf(name)]
  const html = await page({ script: file(program), styles: [styled, styles], preloaded: preloaded.map(file) })
  await put('index.html', Buffer.from(html))
  await writeFile('dist/meta-console.json', JSON.stringify(metafile))
  return `${folder}/`
}

/** The outputs that a first page needs beside the program: what it imports at once, and what it draws. */
function neededWith({ outputs }, program, drawn) {
  const found = new Set([program, drawn])
  for (const name of found)
    for (const { path, kind } of outputs[name].imports) if (kind === 'import-statement') found.add(path)
  found.delete(program)
  return [...found]
}

/** The output that a source file begins. */
const outputOf = ({ outputs }, entry) => Object.keys(outputs).find((name) => outputs[name].entryPoint === entry)

/** The hash in a file's name. */
const nameHash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase()

/** Writes a file, and the same file compressed beside it. */
async function put(name, bytes) {
  await writeFile(`${folder}/${name}`, bytes)
  await writeFile(`${folder}/${name}.br`, brotliCompressSync(bytes))
}

/** The style sheet, with the variables of each theme that it uses. */
async function sheet() {
  const css = await readFile('src/console/app.css', 'utf8')
  const used = [...new Set([...css.matchAll(/var\(--(\w+)\)/g)].map(([, name]) => name))]
  const variables = (theme) => used.flatMap((name) => (name in theme ? [`--${name}:${theme[name]}`] : [])).join(';')
  const light = variables(tokens.teamsLightTheme)
  const dark = variables(tokens.teamsDarkTheme)
  const contrast = variables(tokens.teamsHighContrastTheme)
  const all = [
    `:root{${light}}`,
    `@media(prefers-color-scheme:dark){:root{${dark}}}`,
    `@media(prefers-contrast:more){:root{${contrast}}}`,
    `[data-theme=light]{${light}}[data-theme=dark]{${dark}}[data-theme=contrast]{${contrast}}`,
    css,
  ].join('\n')
  const { code } = await transform(all, { loader: 'css', minify: true, target: 'es2022' })
  return code
}

const integrity = (bytes) => `sha384-${createHash('sha384').update(bytes).digest('base64')}`

/** The page that loads the program and the style sheet, and says in its own language that it does. */
async function page({ script: [script, code], styles: [sheet, css], preloaded }) {
  const { words } = await exportsOf('src/console/words.ts')
  const { locale, product, loading } = words
  // Without these, a browser learns of each file from the one that imports it.
  const preloads = preloaded
    .map(([name, bytes]) => `<link rel="modulepreload" href="/console/assets/${name}" integrity="${integrity(bytes)}">`)
    .join('\n')
  const parts = { sheet, sheetHash: integrity(css), script, scriptHash: integrity(code), preloads }
  return filled(await readFile('src/console/page.html', 'utf8'), { words: { locale, product, loading }, parts })
}
