import { canonical, isObject, type Json, readJson } from '../core/data/json.ts'
import { saidDigest } from '../core/request/event.ts'
import { membersIn } from '../core/request/memberList.ts'
import { digestOf } from '../core/data/id.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { BrokenAt } from './finding.ts'
import { LineReader, linesOf } from './lines.ts'

/** A text that a person or agent wrote, or an action in canonical form, checked to be the one the log commits to. */
export interface Text {
  readonly name: string
  readonly text: string
}

const member = 'said'

/**
 * Bytes of a line. The longest has the 5,000 members of a group, in 38 bytes each. An action has at most 16 KiB, of which
 * JSON may make six times as much.
 */
const most = 262_144
const limits = { bytes: most, depth: 2, nodes: 8 }

/** Reads the said file along with the records that commit to its texts. Texts may be missing. */
export class SaidReader {
  readonly #lines: LineReader
  #next: SaidLine | null = null
  #isEnded = false
  #given = 0

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#lines = linesIn(source)
  }

  /** Whether a record has texts. Most have none, so callers need not wait for {@link take}. */
  concerns(event: LogEvent): boolean {
    return event.said !== undefined || event.type === 'requested'
  }

  /** @throws {BrokenAt} `bad-said` */
  async take(event: LogEvent, index: number): Promise<readonly Text[]> {
    const texts: Text[] = []
    for (let next = await this.#peek(); next && next.index <= index; next = await this.#peek()) {
      if (next.index < index || !holds(next, event)) throw refuted(next)
      texts.push({ name: next.name, text: next.text })
      await this.#advance()
    }
    this.#given += texts.length
    return texts
  }

  /**
   * Returns how many texts there were.
   *
   * @throws {BrokenAt} `bad-said` for a text that no event of the day commits to
   */
  async end(): Promise<{ readonly given: number }> {
    const next = await this.#peek()
    if (next) throw refuted(next)
    return { given: this.#given }
  }

  async #peek(): Promise<SaidLine | null> {
    if (this.#next === null && !this.#isEnded) await this.#advance()
    return this.#isEnded ? null : this.#next
  }

  async #advance(): Promise<void> {
    const found = await this.#lines.peek()
    this.#isEnded = found === null
    if (!found) return
    this.#lines.skip()
    const line = lineIn(found.text, found.line)
    if (this.#next && !isAfter(line, this.#next))
      throw badSaid(line.line, `Line ${line.line} is doubled, or not in the log's order.`)
    this.#next = line
  }
}

/** The names of the texts to which an event commits. */
export const textNames = ({ type, said }: LogEvent): readonly string[] => [
  ...Object.keys(said ?? {}),
  ...(type === 'requested' ? ['action'] : []),
]

/** The names of the texts to which an event commits, and which were not given. */
export const missingNames = (event: LogEvent, given: readonly Pick<Text, 'name'>[]): readonly string[] =>
  textNames(event).filter((name) => !given.some((text) => text.name === name))

/** Cuts a said file into lines. */
export const linesIn = (source: AsyncIterator<Uint8Array>): LineReader =>
  new LineReader(linesOf(source, most, (line, what) => badSaid(line, `Line ${line} ${what}.`)))

/** A line of a said file. */
export interface SaidLine {
  readonly line: number
  readonly index: number
  readonly name: string
  /** Absent if the text is an action. */
  readonly salt?: string
  readonly text: string
}

/** Reads a line. @throws {BrokenAt} `bad-said` */
export function lineIn(text: string, line: number): SaidLine {
  const value = parsed(text)
  if (isObject(value) && canonical(value) === text) {
    const { index, name, salt, text: words, ...others } = value
    const isWhole = typeof index === 'number' && typeof name === 'string' && typeof words === 'string'
    const isSalted = name === 'action' ? salt === undefined : typeof salt === 'string' && /^[0-9a-f]{32}$/.test(salt)
    if (isWhole && isSalted && Object.keys(others).length === 0)
      return { line, index, name, text: words, ...(typeof salt === 'string' && { salt }) }
  }
  throw badSaid(line, `Line ${line} is not an index, a name, a salt and a text.`)
}

function parsed(text: string): Json | undefined {
  try {
    return readJson(Buffer.from(text), limits)
  } catch {
    return undefined
  }
}

/** Whether a line is what an event commits to. */
export function holds({ name, salt, text }: SaidLine, event: LogEvent): boolean {
  if (salt === undefined) return event.type === 'requested' && event.data.digest === digestOf(text)
  const said = event.said ?? {}
  return Object.hasOwn(said, name) && said[name] === saidDigest({ salt, text }) && isAsCounted(text, event)
}

/** Whether the list of a group is the one that its event has digest and count of. Of other events this is true. */
const isAsCounted = (text: string, event: LogEvent): boolean =>
  event.type !== 'roster' || (digestOf(text) === event.data.digest && membersIn(text)?.length === event.data.count)

/** Whether a line follows another: by record, then by name, with `action` last. */
function isAfter(a: SaidLine, b: SaidLine): boolean {
  if (a.index !== b.index) return a.index > b.index
  return b.salt !== undefined && (a.salt === undefined || a.name > b.name)
}

export const refuted = ({ line, index, name }: SaidLine): BrokenAt =>
  badSaid(line, `Line ${line} is not what the log says was written (“${name}” of record ${index}).`)

const badSaid = (line: number, what: string): BrokenAt =>
  new BrokenAt({ check: 'said', member, line }, 'bad-said', what)
