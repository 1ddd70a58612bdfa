import { isHoldId, isObjectId, isRequestId } from '../core/data/id.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { objectsIn } from './answer.ts'
import { Exit, exits } from './exit.ts'
import type { Line } from './layout.ts'
import type { Options } from './options.ts'
import type { Result } from './result.ts'
import type { Session } from './session.ts'

/** Puts requests on hold, as the person who is signed in. */
export async function hold({ options, service }: Session): Promise<Result> {
  const scope = scopeIn(options)
  const answer = await service.document('evidence/holds', { scope, why: options.one('why') ?? '' })
  const next = `countersign release ${textOf(answer['hold'])} --why WHY, by anybody with the role Evidence.Hold`
  return { exit: exits.ok, lines: [...linesOf(answer), ['next', next]], to: 'stdout', record: recordOf(answer) }
}

/** Lists the holds, the oldest first. */
export async function holds({ options, service }: Session): Promise<Result> {
  const released = options.one('released') !== undefined
  const answer = await service.document(`evidence/holds${released ? '?released=true' : ''}`)
  const all = objectsIn(answer['holds'])
  const none: readonly Line[] = [['none', released ? 'nothing was ever put on hold' : 'nothing is on hold']]
  const lines = all.length === 0 ? none : all.flatMap(linesOf)
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, holds: all } }
}

/** Releases a hold, as the person who is signed in. */
export async function release({ options, service }: Session): Promise<Result> {
  const [id = ''] = options.about
  if (!isHoldId(id)) throw new Exit(exits.usage, `"${id}" is not the id of a hold: countersign holds lists them.`)
  const answer = await service.document(`evidence/holds/${id}/release`, { why: options.one('why') ?? '' })
  return { exit: exits.ok, lines: linesOf(answer), to: 'stdout', record: recordOf(answer) }
}

/** @throws {Exit} 78 unless exactly one of a request, an agent and a period is given */
function scopeIn(options: Options): JsonObject {
  const [request] = options.about
  const [agent, from, to] = [options.one('agent'), options.one('from'), options.one('to')]
  if ([request, agent, from ?? to].filter((one) => one !== undefined).length !== 1)
    throw new Exit(exits.usage, 'Give exactly one of REQUEST-ID, --agent, and --from with --to.')
  if (request !== undefined) {
    if (!isRequestId(request)) throw new Exit(exits.usage, `"${request}" is not a request id.`)
    return { request }
  }
  if (agent !== undefined) {
    if (!isObjectId(agent)) throw new Exit(exits.usage, `--agent: "${agent}" is not an object id, which is a GUID.`)
    return { agent: agent.toLowerCase() }
  }
  if (from === undefined || to === undefined) throw new Exit(exits.usage, 'A period has both --from and --to.')
  return { from, to }
}

function linesOf({ hold, scope, held, released }: JsonObject): readonly Line[] {
  const { request, agent, from, to } = isObject(scope) ? scope : {}
  const period = `requests of ${textOf(from)} to ${textOf(to)}`
  const what = request ? `request ${textOf(request)}` : agent ? `agent ${textOf(agent)}` : period
  return [
    ['hold', `${textOf(hold)}: ${what}`],
    ['held', doneIn(held)],
    ...(isObject(released) ? [['released', doneIn(released)] as const] : []),
  ]
}

function doneIn(done: Json | undefined): string {
  const { by, at, why } = isObject(done) ? done : {}
  return `by ${textOf(by)} at ${textOf(at)}${typeof why === 'string' ? `: ${why}` : ''}`
}

const recordOf = (answer: JsonObject): JsonObject => ({ exit: exits.ok, hold: answer })

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
