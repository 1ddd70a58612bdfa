import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadPolicy } from '../../src/policy/load.ts'
import { approvers, type Changes, flaws, load, person, schema } from './folder.ts'

const example = join(import.meta.dirname, '../../policy')
const forbid = (condition: string, notes = '') => ({
  'forbid.cedar': `@id("x")${notes}\nforbid(principal, action == Action::"db.export", resource)\nwhen {\n  ${condition}\n};`,
})
const typed = (context: string): string =>
  `entity Agent;\nentity Target;\naction "a" appliesTo { principal: Agent, resource: Target, context: ${context} };`
const unaskable = typed('{ environment: String }').replace('action "a"', 'action "a b"')
const withParams = (condition: string): Changes => ({
  'forbid.cedar': `@id("x")\nforbid(principal, action == Action::"a", resource) when { ${condition} };`,
  'approve.cedar': '',
  'allow.cedar': '',
  'schema.cedarschema': typed(
    '{ environment: String, params: { amount: decimal, rows: Long, tables: Set<String>, note: String } }',
  ),
})

describe('a comparison that no request can meet stops the start, with its line, for', () => {
  const x = { file: 'forbid.cedar', line: 4, rule: 'x' }
  test.each<[string, string, RegExp]>([
    [
      'an environment with capitals',
      'context.environment == "Production"',
      /never be "Production".*Write "production"/,
    ],
    ['an environment with a space', 'context.environment != "my staging"', /never be "my staging"/],
    ['the same, the other way round', '"Production" == context.environment', /never be "Production"/],
    ['one of a set', '["staging", "PROD"].contains(context.environment)', /never be "PROD"/],
    ['the same as an attribute in brackets', 'context["environment"] == "Prod"', /never be "Prod"/],
    ['inside a choice', 'context.environment == "a" || context.environment == "B"', /never be "B"/],
    ['a pattern of an environment', 'context.environment like "Prod*"', /never be like "Prod\*"/],
    ['a target of 513 characters', `context.target == "${'x'.repeat(513)}"`, /never be/],
    ['an empty target', 'context.target == ""', /never be ""/],
    ['a number beyond what params hold', 'context.params.rows > 9007199254740992', /never be 9007199254740992/],
    ['two values at once', 'context.environment == "a" && context.environment == "b"', /"a" and "b" at once/],
    ['an empty range', 'context.params.rows > 10 && 5 > context.params.rows', /at least 11 and at most 4 at once/],
    ['a value outside of a range', 'context.params.rows == 3 && context.params.rows >= 4', /3 and outside of that/],
    ['a value and a pattern', 'context.target == "a/b" && context.target like "c/*"', /"a\/b" and like "c\/\*"/],
    ['^ in like', 'context.target like "^prod/*"', /like knows one sign.*@like\("literal"\)/],
    ['$ in like', 'context.target like "*/db$"', /regular expression \(\$/],
    ['.* in like', 'context.target like "prod/.*"', /regular expression \(\.\*\)/],
    ['.+ in like', 'context.target like "prod.+db"', /regular expression/],
    ['a class in like', 'context.target like "prod-[0-9]/*"', /regular expression/],
    ['a choice in like', 'context.target like "(prod|live)/*"', /regular expression/],
    ['a repetition in like', String.raw`context.target like "db-\\d+"`, /regular expression/],
  ])('%s', async (_, condition, reason) => {
    const found = await flaws(forbid(condition))
    expect(found).toMatchObject([{ ...x, reason: expect.stringMatching(reason) as unknown }])
  })

  test.each([
    ['patterns of dotted names', 'context.target like "prod.*" || context.target like "*.example.com"'],
    ['a price in like', 'context.target like "*$5*"'],
    ['a Windows path', String.raw`context.target like "c:\\data\\*"`],
    ['brackets of an address', 'context.target like "https://[::1]/*"'],
    ['a range', 'context.params.rows > 5 && context.params.rows < 10'],
    ['values of a choice', 'context.environment == "a" || context.environment == "b"'],
    ['a negative number', 'context.params.rows == -1'],
  ])('and not for %s', async (_, condition) => {
    await load(forbid(condition))
  })

  test('and not for signs of regular expressions that are meant as they are', async () => {
    await load(forbid('context.target like "^a/.*"', '@like("literal")'))
    expect(await flaws(forbid('context.target like "^a"', '@like("yes")'))).toMatchObject([{ line: 1, rule: 'x' }])
  })
})

describe('an approval that nobody could give stops the start: ', () => {
  const members = (groups: Record<string, number[]>, rest = {}) =>
    approvers({
      groups: Object.fromEntries(Object.entries(groups).map(([name, of]) => [name, { members: of.map(person) }])),
      ...rest,
    })
  const asks = (wanted: string, file: string): Changes => ({
    'forbid.cedar': '',
    'approve.cedar': `@id("r") @approvers("${wanted}") permit(principal, action, resource);`,
    'allow.cedar': '',
    'schema.cedarschema': schema,
    'approvers.json': file,
  })
  test.each<[string, Changes, RegExp]>([
    ['a quorum above the members', asks('dba:3', members({ dba: [1, 2] })), /^dba needs 3 people and has 2 /],
    [
      'two accounts of one person',
      asks('dba:2', members({ dba: [1, 2] }, { people: { [person(1)]: { sameAs: [person(2)] } } })),
      /^dba needs 2 people and has 1 /,
    ],
    [
      'the only person of two slots',
      asks('dba,oncall', members({ dba: [1], oncall: [1] })),
      /^dba:1, oncall:1 cannot be filled.* 1 person in all/,
    ],
  ])('%s', async (_, changes, reason) => {
    expect(await flaws(changes)).toMatchObject([
      { file: 'approve.cedar', rule: 'r', reason: expect.stringMatching(reason) as unknown },
    ])
  })

  test('but a group of the directory may have any number of members', async () => {
    const groups = { dba: { members: [person(1)], entraGroup: person(9) } }
    await load(asks('dba:5', approvers({ groups })))
  })
})

describe('a file that is never read stops the start, with what it may be meant to be: ', () => {
  test.each([
    ['forbid.cedar.txt', /rename it to forbid\.cedar/],
    ['Forbid.cedar', /rename it to forbid\.cedar/],
    ['approvers.json.bak', /rename it to approvers\.json/],
    ['rules.yaml', /only these files are/i],
  ])('%s', async (name, reason) => {
    expect(await flaws({ [name]: '' })).toMatchObject([
      { file: name, reason: expect.stringMatching(reason) as unknown },
    ])
  })

  test('but notes in Markdown and hidden files are left alone', async () => {
    await load({ 'README.md': '', '.gitignore': '' })
  })

  test('and rules in a folder stop it, but not a folder without any', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'policy-'))
    await cp(example, folder, { recursive: true })
    await loadPolicy(folder, new Map())
    await writeFile(join(folder, 'tests', 'more.cedar'), '')
    await expect(loadPolicy(folder, new Map())).rejects.toThrow(/^tests\/more\.cedar: this is never read/)
    await rm(folder, { recursive: true })
  })
})

describe('a flaw says what to write, for', () => {
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
  const rule = '@id("x") forbid(principal, action, resource);'
  test.each<[string, Changes, RegExp]>([
    ['a byte order mark', { 'forbid.cedar': bytes([0xef, 0xbb, 0xbf], rule) }, /byte order mark \(BOM\).*UTF-8/],
    ['UTF-16', { 'forbid.cedar': Buffer.from(`\ufeff${rule}`, 'utf16le') }, /UTF-16: save it as UTF-8/],
    ['UTF-16 without a mark', { 'forbid.cedar': Buffer.from(rule, 'utf16le') }, /UTF-16/],
    ['UTF-16 of the other order', { 'approvers.json': Buffer.from('{}', 'utf16le').swap16() }, /UTF-16/],
    [
      'typographic quotes',
      { 'forbid.cedar': rule.replace('"x"', '“x”') },
      /“ is a typographic quotation mark: write "/,
    ],
    ['typographic quotes in JSON', { 'approvers.json': '{“version”: 1}' }, /“ is a typographic quotation mark/],
    ['an invisible space', { 'forbid.cedar': rule.replace(' forbid', '\u200bforbid') }, /invisible character U\+200B/],
    ['a decimal compared as a number', withParams('context.params.amount > 500'), /greaterThan\(decimal\("500\.0"\)\)/],
    ['a decimal that equals a number', withParams('context.params.amount == 5'), /== decimal\("500\.0"\)/],
    ['a number with a point', withParams('context.params.rows > 5.5'), /decimal\("500\.0"\)/],
    [
      'a whole number compared as a decimal',
      withParams('context.params.rows.lessThan(decimal("1.0"))'),
      /<, <=, > and >=/,
    ],
    ['the size of a set', withParams('context.params.tables.size() > 3'), /context\.counts\.tables > 10/],
    ['a set compared with a text', withParams('context.params.tables.contains(5)'), /type of the set’s items/],
    ['in for a set', withParams('context.params.note in ["a"]'), /contains\(context\.environment\)/],
    ['a method of another language', withParams('context.params.note.startsWith("a")'), /like, where \*/],
    ['not', withParams('not (context.params.rows > 1)'), /!, && and \|\|/],
    ['and', withParams('context.params.rows > 1 and true'), /!, && and \|\|/],
    ['===', withParams('context.params.note === "a"'), /equality is written ==/],
    ['null', withParams('context.params.note == null'), /!\(context\.params has key\)/],
    ['something that rules do not see', withParams('context.hour > 8'), /rules see context\.environment/],
    [
      'a type of another language',
      { 'schema.cedarschema': typed('{ environment: number }') },
      /String, Long .* decimal/,
    ],
    [
      'an action that agents cannot ask for',
      { 'schema.cedarschema': unaskable },
      /action a b: agents can never ask for it/,
    ],
    ['an array', { 'schema.cedarschema': typed('{ environment: String[] }') }, /Set<String>/],
  ])('%s', async (_, changes, reason) => {
    const [flaw] = await flaws(changes)
    expect(flaw?.reason).toMatch(reason)
    expect(flaw?.reason).not.toMatch(/for policy `|failed to parse policy from/)
  })
})
