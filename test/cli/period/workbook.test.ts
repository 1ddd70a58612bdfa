import { randomBytes } from 'node:crypto'
import { PassThrough, Writable } from 'node:stream'
import { type SheetCell, type SheetColumn, Workbook } from '../../../src/cli/period/workbook.ts'
import { zoneNamed } from '../../../src/cli/period/zone.ts'
import { type Members, membersOf } from '../../evidence/bundle.ts'

const columns: readonly SheetColumn[] = [
  { head: 'text', kind: 'text' },
  { head: 'number', kind: 'number' },
  { head: 'when', kind: 'time' },
  { head: 'there', kind: 'local' },
]

/** Writes a workbook with one sheet of these rows. */
async function written(rows: readonly (readonly SheetCell[])[], most?: number): Promise<Members> {
  const to = new PassThrough()
  const pieces: Buffer[] = []
  to.on('data', (piece: Buffer) => pieces.push(piece))
  const book = new Workbook(to, zoneNamed('America/St_Johns'), ...(most === undefined ? [] : [most]))
  const sheet = book.sheet('All & more', columns)
  for (const row of rows) await sheet.row(row)
  await sheet.end()
  await book.end()
  return membersOf(Buffer.concat(pieces))
}

const sheetIn = (parts: Members, number = 1) => parts.get(`xl/worksheets/sheet${number}.xml`)?.toString() ?? ''

test.each<[string, SheetCell, string]>([
  ['a text', 'Größe <b>&', '<t xml:space="preserve">Größe &lt;b&gt;&amp;</t>'],
  ['a formula stays text', '=1+1', 't="inlineStr"><is><t xml:space="preserve">=1+1</t>'],
  ['what looks like an escape', '_x000A_ a_b', '>_x005F_x000A_ a_b</t>'],
  ['what nobody sees', 'a\u202eb\u0000', '>a⟦U+202E⟧b⟦U+0000⟧</t>'],
  ['lines', 'a\nb', '>a\nb</t>'],
  ['half a character', '\ud800x', '>⟦U+D800⟧x</t>'],
])('%s', async (_what, cell, xml) => {
  expect(sheetIn(await written([[cell]]))).toContain(xml)
})

test('a number and moments have values, a moment of no meaning is text, and nothing is nothing', async () => {
  const at = '2026-01-31T12:00:00.000Z'
  const xml = sheetIn(
    await written([
      ['x', 1.5, at, at],
      [undefined, 0, '', 'never'],
    ]),
  )
  expect(xml).toContain('<c r="B2"><v>1.5</v></c><c r="C2" s="2"><v>46053.5</v></c><c r="D2" s="2"><v>46053.35416666')
  expect(xml).toContain('<row r="3"><c r="B3"><v>0</v></c><c r="D3" t="inlineStr"><is><t xml:space="preserve">never')
})

test('a text that is too long for a cell is cut, and says so', async () => {
  const xml = sheetIn(await written([['x'.repeat(40_000)]]))
  expect(xml.length).toBeLessThan(34_000)
  expect(xml).toContain('… (cut off here: the CSV has all of it)</t>')
})

test('rows beyond the most go on in a further sheet, with a header of its own', async () => {
  const parts = await written(
    Array.from({ length: 7 }, (_, i) => [`row ${i}`]),
    4,
  )
  expect(parts.get('xl/workbook.xml')?.toString()).toContain('name="All &amp; more (3)" sheetId="3"')
  const rows = [1, 2, 3].map((number) => sheetIn(parts, number).match(/<row /g)?.length)
  expect(rows).toEqual([4, 4, 2])
  expect(sheetIn(parts, 3)).toContain('row 6')
  expect(sheetIn(parts, 3)).toContain('<autoFilter ref="A1:D2"/>')
})

test('the same rows give the same bytes', async () => {
  const [first, second] = [await written([['a', 1]]), await written([['a', 1]])]
  expect(first).toEqual(second)
})

test('lines are one each: a line end in one of them adds none', async () => {
  const xml = sheetIn(await written([[['a approved: fine\nb approved', 'c']], [[]]]))
  expect(xml).toContain('>a approved: fine↵b approved\nc</t>')
  expect(xml).toContain('<row r="3"></row>')
})

test.each([
  ['at once', 0],
  ['after some rows', 100_000],
])('a workbook that cannot be written %s says so, and waits for nothing', async (_when, room) => {
  let left = room
  const to = new Writable({
    write: (piece: Buffer, _encoding, done) => done((left -= piece.length) < 0 ? new Error('The disk is full.') : null),
  })
  const book = new Workbook(to, zoneNamed('UTC'))
  const sheet = book.sheet('Rows', columns)
  const rows = async () => {
    for (let i = 0; i < 5_000; i++) await sheet.row([randomBytes(100).toString('hex')])
    await sheet.end()
    await book.end()
  }
  await expect(rows()).rejects.toThrow('The disk is full.')
  book.destroy()
})
