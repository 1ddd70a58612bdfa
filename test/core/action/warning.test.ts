import type { Action } from '../../../src/core/action/action.ts'
import type { Link } from '../../../src/core/action/action.ts'
import type { JsonObject } from '../../../src/core/data/json.ts'
import { textFindings, textWarnings } from '../../../src/core/action/warning.ts'
import { made } from '../request/ordinary.ts'
import { languages, prose } from './prose.ts'

const action = (params: JsonObject, target = 'prod/db'): Action => ({
  ...{ action: 'db.export', target, environment: 'production', params },
})
const plain: { readonly reason: string; readonly links: readonly Link[] } = { reason: 'Quarterly report', links: [] }
const warned = (text: string) => textWarnings(action({ note: text }), plain)

test.each([
  ['an override that turns the text around', 'rm ~/x\u202e gnp.exe'],
  ['a space of no width', 'pa\u200bypal'],
  ['a tag character', 'x\u{e0041}'],
  ['brackets that stand for what is hidden', '⟦U+202E⟧'],
  ['a carriage return alone', 'delete all\rdelete nothing'],
  ['an escape sequence', '\u001b[2J'],
  ['a non-joiner between Latin letters', 'pay\u200cpal'],
  ['a joiner between Latin letters', 'pay\u200dpal'],
  ['a mark for the other direction', 'a\u200fb'],
  ['a byte order mark inside', 'a\ufeffb'],
  ['joiners in a row, which can hold a message', '\u0645\u200c\u200d\u200c\u200d\u0645'],
  ['tags after a flag', '\u{1f3f4}\u{e0061}\u{e007f}'],
  ['an emoji that is joined to a letter', '\u{1f469}\u200dx'],
])('hidden characters are warned of: %s', (_what, text) => {
  expect(warned(text)).toEqual(['hidden-characters'])
})

test.each([
  ['a Cyrillic letter', 'p\u0430ypal'],
  ['a Greek letter', 'g\u03bfogle.com'],
  ['a Cherokee letter', '\u13a1xample'],
  ['an Armenian letter', 'adm\u0578in'],
  ['two scripts, none of them Latin', '\u0430\u03bf'],
])('mixed scripts are warned of: %s', (_what, text) => {
  expect(warned(`first ${text} last`)).toEqual(['mixed-scripts'])
})

test.each([
  ['a name that is not drawn in its order', 'prod/\u05d0\u05d1/1/2'],
  ['a Hebrew letter inside a Latin word', 'a pa\u05d5pal b'],
  ['a Greek letter that passes for none, in a longer word', 'g\u03b1mma'],
])('mixed scripts are warned of: %s', (_what, text) => {
  expect(warned(text)).toEqual(['mixed-scripts'])
})

test.each([
  ['a name whose last part is Cyrillic', 'prod/\u0441\u043e\u0440', ['U+0441 (c)', 'U+043E (o)', 'U+0440 (p)']],
  ['a Cyrillic word among Latin ones', 'restart \u0441\u043e\u0440 now', ['U+0441 (c)', 'U+043E (o)', 'U+0440 (p)']],
  ['one Cyrillic letter', 'column \u0430', ['U+0430 (a)']],
  ['letters of mathematics', 'to \u{1d5cc}\u{1d5cd}', ['U+1D5CC (s)', 'U+1D5CD (t)']],
  ['wide letters without Chinese or Japanese', '\uff50rod', ['U+FF50 (p)']],
  ['a Roman numeral in a word', '\u217dat', ['U+217D (c)']],
  ['a Latin letter of phonetics', 'p\u0251ypal', ['U+0251 (a)']],
  ['a click for an exclamation mark', 'hello\u01c3', ['U+01C3 (!)']],
  ['a sign for a slash', 'evil.example\u2215prod', ['U+2215 (/)']],
  ['a fraction stroke between names', 'prod\u2044db', ['U+2044 (/)']],
  ['a sign for a colon', 'https\ua789//x', ['U+A789 (:)']],
])('look-alikes are warned of by name: %s', (_what, text, characters) => {
  expect(textFindings(action({ note: text }), plain)).toEqual([{ code: 'look-alikes', characters }])
})

test.each([
  ['a letter with its mark apart', 'cafe\u0301', ['U+0301']],
  ['the sign for kelvin', '300 \u212a', ['U+212A']],
  ['the sign for ohm', '5 \u2126', ['U+2126']],
  ['the sign for \u00e5ngstr\u00f6m', '2 \u212b', ['U+212B']],
  ['a Greek question mark', 'ls\u037e', ['U+037E']],
  ['Korean in single letters', '\u1112\u1161\u11ab', ['U+1112', 'U+1161', 'U+11AB']],
  ['a Chinese letter for compatibility', '\uf900', ['U+F900']],
])('texts that NFC writes otherwise are warned of by name: %s', (_what, text, characters) => {
  expect(textFindings(action({ note: text }), plain)).toEqual([{ code: 'not-normalized', characters }])
})

test.each([
  ['new lines and tabs', 'select 1;\n\tselect 2;'],
  ['accents', 'Grüße aus Zürich, caf\u00e9'],
  ['Windows line ends', 'a\r\n\tb\r\n'],
  ['French spaces', 'Votre commande est pr\u00eate\u00a0: 1\u202f250,00\u00a0€'],
  ['Japanese spaces and wide letters', '\u3000\uff21\uff22\uff23\u793e\u306e\u5831\u544a'],
  ['a byte order mark at the start', '\ufeffparam($x)'],
  [
    'Persian',
    '\u0645\u06cc\u200c\u0631\u0648\u0645 \u0646\u0631\u0645\u200c\u0627\u0641\u0632\u0627\u0631\u200c\u0647\u0627 PDF\u200c\u0647\u0627',
  ],
  ['Hindi', '\u0915\u094d\u200d\u0937 \u0938\u095c\u0915 \u0938\u0921\u093c\u0915'],
  [
    'keycaps, skins, families, flags',
    '1\ufe0f\u20e3 2\u20e3 \u{1f44d}\u{1f3fd} \u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} \u{1f1eb}\u{1f1f7}',
  ],
  [
    'units and mathematics',
    '\u0394t = 5 \u00b5s, 5\u03bcF, 10k\u03a9, \u03b1 = 0.05, 2\u03c0r, \u03c3x, m\u00b2, 1\u20442, 16\u22369, \u22125 \u2264 x',
  ],
  [
    'Thai with Latin letters',
    '\u0e15\u0e34\u0e14\u0e15\u0e31\u0e49\u0e07Docker\u0e1a\u0e19\u0e40\u0e04\u0e23\u0e37\u0e48\u0e2d\u0e07',
  ],
  ['Hebrew with a prefix', '\u05d1\u05d3\u05d5\u05e7 \u05d1Google \u05d5\u05d4-API'],
  ['Arabic with a name', '\u062e\u0627\u062f\u0645 \u0627\u0644API \u0645\u062a\u0648\u0642\u0641'],
  ['Arabic vowels in the order in which people write them', '\u064a\u062a\u0636\u0645\u0651\u064e\u0646'],
  ['Khmer with places for line breaks', '\u1790\u17b6\u200b\u178f\u17be'],
  ['a wide colon after a name', 'OPS-417\uff1a\u91cd\u542f'],
  ['Turkish', 'Is\u0131t\u0131c\u0131 kapal\u0131'],
  ['a path with a Russian folder', 'C:\\\\Users\\\\\u0418\u0432\u0430\u043d\\\\\u041e\u0442\u0447\u0451\u0442\u044b'],
  ['an address of Wikipedia', 'https://ru.wikipedia.org/wiki/\u041c\u043e\u0441\u043a\u0432\u0430'],
  [
    'Russian words of look-alikes',
    '\u0430 \u043e\u043d\u0430 \u0441\u043e \u0441\u0442\u043e\u043b\u0430, \u0440\u043e\u0441\u0430',
  ],
  ['typography', '“It’s” ‘so’ – done … „ja“ « oui » №5 ½ ™ ① ²'],
  ['a word of each language', 'Москва Αθήνα Zürich שלום'],
  ['Japanese with Latin letters', 'Tシャツを10枚'],
  ['Korean with Han', '漢字한글'],
  ['numbers in another script', 'Москва2026'],
  ['emoji', 'Ready ⚠\ufe0f 👩\u200d💻'],
  ['signs', '5 µm, 20 °C, 🚀'],
  ['a name in another script', 'отчёт-2026/март'],
  ['words of two languages', 'добавить SQL сервер в prod'],
])('no warning is given for %s', (_what, text) => {
  expect(warned(text)).toEqual([])
})

test.each<[string, Action, Partial<typeof plain>]>([
  ['a key', action({ 'r\u043ews': 1 }), {}],
  ['a value deep inside', action({ a: [{ b: ['r\u043ews'] }] }), {}],
  ['the target', action({}, 'pr\u043ed/db'), {}],
  ['the reason', action({}), { reason: 'f\u043er finance' }],
  ["a link's title", action({}), { links: [{ title: 'Tick\u0435t', url: 'https://tickets.example' }] }],
])('every text is checked: %s', (_what, asked, more) => {
  expect(textWarnings(asked, { ...plain, ...more })).toEqual(['mixed-scripts'])
})

test('both warnings are given, once', () => {
  expect(textWarnings(action({ a: 'p\u0430y\u200b', b: 'p\u0430y\u200b' }), plain)).toEqual([
    'hidden-characters',
    'mixed-scripts',
  ])
})

test('of 1,000 ordinary texts in 12 languages fewer than 3 are warned of', () => {
  expect(languages).toHaveLength(12)
  const texts = prose(1_000)
  expect(new Set(texts).size).toBeGreaterThan(990)
  const found = texts.flatMap((text) => textFindings(action({ note: text }, 'prod/db'), { ...plain, reason: text }))
  expect(found).toEqual([])
})

test('ordinary params cause no warning', () => {
  const found = made(100).filter(([key, value]) => textWarnings(action({ [key]: value }), plain).length > 0)
  expect(found).toEqual([])
})
