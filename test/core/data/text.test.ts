import * as fc from 'fast-check'
import { visible } from '../../../src/core/data/text.ts'
import { unicode } from '../../support/chance.ts'

test.each([
  ['an override that turns the text around', 'rm ~/x\u202e gnp.exe', 'rm ~/x⟦U+202E⟧ gnp.exe'],
  ['a space of no width', 'pa\u200bypal', 'pa⟦U+200B⟧ypal'],
  ['an escape sequence', '\u001b[2Jok', '⟦U+001B⟧[2Jok'],
  ['an escape sequence in one byte', '\u009b2Jok', '⟦U+009B⟧2Jok'],
  ['a carriage return', 'denied\rapproved', 'denied⟦U+000D⟧approved'],
  ['a line separator', 'ok\u2028APPROVED', 'ok⟦U+2028⟧APPROVED'],
  ['a tag character', 'x\u{e0041}', 'x⟦U+E0041⟧'],
  ['a variation selector', 'x\ufe0f', 'x⟦U+FE0F⟧'],
  ['a soft hyphen', 'a\u00adb', 'a⟦U+00AD⟧b'],
  ['a space that is not the plain one', 'a\u00a0b', 'a⟦U+00A0⟧b'],
  ['a letter that is blank', 'a\u3164b', 'a⟦U+3164⟧b'],
  ['half a surrogate pair', 'a\ud800b', 'a⟦U+D800⟧b'],
  ['a private character', 'a\ue000', 'a⟦U+E000⟧'],
  ['a stroke through a letter', 'no\u0336', 'no⟦U+0336⟧'],
  ['a mark without a letter', '\u0301a', '⟦U+0301⟧a'],
  ['a fifth mark on a letter', `a${'\u0301'.repeat(5)}`, `a${'\u0301'.repeat(4)}⟦U+0301⟧`],
  ['its own brackets', '⟦U+202E⟧', '⟦U+27E6⟧U+202E⟦U+27E7⟧'],
  ['its own newline sign', 'a↵b', 'a⟦U+21B5⟧b'],
])('%s is written out', (_what, text, expected) => {
  expect(visible(text)).toBe(expected)
})

test.each([
  'plain text, 100 %',
  'Grüße aus Zürich',
  'cafe\u0301',
  '日本語',
  'שלום',
  '[x](https://example.org) *a* ${b}',
  '🚀',
])('%s stays as it is', (text) => {
  expect(visible(text)).toBe(text)
})

test('a newline is shown, and breaks the line in a block only', () => {
  expect(visible('a\nb')).toBe('a↵b')
  expect(visible('a\nb', 'block')).toBe('a↵\nb')
})

const anyText = fc.oneof(
  unicode(),
  fc
    .array(fc.constantFrom('a', ' ', '\n', '\r', '\u001b', '\u202e', '⟦', '⟧', '↵', 'U+', '0041', '\ud83d', '\u0301'))
    .map((parts) => parts.join('')),
)

describe.each(['line', 'block'] as const)('in a %s', (layout) => {
  test('any text can be told from what is shown', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(reading(visible(text, layout), layout)).toBe(text)
      }),
    )
  })

  test('nothing that is hidden, turns the text or moves the cursor is left', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = visible(text, layout)
        for (const line of layout === 'block' ? shown.split('\n') : [shown])
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
      }),
    )
  })
})

/** Undoes `visible`: that this is possible at all shows that no two texts look alike. */
function reading(shown: string, layout: 'line' | 'block'): string {
  return shown
    .replaceAll(layout === 'line' ? '↵' : '↵\n', '\n')
    .replace(/⟦U\+([0-9A-F]+)⟧/g, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}
