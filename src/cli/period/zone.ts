import { type Instant, milliseconds } from '../../core/data/instant.ts'
import { Exit, exits } from '../exit.ts'

/** Writes moments in one zone beside UTC. */
export interface Zone {
  /** As the database of time zones has it: `Europe/Berlin`. */
  readonly name: string
  /** Milliseconds by which clocks there are ahead of UTC at a moment. */
  offset(ms: number): number
}

/** Milliseconds within which no zone changes its offset. */
const stable = 900_000

/**
 * Reads `--zone`; without it, the zone of this machine.
 *
 * @throws {Exit} 78 for a zone that is not known
 */
export function zoneNamed(given: string | undefined): Zone {
  const name = given ?? (Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC')
  const format = formatIn(name)
  const known = new Map<number, number>()
  return {
    name: format.resolvedOptions().timeZone,
    offset(ms) {
      const slot = Math.floor(ms / stable)
      let offset = known.get(slot)
      if (offset === undefined) {
        offset = offsetAt(format, slot * stable)
        known.set(slot, offset)
      }
      return offset
    },
  }
}

function formatIn(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: name, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    })
  } catch {
    throw new Exit(
      exits.usage,
      `--zone: "${name}" is no time zone that this machine knows, such as Europe/Berlin or UTC.`,
    )
  }
}

/** Reads what clocks show there, as if it were UTC. */
function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - ms
}

/** Writes a moment with the offset of the zone (RFC 3339): `2026-01-31T10:30:00.000+01:00`. */
export function zoned(at: string, zone: Zone): string {
  const ms = milliseconds(at as Instant)
  const offset = zone.offset(ms)
  const local = new Date(ms + offset).toISOString().slice(0, -1)
  const minutes = Math.abs(offset) / 60_000
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`
}

/** Writes a moment for people: `2026-01-31 10:30:00`. */
export function clockTime(at: string, zone: Zone): string {
  const ms = milliseconds(at as Instant)
  return new Date(ms + zone.offset(ms)).toISOString().slice(0, 19).replace('T', ' ')
}
