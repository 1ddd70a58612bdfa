import type { HttpRequest } from '@azure/functions'
import type { z } from 'zod'
import type { DryAsk } from '../approvals/dryRun.ts'
import type { askBody, dryAskBody } from '../contract/bodies.ts'
import type { StandingScope } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { parseInstant } from '../core/data/instant.ts'
import { bodyLimits, escapePointer, type Json, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'

/**
 * Reads a body strictly and fits it to its schema. No body counts as an empty object.
 *
 * @throws {Problem} `too-large` before reading what says it is too long, `invalid-json`, `invalid-input`
 */
export async function body<T extends z.ZodType>(
  req: HttpRequest,
  schema: T,
): Promise<{ raw: Json; value: z.output<T> }> {
  const bytes = await bodyBytes(req, bodyLimits.bytes)
  const raw = bytes.length === 0 ? {} : readJson(bytes)
  return { raw, value: fit(schema, raw) }
}

/** @throws {Problem} `invalid-input` for an unknown, doubled or ill-formed parameter. */
export function query<T extends z.ZodType>(req: HttpRequest, schema: T): z.output<T> {
  const values = Object.create(null) as Record<string, string>
  for (const [name, value] of req.query) {
    if (Object.hasOwn(values, name)) throw invalid(`/${escapePointer(name)}`, 'occurs twice')
    values[name] = value
  }
  return fit(schema, values)
}

/** The scope of a standing approval, without members that are absent. */
export const scopeIn = ({ uses, for: seconds, vary }: z.output<typeof askBody>['standing'] & {}): StandingScope => ({
  for: seconds,
  uses,
  vary: { ...(vary.params && { params: vary.params }), ...(vary.target !== undefined && { target: vary.target }) },
})

/** Reads the body of a try. @throws {Problem} `invalid-input` for a time that is none */
export function dryAskOf(body: z.output<typeof dryAskBody>): DryAsk {
  const { agent, reason, links, expiresIn, executor, onBehalfOf, at, standing, ...action } = body
  return {
    ...{ agent, action: { ...action, ...(standing && { standing: scopeIn(standing) }) }, links, expiresIn },
    ...(reason !== undefined && { reason }),
    ...(executor !== undefined && { executor }),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(at !== undefined && { at: parseInstant(at, '/at') }),
  }
}

/**
 * Reads `Prefer: wait=N` (RFC 7240 section 4.3). Other preferences are ignored, as the RFC asks.
 *
 * @returns seconds, at most 60; 0 without the preference, and `null` where it is no number
 */
export function preferredWait(req: HttpRequest): number | null {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?([^",;\s]*)"?/i.exec(req.headers.get('prefer') ?? '')?.[1]
  if (wait === undefined) return 0
  if (!/^\d{1,6}$/.test(wait)) return null
  return Math.min(Number(wait), bounds.wait)
}

/** @returns `null` without the header */
export function idempotencyKey(req: HttpRequest): string | null {
  const key = req.headers.get('idempotency-key')
  if (key !== null && !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new Problem(
      'invalid-input',
      `Idempotency-Key has 1 to 255 visible ASCII characters, and this has ${key.length}: use a shorter or plain one.`,
    )
  return key
}

/** Fits a value of JSON to a schema. @throws {Problem} `invalid-input` with the pointer of what does not fit */
export function fit<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const pointer = [...(issue?.path ?? []), ...unknown].map((part) => `/${escapePointer(String(part))}`).join('')
  if (unknown.length > 0) throw invalid(pointer, 'is not a known field: leave it out, or put it into params')
  const found = at(value, issue?.path ?? [])
  const missing = issue?.code === 'invalid_type' && found === undefined && issue.path.length > 0
  throw invalid(pointer, missing ? 'is required' : ruleOf(issue, found))
}

/** The schemas say their rules themselves; where one does not, the library's words would show. */
function ruleOf(issue: z.core.$ZodIssue | undefined, found: unknown): string {
  if (issue?.code !== 'invalid_type') return issue?.message ?? 'is not valid'
  const rule = issue.message.startsWith('Invalid input') ? `must be of type ${issue.expected}` : issue.message
  return `${rule}, and this is ${typeOf(found)}`
}

/** Names the type of a value of JSON, and never the value: it may be long, or secret. */
function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value)
    ? 'an array'
    : ({ string: 'a string', number: 'a number', boolean: 'a boolean', object: 'an object' }[
        typeof value as 'string' | 'number' | 'boolean' | 'object'
      ] ?? 'nothing')
}

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (Object(inner) as Record<PropertyKey, unknown>)[key], value)

const invalid = (pointer: string, rule: string) =>
  new Problem('invalid-input', `${pointer || 'The body'} ${rule}.`.replaceAll('\n', ' '), { pointer })

/** Reads the body as it streams in, and stops at the limit: its length is the client's word. */
export async function bodyBytes(req: HttpRequest, most: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new Problem('too-large', `A body has at most ${most} bytes: send the large part by its digest, with a link to it.`)
  if (Number(req.headers.get('content-length') ?? 0) > most) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of req.body ?? []) {
      const bytes = chunk as Uint8Array
      length += bytes.length
      if (length > most) throw tooLarge()
      chunks.push(bytes)
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw new Problem('invalid-json', 'The body ended early.', { cause })
  }
  return Buffer.concat(chunks)
}
