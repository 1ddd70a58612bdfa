import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { words } from './words.ts'

/** In which zone the page writes times: the reader's, or UTC, in which the evidence has them. */
export type Zone = 'local' | 'utc'

export const ZoneContext = createContext<Zone>('local')

const timeZone = (zone: Zone) => (zone === 'utc' ? { timeZone: 'UTC' } : {})

/** Writes a moment as a date and an hour, as `24 Nov 2026, 14:03`. */
function moment(at: string, zone: Zone, precise = false): string {
  const style: Intl.DateTimeFormatOptions = {
    ...{ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ...(precise && { second: '2-digit', fractionalSecondDigits: 3, timeZoneName: 'short' }),
    ...timeZone(zone),
  }
  return new Intl.DateTimeFormat(words.locale, style).format(new Date(at))
}

export const dayOf = (at: string, zone: Zone): string =>
  new Intl.DateTimeFormat(words.locale, { dateStyle: 'medium', ...timeZone(zone) }).format(new Date(at))

export const hourOf = (at: string, zone: Zone): string =>
  new Intl.DateTimeFormat(words.locale, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...timeZone(zone),
  }).format(new Date(at))

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** Says how far away a moment is, as `in 12 minutes` or `3 days ago`. */
function distance(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000)
  const [unit, size] = units.find(([, one]) => Math.abs(seconds) >= one) ?? (['second', 1] as const)
  return new Intl.RelativeTimeFormat(words.locale, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit)
}

/** A moment in words, with the exact one at hand. `far` writes the date itself and leaves the distance to the pointer. */
export function Time({ at, far = false }: { readonly at: string; readonly far?: boolean }) {
  const zone = useContext(ZoneContext)
  const exact = moment(at, zone, true)
  const written = far ? moment(at, zone) : distance(at, Date.now())
  return (
    <time dateTime={at} title={far ? `${exact}, ${distance(at, Date.now())}` : exact}>
      {written}
    </time>
  )
}
