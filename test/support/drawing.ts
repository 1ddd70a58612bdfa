import type { Drawing } from '../../src/core/action/drawing.ts'
import type { Json, JsonObject } from '../../src/core/data/json.ts'

/** Undoes `cardText`: that this is possible at all shows that no two texts look alike. */
export function reading(shown: string): string {
  return shown
    .replaceAll(/⇥\u00a0*/g, '\t')
    .replaceAll('\u00a0', ' ')
    .replaceAll(/␍↵\n?/g, '\r\n')
    .replaceAll('↵\n', '\n')
    .replaceAll('↵', '\n')
    .replaceAll(/⟦U\+0020 × (\d+)⟧/g, (_, count: string) => ' '.repeat(Number(count)))
    .replaceAll(/⟦U\+([0-9A-F]{4,6})⟧/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}

/** Reads the value that a drawing shows. @throws {Error} where the lines have another form */
export function readDrawing(text: string, form: Drawing['form']): Json {
  switch (form) {
    case 'text':
      return reading(unnumbered(text.split('\n')).join('\n'))
    case 'diff':
      return reading(text)
    case 'array':
    case 'object':
      return readLines(text.split('\n'), unnumbered)
    case 'textChange':
      return { before: reading(side(text, '−').join('\n')), after: reading(side(text, '+').join('\n')) }
    case 'change':
      return { before: readLines(side(text, '−'), asTheyAre), after: readLines(side(text, '+'), asTheyAre) }
  }
}

const side = (text: string, sign: string): readonly string[] =>
  text.split('\n').flatMap((line) => (line.startsWith(sign) || line.startsWith('\u00a0') ? [line.slice(2)] : []))

const asTheyAre = (lines: readonly string[]): readonly string[] => lines

/** Takes the numbers off the lines of a text. @throws {Error} where one is missing or wrong */
function unnumbered(lines: readonly string[]): readonly string[] {
  const { length } = lines
  if (length < 10 || length > 999) return lines
  return lines.map((line, i) => behind(line, `${String(i + 1).padStart(String(length).length, '\u00a0')}│\u00a0`))
}

function readLines(lines: readonly string[], unnumber: typeof asTheyAre): Json {
  const left = [...lines]
  const value = readValue({ left, unnumber }, left.shift() ?? '', '')
  if (left.length > 0) throw new Error(`Lines are left over: ${left.join('|')}`)
  return value
}

const step = '\u00a0\u00a0'

/** The lines that are left, and what takes the numbers off a text's lines. */
interface Reader {
  readonly left: string[]
  readonly unnumber: typeof asTheyAre
}

/** @param first the first line, from behind the indent and the key */
function readValue(reader: Reader, first: string, indent: string): Json {
  const { left, unnumber } = reader
  const inner = indent + step
  const next = (): string => left.shift() ?? fail('the lines end')
  if (first === '[') {
    const items: Json[] = []
    for (let line = next(); line !== `${indent}]`; line = next())
      items.push(readValue(reader, behind(line, inner), inner))
    return items
  }
  if (first === '{') {
    const found: JsonObject = {}
    for (let line = next(); line !== `${indent}}`; line = next()) {
      if (/^⟦before .*⟧$/.test(behind(line, inner))) {
        const change: string[] = []
        for (let one = next(); one !== `${inner}⟦end of change⟧`; one = next()) change.push(behind(one, inner + step))
        for (const [name, sign] of [
          ['before', '−'],
          ['after', '+'],
        ] as const)
          Object.defineProperty(found, name, {
            value: readLines(side(change.join('\n'), sign), asTheyAre),
            enumerable: true,
          })
        continue
      }
      const [, key = '', rest = ''] = /^("(?:[^"\\]|\\.)*"|[^":]+): (.*)$/su.exec(behind(line, inner)) ?? fail(line)
      const name = key.startsWith('"') ? (JSON.parse(reading(key)) as string) : key
      Object.defineProperty(found, name, { value: readValue(reader, rest, inner), enumerable: true })
    }
    return found
  }
  const count = /^⟦text, (\d+) lines:⟧$/.exec(first)?.[1]
  if (count === undefined) return JSON.parse(reading(first)) as Json
  const text = Array.from({ length: Number(count) }, () => behind(next(), inner))
  if (next() !== `${indent}⟦end of text⟧`) fail('a text does not end')
  return reading(unnumber(text).join('\n'))
}

const behind = (line: string, indent: string): string =>
  line.startsWith(indent) ? line.slice(indent.length) : fail(`"${line}" is not indented`)

function fail(why: string): never {
  throw new Error(why)
}
