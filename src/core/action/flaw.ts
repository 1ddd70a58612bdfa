import { bounds } from '../data/bound.ts'
import { grouped } from '../data/measure.ts'
import { codePointName, visible } from '../data/text.ts'
import { actionPattern, controlCharacter, environmentPattern } from './action.ts'

/**
 * Rules of the texts of a request. Each function says what is wrong with a text, or `null`. What it says follows the
 * name of the field: what the rule is, what was found, and the way out.
 */

/** @param way what to do with a longer text */
export function flawInWords(text: string, least: number, most: number, way = ''): string | null {
  const found = characters(text)
  if (found < least || found > most)
    return `has ${number(least)} to ${number(most)} characters, and this has ${number(found)}${way && `: ${way}`}`
  const [control] = controlCharacter.exec(text.replaceAll('\r\n', '\n').replace(/[\n\t]/g, ' ')) ?? []
  if (control === undefined) return null
  const lone = control === '\r' ? ' without a newline after it' : ''
  return `holds the control character ${codePointName(control)}${lone}; only tab and line ends (\\n or \\r\\n) are allowed: leave it out`
}

/** The verb of an action. */
export function flawInVerb(text: string): string | null {
  const { verb } = bounds.action
  if (text.length < 1 || text.length > verb)
    return `has 1 to ${verb} characters, and this has ${number(text.length)}: use a shorter name`
  if (text === '__proto__') return 'is a name, and __proto__ is kept by JavaScript: use another name'
  if (actionPattern.test(text)) return null
  return `is letters A-Z a-z, digits and _ . : / - as tools are named, and this has ${oddIn(text, /[^A-Za-z0-9_.:/-]/u)}: replace it`
}

export function flawInEnvironment(text: string): string | null {
  const { environment } = bounds.action
  if (text.length < 1 || text.length > environment)
    return `has 1 to ${environment} characters, and this has ${number(text.length)}: use a shorter name`
  if (environmentPattern.test(text)) return null
  const way = environmentPattern.test(text.toLowerCase()) ? ': write it in lower case' : ': replace it'
  const odd = oddIn(text, /[^a-z0-9._-]/u) ?? 'such a sign at an end, twice in a row, or a digit first'
  return `is lower-case words of a-z and 0-9, each after the first joined by . _ or -, and this has ${odd}${way}`
}

/** The address of a link. */
export function flawInAddress(text: string): string | null {
  const { linkUrl } = bounds.text
  if (text.length > linkUrl)
    return `has at most ${linkUrl} characters, and this has ${number(text.length)}: use a shorter address`
  if (!/^[\x21-\x7e]*$/.test(text)) return 'is plain ASCII without spaces: write other characters as %-codes'
  if (!/^https:\/\//i.test(text) || !URL.canParse(text))
    return 'is an address that begins with https://, as https://tickets.example.com/1: no other kind is shown'
  const { hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return 'names no user before the host: remove what is before @'
  if (!hostPattern.test(hostname))
    return 'has the full name of a host, and this has a host without a dot, or a number: write it as in tickets.example.com'
  return null
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/i

const characters = (text: string): number => [...text].length

const number = (amount: number): string => grouped(amount, { thousands: ',', point: '.' })

/**
 * The first character that a pattern finds, and its place. The text itself is left out: it may be long, or a secret that
 * was sent by accident.
 */
function oddIn(text: string, pattern: RegExp): string | null {
  const at = text.search(pattern)
  if (at < 0) return null
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  const shown = visible(character)
  return `${shown === character ? `"${shown}"` : codePointName(character)} as character ${characters(text.slice(0, at)) + 1}`
}
