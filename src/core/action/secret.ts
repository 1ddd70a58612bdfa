import type { Action, Link } from './action.ts'
import { escapePointer, isArray, isObject, type Json, type JsonObject } from '../data/json.ts'
import { Problem } from '../data/problem.ts'
import { visible } from '../data/text.ts'
import { commandHasPassword, passwordAmong, placeholder } from './secretCommand.ts'
import { beginning, keyFormats, shortestKey } from './secretFormats.ts'
import { isCode, isSecretName, looksSecret, namesThing, standsFor } from './secretName.ts'

/** All that an agent writes into a request, and so into the ledger, the evidence and the view of people. */
interface Written {
  readonly action: Action
  readonly reason: string
  readonly links: readonly Link[]
}

/**
 * Refuses secrets that an agent sends by accident: docs/policy/secrets.md lists what counts as one.
 *
 * The check does not stop an agent that hides a secret on purpose.
 *
 * @param exempt pointers at which the policy lifts what rests on names and places; `*` stands for each item of an array.
 *   Keys in a published format are refused there too
 * @throws {Problem} `secret-in-params` with the pointer of the first secret, and never with any part of the secret.
 */
export function checkSecrets({ action, reason, links }: Written, exempt: readonly string[] = []): void {
  const excepted = new Set(exempt)
  const check = (text: string, pointer: string, shape: string, name = ''): void => {
    const found = formatIn(text) ?? (excepted.has(shape) ? null : secretIn(text, name))
    if (found !== null) refuse(pointer, found)
  }
  const walk = (value: Json, pointer: string, shape: string, name: string): void => {
    if (typeof value === 'string') check(value, pointer, shape, name)
    else if (isArray(value)) {
      if (!excepted.has(`${shape}/*`)) checkCommand([], value, pointer)
      value.forEach((item, i) => walk(item, `${pointer}/${i}`, `${shape}/*`, optionIn(value[i - 1]) ?? name))
    } else if (isObject(value)) {
      for (const [key, args] of Object.entries(value))
        if (isArray(args) && !excepted.has(`${shape}/${escapePointer(key)}/*`))
          checkCommand(programsIn(value), args, `${pointer}/${escapePointer(key)}`)
      for (const [key, member] of Object.entries(value)) {
        // If the key itself is a secret, its own pointer would disclose it: the problem names the parent.
        const found = formatIn(key)
        if (found !== null) refuse(pointer, found)
        // A key `*` is not each item of an array.
        const step = key === '*' ? '~*' : escapePointer(key)
        walk(member, `${pointer}/${escapePointer(key)}`, `${shape}/${step}`, judgedName(key, value, name))
      }
    }
  }
  const { params, standing, ...rest } = action
  for (const [key, text] of Object.entries({ ...rest, reason })) check(text, `/${key}`, `/${key}`)
  for (const [i, { title, url }] of links.entries()) {
    check(title, `/links/${i}/title`, '')
    check(url, `/links/${i}/url`, '')
  }
  walk(params, '/params', '/params', '')
  // What a param may be is as public as what it is.
  for (const [name, bound] of Object.entries(standing?.vary.params ?? {}))
    walk({ [name]: bound }, '/standing/vary/params', '/params', '')
  if (standing?.vary.target !== undefined) check(standing.vary.target, '/standing/vary/target', '/target')
}

/** Looks for the password of a known tool among the arguments of a command. */
function checkCommand(programs: readonly string[], args: readonly Json[], pointer: string): void {
  const words = args.map((arg) => (typeof arg === 'string' ? arg : ''))
  for (const before of [[], ...programs.map((program) => [program])]) {
    const place = passwordAmong([...before, ...words])
    if (place !== null && place >= before.length) refuse(`${pointer}/${place - before.length}`, asPassword)
  }
}

/** The members beside an array of arguments that may name the program. */
const programsIn = (members: JsonObject): readonly string[] =>
  Object.entries(members).flatMap(([key, value]) =>
    /^(?:path|command|cmd|program|executable|file|tool|bin(?:ary)?|entrypoint|name)$/i.test(key) &&
    typeof value === 'string'
      ? [value]
      : [],
  )

/**
 * Does what {@link checkSecrets} does for one text that an agent or executor writes later. An absent text passes.
 *
 * @throws {Problem} `secret-in-params`
 */
export function checkSecretIn(text: string | undefined, pointer: string): void {
  const found = text === undefined ? null : (formatIn(text) ?? secretIn(text, ''))
  if (found !== null) refuse(pointer, found)
}

const byName = 'the value of a secret, by its name'
const asPassword = 'the password of a command'

/** Names the kind of secret that a text holds by its name or place, in words; `null` if none is found. */
function secretIn(text: string, name: string): string | null {
  if (text.length < 8) return null
  if (isSecretName(name) && isSecret(name, text)) return byName
  if (/^auth$/i.test(name) && isBasic(text)) return 'the login to a registry'
  if (hasPasswordInUrl(text)) return 'an address with a password'
  return inContext(text) ?? (commandHasPassword(text) ? asPassword : null)
}

/** Finds what its own form gives away: a key in a published format, also inside base64. */
function formatIn(text: string): string | null {
  if (text.length < shortestKey) return null
  return plainFormatIn(text) ?? encodedIn(text)
}

const plainFormatIn = (text: string): string | null =>
  keyFormats.find(({ pattern }) => pattern.test(text))?.name ??
  (hasToken(text) ? 'JSON Web Token' : hasRegistryLogin(text) ? 'the login to a registry' : null)

/** RFC 4648 sections 4 and 5; shorter ones hold no key. Line breaks inside are left out, as in the output of tools. */
const encoded = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}/g

function encodedIn(text: string): string | null {
  for (const [word] of text.matchAll(encoded)) {
    const bytes = Buffer.from(word, 'base64')
    // A key is ASCII; random bytes are not.
    const inside = isAscii(bytes) ? plainFormatIn(bytes.toString('latin1')) : null
    if (inside !== null) return `${inside}, in base64`
  }
  return null
}

const isAscii = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte < 127 && (byte >= 32 || byte === 10 || byte === 13 || byte === 9))

/** The configuration of Docker (docs.docker.com/reference/cli/docker/login): `auths`, with names and passwords in base64. */
function hasRegistryLogin(text: string): boolean {
  if (!/"auths?\\?"/.test(text)) return false
  if (/"auths\\?"/.test(text) && inContext(text) === byName) return true
  return [...text.matchAll(/"auth\\?"\s{0,8}:\s{0,8}\\?"(?<value>[A-Za-z0-9+/]{8,4096}={0,2})/g)].some(({ groups }) =>
    isBasic(groups?.['value'] ?? ''),
  )
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
    ({ groups }) => !placeholder.test(groups?.['password'] ?? ''),
  )

/** Values that the text around them calls a secret: by a name, a header, or a statement of SQL or PowerShell. */
function inContext(text: string): string | null {
  for (const { groups: { name = '', value, bare = '' } = {} } of text.matchAll(assignment))
    if (isSecretName(name) && (value === undefined ? isSecret(name, bare) && !isCode(bare) : isSecret(name, value)))
      return byName
  for (const { groups: { name = '', value = '' } = {} } of text.matchAll(beside))
    if (isSecretName(name) && isSecret(name, value)) return byName
  for (const [, scheme = '', value = ''] of text.matchAll(/\b(basic|bearer) {1,4}([\w.~+/-]{8,4096}={0,2})/gi))
    if (scheme.toLowerCase() === 'bearer' ? looksSecret(value) && !isCode(value) : isBasic(value))
      return 'an Authorization header'
  for (const { groups: { value = '' } = {} } of text.matchAll(statement))
    if (value.length >= 4 && !standsFor(value) && !placeholder.test(value)) return 'the password of a statement'
  for (const { groups: { value = '' } = {} } of text.matchAll(piped))
    if (!standsFor(value) && !placeholder.test(value)) return 'the password of a statement'
  return null
}

const isSecret = (name: string, value: string): boolean => looksSecret(value) && !namesThing(name, value)

/**
 * `name=value`, `"name": "value"`, `--name value`, `-Name value`, `name: N'value'`, `name = call("value")`. A value
 * without quotation marks is `bare`: it may be code.
 *
 * The value is matched by a lookahead, so that the next match can begin inside it: it may hold the next name.
 */
const assignment = new RegExp(
  // After another colon `secret:…` is part of a name, such as an ARN.
  `(?<!:)${beginning}` +
    /(?<name>[A-Za-z][\w.-]{1,63})(?:\\?["']?\]?\s{0,2}[:=]{1,3}>?\s{0,2}| {1,4}(?<=(?:^|\s)--?[\w.-]{1,64} {1,4}))(?:[A-Za-z_.]{1,64}\((?=["']))?(?:[A-Za-z]{1,2}(?=["'`]))?(?:(?<quote>\\?["'`])(?=(?<value>[^\s"'`\\]{8,256}))|(?=(?<bare>[^\s"'&;,]{8,256})))/
      .source,
  'g',
)

/** A list of variables, as YAML and JSON have it: `name: DB_PASSWORD`, and beside it `value: …`. */
const beside =
  /\bname\\?["']?: {0,4}\\?["']?(?<name>[A-Za-z][\w.-]{1,63})\\?["']?,?\s{1,40}\\?["']?value\\?["']?: {0,4}\\?["']?(?<value>[^\s"'&;,]{8,256})/gi

/**
 * SQL (`PASSWORD '…'`, `IDENTIFIED BY …`, `PASSWORD = N'…'`, `PASSWORD('…')`), PowerShell (`SecureString "…"`) and
 * servers' own commands (`AUTH …`, `requirepass …`).
 */
const statement =
  /\b(?:(?:PASSWORD|IDENTIFIED(?: WITH \w{1,32})? (?:BY|AS)(?: PASSWORD)?|PASSWORD FOR [\w@'"%.`-]{1,128})\s{0,4}(?:=|\()?\s{0,4}[NE]?(?<mark>['"])|(?:SecureString|-AsPlainText)\s{1,4}(?:-(?:String|AsPlainText|Force)\s{1,4}){0,2}['"]|IDENTIFIED BY\s{1,4}(?!(?:PASSWORD|VALUES)\b)|(?<=^|\n|CONFIG SET )requirepass {1,4}["']?)(?<value>[^\s"';]{4,256})/gi

/** PowerShell, from the other end. */
const piped = /['"](?<value>[^\s"']{4,256})['"]\s{0,4}\|\s{0,4}ConvertTo-SecureString\b/gi

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
  if (
    /(?:passwords|secrets|tokens)$/i.test(outer) &&
    isSecretName(outer) &&
    !/^(?:name|namespace|kind|id|arn|uid)$/i.test(key)
  )
    return outer
  if (!/^(?:value|text|string|data|plain|raw)$/i.test(key)) return key
  const beside = Object.entries(members).find(([other]) => /^(?:name|key)$/i.test(other))?.[1]
  return typeof beside === 'string' ? beside : outer
}

function refuse(pointer: string, what: string): never {
  const sentence = `${visible(pointer)}: this looks like a secret (${what}). Send a reference to it instead, as vault://path or $NAME.`
  throw new Problem('secret-in-params', sentence, { pointer })
}
