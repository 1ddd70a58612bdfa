import type { Action } from '../../../src/core/action/action.ts'
import type { Link } from '../../../src/core/action/action.ts'
import type { JsonObject } from '../../../src/core/data/json.ts'
import { textWarnings } from '../../../src/core/action/warning.ts'
import { made } from '../request/ordinary.ts'

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
  ['a name whose last part is Cyrillic', 'prod/\u0441\u043e\u0440'],
  ['a name that is not drawn in its order', 'prod/\u05d0\u05d1/1/2'],
  ['letters of mathematics', 'to \u{1d5cc}\u{1d5cd}\u{1d5ba}\u{1d5c0}\u{1d5c2}\u{1d5c7}\u{1d5c0}'],
])('mixed scripts are warned of: %s', (_what, text) => {
  expect(warned(text)).toEqual(['mixed-scripts'])
})

test.each([
  ['new lines and tabs', 'select 1;\n\tselect 2;'],
  ['accents', 'Grüße aus Zürich, cafe\u0301'],
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

test('ordinary params cause no warning', () => {
  const found = made(100).filter(([key, value]) => textWarnings(action({ [key]: value }), plain).length > 0)
  expect(found).toEqual([])
})
