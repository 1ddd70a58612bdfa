import { flawInAddress } from './flaw.ts'
import { isObject, type Json } from '../data/json.ts'
import { bytes, grouped, type Units } from '../data/measure.ts'
import { cardText, type TextLayout } from './value.ts'

/** What is too large for an action, by its digest. `begins` is what the agent says of how it begins. */
interface DigestForm {
  readonly sha256: string
  readonly size: number
  readonly href?: string
  readonly begins?: string
}

const members = ['sha256', 'size', 'href', 'begins']

/**
 * Reads the documented form `{ "sha256", "size", "href"?, "begins"? }`; `null` for any other value. SHA-256 (FIPS 180-4)
 * is 64 lower-case hex digits, the size is in bytes, and the address has no space, so that its end is certain.
 */
function digestForm(value: Json): DigestForm | null {
  if (!isObject(value) || Object.keys(value).some((key) => !members.includes(key))) return null
  const { sha256, size, href, begins } = value
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return null
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null
  if (href !== undefined && (typeof href !== 'string' || flawInAddress(href) !== null)) return null
  if (begins !== undefined && typeof begins !== 'string') return null
  return { sha256, size, ...(href !== undefined && { href }), ...(begins !== undefined && { begins }) }
}

/**
 * Writes a value in the form by digest for people; `null` for any other value. The first line says that people do not
 * see the content. Its brackets `⟦…⟧` cannot come from an agent, so that no text passes for this form. What the agent
 * chose freely stands last.
 */
export function digestText(value: Json, layout: TextLayout, units: Units): string | null {
  const form = digestForm(value)
  if (form === null) return null
  const size = bytes(form.size, units)
  const lines = [
    `⟦${units.byDigest}⟧`,
    `sha256 ${form.sha256}`,
    `size ${size?.exact ?? grouped(form.size, units)}${size?.reading === undefined ? '' : ` (${size.reading})`}`,
    ...(form.href === undefined ? [] : [`href ${form.href}`]),
    ...(form.begins === undefined ? [] : [`begins ${cardText(form.begins, layout)}`]),
  ]
  return lines.join(layout === 'line' ? ' · ' : '\n')
}
