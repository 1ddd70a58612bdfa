import * as fc from 'fast-check'
import { saysNothing, visible } from '../../../src/core/data/text.ts'
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
  ['a fifth mark on a letter', `x${'\u0301'.repeat(5)}`, `x${'\u0301'.repeat(4)}⟦U+0301⟧`],
  ['its own brackets', '⟦U+202E⟧', '⟦U+27E6⟧U+202E⟦U+27E7⟧'],
  ['its own newline sign', 'a↵b', 'a⟦U+21B5⟧b'],
  ['its own signs for a tab and a carriage return', '⇥␍', '⟦U+21E5⟧⟦U+240D⟧'],
  ['a letter with its mark apart', 'cafe\u0301', 'cafe⟦U+0301⟧'],
  ['marks in another order', 'q\u0301\u0323', 'q⟦U+0301⟧⟦U+0323⟧'],
  ['a sign that is another letter: kelvin', '5 \u212a', '5 ⟦U+212A⟧'],
  ['a Greek question mark', 'a\u037e', 'a⟦U+037E⟧'],
  ['a Chinese letter for compatibility', '\uf900', '⟦U+F900⟧'],
  ['a Korean syllable in its letters', '\u1112\u1161\u11ab', '⟦U+1112⟧⟦U+1161⟧⟦U+11AB⟧'],
  ['a non-joiner between Latin letters', 'pay\u200cpal', 'pay⟦U+200C⟧pal'],
  ['a non-joiner after a letter that joins nothing', '\u0631\u200c\u0647', '\u0631⟦U+200C⟧\u0647'],
  ['a joiner without a sign before it', '\u0915\u200d\u0937', '\u0915⟦U+200D⟧\u0937'],
  ['a selector that changes nothing', '\u{1f680}\ufe0f', '\u{1f680}⟦U+FE0F⟧'],
  ['an emoji that is joined to a letter', '\u{1f469}\u200da', '\u{1f469}⟦U+200D⟧a'],
  ['tags after another flag', '\u{1f3f4}\u{e0061}\u{e007f}', '\u{1f3f4}⟦U+E0061⟧⟦U+E007F⟧'],
])('%s is written out', (_what, text, expected) => {
  expect(visible(text)).toBe(expected)
})

test.each([
  'plain text, 100 %',
  'Grüße aus Zürich',
  'caf\u00e9',
  '\u0645\u06cc\u200c\u0631\u0648\u0645',
  '\u062e\u0627\u0646\u0647\u200c\u0647\u0627',
  '\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937',
  '\u09b0\u200d\u09cd\u09af\u09be\u09ac',
  '\u0938\u0921\u093c\u0915 \u0938\u095c\u0915',
  '\u{1f469}\u200d\u{1f4bb} \u26a0\ufe0f 1\ufe0f\u20e3 \u{1f44d}\u{1f3fd} \u{1f1eb}\u{1f1f7}',
  '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
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

test('a Windows line end is told from a newline, and a carriage return alone is written out', () => {
  expect(visible('a\r\nb\nc\rd')).toBe('a␍↵b↵c⟦U+000D⟧d')
  expect(visible('a\r\nb\nc\rd', 'block')).toBe('a␍↵\nb↵\nc⟦U+000D⟧d')
})

test('a tab is shown, and keeps the indentation in a block', () => {
  expect(visible('\ta\t\tb')).toBe('⇥a⇥⇥b')
  const shown = visible('\tif ok {\n\t\tab\tc', 'block').replaceAll('\u00a0', '.')
  expect(shown).toBe('⇥...if ok {↵\n⇥...⇥...ab⇥.c')
})

const anyText = fc.oneof(
  unicode(),
  fc
    .array(
      fc.constantFrom(
        'a',
        ' ',
        '\n',
        '\r',
        '\t',
        '⇥',
        '␍',
        '\u001b',
        '\u202e',
        '⟦',
        '⟧',
        '↵',
        'U+',
        '0041',
        '\ud83d',
        '\u0301',
      ),
    )
    .map((parts) => parts.join('')),
)

test.each([
  '',
  ' \t\r\n',
  '\u200b\u2060',
  '\u2800\u2800',
  '\u3164',
  '\u0301',
  ' \u202e',
  '\u{e0041}',
  '\ufffc',
  '\u{1d159}',
])('a text says nothing of which nobody sees a letter or sign: %j', (text) => expect(saysNothing(text)).toBe(true))

test.each(['a', ' . ', '?', '\u05d0', '👍', '不', 'e\u0301', '\u2801'])('a text says something: %j', (text) =>
  expect(saysNothing(text)).toBe(false),
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
          expect(line).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]|(?![\u200c\u200d])\p{Cf}/u)
      }),
    )
  })
})

/** Undoes `visible`: that this is possible at all shows that no two texts look alike. */
function reading(shown: string, layout: 'line' | 'block'): string {
  return shown
    .replace(/⇥\u00a0*/g, '\t')
    .replaceAll(layout === 'line' ? '␍↵' : '␍↵\n', '\r\n')
    .replaceAll(layout === 'line' ? '↵' : '↵\n', '\n')
    .replace(/⟦U\+([0-9A-F]+)⟧/g, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}
