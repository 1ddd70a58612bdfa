import type { HttpRequest } from '@azure/functions'
import type { ObjectId } from '../core/data/id.ts'
import { activityLimits } from '../core/data/json.ts'
import { type NewerRow, Problem } from '../core/data/problem.ts'
import type { Answered, Answering } from './boundary.ts'
import { bodyBytes } from './input.ts'

/** Takes an activity as it arrived: nothing is believed yet. */
type Door = (authorization: string | null, bytes: Uint8Array) => Promise<Activity>

/** An activity that was let in. */
interface Activity {
  readonly who?: ObjectId
  readonly intent?: string
  readonly answer: Promise<{
    readonly status: number
    readonly body?: object
    readonly code?: string
    readonly newer?: NewerRow
  }>
}

/** @throws {Problem} `not-found` where the door is not configured, `too-large`, and what the door throws. */
export async function toDoor(door: Door | null, req: HttpRequest): Promise<Answering> {
  if (!door) throw new Problem('not-found', 'There is no bot here.')
  const bytes = await bodyBytes(req, activityLimits.bytes)
  const activity = await door(req.headers.get('authorization'), bytes)
  const { who, intent } = activity
  return {
    answer: answered(activity),
    ...(who !== undefined && { who: { kind: 'person', id: who } }),
    ...(intent !== undefined && { intent }),
  }
}

async function answered({ answer }: Activity): Promise<Answered> {
  const { status, body, code, newer } = await answer
  return {
    response: { status, ...(body && { jsonBody: body }) },
    ...(code !== undefined && { code }),
    ...(newer && { newer: [newer] }),
  }
}
