import type { HttpRequest } from '@azure/functions'
import type { ObjectId } from '../core/data/id.ts'
import { activityLimits } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { Answered, Answering } from './boundary.ts'
import { bodyBytes } from './input.ts'

/** A call as it arrived: nothing is believed yet. */
interface RawCall {
  readonly timestamp: string | null
  readonly signature: string | null
  readonly contentType: string | null
  readonly bytes: Uint8Array
}

/** A call that was let in. */
interface SlackPassage {
  readonly who?: ObjectId
  readonly intent?: string
  readonly answer: Promise<{ readonly status: number; readonly body?: object; readonly code?: string }>
}

/** Characters that a byte of a form takes at most: `%` and two digits. */
const encoded = 3

/** @throws {Problem} `not-found` where the door is not set up, `too-large`, and what the door throws. */
export async function toSlackDoor(
  door: ((call: RawCall) => Promise<SlackPassage>) | null,
  req: HttpRequest,
): Promise<Answering> {
  if (!door) throw new Problem('not-found', 'There is no app of Slack here.')
  const { answer, who, intent } = await door({
    timestamp: req.headers.get('x-slack-request-timestamp'),
    signature: req.headers.get('x-slack-signature'),
    contentType: req.headers.get('content-type'),
    bytes: await bodyBytes(req, activityLimits.bytes * encoded),
  })
  return {
    answer: answered(answer),
    ...(who !== undefined && { who: { kind: 'person', id: who } }),
    ...(intent !== undefined && { intent }),
  }
}

async function answered(answer: SlackPassage['answer']): Promise<Answered> {
  const { status, body, code } = await answer
  return { response: { status, ...(body && { jsonBody: body }) }, ...(code !== undefined && { code }) }
}
