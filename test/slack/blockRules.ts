import { undated } from '../../src/cards/blockKit.ts'
import { isArray, isObject, type Json, type JsonObject } from '../../src/core/data/json.ts'

/** What a member has to be. */
type Rule = (value: Json | undefined) => string | null

const text =
  (most: number, least = 1): Rule =>
  (value) =>
    typeof value !== 'string'
      ? 'is no text'
      : value.length < least || value.length > most
        ? `has ${value.length} characters`
        : null

const plain =
  (most: number): Rule =>
  (value) => {
    if (!isObject(value) || value['type'] !== 'plain_text') return 'is no plain_text'
    if (value['emoji'] !== false) return 'has emoji'
    if (Object.keys(value).some((name) => !['type', 'text', 'emoji'].includes(name)))
      return 'has members that it has not'
    return text(most)(value['text'])
  }

/** A sentence of ours with moments: no other markup, and nothing that Slack would turn into a link. */
const dated: Rule = (value) => {
  if (!isObject(value) || value['type'] !== 'mrkdwn' || value['verbatim'] !== true) return 'is no verbatim mrkdwn'
  const { text: sentence } = value
  if (typeof sentence !== 'string') return 'has no text'
  const plain = sentence.replaceAll(/<!date\^\d{9,11}\^(?:\{date_short\}, )?\{time\}\|[\d :-]+UTC>/g, '')
  return /[<>*_~`@#]|&(?!(?:amp|lt|gt);)/.test(plain) ? `has markup: ${plain}` : text(3_000)(sentence)
}

const either =
  (...rules: readonly [Rule, ...Rule[]]): Rule =>
  (value) => {
    const complaints = rules.map((rule) => rule(value))
    return complaints.includes(null) ? null : (complaints[0] ?? null)
  }

const oneOf =
  (...values: readonly Json[]): Rule =>
  (value) =>
    values.includes(value ?? null) ? null : `is ${JSON.stringify(value)}`

const bool: Rule = (value) => (typeof value === 'boolean' ? null : 'is neither true nor false')

const list =
  (most: number, each: Rule): Rule =>
  (value) => {
    if (!isArray(value)) return 'is no list'
    if (value.length === 0 || value.length > most) return `has ${value.length} items`
    return value.map(each).find((complaint) => complaint !== null) ?? null
  }

const members =
  (required: Readonly<Record<string, Rule>>, optional: Readonly<Record<string, Rule>> = {}): Rule =>
  (value) => {
    if (!isObject(value)) return 'is no object'
    for (const name of Object.keys(value)) if (!(name in required || name in optional)) return `has no ${name}`
    for (const [name, rule] of Object.entries({ ...required, ...optional })) {
      const complaint = name in value || name in required ? rule(value[name]) : null
      if (complaint !== null) return `${name} ${complaint}`
    }
    return null
  }

const typed =
  (rules: Readonly<Record<string, Rule>>): Rule =>
  (value) => {
    const type = isObject(value) ? value['type'] : undefined
    const rule = typeof type === 'string' ? rules[type] : undefined
    return rule ? rule(value) : `is of the type ${JSON.stringify(type)}`
  }

const type = text(40)

const button = members(
  { type, action_id: text(255), text: plain(75) },
  { value: text(2_000), url: text(3_000), style: oneOf('primary', 'danger') },
)

const input = members(
  { type, action_id: text(255) },
  {
    multiline: bool,
    max_length: (value) => (typeof value === 'number' && value <= 3_000 ? null : 'is too long'),
    initial_value: text(3_000, 0),
  },
)

/**
 * The blocks that our cards are made of, with the limits of https://docs.slack.dev/reference/block-kit/blocks and
 * https://docs.slack.dev/reference/block-kit/block-elements. It is no check by Slack itself.
 */
const block = typed({
  header: members({ type, text: plain(150) }),
  section: members({ type, text: plain(3_000) }, { accessory: button }),
  context: members({ type, elements: list(10, either(plain(3_000), dated)) }),
  divider: members({ type }),
  actions: members({ type, elements: list(25, button) }),
  input: members({
    type,
    block_id: text(255),
    optional: bool,
    label: plain(2_000),
    element: typed({ plain_text_input: input }),
  }),
})

const message = members({ text: text(40_000), blocks: list(50, block) })

const view = members(
  { type: oneOf('modal'), title: plain(24), close: plain(24), blocks: list(100, block) },
  { submit: plain(24), callback_id: text(255), private_metadata: text(3_000) },
)

/** What of a message or modal breaks a published limit; `null` if nothing does. */
export function blockFault(drawn: object): string | null {
  const json = drawn as JsonObject
  const fault = 'type' in json ? view(json) : message(json)
  if (fault !== null) return fault
  const ids = objectsIn(json).flatMap((one) => (one['type'] === 'button' ? [JSON.stringify(one['action_id'])] : []))
  const isOneForm = 'type' in json && new Set(ids).size < ids.length
  if (isOneForm) return `two buttons have one id: ${ids.join(', ')}`
  // A form without an input has nothing to send, and Slack wants a button for one that has.
  const hasInput = objectsIn(json).some((one) => one['type'] === 'input')
  return 'type' in json && hasInput !== 'submit' in json ? 'has an input and no submit, or the other way round' : null
}

export function objectsIn(json: Json): readonly JsonObject[] {
  if (isArray(json)) return json.flatMap(objectsIn)
  return isObject(json) ? [json, ...Object.values(json).flatMap(objectsIn)] : []
}

/** The texts that people read, in order, on a client that cannot fill in moments. */
export const textsIn = (drawn: object): readonly string[] =>
  objectsIn(drawn as Json).flatMap(({ type, text }) => {
    if (typeof text !== 'string') return []
    return type === 'plain_text' ? [text] : type === 'mrkdwn' ? [undated(text)] : []
  })
