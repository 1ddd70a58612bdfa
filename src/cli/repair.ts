import { isRequestId, shards } from '../core/data/id.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { Exit, exits } from './exit.ts'
import type { Line } from './layout.ts'
import type { Result } from './result.ts'
import type { Session } from './session.ts'

/** Lets the service repair a shard for the signed-in person, and prints what was done. */
export async function repair({ options, service, screen }: Session): Promise<Result> {
  const [shard = ''] = options.about
  if (!shards.some((one) => one === shard)) throw new Exit(exits.usage, `"${shard}" is not a shard: they are 00 to 0f.`)
  const requests = options.many('request')
  const other = requests.find((id) => !isRequestId(id))
  if (other !== undefined) throw new Exit(exits.usage, `--request: "${other}" is not a request id.`)
  screen.progress(`repairing shard ${shard}`)
  try {
    const answer = await service.repair({ shard, why: options.one('why') ?? '', requests: [...requests] })
    return { exit: exits.ok, lines: linesOf(shard, answer), to: 'stdout', record: { exit: exits.ok, repair: answer } }
  } finally {
    screen.progress(null)
  }
}

function linesOf(shard: string, { chain, requests }: JsonObject): readonly Line[] {
  const done = (Array.isArray(requests) ? requests : []).filter((one: Json) => isObject(one)) as readonly JsonObject[]
  if (!isObject(chain) && done.length === 0) return [['nothing to do', `shard ${shard} holds`]]
  return [
    ['repaired', `shard ${shard}`],
    ...(isObject(chain) ? chainLines(chain) : []),
    ...done.map((one): Line => [textOf(one['done']), textOf(one['request'])]),
    ['next', `countersign verify says HOLDS, WITH A RECORDED TAMPERING of the day, once it is sealed`],
  ]
}

function chainLines({ from, to, check, moved, mended, recorded }: JsonObject): readonly Line[] {
  const again = Array.isArray(mended) ? mended.map(textOf) : []
  return [
    ['events', `${textOf(from)} to ${textOf(to)} (${textOf(check)})`],
    ['moved', `${textOf(moved)} rows, to the partition of what was tampered with`],
    ...(again.length > 0 ? [['hold again', again.join(', ')] as const] : []),
    ['recorded', `event ${textOf(recorded)}`],
  ]
}

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''
