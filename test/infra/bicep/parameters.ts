import type { Plain } from './functions.ts'
import { parseTemplate } from './template.ts'

/**
 * Reads parameters of a template from `NAME=VALUE`. A value is text where the parameter is text, and else JSON.
 *
 * @returns what is wrong, in words, if something is
 */
export function readParameters(path: string, given: readonly string[]): Readonly<Record<string, Plain>> | string {
  const known = new Map(
    parseTemplate(path).declarations.flatMap((one) => (one.kind === 'param' ? [[one.name, one.type] as const] : [])),
  )
  const read: Record<string, Plain> = {}
  for (const pair of given) {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(pair) ?? []
    const type = known.get(name)
    if (name === '') return `“${pair}” is no NAME=VALUE.`
    if (type === undefined) return `There is no parameter ${name}: there are ${[...known.keys()].join(', ')}.`
    const parsed = type === 'string' ? value : jsonIn(value)
    if (parsed === undefined) return `The parameter ${name} is a ${type}, written as JSON: “${value}” is none.`
    read[name] = parsed
  }
  return read
}

function jsonIn(text: string): Plain | undefined {
  try {
    return JSON.parse(text) as Plain
  } catch {
    return undefined
  }
}
