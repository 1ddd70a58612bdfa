// Fills the files of HTML that the build starts from. They have no words of their own: these stand in files of words.
import { build } from 'esbuild'

/** The marks that a text may have. */
const marks = /&lt;(\/?code)&gt;/g

/**
 * Fills the placeholders of a page: `{{words.NAME}}` with a text, escaped but for `<code>`, and `{{NAME}}` with a part, as
 * it is.
 *
 * @param words texts by name
 * @param parts HTML, scripts, styles and values of attributes, by name
 * @throws {Error} for a placeholder without a value, and for a value without a placeholder
 */
export function filled(template, { words, parts }) {
  const texts = Object.entries(words).map(([name, text]) => [`words.${name}`, escaped(text)])
  const values = new Map([...texts, ...Object.entries(parts)])
  const used = new Set()
  const page = template.replace(/\{\{([^{}]*)\}\}/g, (placeholder, name) => {
    if (!values.has(name)) throw new Error(`Nothing fills ${placeholder} of the page.`)
    used.add(name)
    return values.get(name)
  })
  const unused = [...values.keys()].filter((name) => !used.has(name))
  if (unused.length > 0) throw new Error(`The page has no place for ${unused.join(', ')}.`)
  return page
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text) => text.replace(/[&<>"]/g, (character) => entities[character]).replace(marks, '<$1>')

/** Reads what a TypeScript file of words exports. */
export async function exportsOf(file) {
  const { outputFiles } = await build({
    ...{ entryPoints: [file], bundle: true, write: false, format: 'esm', target: 'es2022', logLevel: 'warning' },
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}
