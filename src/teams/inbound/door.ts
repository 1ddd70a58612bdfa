import { activityLimits, isObject, type Json, type JsonObject, readJson } from '../../core/data/json.ts'
import type { ObjectId } from '../../core/data/id.ts'
import { type NewerRow, Problem } from '../../core/data/problem.ts'
import { type Intent, parseActivity } from './activity.ts'
import type { Bot } from './bot.ts'
import type { BotAnswer } from './botAnswer.ts'
import type { Gate } from './gate.ts'
import { spoken } from '../../words/spoken.ts'

/** An activity that was let in: who sent it, as soon as Teams vouches for it, and the answer that is being made. */
interface LetIn {
  readonly who?: ObjectId
  /** What the sender wants, for the log. Absent for what cannot be read. */
  readonly intent?: Intent['kind']
  readonly answer: Promise<TeamsAnswer>
}

/** The answer to Teams over HTTP. */
export interface TeamsAnswer {
  readonly status: 200
  readonly body?: object
  /** What was refused, where a card or words say so to a person. */
  readonly code?: string
  /** The row that was too new to be read. */
  readonly newer?: NewerRow
}

/**
 * Lets activities in: bytes, then token and claims, then one closed intent, then the bot.
 *
 * @throws {Problem} `invalid-json`, `too-large`, `unauthenticated`, `unavailable`. Later problems become an answer for
 *   the person, as Teams requires.
 */
export function teamsDoor({ gate, bot }: { gate: Gate; bot: Bot }) {
  const answering = async (intent: Intent | null): Promise<TeamsAnswer> => answerOf(intent ? await bot(intent) : unread)

  return async (authorization: string | null, bytes: Uint8Array): Promise<LetIn> => {
    const { activity, ambiguous } = read(bytes)
    await gate(authorization, activity)
    const intent = ambiguous ? null : parseActivity(activity)
    const answer = answering(intent)
    return { ...(intent && { intent: intent.kind }), ...(intent && 'who' in intent && { who: intent.who }), answer }
  }
}

/**
 * Reads an activity strictly. JSON that two readers could understand differently is read once more, for the gate alone:
 * a sender that Teams vouches for learns that nothing happened; any other sender learns nothing.
 */
function read(bytes: Uint8Array): { readonly activity: JsonObject; readonly ambiguous: boolean } {
  try {
    return { activity: objectIn(readJson(bytes, activityLimits)), ambiguous: false }
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.code !== 'invalid-json') throw cause
    return { activity: objectIn(loosely(bytes, cause)), ambiguous: true }
  }
}

function objectIn(activity: Json): JsonObject {
  if (!isObject(activity)) throw new Problem('invalid-input', 'An activity is an object.')
  return activity
}

/** @throws {Problem} the given one, unless it is JSON at least. */
function loosely(bytes: Uint8Array, problem: Problem): Json {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json
  } catch {
    throw problem
  }
}

const unread: BotAnswer = { kind: 'error', status: 400, code: 'invalid-json', words: spoken.bot.ambiguous }

/** Universal actions: HTTP is always 200, and the body says how it went; else Teams shows the person nothing. */
function answerOf(answer: BotAnswer): TeamsAnswer {
  switch (answer.kind) {
    case 'none':
      return { status: 200, ...forLog(answer) }
    case 'card':
      return { ...invoked(200, 'application/vnd.microsoft.card.adaptive', answer.card), ...forLog(answer) }
    case 'error': {
      const { status, code, words } = answer
      return { ...invoked(status, 'application/vnd.microsoft.error', { code, message: words }), ...forLog(answer) }
    }
  }
}

const forLog = ({ code, newer }: Pick<TeamsAnswer, 'code' | 'newer'>): Pick<TeamsAnswer, 'code' | 'newer'> => ({
  ...(code !== undefined && { code }),
  ...(newer && { newer }),
})

const invoked = (statusCode: number, type: string, value: unknown): TeamsAnswer => ({
  status: 200,
  body: { statusCode, type, value },
})
