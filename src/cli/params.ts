import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { flawInKey, isOwn } from '../core/action/key.ts'
import { bodyLimits, isObject, type Json, type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { Exit, exits } from './exit.ts'
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

/** Reads a number, boolean, object or array as JSON, all else as text: quotes and null stay as typed. */
function readValue(text: string, name: string): Json {
  let loose: unknown
  try {
    loose = JSON.parse(text)
  } catch {
    return text
  }
  if (loose === null || typeof loose === 'string') return text
  return strictly(Buffer.from(text), name)
}

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
    return withFile(file, (descriptor) => {
      const hash = createHash('sha256')
      const chunk = Buffer.alloc(65_536)
      let size = 0
      for (let read = 0; (read = readSync(descriptor, chunk)) > 0; size += read) hash.update(chunk.subarray(0, read))
      return { sha256: hash.digest('hex'), size }
    })
  } catch (cause) {
    return refuse(name, `${file} cannot be read${reasonIn(cause)}`)
  }
}

function withFile<T>(file: string, work: (descriptor: number) => T): T {
  const descriptor = openSync(file, 'r')
  try {
    return work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const reasonIn = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? ` (${String(cause.code)})` : ''

function refuse(option: string, words: string): never {
  throw new Exit(exits.usage, `${option}: ${words}.`)
}
