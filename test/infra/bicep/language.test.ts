import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { evaluate } from './evaluate.ts'
import type { Plain } from './functions.ts'
import { loadGrammar } from './grammar.ts'

let folder: string

beforeAll(async () => {
  await loadGrammar()
  folder = mkdtempSync(join(tmpdir(), 'countersign-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Evaluates files, of which `main` is deployed. */
function evaluated(main: string, others: Readonly<Record<string, string>> = {}, given: Record<string, Plain> = {}) {
  for (const [name, text] of Object.entries({ main, ...others }))
    writeFileSync(join(folder, `${name}.bicep`), `${text}\n`)
  const { flaws, outputs, deployed } = evaluate(join(folder, 'main.bicep'), given)
  return { outputs, deployed, flaws: flaws.map(({ file, line, words }) => `${file}:${line}: ${words}`) }
}

/** Declares what expressions are tried on. */
const names = `param yes bool = true
param no bool = false
param two int = 2
param text string = 'Abc'
param list string[] = ['a', 'b']
var box = { inside: { deep: 'd' }, list: list, nothing: null }
var several = [for (item, i) in list: { item: item, place: i }]
output used string = '\${yes}\${no}\${two}\${text}\${several[0].item}\${box.list[1]}'`

test.each<[string, Plain]>([
  ["'a'", 'a'],
  [String.raw`'it\'s \\ \n \u{1F600} \${text}'`, "it's \\ \n 😀 ${text}"],
  ["'${text}-${two}-${yes}'", 'Abc-2-true'],
  ["'''\n${text} \\n'''", '${text} \\n'],
  ['-two + 5', 3],
  ['two == 2 && !no', true],
  ['no || yes && no', false],
  ['two > 1 == yes', true],
  ['text == box.inside.deep', false],
  ["'d' == box.inside.deep && yes", true],
  ["!contains(text, 'b')", false],
  ['yes ? box.inside.deep : text', 'd'],
  ["no ? 'x' : yes ? 'y' : 'z'", 'y'],
  ['box.nothing ?? box.inside.deep', 'd'],
  ["box.?missing ?? 'other'", 'other'],
  ["box.?missing.deeper.still ?? 'other'", 'other'],
  ["box[?'missing'] ?? 'other'", 'other'],
  ["box['inside'].deep", 'd'],
  ['[box.list[0], box.list[1]]', ['a', 'b']],
  ['[several[0].item\n  several[1].item]', ['a', 'b']],
  ["{ a: 1, 'b-${text}': two }", { a: 1, 'b-Abc': 2 }],
  ["[for item in list: '${item}!']", ['a!', 'b!']],
  ['[for (item, i) in list: i]', [0, 1]],
  ["filter(list, item => item != 'a' && yes)", ['b']],
  ["map(list, (item) => '${item}${text}')", ['aAbc', 'bAbc']],
  ['several[1].place', 1],
  ['(two + 1) - 1', 2],
  ["empty(list) || empty('')", true],
  ["join(map(range(0, length(text)), i => substring(text, i, 1)), '.')", 'A.b.c'],
  ['union({ a: 1 }, { b: 2 })', { a: 1, b: 2 }],
  ["take('abcdef', two)", 'ab'],
  ["replace('a-b-c', '-', '')", 'abc'],
  ["string({ a: [1, 'x'] })", '{"a":[1,"x"]}'],
])('an expression is worth what Bicep says: %s', (expression, expected) => {
  const { flaws, outputs } = evaluated(`${names}\noutput it ${typeOf(expected)} = ${expression}`)
  expect(flaws).toEqual([])
  expect(outputs['it']).toEqual(expected)
})

const typeOf = (value: Plain): string =>
  Array.isArray(value)
    ? 'array'
    : ({ string: 'string', number: 'int', boolean: 'bool' }[typeof value as 'string'] ?? 'object')

test.each<[string, string, string]>([
  ['a name that is not declared', 'txt', 'txt is not declared'],
  ['a name that only another branch uses', 'no ? txt : text', 'txt is not declared'],
  ['a function that does not exist', 'toTitle(text)', 'there is no function toTitle'],
  ['a function with too few arguments', "replace(text, 'a')", 'replace takes 3 arguments, not 2'],
  ['a function with another kind of value', 'replace(text, 1, text)', 'argument 2 of replace is no text'],
  ['a member that is not there', 'box.insides', 'there is no insides'],
  ['a member of nothing', 'box.nothing.deep', 'deep of nothing'],
  ['a member that is not there behind a safe one', 'box.?inside.deeper', 'there is no deeper'],
  ['a place that is not there', 'list[2]', 'there is no [2]'],
  ['text for a condition', "text ? 'a' : 'b'", 'a condition is true or false'],
  ['an operator between the wrong kinds', 'two + text', '+ is for each a number'],
  ['an object in text', "'${box}'", 'only text, numbers'],
  ['the wrong type', 'two', 'the output it is no string'],
  ['an escape that Bicep has not', String.raw`'\"'`, 'there is no \\"'],
  ['a text that goes over the line', "'a\nb'", 'ends on its line'],
  ['a lambda where none is taken', 'text(x => x)', 'there is no function text'],
  ['a key twice', 'string({ a: 1, a: 2 })', 'a is set twice'],
  ['no comma on a line', 'string({ a: 1 b: 2 })', 'a comma is missing'],
  ['a comma at the end of a line', 'string({ a: 1,\n  b: 2 })', 'a line does not end with a comma'],
  ['nonsense', 'text text', ''],
])('it is refused, in its line: %s', (_what, expression, expected) => {
  const { flaws } = evaluated(`${names}\n\noutput it string = ${expression}`)
  expect(flaws.join('\n')).toMatch(/^main\.bicep:1[01]: /m)
  expect(flaws.join('\n')).toContain(expected)
})

test.each<[string, string, string]>([
  ['a parameter that nothing uses', "param a string = 'x'", 'main.bicep:1: a is never used'],
  ['two of one name', "var a = 'x'\nvar a = 'y'\noutput b string = a", 'main.bicep:2: a is declared twice'],
  ['a variable that needs itself', 'var a = b\nvar b = a\noutput c string = a', 'needs itself'],
  [
    'a type that does not exist',
    "resource a 'Microsoft.Storage/accounts@2025-01-01' = {\n  name: 'a'\n}",
    'main.bicep:1: there is no type',
  ],
  [
    'a version that does not exist',
    "resource a 'Microsoft.Web/serverfarms@2024-11-31' = {\n  name: 'a'\n}",
    'there is no type',
  ],
  [
    'a resource without a name',
    "resource a 'Microsoft.Authorization/locks@2020-05-01' = {\n  properties: { level: 'ReadOnly' }\n}",
    'has no name',
  ],
  ['two declarations on a line', "var a = 'x' var b = 'y'", 'main.bicep:1: '],
  ['a bracket that stays open', 'output a string = string({ b: 1 )', 'main.bicep:1: '],
  ['a module that is not there', "module a 'a.bicep' = {\n  name: 'a'\n}", 'main.bicep:1: there is no file a.bicep'],
  [
    'a decorator that does not exist',
    '@minimum(1)\nparam a int = 1\noutput b int = a',
    'main.bicep:1: the parameter a of main.bicep has a decorator minimum',
  ],
  ['an unknown kind of declaration', "test a 'b' = {}", 'not understood'],
])('it is refused: %s', (_what, text, expected) => {
  expect(evaluated(text).flaws.join('\n')).toContain(expected)
})

const lock = (body: string) => `resource kept 'Microsoft.Authorization/locks@2020-05-01' = ${body}`

test.each<[string, string, string]>([
  [
    'a member that is missing',
    "{\n  name: 'a'\n  properties: {\n    notes: 'x'\n  }\n}",
    'main.bicep:3: properties.level is missing',
  ],
  [
    'a member with a slip in it',
    "{\n  name: 'a'\n  properties: {\n    Level: 'ReadOnly'\n    level: 'ReadOnly'\n  }\n}",
    'main.bicep:4: properties has no Level; it is level',
  ],
  [
    'a word that is none',
    "{\n  name: 'a'\n  properties: {\n    level: 'None'\n  }\n}",
    'main.bicep:4: properties.level is "None", none of CanNotDelete, ReadOnly',
  ],
  [
    'another type',
    "{\n  name: 'a'\n  properties: {\n    level: 'ReadOnly'\n    owners: 'me'\n  }\n}",
    'main.bicep:5: properties.owners is no list',
  ],
  [
    'what can only be read',
    "{\n  name: 'a'\n  id: 'b'\n  properties: { level: 'ReadOnly' }\n}",
    'main.bicep:3: id is read-only',
  ],
  [
    'a part of a variable',
    "{\n  name: 'a'\n  properties: more\n}\nvar more = {\n  level: 'None'\n}",
    'main.bicep:6: properties.level is "None", none of CanNotDelete, ReadOnly',
  ],
  [
    'a part of a list',
    "{\n  name: 'a'\n  properties: {\n    level: 'ReadOnly'\n    owners: [\n      { applicationId: 'x' }\n      { application: 'y' }\n    ]\n  }\n}",
    'main.bicep:7: properties.owners.1 has no application',
  ],
])('a body that does not fit its type is named by line: %s', (_what, body, expected) => {
  expect(evaluated(lock(body)).flaws).toContain(expected)
})

describe('modules', () => {
  const group = `targetScope = 'subscription'
resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg'
  location: 'westeurope'
}`
  const inner = "param size int\noutput twice int = size + size\noutput text string = 'x'"
  const call = (body: string) => `${group}\nmodule inner 'inner.bicep' = ${body}\noutput got int = inner.outputs.twice`

  test('take parameters and give outputs', () => {
    const { flaws, outputs } = evaluated(call("{\n  name: 'inner'\n  scope: group\n  params: { size: 2 }\n}"), {
      inner,
    })
    expect(flaws).toEqual([])
    expect(outputs).toEqual({ got: 4 })
  })

  test.each<[string, string, string]>([
    ['without a parameter', '{\n  scope: group\n}', 'main.bicep:6: the parameter size of inner.bicep is missing'],
    [
      'with one more',
      '{\n  scope: group\n  params: {\n    size: 1\n    colour: 2\n  }\n}',
      'main.bicep:10: inner.bicep has no parameter colour',
    ],
    [
      'with another type',
      "{\n  scope: group\n  params: {\n    size: 'x'\n  }\n}",
      'main.bicep:9: the parameter size of inner.bicep is no int',
    ],
    [
      'in another scope',
      '{\n  params: { size: 1 }\n}',
      'main.bicep:6: inner.bicep is for a resourceGroup, and is deployed to subscription',
    ],
    [
      'with a member that modules have not',
      '{\n  scope: group\n  parameters: { size: 1 }\n}',
      'main.bicep:6: a module has no parameters',
    ],
    [
      'that may be left out',
      'if (false) {\n  scope: group\n  params: { size: 1 }\n}',
      'the module inner may be left out',
    ],
  ])('are refused %s', (_what, body, expected) => {
    expect(evaluated(call(body), { inner }).flaws.join('\n')).toContain(expected)
  })

  test('have only the outputs that they declare', () => {
    const main = `${call('{\n  scope: group\n  params: { size: 1 }\n}')}\noutput other string = inner.outputs.texts`
    expect(evaluated(main, { inner }).flaws).toEqual(['main.bicep:11: the module inner has no output texts'])
  })
})

test('a part that Azure never answers is refused, and one that it does has its form', () => {
  const account = "resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {\n  name: 'abc'\n}"
  const { flaws, outputs } = evaluated(
    `${account}\noutput a string = account.properties.primaryEndpoints.blob\noutput b string = account.properties.endpoints.blob`,
  )
  expect(outputs['a']).toBe('https://abc.blob.core.windows.net/')
  expect(flaws).toEqual(['main.bicep:5: Microsoft.Storage/storageAccounts has no properties.endpoints'])
})
