import { fstatSync, readFileSync } from 'node:fs'
import { flawInKey, isOwn } from '../core/action/key.ts'
import { bodyLimits, isObject, type Json, type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { Exit, exits } from './exit.ts'
import { codeOf, hashFile, withFile } from './fileDigest.ts'
import type { Options } from './options.ts'

/**
 * Reads the params of all options that give some: `--params` with a whole object, `--param`, `--text` and `--digest`
 * with one each. A key is given once, so that no option silently wins over another.
 *
 * @throws {Exit} 78, naming the option and the rule
 */
export function readParams(options: Options): JsonObject {
  const params = new Map<string, Json>()
  const add = (option: string, key: string, value: Json): void => {
    const flaw = flawInKey(key)
    if (flaw !== null) refuse(option, `KEY=VALUE; ${flaw}`)
    if (isOwn(key)) refuse(option, `"${key}" is kept: keys that begin with "countersign." are what run itself binds`)
    if (params.has(key)) refuse(option, `"${key}" is given twice`)
    params.set(key, value)
  }
  for (const file of options.many('params'))
    for (const [key, value] of Object.entries(readObject(file))) add('--params', key, value)
  for (const [option, read] of Object.entries(readers))
    for (const given of options.many(option)) {
      const at = given.indexOf('=')
      if (at < 0) refuse(`--${option}`, 'KEY=VALUE, with a sign = between the two')
      const key = given.slice(0, at)
      add(`--${option}`, key, read(given.slice(at + 1), `--${option} ${key}`))
    }
  return Object.fromEntries(params)
}

type Reader = (value: string, name: string) => Json

/** How each option reads its value. */
const readers: Readonly<Record<string, Reader>> = {
  param: (value, name) => (value.startsWith('@') ? textOf(value.slice(1), name) : readValue(value, name)),
  text: (value) => value,
  digest: (value, name) =>
    value.startsWith('@') ? digestOfFile(value.slice(1), name) : refuse(name, 'is written as KEY=@FILE'),
}

/**
 * Reads a number, boolean, object or array as JSON, all else as text: quotes and null stay as typed. A number or boolean
 * that approvers would see in other characters than those typed is refused, because it may be meant as a text: the
 * version 1.10 is not 1.1, and the commit 12e4567 is no number.
 */
function readValue(text: string, name: string): Json {
  let loose: unknown
  try {
    loose = JSON.parse(text)
  } catch {
    return text
  }
  if (loose === null || typeof loose === 'string') return text
  if (typeof loose === 'object') return strictly(Buffer.from(text), name)
  const value = loose as number | boolean
  const isValid = typeof value === 'boolean' || isShown(value)
  if (String(value) === text && isValid) return value
  const key = name.replace(/^--param /, '')
  const other = isValid ? `write ${String(value)}, or ` : ''
  return refuse(name, `${text} is not sent as it is typed: ${other}give it as a text, --text ${key}=${text}`)
}

/** Whether a number is one that the service accepts: finite, and exact if it is whole. */
const isShown = (value: number): boolean =>
  Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)

/** Reads the whole object of params from a file, or from standard input. */
function readObject(file: string): JsonObject {
  const bytes = bytesOf(file === '-' ? 0 : file, '--params', file)
  const value = strictly(bytes, '--params')
  return isObject(value) ? value : refuse('--params', `${file} holds JSON that is no object: it has the params by name`)
}

/** Reads JSON as the service does. */
function strictly(bytes: Uint8Array, name: string): Json {
  try {
    return readJson(bytes)
  } catch (cause) {
    // What is JSON to a loose reader must not pass as plain text if the strict reader refuses it.
    if (cause instanceof Problem) refuse(name, cause.message.replace(/\.$/, ''))
    throw cause
  }
}

/** Reads a file as a text, exactly. */
function textOf(file: string, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOf(file, name, file))
  } catch (cause) {
    if (cause instanceof Exit) throw cause
    return refuse(name, `${file} is no text in UTF-8: send it by its digest, with --digest`)
  }
}

/** Reads a file that fits into a request. The size is checked first, since a larger file could exhaust the memory. */
function bytesOf(source: string | 0, name: string, file: string): Uint8Array {
  const { bytes: most } = bodyLimits
  try {
    if (source === 0) return readFileSync(0)
    return withFile(source, (descriptor) => {
      const { size } = fstatSync(descriptor)
      if (size > most) refuse(name, `${file} has ${size} bytes, and a request at most ${most}: ${byDigest}`)
      return readFileSync(descriptor)
    })
  } catch (cause) {
    if (cause instanceof Exit) throw cause
    const literal = name.startsWith('--param ') ? '; a text that begins with @ is given with --text' : ''
    return refuse(name, `${file} cannot be read${reasonIn(cause)}${literal}`)
  }
}

const byDigest = 'send it by its digest, with --digest, and a --link to where people can read it'

/** The form by digest of docs/agents/digest.md. The file may be of any size. */
function digestOfFile(file: string, name: string): JsonObject {
  try {
    return { ...hashFile(file) }
  } catch (cause) {
    return refuse(name, `${file} cannot be read${reasonIn(cause)}`)
  }
}

function reasonIn(cause: unknown): string {
  const code = codeOf(cause)
  return code === null ? '' : ` (${code})`
}

function refuse(option: string, words: string): never {
  throw new Exit(exits.usage, `${option}: ${words}.`)
}
