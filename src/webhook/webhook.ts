import type { Agent } from 'node:https'
import type { JsonObject } from '../core/data/json.ts'
import { type Hex, sha256 } from '../core/data/id.ts'
import { milliseconds } from '../core/data/instant.ts'
import { parseRetryAfter } from '../core/data/retryAfter.ts'
import { cloudEvent, cloudEventType } from '../exports/cloudEvent.ts'
import { type EventOrigin, type OutgoingEvent, uidOf } from '../exports/outgoingEvent.ts'
import type { Clock } from '../ports/clock.ts'
import type { Sink, SinkAnswer, SinkFailure, SinkFault } from '../ports/sinks.ts'
import { callHook, type Dial, type HookReply, NotPublic } from './hookCall.ts'
import { hookKey, signedHeaders } from './signature.ts'

export interface WebhookSettings {
  readonly name: string
  /** An address of which `hookFault` finds nothing. */
  readonly url: string
  /** Whether the leaf goes along. */
  readonly rawData: boolean
  /** Whether events are sent without asking the receiver first. */
  readonly deliverAnyway: boolean
}

export interface WebhookParts {
  /** Gives the secrets that sign, newest first. */
  readonly secrets: () => Promise<readonly string[]>
  readonly by: EventOrigin
  /** The host name of this service. */
  readonly host: string
  readonly clock: Clock
  readonly dial: Dial
}

/**
 * Seconds before each further try of an event: 5 seconds, 5 and 30 minutes, then 2, 5, 10, 14, 20 and 24 hours, together
 * 75 hours and 35 minutes (https://www.standardwebhooks.com, "Deliverability and reliability").
 */
export const webhookRetries: readonly number[] = [
  ...[5, 5 * 60, 30 * 60],
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * 3600),
]

/** Events of one call, one after another. After a crash so many come again. */
const mostEvents = 20

/** Seconds after which no further event is begun. The secrets, the question and one event may take as long as they do. */
const longestRun = 10

/** Keys that sign at the same time, while a secret is being changed. */
const mostKeys = 2

const atOnce = 8

/** Sends each event by a call of its own: a CloudEvent 1.0 in structured mode, signed as Standard Webhooks says. */
export function webhook(settings: WebhookSettings, parts: WebhookParts): Sink {
  const { name, url } = settings
  return {
    ...{ name, kind: 'webhook', atOnce, most: mostEvents, retries: webhookRetries },
    async send(events, consent) {
      const agent = parts.dial.agent()
      try {
        return await sendSome({ ...settings, ...parts, agent }, events, consent === sha256(url))
      } finally {
        agent.destroy()
      }
    },
  }
}

type Run = WebhookSettings & WebhookParts & { readonly agent: Agent }

async function sendSome(run: Run, events: readonly OutgoingEvent[], isAllowed: boolean): Promise<SinkAnswer> {
  const { clock, deliverAnyway, url } = run
  const end = milliseconds(clock.now()) + longestRun * 1000
  const keys = await keysOf(run)
  if (keys === null) return { taken: 0, failure: { why: 'no-secret' } }
  const refusal = isAllowed || deliverAnyway ? null : await askFirst(run)
  if (refusal) return { taken: 0, failure: refusal }
  const consent: { readonly consent?: Hex } = deliverAnyway ? {} : { consent: sha256(url) }
  let taken = 0
  for (const told of events.slice(0, mostEvents)) {
    const failure = await deliver(run, told, keys)
    if (failure) return { taken, failure, ...consent }
    taken += 1
    if (milliseconds(clock.now()) >= end) break
  }
  return { taken, ...consent }
}

/** The newest keys; `null` if the secrets cannot be read, or the newest has not its form. */
async function keysOf({ secrets }: Run): Promise<readonly Uint8Array[] | null> {
  try {
    const [newest, ...older] = (await secrets()).slice(0, mostKeys).map(hookKey)
    return newest ? [newest, ...older.flatMap((key) => key ?? [])] : null
  } catch {
    return null
  }
}

/** Asks the receiver whether it wants events of this host (CloudEvents, HTTP 1.1 Web Hooks 1.0.2 section 4). */
async function askFirst(run: Run): Promise<SinkFailure | null> {
  const reply = await replyTo(run, { method: 'OPTIONS', headers: {} })
  if (typeof reply === 'string') return { why: reply }
  const allowed = String(reply.headers['webhook-allowed-origin'] ?? '')
  const isOurs = allowed.split(',').some((origin) => ['*', run.host].includes(origin.trim().toLowerCase()))
  if (isSuccess(reply) && isOurs) return null
  const failure = failureFrom(run, reply)
  // A receiver that knows nothing of the question answers 404 or 405.
  return failure === null || ['refused', 'not-permitted'].includes(failure.why) ? { why: 'not-allowed' } : failure
}

/** Sends one event. `null` for success. */
async function deliver(run: Run, told: OutgoingEvent, keys: readonly Uint8Array[]): Promise<SinkFailure | null> {
  const { clock, by, rawData } = run
  const body = JSON.stringify(withoutLeaf(cloudEvent(told, by), rawData))
  const timestamp = Math.floor(milliseconds(clock.now()) / 1000)
  const signed = signedHeaders(keys, { id: uidOf(told.event), timestamp, body })
  const reply = await replyTo(run, { method: 'POST', headers: { 'content-type': cloudEventType, ...signed }, body })
  return typeof reply === 'string' ? { why: reply } : failureFrom(run, reply)
}

function withoutLeaf(event: JsonObject, rawData: boolean): JsonObject {
  if (rawData) return event
  const { data: _data, datacontenttype: _type, dataschema: _schema, ...rest } = event
  return rest
}

async function replyTo(
  { url, host, by, dial, agent }: Run,
  call: {
    readonly method: 'POST' | 'OPTIONS'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  },
): Promise<HookReply | SinkFault> {
  const ours = { 'webhook-request-origin': host, 'user-agent': `countersign/${by.version}` }
  try {
    return await callHook({ ...call, url, headers: { ...call.headers, ...ours } }, dial, agent)
  } catch (cause) {
    return cause instanceof NotPublic ? 'not-public' : 'no-answer'
  }
}

const isSuccess = ({ status }: HookReply): boolean => status >= 200 && status < 300

/** What an answer means. A redirection is a failure: whoever can redirect could lead the events, and this program, anywhere. */
function failureFrom({ clock }: Run, reply: HookReply): SinkFailure | null {
  const { status, headers } = reply
  if (isSuccess(reply)) return null
  if (status >= 300 && status < 400) return { why: 'redirected' }
  if (status === 401 || status === 403) return { why: 'not-permitted' }
  if (status === 410) return { why: 'gone', isFinal: true }
  if (status !== 429 && status !== 503) return { why: 'refused' }
  const retryAfter = parseRetryAfter(headers['retry-after'], milliseconds(clock.now()))
  return { why: 'throttled', ...(retryAfter !== null && { retryAfter }) }
}
