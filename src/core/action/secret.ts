import type { Action, Link } from './action.ts'
import { escapePointer, isArray, isObject, type Json, type JsonObject } from '../data/json.ts'
import { beginning, keyFormats, shortestKey } from './secretFormats.ts'
import { Problem } from '../data/problem.ts'
import { isSecretName, looksSecret } from './secretName.ts'

/** All that an agent writes into a request, and so into the ledger, the evidence and the view of people. */
interface Written {
  readonly action: Action
  readonly reason: string
  readonly links: readonly Link[]
}

/**
 * Refuses secrets that an agent sends by accident: keys in a published format, and values whose name says secret.
 *
 * The check does not stop an agent that hides a secret on purpose.
 *
 * @param exempt pointers that the policy exempts; `*` stands for each item of an array
 * @throws {Problem} `secret-in-params` with the pointer of the first secret, and never with any part of the secret.
 */
export function checkSecrets({ action, reason, links }: Written, exempt: readonly string[] = []): void {
  const excepted = new Set(exempt)
  const check = (text: string, pointer: string, shape: string, name = ''): void => {
    const found = excepted.has(shape) ? null : secretIn(text, name)
    if (found !== null) refuse(pointer, found)
  }
  const walk = (value: Json, pointer: string, shape: string, name: string): void => {
    if (typeof value === 'string') check(value, pointer, shape, name)
    else if (isArray(value))
      value.forEach((item, i) => walk(item, `${pointer}/${i}`, `${shape}/*`, optionIn(value[i - 1]) ?? name))
    else if (isObject(value))
      for (const [key, member] of Object.entries(value)) {
        // If the key itself is a secret, its own pointer would disclose it: the problem names the parent.
        const found = formatIn(key)
        if (found !== null) refuse(pointer, found)
        const here = `/${escapePointer(key)}`
        walk(member, pointer + here, shape + here, judgedName(key, value, name))
      }
  }
  const { params, ...rest } = action
  for (const [key, text] of Object.entries({ ...rest, reason })) check(text, `/${key}`, `/${key}`)
  for (const [i, { title, url }] of links.entries()) {
    check(title, `/links/${i}/title`, '')
    check(url, `/links/${i}/url`, '')
  }
  walk(params, '/params', '/params', '')
}

/**
 * Does what {@link checkSecrets} does for one text that an agent or executor writes later. An absent text passes.
 *
 * @throws {Problem} `secret-in-params`
 */
export function checkSecretIn(text: string | undefined, pointer: string): void {
  const found = text === undefined ? null : secretIn(text, '')
  if (found !== null) refuse(pointer, found)
}

/** Names the kind of secret that a text holds, in words; `null` if none is found. */
function secretIn(text: string, name: string): string | null {
  if (text.length < 8) return null
  if (isSecretName(name) && looksSecret(text)) return 'the value of a secret, by its name'
  return formatIn(text) ?? (hasPasswordInUrl(text) ? 'an address with a password' : null) ?? inContext(text)
}

function formatIn(text: string): string | null {
  if (text.length < shortestKey) return null
  return keyFormats.find(({ pattern }) => pattern.test(text))?.name ?? (hasToken(text) ? 'JSON Web Token' : null)
}

/** RFC 7519 section 3: base64url parts with dots between them; the first part is the header, in JSON. */
function hasToken(text: string): boolean {
  return [...text.matchAll(tokenHeader)].some(([header]) => {
    try {
      const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString())
      return typeof parsed === 'object' && parsed !== null && 'alg' in parsed
    } catch {
      return false
    }
  })
}

const tokenHeader = new RegExp(`${beginning}eyJ[\\w-]{8,1024}(?=\\.)`, 'g')

/** RFC 3986 section 3.2.1: a password in the userinfo. */
const hasPasswordInUrl = (text: string): boolean =>
  [...text.matchAll(/(?<=:\/\/)[^\s/?#:@]{0,128}:(?<password>[^\s/?#@]{1,256})@/g)].some(
    ({ groups }) => !/^(?:[*x.]+|[$<{%[].*|pass(?:word|wd)?|pwd|secret|token)$/i.test(groups?.['password'] ?? ''),
  )

/** `name=value`, `"name": "value"`, `--name value` and HTTP's Authorization, inside a longer text. */
function inContext(text: string): string | null {
  for (const { groups: { name = '', value = '' } = {} } of text.matchAll(assignment))
    if (isSecretName(name) && looksSecret(value)) return 'the value of a secret, by its name'
  for (const [, scheme = '', value = ''] of text.matchAll(/\b(basic|bearer) {1,4}([\w.~+/-]{8,4096}={0,2})/gi))
    if (scheme.toLowerCase() === 'bearer' ? looksSecret(value) : isBasic(value)) return 'an Authorization header'
  return null
}

/** The value is matched by a lookahead, so that the next match can begin inside it: it may hold the next name. */
const assignment = new RegExp(
  // After another colon `secret:…` is part of a name, such as an ARN.
  `(?<!:)${beginning}` +
    /(?<name>[A-Za-z][\w.-]{1,63})(?:\\?["']?\s{0,2}[:=]>?\s{0,2}| {1,4}(?<=--[\w.-]{1,64} {1,4}))\\?["']?(?=(?<value>[^\s"'&;,]{8,256}))/
      .source,
  'g',
)

/** RFC 7617 section 2: base64 of a name, a colon and a password. */
const isBasic = (value: string): boolean => /^[\x20-\x7e]*:[\x20-\x7e]+$/.test(Buffer.from(value, 'base64').toString())

/** In `["--password", "…"]` the option before an item is the item's name. */
const optionIn = (before: Json | undefined): string | null =>
  typeof before === 'string' && /^--?[A-Za-z][\w.-]{1,63}$/.test(before) ? before.replace(/^--?/, '') : null

/**
 * Finds the name by which a member's value is judged.
 *
 * A member with a general key, as `value`, is named by the object around it, `{ "password": { "value": "…" } }`, or by
 * the member beside it, `{ "name": "PASSWORD", "value": "…" }`. In a collection, as `secrets`, every member is secret.
 */
function judgedName(key: string, members: JsonObject, outer: string): string {
  if (/(?:passwords|secrets|tokens)$/i.test(outer) && isSecretName(outer)) return outer
  if (!/^(?:value|text|string|data|plain|raw)$/i.test(key)) return key
  const beside = Object.entries(members).find(([other]) => /^(?:name|key)$/i.test(other))?.[1]
  return typeof beside === 'string' ? beside : outer
}

function refuse(pointer: string, what: string): never {
  const sentence = `${pointer}: this looks like a secret (${what}). Send a reference to it instead.`
  throw new Problem('secret-in-params', sentence, { pointer })
}
