import { randomUUID } from 'node:crypto'
import {
  type Action,
  actionLimits,
  checkAction,
  controlCharacter,
  layoutCharacter,
  keyPattern,
  namePattern,
} from '../core/action/action.ts'
import { isObjectId } from '../core/data/id.ts'
import { type Json, type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { checked, Exit, exits } from './exit.ts'
import type { Options } from './options.ts'

/** A request to send: its action, the whole body, and the idempotency key. */
export interface Asking {
  readonly action: Action
  readonly body: JsonObject
  readonly key: string
}

/**
 * Builds a request from the options.
 *
 * @param command the program, which `run` binds into the params as `command`
 * @throws {Exit} 78, naming the option and the rule
 */
export function buildAsking(options: Options, command?: JsonObject): Asking {
  for (const [name, rule] of Object.entries(rules))
    for (const value of options.many(name)) if (!rule.holds(value)) refuse(`--${name}`, rule.words)
  const params = readParams(options)
  if (command && Object.hasOwn(params, 'command')) refuse('--param', '"command" is reserved: run itself binds it')
  const one = (name: string): string => options.one(name) ?? ''
  const action = checked(() =>
    checkAction({
      action: one('action'),
      target: one('target'),
      environment: one('environment'),
      params: command ? { ...params, command } : params,
    }),
  )
  const links = options.many('link').map(readLink)
  if (links.length > 5) refuse('--link', 'at most 5')
  const onBehalfOf = options.one('on-behalf-of')
  const executor = options.one('executor')
  const expiresIn = options.one('expires-in')
  const body = {
    ...action,
    reason: one('reason'),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(executor !== undefined && { executor }),
    ...(links.length > 0 && { links }),
    ...(expiresIn !== undefined && { expiresIn: Number(expiresIn) }),
  }
  return { action, body, key: options.one('idempotency-key') ?? `countersign-${randomUUID()}` }
}

interface Rule {
  readonly holds: (value: string) => boolean
  readonly words: string
}

const name: Rule = {
  holds: (value) => value.length <= 64 && namePattern.test(value),
  words: 'lower-case words joined by . _ or -, at most 64 characters',
}

const objectId: Rule = { holds: isObjectId, words: 'an object id, which is a GUID' }

/** The limits of docs/agents/limits.md. The service checks them too; a check here can name the option. */
const rules: Readonly<Record<string, Rule>> = {
  action: name,
  environment: name,
  target: {
    holds: (value) => value !== '' && length(value) <= actionLimits.target && !controlCharacter.test(value),
    words: `1 to ${actionLimits.target} characters, no control characters`,
  },
  reason: {
    holds: (value) =>
      value !== '' && length(value) <= 1000 && !controlCharacter.test(value.replaceAll(layoutCharacter, '')),
    words: '1 to 1,000 characters, no control characters but line ends and tabs',
  },
  'on-behalf-of': objectId,
  executor: objectId,
  'expires-in': {
    holds: (value) => /^\d{1,6}$/.test(value) && Number(value) >= 60 && Number(value) <= 604_800,
    words: 'seconds from 60 to 604800',
  },
  'idempotency-key': {
    holds: (value) => /^[\x21-\x7e]{1,255}$/.test(value),
    words: '1 to 255 visible ASCII characters',
  },
}

const length = (text: string): number => [...text].length

function refuse(option: string, words: string): never {
  throw new Exit(exits.usage, `${option}: ${words}.`)
}

function readParams(options: Options): JsonObject {
  const params: Record<string, Json> = {}
  for (const option of ['param', 'text']) {
    for (const given of options.many(option)) {
      const at = given.indexOf('=')
      const key = given.slice(0, Math.max(at, 0))
      if (!keyPattern.test(key))
        refuse(`--${option}`, 'KEY=VALUE; a key starts with a letter and has at most 64 of A-Z a-z 0-9 _ . -')
      if (Object.hasOwn(params, key)) refuse(`--${option}`, `"${key}" is given twice`)
      const value = given.slice(at + 1)
      params[key] = option === 'text' ? value : readValue(value, key)
    }
  }
  return params
}

/** Reads a number, boolean, object or array as JSON, all else as text: quotes and null stay as typed. */
function readValue(text: string, key: string): Json {
  let loose: unknown
  try {
    loose = JSON.parse(text)
  } catch {
    return text
  }
  if (loose === null || typeof loose === 'string') return text
  try {
    return readJson(Buffer.from(text))
  } catch (cause) {
    // The text is JSON: if the strict reader refuses it, it must not pass as plain text.
    if (cause instanceof Problem) refuse(`--param ${key}`, cause.message.replace(/\.$/, ''))
    throw cause
  }
}

function readLink(given: string): JsonObject {
  const at = given.search(/=https:\/\//)
  const [title, url] = [given.slice(0, Math.max(at, 0)), given.slice(at + 1)]
  if (title === '' || length(title) > 100 || url.length > 500 || !URL.canParse(url))
    refuse('--link', 'TITLE=https://…, the title at most 100 and the address at most 500 characters')
  return { title, url }
}
