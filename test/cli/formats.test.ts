import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Day } from '../../src/core/data/day.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { pemOf } from '../../src/core/log/signature.ts'
import { manifestIn, textIn, zipName, zipOf } from '../evidence/bundle.ts'
import { dayTests } from '../exports/countedAgain.ts'
import { referenceFaults } from '../exports/oscalFaults.ts'
import { assessmentResultsFaults, componentFaults, decisionRecordFaults, ocsfFaults } from '../exports/schemas.ts'
import { csvCells } from '../support/csvCells.ts'
import { root } from '../support/root.ts'
import { fiveDays, type TrueDays } from '../support/liars.ts'
import { buildProgram, joined, type Program } from './program.ts'

let program: Program
let real: TrueDays
let folder: string
let pem: string
let dates: readonly Day[]

/** Five days on which all that can happen happens, as they are downloaded. */
beforeAll(async () => {
  program = await buildProgram()
  real = await fiveDays()
  folder = join(real.place.path, 'days')
  mkdirSync(folder)
  for (const [i, members] of real.days.entries()) {
    const { date } = manifestIn(members)
    writeFileSync(join(folder, zipName(date)), await zipOf(members))
    writeFileSync(join(folder, `said-${date}.jsonl`), real.said[i] ?? '')
  }
  dates = real.days.map((members) => manifestIn(members).date)
  pem = real.place.write('log.pem', pemOf(real.key.spki))
})
afterAll(() => {
  program.end()
  real.place.clean()
})

const overview = 'https://contoso.example/fedramp/overview.json'

/** The formats of one day, with what each needs. */
const formats: Readonly<Record<string, readonly string[]>> = {
  oscal: [],
  'oscal-component': [],
  fedramp: [],
  'fedramp-sdr': ['--overview', overview],
  ocsf: [],
  jsonl: [],
  controls: [],
}

const bundle = (date: string): string => join(folder, `countersign-evidence-${date}.zip`)

/** What was written of each day, since several tests ask for the same. */
const known = new Map<string, Promise<string>>()

/** What a day is in a format. */
function written(format: string, date: string, ...more: readonly string[]): Promise<string> {
  const key = [format, date, ...more].join(' ')
  const text = known.get(key) ?? writeDay(format, date, more)
  known.set(key, text)
  return text
}

/** Days with a tampering have their own exit code. */
async function writeDay(format: string, date: string, more: readonly string[]): Promise<string> {
  const args = ['report', bundle(date), '--key', pem, '--format', format, ...(formats[format] ?? []), ...more]
  const { code, stdout, stderr } = await program.run(args)
  expect(stderr).toBe('')
  expect([0, 3]).toContain(code)
  return stdout
}

const eachDay = (format: string, ...more: readonly string[]): Promise<readonly string[]> =>
  Promise.all(dates.map((date) => written(format, date, ...more)))

const documentsOf = async (format: string) => (await eachDay(format)).map((text) => JSON.parse(text) as JsonObject)
const linesOf = (text: string): readonly JsonObject[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonObject)

let number = 0
const out = (ending = ''): string => join(real.place.path, `out-${++number}${ending}`)

test('assessment results hold by the schema of OSCAL, and each reference and control is known', async () => {
  const documents = await documentsOf('oscal')
  expect(documents.flatMap((one) => [...assessmentResultsFaults(one), ...referenceFaults(one)])).toEqual([])
  expect(JSON.stringify(documents)).not.toContain('"findings"')
})

interface Observation {
  readonly props: readonly { readonly name: string; readonly value: string }[]
  readonly subjects: readonly { readonly props: readonly { readonly name: string; readonly value: string }[] }[]
}

test('observations have the numbers that a naive reading of the records gives', async () => {
  const documents = await documentsOf('oscal')
  for (const [i, one] of documents.entries()) {
    const [result] = (one['assessment-results'] as { readonly results?: unknown })['results'] as [
      { readonly observations: readonly Observation[] },
    ]
    const props = result.observations.map(({ props: own, subjects }) =>
      Object.fromEntries([...own, ...(subjects[0]?.props ?? [])].map(({ name, value }) => [name, value])),
    )
    const found = props
      .filter(({ exceptions }) => exceptions !== undefined)
      .map((test) => [test['assessment-rule-id'], test['population'], test['exceptions'], test['result']])
    const members = real.days[i]
    const expected = Object.entries(members ? dayTests(members) : {})
    expect(found).toEqual(
      expected.map(([id, [population, exceptions]]) => [
        ...[id, `${population}`, `${exceptions}`],
        exceptions > 0 ? 'fail' : 'pass',
      ]),
    )
  }
})

test('a component definition holds, and has each rule that the results of the day refer to', async () => {
  const documents = await documentsOf('oscal-component')
  expect(documents.flatMap((one) => [...componentFaults(one), ...referenceFaults(one)])).toEqual([])
  const named = (text: string, name: string) =>
    new Set(
      [...text.matchAll(new RegExp(`"name": "${name}",\\s*"ns": "[^"]*",\\s*"value": "([^"]*)"`, 'g'))].map(
        ([, id]) => id,
      ),
    )
  for (const date of dates) {
    const [results, component] = [await written('oscal', date), await written('oscal-component', date)]
    expect(named(component, 'Rule_Id')).toEqual(named(results, 'assessment-rule-id'))
    const uuid = /"components": \[\s*\{\s*"uuid": "([^"]*)"/
    expect(uuid.exec(component)?.[1]).toBe(uuid.exec(results)?.[1])
  }
})

test('a Security Decision Record holds by the schema of FedRAMP, and assesses nothing', async () => {
  const documents = await documentsOf('fedramp-sdr')
  expect(documents.flatMap(decisionRecordFaults)).toEqual([])
  for (const one of documents) {
    expect(one['certificationPackageOverviewUri']).toBe(overview)
    for (const ksi of one['keySecurityIndicators'] as JsonObject[]) expect(ksi['ksiAssessment']).toEqual([])
  }
})

test('metrics of a day have its counts, exceptions and tests', async () => {
  const documents = await documentsOf('fedramp')
  for (const [i, one] of documents.entries()) {
    const members = real.days[i]
    if (!members) throw new Error('There is a day for each document.')
    const { date, number: place, counts } = manifestIn(members)
    expect(one).toMatchObject({ schema: 'countersign-metrics/v1', date, bundle: place, counts: counts.types })
    const [, ...rows] = csvCells(textIn(members, 'exceptions.csv'))
    const kinds: Record<string, number> = {}
    for (const [, , , kind = ''] of rows) kinds[kind] = (kinds[kind] ?? 0) + 1
    expect(one['exceptions']).toEqual(kinds)
    expect(
      (one['tests'] as JsonObject[]).map(({ id, population, exceptions }) => [id, population, exceptions]),
    ).toEqual(Object.entries(dayTests(members)).map(([id, counted]) => [id, ...counted]))
  }
})

test('OCSF has a line for each record, in the order of the log, and a finding for each test', async () => {
  for (const [i, text] of (await eachDay('ocsf', '--raw')).entries()) {
    const lines = linesOf(text)
    expect(lines.flatMap(ocsfFaults)).toEqual([])
    const raw = lines.flatMap((line) => (line['raw_data'] === undefined ? [] : [`${line['raw_data'] as string}\n`]))
    const members = real.days[i]
    expect(raw.join('')).toBe(members && textIn(members, 'records.jsonl'))
    const findings = lines.filter((line) => line['class_uid'] === 2003)
    expect(lines).toHaveLength(raw.length + findings.length)
    expect(findings.map(({ metadata }) => (metadata as JsonObject)['uid'])).toEqual(
      Object.keys(members ? dayTests(members) : {}).map((id) => `${dates[i]}/${id}`),
    )
    // What a request asked for is known also if that was on an earlier day.
    expect(lines.filter((line) => (line['api'] as JsonObject | undefined)?.['operation'] === 'Unknown')).toEqual([])
  }
})

test('flat lines have texts, whole numbers and truths alone, and no id stands twice in a period', async () => {
  const all = (await eachDay('jsonl')).flatMap(linesOf)
  for (const line of all)
    for (const value of Object.values(line))
      expect(typeof value === 'string' || typeof value === 'boolean' || Number.isInteger(value)).toBe(true)
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  const kinds = (kind: string) => all.filter((line) => line['kind'] === kind).length
  const rows = (name: string) =>
    real.days.reduce((sum, members) => sum + textIn(members, name).split('\r\n').length - 2, 0)
  expect([kinds('day'), kinds('request'), kinds('exception')]).toEqual([
    ...[dates.length, rows('requests.csv'), rows('exceptions.csv')],
  ])
  // Each test by each control that it supports.
  expect(kinds('test')).toBe(9 * dates.length)
  const [first] = all
  expect(first).toMatchObject({ kind: 'day', id: dates[0], size_before: 0, records: expect.any(Number) as number })
})

test('controls of a day are those of a period of this day alone', async () => {
  for (const date of dates) {
    const to = out('.csv')
    const period = ['--chain', folder, '--from', date, '--to', date, '--zone', 'UTC', '--format', 'controls']
    await program.run(['report', ...period, '--key', pem, '--out', to])
    expect(await written('controls', date)).toBe(readFileSync(to, 'utf8'))
  }
})

test('a bundle that was zipped again has the same bytes in every format', async () => {
  const [members] = real.days
  if (!members) throw new Error('There is a first day.')
  const again = real.place.write('again.zip', await zipOf(new Map([...members].toReversed())))
  for (const [format, more] of Object.entries(formats)) {
    const { stdout } = await program.run(['report', again, '--key', pem, '--format', format, ...more])
    expect(stdout).toBe(await written(format, dates[0] ?? ''))
  }
})

test('nothing that people wrote goes out in any format', async () => {
  const texts = real.said.flatMap((file) =>
    file
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { name: string; text: string; salt?: string }),
  )
  const words = texts.flatMap(({ name, text, salt }) => [
    // Object ids of a group stand in events, too.
    ...(name === 'members' || text.length < 4 ? [] : [text]),
    ...(salt === undefined ? [] : [salt]),
  ])
  expect(words.length).toBeGreaterThan(20)
  for (const format of Object.keys(formats)) {
    const all = (await eachDay(format, ...(format === 'ocsf' ? ['--raw'] : []))).join('')
    expect(words.filter((text) => all.includes(text))).toEqual([])
  }
})

test('the body for Vanta that the page describes has the tests of the day, with plain values', async () => {
  const page = readFileSync(join(root, 'docs', 'evidence', 'formats.md'), 'utf8')
  const [, made = ''] = /^jq -s '([^']*)' day\.jsonl$/m.exec(page) ?? []
  const lines = await written('jsonl', dates[2] ?? '')
  const body = JSON.parse(execFileSync('jq', ['-s', made], { input: lines, encoding: 'utf8' })) as {
    readonly resources: readonly { readonly uniqueId: string; readonly customProperties: JsonObject }[]
  }
  const tests = linesOf(lines).filter(({ kind }) => kind === 'test')
  expect(body.resources.map(({ uniqueId }) => uniqueId)).toEqual(tests.map(({ id }) => id))
  for (const { customProperties } of body.resources)
    for (const value of Object.values(customProperties)) expect(['string', 'number', 'boolean']).toContain(typeof value)
})

test('what the page leaves out with jq leaves no object id of a person', async () => {
  const page = readFileSync(join(root, 'docs', 'evidence', 'formats.md'), 'utf8')
  const people = new Set(
    real.days
      .flatMap((members) => textIn(members, 'records.jsonl').split('\n').slice(0, -1))
      .map((line) => JSON.parse(line) as { actor: { kind: string; id?: string }; data?: { onBehalfOf?: string } })
      .flatMap(({ actor, data }) => [...(actor.kind === 'person' ? [actor.id] : []), data?.onBehalfOf])
      .filter((id) => id !== undefined),
  )
  expect(people.size).toBeGreaterThan(3)
  for (const format of ['jsonl', 'ocsf']) {
    const [, filter = ''] = new RegExp(`^\\| \`${format}\` .*\`jq -c '([^']*)'\``, 'm').exec(page) ?? []
    const lines = (await eachDay(format)).join('')
    const left = execFileSync('jq', ['-c', filter], { input: lines, encoding: 'utf8', maxBuffer: 1 << 26 })
    expect(left.length).toBeGreaterThan(1000)
    expect([...people].filter((id) => lines.includes(id))).not.toEqual([])
    expect([...people].filter((id) => left.includes(id))).toEqual([])
  }
})

const file: Readonly<Record<string, (date: string) => string>> = {
  oscal: (date) => `assessment-results-${date}.json`,
  fedramp: (date) => `metrics-${date}.json`,
  'fedramp-sdr': (date) => `security-decision-record-${date}.json`,
}

test.each(Object.keys(file))('a period in the format %s is a file of each day', async (format) => {
  const to = out()
  const args = ['report', '--chain', folder, '--key', pem, '--format', format, ...(formats[format] ?? []), '--out', to]
  const { code, stdout } = await program.run([...args, '--json'])
  const names = dates.map((date) => file[format]?.(date) ?? '')
  expect({ code, record: JSON.parse(stdout) as unknown }).toMatchObject({
    code: 3,
    record: { exit: 3, ok: true, from: dates[0], problems: [], reports: names.map((name) => join(to, name)) },
  })
  expect(readdirSync(to).toSorted()).toEqual(names)
  for (const [i, name] of names.entries())
    expect(readFileSync(join(to, name), 'utf8')).toBe(await written(format, dates[i] ?? ''))
})

test.each(['ocsf', 'jsonl'])('a period in the format %s is one file, day after day', async (format) => {
  const to = out('.jsonl')
  const args = ['report', '--chain', folder, '--key', pem, '--format', format, '--out', to]
  expect(await program.run(args)).toMatchObject({ code: 3, stderr: '' })
  expect(readFileSync(to, 'utf8')).toBe((await eachDay(format)).join(''))
})

test('of a period with a missing day the others are written, and the day is named', async () => {
  const some = join(real.place.path, 'some')
  mkdirSync(some)
  for (const date of dates.filter((_date, i) => i !== 1))
    writeFileSync(join(some, zipName(date)), readFileSync(bundle(date)))
  const to = out('.jsonl')
  const { code, stdout } = await program.run(['report', '--chain', some, '--key', pem, '--out', to])
  expect(code).toBe(1)
  expect(joined(stdout)).toContain(`${dates[1]}: no bundle of this day is here.`)
  const found = new Set(linesOf(readFileSync(to, 'utf8')).map(({ date }) => date))
  expect([...found]).toEqual(dates.filter((_date, i) => i !== 1))
})

test('no day of a period is written if one of them cannot be', async () => {
  const to = out()
  const taken = `metrics-${dates[3]}.json`
  mkdirSync(join(to, taken), { recursive: true })
  const args = ['report', '--chain', folder, '--key', pem, '--format', 'fedramp', '--out', to]
  const { code, stderr } = await program.run(args)
  expect({ code, names: readdirSync(to) }).toEqual({ code: 78, names: [taken] })
  expect(joined(stderr)).toContain(`${taken} cannot be written: it is a folder.`)
})

test.each(Object.entries(formats))('a bundle that does not hold is not written as %s', async (format, more) => {
  const broken = real.place.write('broken.zip', readFileSync(bundle(dates[0] ?? '')).fill(0, 3000, 3100))
  const to = out()
  const { code } = await program.run(['report', broken, '--key', pem, '--format', format, ...more, '--out', to])
  expect({ code, isThere: existsSync(to) }).toEqual({ code: 1, isThere: false })
  expect(readdirSync(real.place.path).filter((name) => name.endsWith('.part'))).toEqual([])
})

const one = () => ['report', bundle(dates[0] ?? '')]
const chain = () => ['report', '--chain', folder]

test.each<[string, () => readonly string[], string]>([
  ['an unknown format', () => [...one(), '--format', 'stix'], '--format of one day is html, csv, oscal,'],
  ['a workbook of one day', () => [...one(), '--format', 'xlsx'], '--format of one day is html, csv, oscal,'],
  [
    'an unknown format of a period',
    () => [...chain(), '--format', 'stix', '--out', 'x'],
    '--format is html, csv, xlsx, oscal,',
  ],
  ['texts', () => [...one(), '--format', 'oscal', '--said', 'said.jsonl'], '--said does not go with --format oscal.'],
  [
    'a sample',
    () => [...chain(), '--format', 'ocsf', '--sample', '5', '--out', 'x'],
    '--sample does not go with --format ocsf.',
  ],
  [
    'a zone',
    () => [...chain(), '--format', 'jsonl', '--zone', 'UTC', '--out', 'x'],
    '--zone does not go with --format jsonl.',
  ],
  [
    'raw data where there are none',
    () => [...one(), '--format', 'jsonl', '--raw'],
    '--raw does not go with --format jsonl.',
  ],
  ['raw data for people', () => [...one(), '--raw'], '--raw does not go with this report.'],
  ['no overview', () => [...one(), '--format', 'fedramp-sdr'], '--overview is missing'],
  [
    'an overview that is no address',
    () => [...one(), '--format', 'fedramp-sdr', '--overview', 'http://x'],
    '--overview: "http://x" is not an address that begins with https://.',
  ],
  [
    'an overview that is not used',
    () => [...one(), '--format', 'fedramp', '--overview', overview],
    '--overview does not go',
  ],
  [
    'a file of several formats',
    () => [...one(), '--out', 'x.json'],
    '--format is missing: a file ending in .json can be oscal',
  ],
  [
    'a period without a place',
    () => [...chain(), '--format', 'oscal'],
    '--out is missing: a folder, which gets a file of each day',
  ],
  [
    'a file for a file of each day',
    () => [...chain(), '--format', 'oscal', '--out', 'x.json'],
    'writes a file of each day',
  ],
  ['a component of a period', () => [...chain(), '--format', 'oscal-component', '--out', 'x'], 'is of one bundle'],
  [
    'a folder that is not there',
    () => [...chain(), '--format', 'ocsf', '--out', join('nowhere', 'x.jsonl')],
    'cannot be written: there is no such folder',
  ],
  ['a folder in the place of a file', () => [...one(), '--format', 'oscal', '--out', folder], 'it is a folder'],
  ['the record on the report', () => [...one(), '--format', 'ocsf', '--json'], '--json writes to standard output'],
])('%s is refused, and nothing is written', async (_what, args, words) => {
  const before = readdirSync(program.folder)
  const { code, stdout, stderr } = await program.run([...args(), '--key', pem])
  expect({ code, said: joined(stderr) + joined(stdout) }).toEqual({
    code: 78,
    said: expect.stringContaining(words) as string,
  })
  expect(readdirSync(program.folder)).toEqual(before)
})
