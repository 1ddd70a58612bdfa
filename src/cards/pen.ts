// Not the package's main file: its types are sources that TypeScript would check as ours.
import { Template } from 'adaptivecards-templating/lib/template-engine.js'
import type { Words } from '../words/words.ts'

/**
 * Draws with one template. The data is expanded once, so that no text in it is read as a template again.
 *
 * @throws {Error} with the name of a file that is missing or is not a template
 */
export function penOf(files: ReadonlyMap<string, Uint8Array>, name: string, words: Words): (data: object) => unknown {
  const bytes = files.get(name)
  if (!bytes) throw new Error(`cards/${name} is missing.`)
  const template = parsed(bytes, name)
  return (data) => template.expand({ $root: { ...data, words: words.card } }) as unknown
}

function parsed(bytes: Uint8Array, name: string): Template {
  try {
    const card: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof card !== 'object') throw new TypeError('It is not an object.')
    return new Template(card)
  } catch (cause) {
    throw new Error(`cards/${name} is no card template.`, { cause })
  }
}
