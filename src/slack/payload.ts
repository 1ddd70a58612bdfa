import * as z from 'zod'
import { activityLimits, isObject, type Json, type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'

/** The person who sent something, as Slack names them. */
interface SlackUser {
  readonly id: string
  /** The workspaces that Slack names as theirs. In an event it names none for a person of ours. */
  readonly teams: readonly string[]
  readonly isProgram: boolean
}

/** What Slack sends, read as a closed form. Slack signed all of it, and its users' clients wrote some of it. */
export type SlackPayload =
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'ignored' }
  /** A button: of a message in a channel, or of a modal. */
  | {
      readonly kind: 'click'
      readonly user: SlackUser
      readonly trigger: string
      readonly action: string
      readonly value: string
      /** `thread` is the message that begins the thread in which it stands, or itself. */
      readonly message?: { readonly channel: string; readonly ts: string; readonly thread: string }
      /** The id of the modal. */
      readonly view?: string
    }
  /** A form of a modal that was sent. */
  | {
      readonly kind: 'form'
      readonly user: SlackUser
      readonly trigger: string
      readonly view: string
      readonly act: string
      readonly about: string
      readonly words: string
    }
  /** Words that a person wrote to the app, or about it. */
  | {
      readonly kind: 'words'
      readonly user: SlackUser
      readonly event: string
      readonly channel: string
      readonly thread: string
      readonly isPersonal: boolean
      readonly text: string
    }

/** Where a payload says that it comes from. */
export interface SlackOrigin {
  readonly team: string | undefined
  readonly app: string | undefined
}

/**
 * The JSON of a call: of an event as it is, of an interaction in the form field `payload`.
 *
 * @param isAmbiguous whether two readers could understand it differently. Then it tells who sent it, and nothing else
 */
export interface SlackBody {
  readonly json: JsonObject
  readonly isAmbiguous: boolean
}

/** @throws {Problem} `invalid-json`, `invalid-input`, `too-large` */
export function readSlackBody(bytes: Uint8Array, contentType: string | null): SlackBody {
  const json = /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '') ? fieldOf(bytes) : bytes
  try {
    return { json: objectIn(readJson(json, activityLimits)), isAmbiguous: false }
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.code !== 'invalid-json') throw cause
    return { json: objectIn(loosely(json, cause)), isAmbiguous: true }
  }
}

/** Reads the one field of a form. A reader that is less strict would find another field in two, or letters in bad UTF-8. */
function fieldOf(bytes: Uint8Array): Uint8Array {
  const [, value] = /^payload=([^&=\x80-\xff]*)$/.exec(Buffer.from(bytes).toString('latin1')) ?? []
  if (value === undefined) throw new Problem('invalid-input', 'An interaction has one field, payload.')
  try {
    return Buffer.from(decodeURIComponent(value.replaceAll('+', ' ')))
  } catch (cause) {
    throw new Problem('invalid-input', 'The field payload is no percent-encoded UTF-8.', { cause })
  }
}

function objectIn(value: Json): JsonObject {
  if (!isObject(value)) throw new Problem('invalid-input', 'What Slack sends is an object.')
  return value
}

/** @throws {Problem} the given one, unless it is JSON at least. */
function loosely(bytes: Uint8Array, problem: Problem): Json {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json
  } catch {
    throw problem
  }
}

const id = z.string().min(1).max(64)
const long = z.string().max(3_000)

const origin = z.object({
  api_app_id: id.optional(),
  team: z.object({ id }).nullish(),
  team_id: id.optional(),
})

/** Reads where a payload comes from. Interactions and events name it in different members. */
export function originIn(json: JsonObject): SlackOrigin {
  const { data } = origin.safeParse(json)
  return { team: data?.team?.id ?? data?.team_id, app: data?.api_app_id }
}

const challenge = z.object({ type: z.literal('url_verification'), challenge: z.string().min(1).max(512) })

/** Slack asks once whether the address is ours: https://docs.slack.dev/reference/events/url_verification. */
export function challengeIn(json: JsonObject): string | null {
  return challenge.safeParse(json).data?.challenge ?? null
}

const user = z
  .object({ id, team_id: id, is_bot: z.boolean().optional() })
  .transform(({ id, team_id: team, is_bot: isBot }): SlackUser => ({ id, teams: [team], isProgram: isBot === true }))

const click = z.object({
  type: z.literal('block_actions'),
  user,
  trigger_id: z.string().min(1).max(256),
  actions: z.tuple([z.object({ type: z.literal('button'), action_id: id, value: long.optional() })]),
  channel: z.object({ id }).optional(),
  message: z.object({ ts: id, thread_ts: id.optional() }).optional(),
  view: z.object({ id }).optional(),
})

const field = z.object({ type: z.literal('plain_text_input'), value: long.nullish() })

const form = z.object({
  type: z.literal('view_submission'),
  user,
  trigger_id: z.string().min(1).max(256).optional(),
  view: z.object({
    id,
    callback_id: z.string().max(255),
    private_metadata: long,
    state: z.object({ values: z.object({ words: z.object({ words: field }) }) }),
  }),
})

const words = z.object({
  type: z.literal('event_callback'),
  event_id: id,
  event: z.object({
    type: z.enum(['app_mention', 'message']),
    channel_type: z.string().optional(),
    subtype: z.string().optional(),
    bot_id: z.string().optional(),
    user: id,
    team: id.nullish(),
    user_team: id.nullish(),
    source_team: id.nullish(),
    channel: id,
    text: z.string().max(40_000),
    ts: id,
    thread_ts: id.optional(),
  }),
})

/** Who sent a payload, and in which channel, as far as it can be read at all: for words that say why nothing happened. */
export const senderSchema = z.object({
  user: z.object({ id }),
  channel: z.object({ id }).optional(),
  view: z.object({ id }).optional(),
})

/** Types that are ours to read. All others, as the one of a closed modal, are ignored. */
const ours = ['block_actions', 'view_submission']

/** Reads a payload; `null` for one of our types that is not as Slack documents it, or not as our cards make it. */
export function parsePayload(json: JsonObject): SlackPayload | null {
  const { type } = json
  if (type === 'event_callback') return wordsIn(json)
  if (typeof type !== 'string' || !ours.includes(type)) return { kind: 'ignored' }
  return type === 'block_actions' ? clickIn(json) : formIn(json)
}

function clickIn(json: JsonObject): SlackPayload | null {
  const { data } = click.safeParse(json)
  if (data === undefined) return null
  const { user, trigger_id: trigger, actions, channel, message, view } = data
  const [{ action_id: action, value = '' }] = actions
  return {
    ...{ kind: 'click', user, trigger, action, value },
    ...(channel &&
      message && { message: { channel: channel.id, ts: message.ts, thread: message.thread_ts ?? message.ts } }),
    ...(view && { view: view.id }),
  }
}

function formIn(json: JsonObject): SlackPayload | null {
  const { data } = form.safeParse(json)
  if (data === undefined) return null
  const { user, view, trigger_id: trigger = '' } = data
  const { id, callback_id: act, private_metadata: about, state } = view
  return { kind: 'form', user, trigger, view: id, act, about, words: state.values.words.words.value ?? '' }
}

/** Events of programs, our own among them, and of edits and deletions are ignored: an answer to one could go on for ever. */
function wordsIn(json: JsonObject): SlackPayload {
  const { data } = words.safeParse(json)
  if (data === undefined) return { kind: 'ignored' }
  const { event, event_id: name } = data
  const isPersonal = event.type === 'message' && event.channel_type === 'im'
  const isForUs = event.type === 'app_mention' || isPersonal
  if (!isForUs || event.bot_id !== undefined || event.subtype !== undefined) return { kind: 'ignored' }
  return {
    ...{ kind: 'words', event: name, channel: event.channel, isPersonal, text: event.text },
    thread: event.thread_ts ?? event.ts,
    user: {
      id: event.user,
      teams: [event.team, event.user_team, event.source_team].filter((team) => typeof team === 'string'),
      isProgram: false,
    },
  }
}
