import { isObject, type Json, type JsonLimits, type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'

/** The hosts whose hooks this program speaks. */
export const shapes = ['claude', 'codex', 'copilot'] as const
export type HookShape = (typeof shapes)[number]

export const isShape = (name: string): name is HookShape => (shapes as readonly string[]).includes(name)

/** What a host tells a hook, in one spelling. */
export interface HookInput {
  /** `before` a tool is carried out, or `after`. */
  readonly when: 'before' | 'after'
  readonly session: string
  /** What the host calls the call by; absent if the host has no name for it. */
  readonly call?: string
  /** When the host called the hook, if it has no name for the call. */
  readonly at?: string
  readonly tool: string
  readonly args: JsonObject
  readonly cwd: string
  /** Whether the tool failed, as far as the host says. */
  readonly hasFailed: boolean
}

/** The input is not what a hook of this host is told. */
export class BadHookInput extends Error {}

/** A host tells the arguments whole, as the text of a file that is to be written. */
const limits: JsonLimits = { bytes: 16 * 1024 * 1024, depth: 64, nodes: 200_000 }

/**
 * Reads standard input to its end.
 *
 * @throws {BadHookInput} past 16 MiB, so that memory does not end this program, after which hosts run the tool
 */
export async function readHookText(input: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    size += bytes.length
    if (size > limits.bytes) throw new BadHookInput(`The hook was told more than ${limits.bytes / 1024 / 1024} MiB.`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/**
 * Reads JSON as every reader does: a host that carries out what it told, and not what this program read, has to mean the
 * same. What a tool answered is compared with nothing, and may be anything.
 *
 * @throws {BadHookInput}
 */
export function parseHookText(bytes: Uint8Array): Json {
  try {
    return readJson(bytes, limits)
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    const read = lenient(bytes)
    if (isObject(read) && isAfter(read)) return read
    throw new BadHookInput(
      read === undefined
        ? 'The hook was told something that is not JSON.'
        : `The hook was told other JSON: ${cause.message}`,
    )
  }
}

function lenient(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json
  } catch {
    return undefined
  }
}

/** The events that follow a tool. */
const afterwards: readonly (Json | undefined)[] = ['PostToolUse', 'postToolUse', 'PostToolUseFailure']

const isAfter = (json: JsonObject): boolean =>
  afterwards.includes(eventOf(json)) || (eventOf(json) === undefined && json['toolResult'] !== undefined)

const eventOf = (json: JsonObject): Json | undefined => json['hook_event_name'] ?? json['hookEventName']

/**
 * Reads what a host tells its hooks. All hosts say the same, in three spellings.
 *
 * Sources: https://code.claude.com/docs/en/hooks, https://developers.openai.com/codex/hooks,
 * https://docs.github.com/copilot/reference/copilot-cli-reference/cli-hooks-reference
 *
 * @throws {BadHookInput} naming what is missing
 */
export function readHookInput(json: Json, shape: HookShape): HookInput {
  if (!isObject(json)) throw new BadHookInput('The hook was told something that is not an object.')
  const read = shape === 'copilot' ? copilotNames : names
  const when = whenOf(json, shape)
  const args = argumentsOf(json[read.args])
  const [session, call, tool] = [textIn(json[read.session]), textIn(json[read.call]), textIn(json[read.tool])]
  const at = textIn(json['timestamp'])
  const missing = !session ? read.session : !tool ? read.tool : !args ? read.args : undefined
  if (missing !== undefined || !session || !tool || !args) throw new BadHookInput(`The hook was not told ${missing}.`)
  // Without a name of the call, a host that starts over could not find its request.
  if (!call && !(shape === 'copilot' && at)) throw new BadHookInput(`The hook was not told ${read.call}.`)
  const cwd = textIn(json['cwd']) ?? ''
  return { when, session, tool, args, cwd, hasFailed: hasFailed(json), ...(call ? { call } : at && { at }) }
}

const names = { session: 'session_id', call: 'tool_use_id', tool: 'tool_name', args: 'tool_input' } as const
const copilotNames = { session: 'sessionId', call: 'toolCallId', tool: 'toolName', args: 'toolArgs' } as const

function whenOf(json: JsonObject, shape: HookShape): HookInput['when'] {
  const event = eventOf(json)
  // Copilot's hooks are told apart by what they are told.
  if (event === undefined && shape === 'copilot') return json['toolResult'] === undefined ? 'before' : 'after'
  if (event === 'PreToolUse' || event === 'preToolUse') return 'before'
  if (afterwards.includes(event)) return 'after'
  throw new BadHookInput('The hook is for PreToolUse, PostToolUse and PostToolUseFailure alone.')
}

/** Copilot sends arguments as JSON in a text. */
function argumentsOf(given: Json | undefined): JsonObject | undefined {
  if (typeof given !== 'string') return isObject(given) ? given : undefined
  try {
    const read = readJson(Buffer.from(given), limits)
    return isObject(read) ? read : undefined
  } catch (cause) {
    if (cause instanceof Problem) return undefined
    throw cause
  }
}

const textIn = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined

function hasFailed(json: JsonObject): boolean {
  if (json['hook_event_name'] === 'PostToolUseFailure' || json['error'] !== undefined) return true
  const response = json['tool_response'] ?? json['toolResult']
  if (!isObject(response)) return false
  return response['is_error'] === true || response['success'] === false || response['resultType'] === 'failure'
}
