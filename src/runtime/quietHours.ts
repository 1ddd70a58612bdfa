import { type Instant, milliseconds, plusSeconds } from '../core/data/instant.ts'

/** Hours of each day in which a person wants no message that can wait. */
export interface QuietHours {
  /** Minutes after midnight. An end before the beginning is on the next day. */
  readonly from: number
  readonly to: number
  /** A time zone of IANA's database. */
  readonly zone: string
}

const form = /^([01]?\d|2[0-3]):([0-5]\d)\s?[-–]\s?([01]?\d|2[0-3]):([0-5]\d)\s+([\w+-]+(?:\/[\w+-]+){0,2})$/

/** Reads hours as `22:00-07:00 Europe/Berlin`; `null` for another form, an unknown time zone, and hours that are none. */
export function parseQuietHours(text: string): QuietHours | null {
  const [, hour, minute, untilHour, untilMinute, name = ''] = form.exec(text.trim()) ?? []
  const zone = name === '' ? null : knownZone(name)
  const [from, to] = [minutes(hour, minute), minutes(untilHour, untilMinute)]
  return zone === null || from === to ? null : { from, to, zone }
}

const minutes = (hour = '0', minute = '0'): number => Number(hour) * 60 + Number(minute)

/** The name of a time zone as it is written; `null` if there is none. */
function knownZone(name: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return null
  }
}

export const quietText = ({ from, to, zone }: QuietHours): string => `${clockText(from)}-${clockText(to)} ${zone}`

const clockText = (of: number): string =>
  `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`

const day = 1_440

/** When the quiet hours end in which a moment lies, by the clock of their zone; `null` if it lies in none. */
export function quietUntil(hours: QuietHours, at: Instant): Instant | null {
  if (!isQuiet(hours, at)) return null
  const { to, zone } = hours
  const left = ((to - minuteIn(zone, at) + day) % day) * 60
  const end = plusSeconds(at, left - (milliseconds(at) % 60_000) / 1000)
  // The clock may be put forward or back meanwhile, and then it shows another time at that moment.
  const off = ((to - minuteIn(zone, end) + 1.5 * day) % day) - day / 2
  const moved = plusSeconds(end, off * 60)
  // An end that the clock leaves out does not come: people stay undisturbed a little longer.
  return moved > at && !isQuiet(hours, moved) ? moved : end
}

const isQuiet = ({ from, to, zone }: QuietHours, at: Instant): boolean =>
  (minuteIn(zone, at) - from + day) % day < (to - from + day) % day

function minuteIn(timeZone: string, at: Instant): number {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const [hour, minute] = clock.format(milliseconds(at)).split(':')
  return minutes(hour, minute)
}
