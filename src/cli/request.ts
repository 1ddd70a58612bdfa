import { randomUUID } from 'node:crypto'
import type { AskOptions } from '../client/operations.ts'
import { type Action, checkAction, controlCharacter } from '../core/action/action.ts'
import { flawInAddress, flawInEnvironment, flawInVerb, flawInWords } from '../core/action/flaw.ts'
import { type RunBinding, withRun } from '../core/action/run.ts'
import { bounds } from '../core/data/bound.ts'
import { isObject, jsonIn, type JsonObject } from '../core/data/json.ts'
import { isRequestId } from '../core/data/id.ts'
import { checked, Exit, exits } from './exit.ts'
import type { Options } from './options.ts'
import { readParams } from './params.ts'

/** A request to send: its action, what comes with it, the whole body, and the idempotency key. */
export interface Asking {
  readonly action: Action
  readonly details: Omit<AskOptions, 'key' | 'signal'>
  readonly body: JsonObject
  readonly key: string
}

/**
 * Builds a request from the options.
 *
 * @param command the program, which `run` binds into the params
 * @throws {Exit} 78, naming the option and the rule
 */
export function buildAsking(options: Options, command?: RunBinding): Asking {
  for (const [name, flawIn] of Object.entries(rules))
    for (const value of options.many(name)) {
      const flaw = flawIn(value)
      if (flaw !== null) refuse(`--${name}`, flaw)
    }
  const params = readParams(options)
  const one = (name: string): string => options.one(name) ?? ''
  const action = checked(() =>
    checkAction({
      action: one('action'),
      target: one('target'),
      environment: one('environment'),
      params: command ? withRun(params, command) : params,
    }),
  )
  const links = options.many('link').map(readLink)
  if (links.length > bounds.text.links) refuse('--link', `at most ${bounds.text.links}`)
  const onBehalfOf = options.one('on-behalf-of')
  const executor = options.one('executor')
  const expiresIn = options.one('expires-in')
  const under = options.one('under')
  const details = {
    reason: one('reason'),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(executor !== undefined && { executor }),
    ...(links.length > 0 && { links }),
    ...(expiresIn !== undefined && { expiresIn: Number(expiresIn) }),
    ...(under !== undefined && { under }),
  }
  const scope = scopeOf(options)
  const body = { ...action, ...(scope && { standing: scope }), ...details }
  return { action, details, body, key: options.one('idempotency-key') ?? `countersign-${randomUUID()}` }
}

/** What a standing approval is asked for; `null` in an ask for one action. The service checks what it may be. */
function scopeOf(options: Options): JsonObject | null {
  const [uses, seconds, vary] = [options.one('uses'), options.one('for'), options.one('vary')]
  if (uses === undefined || seconds === undefined) return null
  const read = vary === undefined ? {} : jsonIn(Buffer.from(vary), { ...bounds.body })
  if (!isObject(read)) return refuse('--vary', 'a JSON object, as {"target":"prod/","params":{"rows":500}}')
  return { uses: Number(uses), for: Number(seconds), vary: read }
}

/** Says what is wrong with an option's value; `null` if nothing is. */
type Rule = (value: string) => string | null

const holds =
  (test: (value: string) => boolean, words: string): Rule =>
  (value) =>
    test(value) ? null : words

/** The limits of docs/agents/limits.md. The service checks them too; a check here can name the option. */
const rules: Readonly<Record<string, Rule>> = {
  action: flawInVerb,
  environment: flawInEnvironment,
  target: holds(
    (value) => value !== '' && length(value) <= bounds.action.target && !controlCharacter.test(value),
    `1 to ${bounds.action.target} characters, no control characters`,
  ),
  reason: (value) => flawInWords(value, 1, bounds.text.reason, 'put the rest behind a --link'),
  'expires-in': holds(
    (value) => /^\d{1,6}$/.test(value) && Number(value) >= 60 && Number(value) <= 604_800,
    'seconds from 60 to 604800',
  ),
  uses: holds(
    (value) => /^[1-9]\d{0,2}$/.test(value) && Number(value) <= bounds.standing.uses,
    `a number from 1 to ${bounds.standing.uses}`,
  ),
  for: holds(
    (value) =>
      /^\d{1,6}$/.test(value) && Number(value) >= bounds.standing.least && Number(value) <= bounds.standing.seconds,
    `seconds from ${bounds.standing.least} to ${bounds.standing.seconds}`,
  ),
  under: holds(isRequestId, 'the id of a standing approval, as ask and standing print it'),
  'idempotency-key': holds((value) => /^[\x21-\x7e]{1,255}$/.test(value), '1 to 255 visible ASCII characters'),
}

const length = (text: string): number => [...text].length

function refuse(option: string, words: string): never {
  throw new Exit(exits.usage, `${option}: ${words}.`)
}

function readLink(given: string): { readonly title: string; readonly url: string } {
  const at = given.indexOf('=https://') >= 0 ? given.indexOf('=https://') : given.indexOf('=')
  if (at < 1) refuse('--link', 'TITLE=https://…')
  const [title, url] = [given.slice(0, at), given.slice(at + 1)]
  const ofTitle = flawInWords(title, 1, bounds.text.linkTitle)
  if (ofTitle !== null) refuse('--link', `the title ${ofTitle}`)
  const ofAddress = flawInAddress(url)
  if (ofAddress !== null) refuse('--link', `the address ${ofAddress}`)
  return { title, url }
}
