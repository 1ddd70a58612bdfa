/** An amount as it was given, and what it comes to in larger units; no reading where it has none of them. */
export interface Measured {
  readonly exact: string
  readonly reading?: string
}

/** Parts the thousands. A number with an exponent is left as ECMAScript writes it. */
export function grouped(amount: number): string {
  const text = String(amount)
  const [whole = '', places] = text.split('.')
  if (text.includes('e')) return text
  return `${whole.replace(/\d(?=(?:\d{3})+$)/g, '$&,')}${places === undefined ? '' : `.${places}`}`
}

/** IEC 80000-13: powers of 1,024. */
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** Reads a number of bytes; `null` for what is none. A reading that is not exact says so. */
export function bytes(amount: number): Measured | null {
  if (!Number.isSafeInteger(amount) || amount < 0) return null
  const exact = `${grouped(amount)} B`
  if (amount < 1024) return { exact }
  let [tenths, power] = [amount, 0]
  while (tenths >= 1024) tenths = Math.round((amount / 1024 ** ++power) * 10) / 10
  const near = tenths * 1024 ** power === amount ? '' : '≈ '
  return { exact, reading: `${near}${tenths.toFixed(1)} ${units[power]}` }
}

/** Reads a number of seconds; `null` for what is none, or is too large to mean anything. */
export function seconds(amount: number): Measured | null {
  if (!(amount >= 0 && amount < 1e12)) return null
  const exact = `${grouped(amount)} s`
  if (amount < 60) return { exact }
  return { exact, reading: `${Number.isInteger(amount) ? '' : '≈ '}${spelled(Math.round(amount))}` }
}

/** Reads an ISO 8601 duration of fixed length; `null` for any other text. */
export function duration(text: string): Measured | null {
  const total = isoSeconds(text)
  return total === null ? null : { exact: text, reading: spelled(total) }
}

/** ISO 8601 durations of fixed length: no years or months. */
const isoDuration = /^P(?:(\d{1,4})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?)$/

/** The seconds of an ISO 8601 duration of fixed length, as `PT1H` or `P1D`; `null` for any other text. */
export function isoSeconds(text: string): number | null {
  const found = isoDuration.exec(text)
  // `P`, `PT` and `P1DT` match the pattern, but say nothing.
  if (!found || !/\d[WDHMS]$/.test(text)) return null
  const [weeks = 0, days = 0, hours = 0, minutes = 0, rest = 0] = found.slice(1).map((digits) => Number(digits ?? 0))
  return weeks * 604_800 + days * 86_400 + hours * 3600 + minutes * 60 + rest
}

function spelled(total: number): string {
  const parts: readonly [number, string][] = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor(total / 3600) % 24, 'h'],
    [Math.floor(total / 60) % 60, 'min'],
    [total % 60, 's'],
  ]
  const said = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${grouped(amount)} ${unit}`)
  return said.length > 0 ? said.join(' ') : '0 s'
}
