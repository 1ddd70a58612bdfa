import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { csvRows } from '../../../src/core/data/csv.ts'
import { pemOf } from '../../../src/core/log/signature.ts'
import { manifestIn, zipName, zipOf } from '../../evidence/bundle.ts'
import { dba, oid, owner } from '../../support/build.ts'
import { fiveDays, type TrueDays } from '../../support/liars.ts'
import { buildProgram, type Program } from '../program.ts'

let program: Program
let real: TrueDays
let page = ''
let record: Record<string, unknown>
let rows: readonly Readonly<Record<string, string>>[]
let controls = ''
let report: (...more: readonly string[]) => Promise<Record<string, unknown>>

/** Five days on which all that can happen happens: two policies, refusals, an erasure, a tampering, downloads. */
beforeAll(async () => {
  program = await buildProgram()
  real = await fiveDays()
  const folder = join(real.place.path, 'days')
  mkdirSync(folder)
  for (const [i, members] of real.days.entries()) {
    const { date } = manifestIn(members)
    writeFileSync(join(folder, zipName(date)), await zipOf(members))
    writeFileSync(join(folder, `said-${date}.jsonl`), real.said[i] ?? '')
  }
  const pem = real.place.write('log.pem', pemOf(real.key.spki))
  const to = join(real.place.path, 'report')
  report = async (...more) => {
    const args = ['report', '--chain', folder, '--key', pem, '--zone', 'UTC', '--json', ...more]
    const { stdout, stderr } = await program.run(args)
    expect(stderr).toBe('')
    return JSON.parse(stdout) as Record<string, unknown>
  }
  record = await report('--out', to, '--sample', '2', '--seed', 'five')
  page = readFileSync(join(to, 'index.html'), 'utf8')
  const [head = [], ...all] = csvRows(readFileSync(join(to, 'requests.csv'), 'utf8').slice(1))
  rows = all.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])))
  controls = readFileSync(join(to, 'controls.csv'), 'utf8').slice(1)
})
afterAll(() => {
  program.end()
  real.place.clean()
})

/** What a section says, without markup. */
function section(id: string): string {
  const [, html = ''] = new RegExp(`<section id="${id}">(.*?)</section>`, 's').exec(page) ?? []
  return html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
}

const answers = (): Record<string, readonly number[]> => {
  const questions = record['questions'] as { id: string; population: number; found: number }[]
  return Object.fromEntries(questions.map(({ id, population, found }) => [id, [population, found]]))
}

test('every day holds, one of them with a recorded tampering', () => {
  expect(record).toMatchObject({ exit: 3, ok: true, problems: [] })
  expect(page).toContain('1 events record that somebody had changed what was stored.')
  expect(section('tampering')).toContain('A row was edited.')
})

test('each question has its population, and finds what happened', () => {
  expect(answers()).toMatchObject({
    'redeemed-only-when-approved': [5, 0],
    'quorum-met': [10, 0],
    'no-self-approval': [12, 0],
    'glass-reviewed': [2, 2],
    'glass-broken': [12, 2],
    escalated: [rows.length, 1],
    'outcome-reported': [5, 1],
    'without-people': [5, 1],
    denied: [rows.length, 4],
    refused: [rows.length, 2],
    failed: [rows.length, 1],
    revoked: [rows.length, 1],
    undeliverable: [rows.length, 1],
  })
  expect(section('refused')).toContain('decide: self-approval')
  expect(section('denied')).toContain('forbidden by never-drop')
  expect(section('denied')).toContain('no rule covers it')
  expect(section('outcome-reported')).toContain('Supports AU-12.')
  expect(section('glass-broken')).toMatch(/justified, as [\d-]+ found at|to be reviewed by/)
})

test('the rows have what was asked, decided and shown, and when it ran', () => {
  const [first] = rows
  expect(first).toMatchObject({
    ...{
      state: 'succeeded',
      action: 'db.export',
      controls: 'AC-5; AC-6(9); CC6.1',
      rules: 'export-dba; export-security',
    },
    ...{ required: 'dba:1; security:1', seconds_to_run: '60', run: '2026-03-04T12:07:00.000Z' },
    acts_for: 'Person 71 (00000000-0000-4000-8000-000000000071)',
  })
  expect(first?.['shown']).toMatch(
    /^2026-03-04T12:0\d:00.000Z Person 11 \(.*\): page 1 of 1, view sha256:[0-9a-f]{64}$/,
  )
  expect(first?.['votes']).toMatch(/Person 11 \(.*\) approved through cli, 0 s after the first look/)
  expect(rows.find(({ state }) => state === 'revoked')).toMatchObject({ run: '', seconds_to_run: '' })
})

test('questions, answers and emergencies are told with who said what', () => {
  const talks = rows.filter(({ questions }) => questions !== '')
  expect(talks.length).toBeGreaterThan(0)
  expect(talks[0]?.['questions']).toMatch(/Person \d+ \(.*\) asked: /)
  const alone = rows.filter(({ emergency }) => emergency !== '')
  expect(alone).toHaveLength(2)
  for (const { emergency, approved_by } of alone) {
    expect(emergency).toMatch(/Person 21 \(.*\) approved it alone: /)
    expect(approved_by).toMatch(/Person 21 \(.*\) alone$/)
  }
})

test('an erased text is missing in its row, and the erasure is told with who asked and who erased', () => {
  const erased = rows.filter(({ missing }) => missing !== '')
  expect(erased.map(({ state, missing }) => [state, missing])).toEqual([
    ['denied', expect.stringMatching(/reason of event \d+/)],
  ])
  const words = section('erasures')
  expect(words).toContain(oid(62))
  expect(words).toContain(oid(63))
  expect(words).toContain('A name was in it.')
})

test('a change of policy is told once, with a diff and without a guess at who deployed it', () => {
  const words = section('policy')
  const [before = '', after = ''] = real.versions
  expect(words).toContain(`from ${before} to ${after}`)
  // Shards without an event on the first day record the second policy alone.
  expect(words.match(/who and why not said, not given, or erased/g)).toHaveLength(3)
  expect(words).toContain('approvers.json')
  expect(page).toMatch(/<span class="minus">- [^<]*00000000-0000-4000-8000-000000000012/)
})

test('who downloaded evidence is told', () => {
  expect(section('downloads')).toContain(dba)
  expect(section('downloads')).toContain(owner)
})

test('controls have their rules, populations, exceptions and times', () => {
  const [head, ...found] = csvRows(controls)
  expect(head).toEqual(['control', 'framework', 'rule', 'population', 'exceptions', 'first', 'last'])
  const exports = rows.filter(({ rules }) => rules?.includes('export-dba'))
  const odd = exports.filter(({ exceptions }) => exceptions !== '')
  const times = exports.map(({ asked = '' }) => asked)
  const counted = [`${exports.length}`, `${odd.length}`, times.at(0), times.at(-1)]
  expect(found).toEqual([
    ['AC-5', 'NIST SP 800-53 Rev. 5', 'export-security', ...counted],
    ['AC-6(9)', 'NIST SP 800-53 Rev. 5', 'export-dba', ...counted],
    ['CC6.1', 'SOC 2 Trust Services Criteria', 'export-dba', ...counted],
    ['CC6.1', 'SOC 2 Trust Services Criteria', 'export-security', ...counted],
  ])
  expect(section('controls')).toContain('the rule supports the control')
  expect(page).not.toContain('satisfies')
})

test('what is not known of the groups is said', () => {
  expect(section('approvers')).toContain('who could have approved is not known')
})

test('the records are as many as the log grew by, and no number of a shard is missing', () => {
  expect(section('population')).toContain('as many as the log grew by no gap')
})

test('--control makes its requests the population, of every question too', async () => {
  const to = join(real.place.path, 'control.csv')
  const found = await report('--out', to, '--control', 'AC-5', '--control', 'AC-1')
  expect(found).toMatchObject({ exit: 78, requests: 3, unknownControls: ['AC-1'] })
  const questions = found['questions'] as { id: string; population: number }[]
  expect(questions.find(({ id }) => id === 'denied')).toMatchObject({ population: 3 })
  expect(await report('--out', to, '--control', 'CC6.1')).toMatchObject({ exit: 3, requests: 3 })
})
