import { once } from 'node:events'
import { PassThrough, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { type Instant, milliseconds } from '../../core/data/instant.ts'
import { visible } from '../../core/data/text.ts'
import type { Zone } from './zone.ts'

/** A column of a sheet, all cells of which have one type. */
export interface SheetColumn {
  readonly head: string
  /** `time` is a moment in UTC, `local` the same in the zone of the workbook. Spreadsheets know no zones. */
  readonly kind: 'text' | 'number' | 'time' | 'local'
  /** In characters. */
  readonly width?: number
}

/** A text or moment, a number, lines of which none can pass for two, or nothing. */
export type SheetCell = string | number | readonly string[] | undefined

/** The most rows of a sheet (Excel). More of them go on in a further sheet. */
const mostRows = 1_048_576

/** The most characters of a cell (Excel). */
const mostCharacters = 32_767

/** Characters that are written at once. */
const much = 1 << 16

/** The places of formats in `styles.xml`. */
const styles = { head: 1, time: 2 } as const

const prolog = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packaging = 'http://schemas.openxmlformats.org/package/2006'

/**
 * Writes a workbook (Office Open XML, ECMA-376) row by row, in constant memory. Texts are inline strings, and no cell is a
 * formula.
 */
export class Workbook {
  readonly #zip = new ZipFile()
  readonly #zone: Zone
  readonly #most: number
  readonly #names: string[] = []
  #written: Promise<void> = Promise.resolve()

  /**
   * @param zone of the columns `local`
   * @param most rows of a sheet, its header among them
   */
  constructor(to: Writable, zone: Zone, most = mostRows) {
    this.#zone = zone
    this.#most = most
    this.#written = pipeline(this.#zip.outputStream, to)
    // Whoever waits for the end of the workbook learns of it.
    this.#written.catch(() => undefined)
  }

  /** Begins a sheet. The one before it must have ended. */
  sheet(name: string, columns: readonly SheetColumn[]): Sheet {
    const [zone, most] = [this.#zone, this.#most]
    // Once the workbook cannot be written, nothing reads the sheet, so that its events would never come.
    const until = (event: Promise<unknown>) => Promise.race([event, this.#written])
    return new Sheet({ name, columns, zone, most, part: (title) => this.#part(title), until })
  }

  async end(): Promise<void> {
    for (const [path, text] of partsOf(this.#names)) this.#zip.addBuffer(Buffer.from(prolog + text), path, fixed)
    this.#zip.end()
    await this.#written
  }

  /** Gives up, so that nothing waits for more. */
  destroy(): void {
    ;(this.#zip.outputStream as unknown as PassThrough).destroy()
  }

  #part(title: string): PassThrough {
    this.#names.push(title)
    const body = new PassThrough({ highWaterMark: much })
    this.#zip.addReadStream(body, `xl/worksheets/sheet${this.#names.length}.xml`, fixed)
    return body
  }
}

/** The same bytes each time, at a level that costs little time. */
const fixed = { mtime: new Date(1980, 0, 1), mode: 0o100644, compressionLevel: 1, forceDosTimestamp: true } as const

interface SheetParts {
  readonly name: string
  readonly columns: readonly SheetColumn[]
  readonly zone: Zone
  readonly most: number
  readonly part: (title: string) => PassThrough
  /** Waits for an event of the part. @throws what keeps the workbook from being written */
  readonly until: (event: Promise<unknown>) => Promise<unknown>
}

/** A sheet that is being written. */
export class Sheet {
  readonly #parts: SheetParts
  readonly #letters: readonly string[]
  #body: PassThrough
  #pages = 1
  #rows = 1
  #text: string

  constructor(parts: SheetParts) {
    this.#parts = parts
    this.#letters = parts.columns.map((_column, i) => letterOf(i))
    this.#body = parts.part(parts.name)
    this.#text = sheetBegin(parts.columns)
  }

  async row(cells: readonly SheetCell[]): Promise<void> {
    if (this.#rows === this.#parts.most) {
      await this.end()
      this.#pages += 1
      this.#rows = 1
      this.#body = this.#parts.part(`${this.#parts.name} (${this.#pages})`)
      this.#text = sheetBegin(this.#parts.columns)
    }
    this.#rows += 1
    let row = `<row r="${this.#rows}">`
    for (const [i, { kind }] of this.#parts.columns.entries())
      row += cellOf(`${this.#letters[i]}${this.#rows}`, kind, cells[i], this.#parts.zone)
    this.#text += `${row}</row>`
    if (this.#text.length < much) return
    const text = this.#text
    this.#text = ''
    if (!this.#body.write(text)) await this.#parts.until(once(this.#body, 'drain'))
  }

  async end(): Promise<void> {
    const filter = `<autoFilter ref="A1:${this.#letters.at(-1)}${this.#rows}"/>`
    this.#body.end(`${this.#text}</sheetData>${filter}</worksheet>`)
    await this.#parts.until(once(this.#body, 'end'))
  }
}

/** `A`, `Z`, `AA`. */
const letterOf = (place: number): string =>
  (place < 26 ? '' : letterOf(Math.floor(place / 26) - 1)) + String.fromCharCode(65 + (place % 26))

function sheetBegin(columns: readonly SheetColumn[]): string {
  const widths = columns.map(
    ({ width = 20, kind }, i) =>
      `<col min="${i + 1}" max="${i + 1}" width="${kind === 'time' || kind === 'local' ? 23 : width}" customWidth="1"/>`,
  )
  const head = columns.map(({ head }, i) => textCell(`${letterOf(i)}1`, head, ` s="${styles.head}"`))
  const view =
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
  return `${prolog}<worksheet xmlns="${main}">${view}<cols>${widths.join('')}</cols><sheetData><row r="1">${head.join('')}</row>`
}

function cellOf(ref: string, kind: SheetColumn['kind'], value: SheetCell, zone: Zone): string {
  if (value === undefined || value === '') return ''
  if (typeof value === 'number') return `<c r="${ref}"><v>${value}</v></c>`
  if (typeof value !== 'string') return value.length === 0 ? '' : textCell(ref, value)
  if (kind === 'text' || kind === 'number') return textCell(ref, value)
  const ms = milliseconds(value as Instant)
  if (Number.isNaN(ms)) return textCell(ref, value)
  return `<c r="${ref}" s="${styles.time}"><v>${serial(ms + (kind === 'local' ? zone.offset(ms) : 0))}</v></c>`
}

/** Days since 30 December 1899, as spreadsheets count them. */
const serial = (ms: number): number => ms / 86_400_000 + 25_569

const textCell = (ref: string, text: string | readonly string[], style = ''): string =>
  `<c r="${ref}"${style} t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`

/** Makes a text safe for XML, and shows characters that nobody sees. Lines of a text stay lines; those in a line do not. */
function xmlText(text: string | readonly string[]): string {
  const shown =
    typeof text === 'string' && /^[\x20-\x7e]*$/.test(text)
      ? text
      : (typeof text === 'string' ? text.split('\n') : text).map((line) => visible(line)).join('\n')
  const cut = shown.length > mostCharacters ? `${shown.slice(0, mostCharacters - cutOff.length)}${cutOff}` : shown
  // ECMA-376, 22.9.2.19: readers take _x000A_ for a character, so that such a text needs its first sign escaped.
  return cut.replace(/[&<>]|_(?=x[0-9a-fA-F]{4}_)/g, (sign) => entities[sign] ?? sign)
}

const cutOff = ' … (cut off here: the CSV has all of it)'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', _: '_x005F_' }

/** The parts of the package beside the sheets, by path. */
function partsOf(names: readonly string[]): readonly (readonly [path: string, text: string])[] {
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const overrides = names.map(
    (_name, i) => `<Override PartName="/xl/worksheets/sheet${i + 1}.xml" ContentType="${type}.worksheet+xml"/>`,
  )
  const sheets = names.map((name, i) => `<sheet name="${xmlText(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`)
  const links = names.map(
    (_name, i) => `<Relationship Id="rId${i + 1}" Type="${office}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`,
  )
  const style = `<Relationship Id="rId${names.length + 1}" Type="${office}/styles" Target="styles.xml"/>`
  return [
    ['xl/workbook.xml', `<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${sheets.join('')}</sheets></workbook>`],
    [
      'xl/_rels/workbook.xml.rels',
      `<Relationships xmlns="${packaging}/relationships">${links.join('')}${style}</Relationships>`,
    ],
    ['xl/styles.xml', styleSheet],
    [
      '_rels/.rels',
      `<Relationships xmlns="${packaging}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      '[Content_Types].xml',
      `<Types xmlns="${packaging}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${type}.styles+xml"/>${overrides.join('')}</Types>`,
    ],
  ]
}

const styleSheet = `<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss.000"/></numFmts><fonts count="2"><font><sz val="10"/><name val="Arial"/></font><font><b/><sz val="10"/><name val="Arial"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`
