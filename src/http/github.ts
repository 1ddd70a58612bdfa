import type { HttpRequest } from '@azure/functions'
import type { ObjectId } from '../core/data/id.ts'
import { activityLimits } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { Answering } from './boundary.ts'
import { bodyBytes } from './input.ts'

/** A call as it arrived: nothing is believed yet. */
interface RawDelivery {
  readonly event: string | null
  readonly signature: string | null
  readonly bytes: Uint8Array
}

/** What became of a call that was let in. */
interface GitHubPassage {
  readonly who?: ObjectId
  readonly intent?: string
  readonly request?: string
  readonly code?: string
}

/**
 * Answers GitHub with 202, since a decision comes later.
 *
 * @throws {Problem} `not-found` where the door is not set up, `too-large`, and what the door throws
 */
export async function toGitHubDoor(
  door: ((call: RawDelivery) => Promise<GitHubPassage>) | null,
  req: HttpRequest,
): Promise<Answering> {
  if (!door) throw new Problem('not-found', 'There is no GitHub App here.')
  const { who, intent, request, code } = await door({
    event: req.headers.get('x-github-event'),
    signature: req.headers.get('x-hub-signature-256'),
    bytes: await bodyBytes(req, activityLimits.bytes),
  })
  const jsonBody = { ...(request !== undefined && { request }), ...(code !== undefined && { code }) }
  return {
    answer: Promise.resolve({ response: { status: 202, jsonBody }, ...(code !== undefined && { code }) }),
    ...(who !== undefined && { who: { kind: 'agent', id: who } }),
    ...(intent !== undefined && { intent }),
  }
}
