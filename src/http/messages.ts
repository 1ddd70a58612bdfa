import type { HttpResponseInit } from '@azure/functions'
import type { ObjectId } from '../core/data/id.ts'
import { activityLimits } from '../core/data/json.ts'
import { type NewerRow, Problem } from '../core/data/problem.ts'
import type { Call } from './boundary.ts'
import { bodyBytes } from './input.ts'

/** Takes an activity as it arrived: nothing is believed yet. */
type Door = (
  authorization: string | null,
  bytes: Uint8Array,
  known: (who: ObjectId) => void,
) => Promise<{ readonly status: number; readonly body?: object; readonly code?: string; readonly newer?: NewerRow }>

/** @throws {Problem} `not-found` where there is no Teams, `too-large`, and what the door throws. */
export async function toTeams(door: Door | null, call: Call): Promise<HttpResponseInit> {
  if (!door) throw new Problem('not-found', 'There is no bot here.')
  const { req } = call
  const bytes = await bodyBytes(req, activityLimits.bytes)
  const { status, body, code, newer } = await door(req.headers.get('authorization'), bytes, (id) => {
    call.who = { kind: 'person', id }
  })
  if (code !== undefined) call.code = code
  if (newer) call.newer = [newer]
  return { status, ...(body && { jsonBody: body }) }
}
