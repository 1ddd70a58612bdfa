/** An amount as it was given, and its reading in larger units; small amounts have no reading. */
export interface Measured {
  readonly exact: string
  readonly reading?: string
}

/**
 * How a language writes amounts, and marks texts. All words and signs of amounts must differ, so that different amounts have
 * different texts.
 */
export interface Units {
  /** IEC 80000-13: bytes and the powers of 1,024, smallest first. */
  readonly bytes: readonly string[]
  readonly time: { readonly days: string; readonly hours: string; readonly minutes: string; readonly seconds: string }
  /** The sign between groups of three digits. */
  readonly thousands: string
  /** The sign before the fraction. */
  readonly point: string
  /** The sign before a rounded reading. */
  readonly about: string
  /** The marks of a text of several lines inside the drawing of an object. */
  readonly text: { readonly begins: (lines: number) => string; readonly ends: string }
  /** What stands around two values inside another that are compared line by line. */
  readonly change: { readonly begins: (lines: number) => string; readonly ends: string }
  /** Marks what is shown by its digest. */
  readonly byDigest: string
}

/** Groups the digits of a number. A number with an exponent is left as ECMAScript writes it. */
export function grouped(amount: number, { thousands, point }: Pick<Units, 'thousands' | 'point'>): string {
  const text = String(amount)
  const [whole = '', places] = text.split('.')
  if (text.includes('e')) return text
  const groups = whole.replace(/\d(?=(?:\d{3})+$)/g, (digit) => `${digit}${thousands}`)
  return `${groups}${places === undefined ? '' : `${point}${places}`}`
}

/** Describes a number of bytes; `null` unless it is a whole number, 0 or more. A rounded reading says so. */
export function bytes(amount: number, units: Units): Measured | null {
  if (!Number.isSafeInteger(amount) || amount < 0) return null
  const exact = `${grouped(amount, units)} ${units.bytes[0]}`
  if (amount < 1024) return { exact }
  let [tenths, power] = [amount, 0]
  while (tenths >= 1024) tenths = Math.round((amount / 1024 ** ++power) * 10) / 10
  const near = tenths * 1024 ** power === amount ? '' : units.about
  return { exact, reading: `${near}${tenths.toFixed(1).replace('.', units.point)} ${units.bytes[power]}` }
}

/** Describes a number of seconds; `null` if it is negative, not a number, or 1e12 or more. */
export function seconds(amount: number, units: Units): Measured | null {
  if (!(amount >= 0 && amount < 1e12)) return null
  const exact = `${grouped(amount, units)} ${units.time.seconds}`
  if (amount < 60) return { exact }
  return { exact, reading: `${Number.isInteger(amount) ? '' : units.about}${spelled(Math.round(amount), units)}` }
}

/** Describes an ISO 8601 duration of fixed length; `null` for any other text. */
export function duration(text: string, units: Units): Measured | null {
  const total = isoSeconds(text)
  return total === null ? null : { exact: text, reading: spelled(total, units) }
}

/** ISO 8601 durations of fixed length: without years and months, whose lengths vary. */
const isoDuration = /^P(?:(\d{1,4})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?)$/

/** The seconds of an ISO 8601 duration of fixed length, as `PT1H` or `P1D`; `null` for any other text. */
export function isoSeconds(text: string): number | null {
  const found = isoDuration.exec(text)
  // `P`, `PT` and `P1DT` match the pattern, but ISO 8601 does not allow them.
  if (!found || !/\d[WDHMS]$/.test(text)) return null
  const [weeks = 0, days = 0, hours = 0, minutes = 0, rest = 0] = found.slice(1).map((digits) => Number(digits ?? 0))
  return weeks * 604_800 + days * 86_400 + hours * 3600 + minutes * 60 + rest
}

function spelled(total: number, units: Units): string {
  const { days, hours, minutes, seconds: rest } = units.time
  const parts: readonly [number, string][] = [
    [Math.floor(total / 86_400), days],
    [Math.floor(total / 3600) % 24, hours],
    [Math.floor(total / 60) % 60, minutes],
    [total % 60, rest],
  ]
  const said = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${grouped(amount, units)} ${unit}`)
  return said.length > 0 ? said.join(' ') : `0 ${rest}`
}
