import * as fc from 'fast-check'
import { encode64 } from '../../../src/core/data/base64.ts'
import { formatNote, isKeyName, parseNote } from '../../../src/core/log/note.ts'
import { brokenCode, golden } from './logKey.ts'

const bytes = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((b) => new Uint8Array(b))
const signature = fc.record({
  name: fc.string({ unit: fc.constantFrom(...'a9./:-_é—🔑'), minLength: 1, maxLength: 30 }),
  keyId: bytes(4, 4),
  signature: bytes(1, 80),
})
const text = fc.string({ unit: fc.constantFrom('a', ' ', '—', '+', '\n', '\u007f', '🔑') }).map((t) => `${t}\n`)

test('what was written is read', () => {
  fc.assert(
    fc.property(text, fc.array(signature, { minLength: 1, maxLength: 5 }), (content, signatures) => {
      expect(parseNote(formatNote(content, signatures))).toEqual({ text: content, signatures })
    }),
  )
})

test('any text is a note or is refused, and a note has one text', () => {
  const piece = fc.constantFrom('\n', '\n\n', '— ', 'a ', 'AAAAAAA=', 'a', '\t', '\ud800', '+', '—')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      let note: ReturnType<typeof parseNote> | undefined
      const code = brokenCode(() => (note = parseNote(pieces.join(''))))
      if (note === undefined) expect(code).toBe('bad-checkpoint')
      else expect(formatNote(note.text, note.signatures)).toBe(pieces.join(''))
    }),
    { numRuns: 2000 },
  )
})

test('the last empty line ends the text', () => {
  expect(parseNote('a\n\nb\n\n— k AAAAAAA=\n').text).toBe('a\n\nb\n')
})

const line = '— k AAAAAAA=\n'

test.each([
  ['nothing', ''],
  ['no signatures', 'a\n\n'],
  ['no text', `\n${line}`],
  ['no empty line', `a\n${line}`],
  ['no newline at the end', `a\n\n${line.trimEnd()}`],
  ['an empty line at the end', `a\n\n${line}\n`],
  ['a tab', `a\tb\n\n${line}`],
  ['a carriage return', `a\r\n\r\n${line}`],
  ['a zero byte', `a\0\n\n${line}`],
  ['half a surrogate pair', `\udc00\n\n${line}`],
  ['a hyphen for the dash', 'a\n\n- k AAAAAAA=\n'],
  ['no space behind the dash', 'a\n\n—k AAAAAAA=\n'],
  ['two spaces', 'a\n\n— k  AAAAAAA=\n'],
  ['a space at the end', 'a\n\n— k AAAAAAA= \n'],
  ['no name', 'a\n\n—  AAAAAAA=\n'],
  ['a plus in the name', 'a\n\n— k+1 AAAAAAA=\n'],
  ['a no-break space in the name', 'a\n\n— k\u00a01 AAAAAAA=\n'],
  ['no signature', 'a\n\n— k\n'],
  ['a key id alone', 'a\n\n— k AAAAAA==\n'],
  ['base64 without padding', 'a\n\n— k AAAAAAA\n'],
  ['base64 with other bits at its end', 'a\n\n— k AAAAAAB=\n'],
  ['text between the signatures', `a\n\n${line}b\n${line}`],
  ['too many signatures', `a\n\n${line.repeat(33)}`],
  ['too much text', `${'a'.repeat(300_000)}\n\n${line}`],
])('a note is refused: %s', (_what, note) => {
  expect(brokenCode(() => parseNote(note))).toBe('bad-checkpoint')
})

test('16 large signatures are taken', () => {
  const large = `— k ${encode64(new Uint8Array(5_000))}\n`
  expect(parseNote(`a\n\n${large.repeat(16)}`).signatures).toHaveLength(16)
  expect(parseNote(`a\n\n${line.repeat(32)}`).signatures).toHaveLength(32)
})

test('a note of another program is read', () => {
  const { signatures } = parseNote(golden.note)
  expect(signatures.map(({ name, keyId }) => [name, Buffer.from(keyId).toString('hex')])).toEqual([
    ['approvals.example/evidence', golden.keyId],
  ])
})

test.each([
  ['approvals.contoso.example/evidence', true],
  ['', false],
  ['a b', false],
  ['a+b', false],
  ['a\nb', false],
  ['a\u2003b', false],
  ['\ud800', false],
  ['a'.repeat(256), false],
])('a key may be called %j: %s', (name, allowed) => {
  expect(isKeyName(name)).toBe(allowed)
})
