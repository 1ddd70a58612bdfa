import { Exit, exitOf, exits } from './exit.ts'
import { describe, describeState } from './print.ts'
import { buildAsking } from './request.ts'
import { type Result, resultOf } from './result.ts'
import type { Session } from './session.ts'
import { untilDecided } from './waiting.ts'

/** Asks without waiting. */
export async function ask({ options, service }: Session): Promise<Result> {
  const { body, key } = buildAsking(options)
  const answer = await service.ask(body, key)
  return resultOf(answer.status === 'pending' ? exits.ok : exitOf(answer.status), describe(answer), answer)
}

export async function show({ options, service }: Session): Promise<Result> {
  const answer = await service.read(options.id)
  return resultOf(exits.ok, describe(answer), answer)
}

export async function wait({ options, service, screen }: Session): Promise<Result> {
  const given = options.one('timeout')
  if (given !== undefined && !/^\d{1,6}$/.test(given)) throw new Exit(exits.usage, '--timeout: a number of seconds.')
  const timeout = given === undefined ? undefined : Number(given)
  const answer = await untilDecided(service, await service.read(options.id), { timeout, say: screen.say })
  return resultOf(exitOf(answer.status), describe(answer), answer)
}

export async function cancel({ options, service }: Session): Promise<Result> {
  const answer = await service.cancel(options.id, options.one('reason'))
  return resultOf(exits.ok, describeState(answer), answer)
}
