import type { HttpRequest, HttpResponseInit } from '@azure/functions'
import { activityLimits } from '../core/json.ts'
import { Problem } from '../core/problem.ts'
import { bodyBytes } from './input.ts'

/** An activity as it arrived: nothing is believed yet. */
export interface Arrived {
  readonly authorization: string | null
  readonly bytes: Uint8Array
}

/** @throws {Problem} `too-large` */
export const activityOf = async (req: HttpRequest): Promise<Arrived> => ({
  authorization: req.headers.get('authorization'),
  bytes: await bodyBytes(req, activityLimits.bytes),
})

type Door = (authorization: string | null, bytes: Uint8Array) => Promise<{ status: number; body?: object }>

/** @throws {Problem} `not-found` where there is no Teams, and what the door throws. */
export async function toTeams(door: Door | null, { authorization, bytes }: Arrived): Promise<HttpResponseInit> {
  if (!door) throw new Problem('not-found', 'There is no bot here.')
  const { status, body } = await door(authorization, bytes)
  return { status, ...(body && { jsonBody: body }) }
}
