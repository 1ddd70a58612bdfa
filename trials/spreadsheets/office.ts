import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A cell as LibreOffice read it. */
export interface OfficeCell {
  /** `string`, `float`, `date`; absent for an empty cell. */
  readonly type?: string
  /** The text, the number, or the moment as `2026-03-04T12:00:00`. */
  readonly text: string
  readonly formula?: string
}

/** Sheets by name, row by row. */
export type OfficeSheets = ReadonlyMap<string, readonly (readonly OfficeCell[])[]>

const run = promisify(execFile)

/** Opens a spreadsheet in LibreOffice, as a person does who double-clicks it, and gives what LibreOffice read. */
export async function openedInOffice(file: string): Promise<OfficeSheets> {
  return sheetsIn(await converted(file, 'fods'))
}

/** Converts a file by LibreOffice, with a profile of its own. */
export async function converted(file: string, to: 'fods' | 'html'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-office-'))
  try {
    const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`
    // Under a locale of another charset, a file without its byte order mark would be misread.
    const args = [profile, '--headless', ...filterOf(file), '--convert-to', to, '--outdir', join(folder, 'out'), file]
    await run('soffice', args)
    const [written = 'nothing'] = await readdir(join(folder, 'out'))
    return await readFile(join(folder, 'out', written), 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * CSV is opened as UTF-8, with commas. A person is asked for both, and finds UTF-8 chosen because of the byte order mark;
 * without a window LibreOffice 7.4 asks nobody, and takes another charset whatever the file begins with.
 */
const filterOf = (file: string): readonly string[] => (file.endsWith('.csv') ? ['--infilter=CSV:44,34,76,1'] : [])

/** Reads a flat OpenDocument spreadsheet. */
function sheetsIn(xml: string): OfficeSheets {
  const sheets = new Map<string, OfficeCell[][]>()
  for (const [, attributes = '', body = ''] of xml.matchAll(/<table:table ([^>]*)>(.*?)<\/table:table>/gs)) {
    const rows: OfficeCell[][] = []
    for (const [, ofRow = '', cells = ''] of body.matchAll(/<table:table-row([^>]*)>(.*?)<\/table:table-row>/gs)) {
      const row = cellsIn(cells)
      const times = row.some(({ type }) => type !== undefined) ? repeated(ofRow, 'rows') : 0
      for (let i = 0; i < times; i++) rows.push(row)
    }
    sheets.set(attributeOf(attributes, 'table:name') ?? '', rows)
  }
  return sheets
}

function cellsIn(xml: string): OfficeCell[] {
  const row: OfficeCell[] = []
  const cell = /<table:(?:covered-)?table-cell([^>]*?)(?:\/>|>(.*?)<\/table:(?:covered-)?table-cell>)/gs
  for (const [, attributes = '', content = ''] of xml.matchAll(cell)) {
    const one = cellOf(attributes, content)
    const times =
      one.type === undefined ? Math.min(repeated(attributes, 'columns'), 100) : repeated(attributes, 'columns')
    for (let i = 0; i < times; i++) row.push(one)
  }
  while (row.at(-1)?.type === undefined && row.length > 0) row.pop()
  return row
}

function cellOf(attributes: string, content: string): OfficeCell {
  const type = attributeOf(attributes, 'office:value-type')
  const formula = attributeOf(attributes, 'table:formula')
  const value = attributeOf(attributes, 'office:date-value') ?? attributeOf(attributes, 'office:value')
  const lines = [...content.matchAll(/<text:p[^>]*?(?:\/>|>(.*?)<\/text:p>)/gs)].map(([, line = '']) => textIn(line))
  return {
    ...(type !== undefined && { type }),
    text: value ?? lines.join('\n'),
    ...(formula !== undefined && { formula }),
  }
}

const repeated = (attributes: string, what: 'rows' | 'columns'): number =>
  Number(attributeOf(attributes, `table:number-${what}-repeated`) ?? 1)

function attributeOf(attributes: string, name: string): string | undefined {
  const [, value] = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes) ?? []
  return value === undefined ? undefined : plain(value)
}

/** The text of a paragraph: runs of spaces are elements, and links and spans are around text. */
const textIn = (xml: string): string =>
  plain(
    xml
      .replace(/<text:s(?: text:c="(\d+)")?\/>/g, (_all, count?: string) => ' '.repeat(Number(count ?? 1)))
      .replaceAll('<text:tab/>', '\t')
      .replaceAll('<text:line-break/>', '\n')
      .replace(/<[^>]*>/g, ''),
  )

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

const plain = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    return entities[name ?? ''] ?? all
  })
