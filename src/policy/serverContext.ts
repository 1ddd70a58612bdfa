import { isArray, type JsonObject } from '../core/data/json.ts'
import { type Instant, milliseconds } from '../core/data/instant.ts'
import type { RecordShape, Shape } from './paramShape.ts'

/** What the service itself tells rules, as far as the schema declares it for an action. */
export interface ServerContext {
  /** The members of `context.at`: the time at which the action is judged, in the policy's zone. */
  readonly at?: readonly MomentMember[]
  /** The params whose sizes are in `context.counts`. */
  readonly counts?: readonly string[]
}

const moment = { hour: 'integer', weekday: 'text', date: 'text' } as const

type MomentMember = keyof typeof moment

type Refuse = (reason: string) => never

/** A member of an action's context as the schema declares it. */
interface Declared {
  readonly shape: Shape
  readonly required: boolean
}

/** Reads what the schema declares as `at` and `counts`. */
export function serverContext(
  { at, counts }: { readonly at: Declared | undefined; readonly counts: Declared | undefined },
  params: RecordShape | undefined,
  refuse: Refuse,
): ServerContext {
  return {
    ...(at && { at: momentMembers(at, refuse) }),
    ...(counts && { counts: counted(counts, params, refuse) }),
  }
}

function momentMembers({ shape, required }: Declared, refuse: Refuse): readonly MomentMember[] {
  const form = 'its context has at as "at: { hour: Long, weekday: String, date: String }", or some of these three'
  if (!required || shape.type !== 'record') return refuse(form)
  return [...shape.members].map(([name, member]) => {
    const known = momentNames.find((one) => one === name)
    if (known === undefined || member.shape.type !== moment[known] || !member.required) return refuse(form)
    return known
  })
}

const momentNames = Object.keys(moment) as MomentMember[]

function counted({ shape, required }: Declared, params: RecordShape | undefined, refuse: Refuse): readonly string[] {
  if (!required || shape.type !== 'record')
    return refuse('its context has counts as a record, as "counts: { tables: Long }"')
  return [...shape.members].map(([key, member]) => {
    const param = params?.members.get(key)
    if (param?.shape.type !== 'set' && param?.shape.type !== 'text')
      return refuse(`counts.${key} counts the param ${key}, which has to be declared as a set or as text`)
    if (member.shape.type !== 'integer') return refuse(`counts.${key} is a Long`)
    if (member.required !== param.required)
      return refuse(
        `counts.${key} is written "${key}${param.required ? '' : '?'}: Long", since the param is${param.required ? '' : ' not'} required`,
      )
    return key
  })
}

/**
 * The number of items of each list, and of characters of each text; nothing for a param that was not given. An item that
 * a list has twice counts twice.
 */
export function countsOf(params: JsonObject, keys: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    keys.flatMap((key): readonly [string, number][] => {
      const value = Object.hasOwn(params, key) ? params[key] : undefined
      if (isArray(value)) return [[key, value.length]]
      return typeof value === 'string' ? [[key, [...value].length]] : []
    }),
  )
}

/** Tells the hour (0–23), the weekday (`monday`) and the date (`2026-03-04`) of instants in an IANA time zone. */
export function clockIn(
  zone: string,
): (at: Instant, members: readonly MomentMember[]) => Record<string, number | string> {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    ...({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', weekday: 'long' } as const),
  })
  return (at, members) => {
    const parts = new Map(format.formatToParts(milliseconds(at)).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
    const told = {
      hour: Number(part('hour')),
      weekday: part('weekday').toLowerCase(),
      date: `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`,
    }
    return Object.fromEntries(members.map((name) => [name, told[name]]))
  }
}
