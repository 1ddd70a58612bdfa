import { type Day, parseDay } from '../../core/data/day.ts'
import { type Json, type JsonObject } from '../../core/data/json.ts'
import { bytes as bytesIn } from '../../core/data/measure.ts'
import { spoken } from '../../words/spoken.ts'
import { objectsIn } from '../answer.ts'
import { checked, Exit, exits } from '../exit.ts'
import type { Line } from '../layout.ts'
import type { Result } from '../result.ts'
import type { Service } from '../service.ts'
import type { Session } from '../session.ts'

/** A sealed day, as far as this program reads it. */
interface SealedDay {
  readonly date: string
  readonly line: string
  readonly document: JsonObject
}

/** Lists the sealed days, the oldest first. */
export async function days({ service }: Session): Promise<Result> {
  const sealed = await sealedDays(service)
  const lines = sealed.map(({ date, line }): Line => [date, line])
  const end: readonly Line[] =
    sealed.length === 0
      ? [['none', 'no day is sealed yet: a day is sealed soon after it has ended in UTC']]
      : [['next', 'countersign download --latest, or a day']]
  const record = { exit: exits.ok, days: sealed.map(({ document }) => document) }
  return { exit: exits.ok, lines: [...lines, ...end], to: 'stdout', record }
}

/** @throws {Exit} 69 if the service answers something else; and what it refuses */
async function sealedDays(service: Service): Promise<readonly SealedDay[]> {
  const { bundles } = await service.document('evidence/bundles')
  return objectsIn(bundles).map((document) => {
    const { date, number, records, bytes, from, to } = document
    const size = typeof bytes === 'number' ? bytesIn(bytes, spoken.units) : null
    const line = `bundle ${shown(number)}: ${shown(records)} records, log ${shown(from)} to ${shown(to)}`
    return { date: shown(date), line: `${line}, ${size?.reading ?? size?.exact ?? ''}`, document }
  })
}

/** Finds the newest sealed day, for an option. @throws {Exit} 78 if there is none; and what the service refuses */
export async function newestDay(service: Service, option: string): Promise<Day> {
  const newest = (await sealedDays(service)).at(-1)
  if (newest === undefined) throw new Exit(exits.usage, `${option}: no day is sealed yet.`)
  return checked(() => parseDay(newest.date))
}

const shown = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '?'

/** Says which days are sealed, for a day that is not: `2026-11-01 to 2026-11-28`. */
export async function wordsOfSealed(service: Service): Promise<string> {
  const sealed = await sealedDays(service)
  const [first, last] = [sealed[0]?.date, sealed.at(-1)?.date]
  if (first === undefined || last === undefined) return 'no day yet'
  return first === last ? first : `${first} to ${last}`
}
