import { isObjectId } from '../core/data/id.ts'
import { isArray, isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { parseUntil } from '../core/request/deputy.ts'
import { objectsIn } from './answer.ts'
import { Exit, exits } from './exit.ts'
import type { Line } from './layout.ts'
import type { Options } from './options.ts'
import type { Result } from './result.ts'
import type { Session } from './session.ts'

/** Says that the person who is signed in is away, and who acts for them; without that, lists who is away now. */
export async function away(session: Session): Promise<Result> {
  const { options, service } = session
  const [to, until] = [options.one('for'), options.one('until')]
  if (to === undefined && until === undefined) return absences(session)
  if (to === undefined || until === undefined)
    throw new Exit(exits.usage, 'Give both --for and --until; or neither, to see who is away now.')
  if (!isObjectId(to)) throw new Exit(exits.usage, `--for: "${to}" is not an object id, which is a GUID.`)
  const answer = await service.document('delegations', {
    ...{ to: to.toLowerCase(), until: endIn(until) },
    ...groupsIn(options),
    ...(options.one('reason') !== undefined && { reason: options.one('reason') ?? '' }),
  })
  const next = `countersign back ${textOf(answer['event'])}, when you are back before that`
  const lines: readonly Line[] = [...linesOf(answer, {}), ['next', next]]
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, delegation: answer } }
}

/** Ends an absence of the person who is signed in: the one that is named, or the only one. */
export async function back({ options, service }: Session): Promise<Result> {
  const [event] = options.about
  if (event !== undefined && !/^[0-9a-f]{64}$/.test(event))
    throw new Exit(exits.usage, `"${event}" is not the hash of an event: countersign away lists them.`)
  const named = event ?? (await onlyOne(service))
  const answer = await service.remove(`delegations/${named}`)
  const lines: readonly Line[] = [['back', `at ${textOf(answer['at'])}: nobody acts for you by ${named} any more`]]
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, recall: answer } }
}

async function onlyOne(service: Session['service']): Promise<string> {
  const { id } = await service.document('me')
  const all = objectsIn((await service.document('delegations'))['delegations'])
  const own = all.filter(({ member }) => member === id)
  const [only, ...more] = own
  if (!only || more.length > 0)
    throw new Exit(
      exits.usage,
      own.length === 0
        ? 'You are not away, as far as the service knows.'
        : `You named ${own.length} deputies: give the EVENT that ends, as countersign away lists them.`,
    )
  return textOf(only['event'])
}

async function absences({ service }: Session): Promise<Result> {
  const answer = await service.document('delegations')
  const all = objectsIn(answer['delegations'])
  const names = isObject(answer['names']) ? answer['names'] : {}
  const none: readonly Line[] = [['none', 'nobody is away whom you act for, and nobody acts for you']]
  const deputies = objectsIn(answer['deputies'])
  const lines = [
    ...(all.length === 0 ? none : all.flatMap((one) => linesOf(one, names))),
    ...deputies.map(
      ({ id, name, groups }): Line => ['may be named', `${textOf(name)} (${textOf(id)}), in ${listIn(groups)}`],
    ),
  ]
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, delegations: all, deputies } }
}

/** @throws {Exit} 78 for what is neither a day nor a time */
function endIn(until: string): string {
  try {
    return parseUntil(until)
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    throw new Exit(
      exits.usage,
      `--until: "${until}" is neither a day as 2026-12-01 nor a time as 2026-12-01T18:00:00Z.`,
    )
  }
}

const groupsIn = (options: Options): JsonObject => {
  const groups = options.many('group')
  return groups.length > 0 ? { groups: [...groups] } : {}
}

function linesOf({ event, member, to, groups, until, reason }: JsonObject, names: JsonObject): readonly Line[] {
  const named = (id: Json | undefined): string => {
    const name = textOf(names[textOf(id)])
    return name === '' ? textOf(id) : `${name} (${textOf(id)})`
  }
  return [
    ['away', `${named(member)}, until ${textOf(until)}`],
    ['deputy', `${named(to)}, in ${listIn(groups)}`],
    ...(typeof reason === 'string' ? [['reason', reason] as const] : []),
    ['event', textOf(event)],
  ]
}

const listIn = (value: Json | undefined): string => (isArray(value) ? value.map(textOf).join(', ') : '')

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
