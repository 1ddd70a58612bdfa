import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { action as anAction, dba, dba2 } from '../../support/build.ts'
import { csvCells } from '../../support/csvCells.ts'
import { asks, votes } from '../../support/world.ts'
import { membersOf, zipName } from '../../evidence/bundle.ts'
import { day } from '../../evidence/days.ts'
import { dates, madeTwice, type Sealed, sealedDays } from '../../verify/days.ts'
import { buildProgram, joined, type Program } from '../program.ts'

let program: Program
let days: Sealed

/** A note that wants to look like another person's vote. */
const forged = 'fine\n2026-03-07T12:00:00.000Z Person 21 (00000000-0000-4000-8000-000000000021) approved through teams'

/** What somebody wrote who wants a spreadsheet or a browser to do something. */
const hostile = '=HYPERLINK("http://x.example");=1+1\n+cmd|x <script>alert(1)</script> _x0041_ \u202eGröße'

beforeAll(async () => {
  program = await buildProgram()
  days = await sealedDays(async ({ approvals }) => {
    const action = { ...anAction, target: '@SUM(A1)', params: { note: hostile } }
    const { request } = await approvals.ask(asks({ reason: hostile, action }))
    await approvals.decide(request.id, votes(request, dba, { reason: forged }))
  })
})
afterAll(() => {
  program.end()
  days.place.clean()
})

type Changes = Readonly<Record<string, Buffer | string | null>>

/** A folder with bundles and said files, some of them others or left out, by their names. */
async function folderOf(changes: Changes = {}): Promise<string> {
  const folder = mkdtempSync(join(days.place.path, 'report-'))
  for (const date of dates) {
    writeFileSync(join(folder, zipName(date)), await days.zip(date))
    writeFileSync(join(folder, `said-${date}.jsonl`), await days.said(date))
  }
  for (const [name, content] of Object.entries(changes)) {
    if (content !== null) writeFileSync(join(folder, name), content)
    else rmSync(join(folder, name))
  }
  return folder
}

let number = 0
const out = (ending = ''): string => join(days.place.path, `out-${++number}${ending}`)

async function report(folder: string, to: string, ...more: readonly string[]) {
  const args = ['report', '--chain', folder, '--key', days.pem, '--out', to, '--zone', 'Europe/Berlin', ...more]
  const { code, stdout, stderr } = await program.run([...args, '--json'])
  expect(stderr).toBe('')
  return { code, record: JSON.parse(stdout) as Record<string, unknown> }
}

/** The rows of a table in CSV, without their header, by column. */
function rowsIn(file: string): readonly Readonly<Record<string, string>>[] {
  const text = readFileSync(file, 'utf8')
  expect(text.startsWith('\ufeff')).toBe(true)
  const [head = [], ...rows] = csvCells(text.slice(1))
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])))
}

test('a folder gets the report in every format, of one verified period', async () => {
  const to = out()
  const { code, record } = await report(await folderOf(), to)
  expect({ code, files: readdirSync(to).toSorted() }).toEqual({
    code: 0,
    files: ['controls.csv', 'index.html', 'report.xlsx', 'requests.csv'],
  })
  expect(record).toMatchObject({
    ...{ exit: 0, ok: true, from: day(4), to: day(8), zone: 'Europe/Berlin', problems: [], requests: 8 },
    size: { from: 0, to: expect.any(Number) as number },
  })
  expect((record['days'] as { state: string }[]).map(({ state }) => state)).toEqual(Array<string>(5).fill('holds'))
})

test('every request is one row, as it stood after its last day, with names beside ids and times in two zones', async () => {
  const to = out('.csv')
  await report(await folderOf(), to)
  const rows = rowsIn(to)
  expect(new Set(rows.map(({ request }) => request)).size).toBe(8)
  expect(rows.map(({ asked }) => asked)).toEqual(
    rows.map(({ asked }) => asked).toSorted((a = '', b = '') => (a < b ? -1 : 1)),
  )
  expect(rows[0]).toMatchObject({
    ...{ state: 'succeeded', asked: '2026-03-04T12:00:00.000Z', asked_local: '2026-03-04T13:00:00.000+01:00' },
    ...{ agent: 'agent-0001 (00000000-0000-4000-8000-000000000001)', owner: 'Person 31', environment: 'production' },
    ...{ approved_by: 'Person 11 (00000000-0000-4000-8000-000000000011)', reason: 'Quarterly report' },
    ...{ decided: '2026-03-04T12:01:00.000Z', run: '2026-03-04T12:01:00.000Z', seconds_to_run: '0' },
    ...{ policy: 'approve; tier medium; export-needs-dba', exceptions: 'unseen: approve', as_of: day(4) },
  })
  // It began on one day, was approved on the next, and lapsed.
  const lapsed = rows.find(({ state }) => state === 'lapsed')
  expect(lapsed).toMatchObject({
    state: 'lapsed',
    reason: 'Quarterly report',
    exceptions: 'unseen: approve; never-used',
  })
  expect(lapsed?.['votes']).toMatch(/Person 11 .* approved through api, no look is recorded/)
})

test('a period that begins later has what was open then, without texts of the days before', async () => {
  const to = out('.csv')
  const { code, record } = await report(await folderOf(), to, '--from', day(5), '--to', day(5))
  expect({ code, from: record['from'], requests: record['requests'] }).toEqual({ code: 0, from: day(5), requests: 4 })
  const late = rowsIn(to).find(({ state }) => state === 'lapsed')
  expect(late).toMatchObject({ target: '', reason: '', as_of: day(5), asked: '2026-03-04T23:30:00.000Z' })
})

test('without said files there are ids, and the report says so', async () => {
  const texts = Object.fromEntries(dates.map((date) => [`said-${date}.jsonl`, null]))
  const to = out()
  const { code } = await report(await folderOf(texts), to)
  expect(code).toBe(0)
  const [row] = rowsIn(join(to, 'requests.csv'))
  // The policy in the bundle has the names of agents.
  expect(row).toMatchObject({ agent: 'agent-0001 (00000000-0000-4000-8000-000000000001)', reason: '', target: '' })
  expect(row).toMatchObject({ approved_by: '00000000-0000-4000-8000-000000000011' })
  expect(readFileSync(join(to, 'index.html'), 'utf8')).toContain('No said files were given')
})

test('what people wrote runs nowhere: not in CSV, not in a workbook, not on a page', async () => {
  const to = out()
  await report(await folderOf(), to)
  const row = rowsIn(join(to, 'requests.csv')).find(({ reason }) => reason?.includes('HYPERLINK'))
  expect(row?.['target']).toBe("'@SUM(A1)")
  expect(row?.['reason']).toMatch(/^'=HYPERLINK/)
  expect(row?.['reason']).toContain(";'=1+1\n'+cmd|x")
  expect(row?.['reason']).toContain('⟦U+202E⟧Größe')
  const page = readFileSync(join(to, 'index.html'), 'utf8')
  expect(page).not.toContain('<script>alert')
  expect(page).toContain('&lt;script&gt;alert(1)')
  expect(page.match(/<script>/g)).toHaveLength(1)
  const sheets = await membersOf(readFileSync(join(to, 'report.xlsx')))
  const sheet = sheets.get('xl/worksheets/sheet1.xml')?.toString() ?? ''
  expect(sheet).toContain('>=HYPERLINK(&quot;'.replace('&quot;', '"'))
  expect(sheet).toContain('_x005F_x0041_')
  for (const [name, bytes] of sheets) if (name.endsWith('.xml')) expect(bytes.toString()).not.toMatch(/<f[ >]/)
})

test('a note cannot add a vote: each line of the votes is one vote, in CSV and in a workbook', async () => {
  const to = out()
  await report(await folderOf(), to)
  const row = rowsIn(join(to, 'requests.csv')).find(({ votes: cell }) => cell?.includes('fine'))
  expect(row?.['votes']?.split('\n')).toEqual([expect.stringMatching(/ Person 11 .*: fine↵2026-03-07T12:00:00.000Z /)])
  const sheet = (await membersOf(readFileSync(join(to, 'report.xlsx')))).get('xl/worksheets/sheet1.xml')?.toString()
  expect(sheet).toContain(': fine↵2026-03-07T12:00:00.000Z Person 21')
})

test('pages whose names have signs of addresses link to each other', async () => {
  const to = out(' #1 100%.html')
  await report(await folderOf(), to, '--sample', '1', '--seed', 'x')
  const stem = basename(to).replace('.html', '')
  expect(readFileSync(to, 'utf8')).toContain(`href="${encodeURIComponent(`${stem}-sample.html`)}#`)
  const sample = readFileSync(to.replace('.html', '-sample.html'), 'utf8')
  expect(sample).toContain(`href="${encodeURIComponent(basename(to))}"`)
})

test('days before the log began are told together, as what they are', async () => {
  const { code, record } = await report(await folderOf(), out('.csv'), '--from', '2025-12-01')
  expect({ code, problems: record['problems'] }).toEqual({
    code: 1,
    problems: [
      '2025-12-01 to 2026-03-03: no bundle of these days is here. The log began on 2026-03-04, and had no record before.',
    ],
  })
})

test('a day that is taken back is shown nowhere', async () => {
  const other = await sealedDays(madeTwice)
  try {
    const folder = mkdtempSync(join(other.place.path, 'twice-'))
    for (const date of dates) writeFileSync(join(folder, zipName(date)), await other.zip(date))
    const to = join(other.place.path, 'twice')
    const args = ['report', '--chain', folder, '--key', other.pem, '--out', to, '--zone', 'UTC', '--json']
    const { code, stdout } = await program.run(args)
    expect(code).toBe(1)
    const { days: found } = JSON.parse(stdout) as { days: { date: string; state: string }[] }
    expect(found.map(({ state }) => state)).toEqual(['holds', 'holds', 'holds', 'broken', 'holds'])
    expect(rowsIn(join(to, 'requests.csv')).some((row) => row['as_of'] === day(7))).toBe(false)
    // Only on the day that was taken back did this person vote.
    const page = readFileSync(join(to, 'index.html'), 'utf8')
    expect(page).not.toContain(dba2)
    expect(page).toMatch(/2026-03-07: .* does not hold, and nothing of it is shown/)
  } finally {
    other.place.clean()
  }
})

test('a workbook has typed cells, a frozen header and filters', async () => {
  const to = out('.xlsx')
  await report(await folderOf(), to)
  const parts = await membersOf(readFileSync(to))
  const sheet = parts.get('xl/worksheets/sheet1.xml')?.toString() ?? ''
  expect(sheet).toContain('<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>')
  expect(sheet).toContain('<autoFilter ref="A1:AM9"/>')
  // 4 March 2026, 12:00, and an hour later in Berlin.
  expect(sheet).toContain('<c r="C2" s="2"><v>46085.5</v></c>')
  expect(sheet).toMatch(/<c r="D2" s="2"><v>46085\.5416666/)
  expect(sheet).toMatch(/<c r="AE2"><v>0<\/v><\/c>/)
  const names = [...(parts.get('xl/workbook.xml')?.toString() ?? '').matchAll(/<sheet name="([^"]+)"/g)].map(
    ([, name]) => name,
  )
  expect(names).toEqual([
    ...['Requests', 'About', 'Days', 'Completeness', 'Questions', 'Found', 'Controls', 'Approvers', 'Groups'],
    ...['Policy', 'Log'],
  ])
})

test('a sample is picked by its seed, and its stories are told', async () => {
  const [first, second] = [out(), out()]
  const folder = await folderOf()
  const sampled = async (to: string, seed: string) => {
    const { record } = await report(folder, to, '--sample', '3', '--seed', seed)
    return (record['sample'] as { id: string }[]).map(({ id }) => id)
  }
  const ids = await sampled(first, '2026-Q1')
  expect(await sampled(second, '2026-Q1')).toEqual(ids)
  expect(ids).toHaveLength(3)
  const page = readFileSync(join(first, 'sample.html'), 'utf8')
  for (const id of ids) expect(page).toContain(`<section id="${id}">`)
  expect(page.match(/<section id=/g)).toHaveLength(3)
  const index = readFileSync(join(first, 'index.html'), 'utf8')
  for (const id of ids) expect(index).toContain(`href="sample.html#${id}"`)
})

test.each<[string, () => Promise<Changes>, number, string, string]>([
  ['is missing', async () => ({ [zipName(day(5))]: null }), 1, 'missing', '2026-03-05: no bundle of this day is here.'],
  [
    'does not hold',
    async () => ({ [zipName(day(5))]: (await days.zip(day(5))).subarray(0, 4000) }),
    1,
    'broken',
    `2026-03-05: ${zipName(day(5))} does not hold, and nothing of it is shown.`,
  ],
  [
    'has a said file of another day',
    async () => ({ [`said-${day(5)}.jsonl`]: await days.said(day(4)) }),
    1,
    'holds',
    '2026-03-05: the texts of said-2026-03-05.jsonl are not used. Line 1 is not what the log says was written',
  ],
])('a day that %s is named, and the others are reported', async (_what, changes, exit, state, words) => {
  const to = out()
  const { code, record } = await report(await folderOf(await changes()), to)
  expect(code).toBe(exit)
  expect((record['days'] as { state: string }[]).map((one) => one.state)).toEqual([
    'holds',
    state,
    'holds',
    'holds',
    'holds',
  ])
  expect((record['problems'] as string[]).some((problem) => problem.startsWith(words))).toBe(true)
  expect(readFileSync(join(to, 'index.html'), 'utf8')).toContain(words)
  const rows = rowsIn(join(to, 'requests.csv'))
  expect(rows.length).toBeGreaterThan(3)
  // What happened on that day is shown exactly if it was verified.
  expect(rows.some((row) => row['as_of'] === day(5))).toBe(state === 'holds')
})

test('a control that no rule names is said, and the report is written', async () => {
  const to = out('.csv')
  const { code, record } = await report(await folderOf(), to, '--control', 'CC9.9')
  expect({ code, requests: record['requests'], unknown: record['unknownControls'] }).toEqual({
    ...{ code: 78, requests: 0, unknown: ['CC9.9'] },
  })
  expect(rowsIn(to)).toEqual([])
})

test.each<[string, readonly string[], string]>([
  ['a sample without a seed', ['--sample', '5'], '--sample and --seed belong together'],
  ['a sample of none', ['--sample', '0', '--seed', 'x'], '--sample: "0" is not a number from 1 to 9999.'],
  ['another format', ['--format', 'pdf'], '--format is html, csv, xlsx, oscal,'],
  ['a zone that is none', ['--zone', 'x/y'], '--zone: "x/y" is no time zone'],
  [
    'a folder that is not there',
    ['--out', join('nowhere', 'report.csv')],
    'cannot be written: there is no such folder',
  ],
  ['an end before the begin', ['--from', day(6), '--to', day(4)], 'is after --to'],
  ['a period of millennia', ['--from', '0001-01-01', '--to', '9999-12-31'], 'a period has at most 9999 days'],
  ['a file of another kind', ['--out', 'report.pdf'], 'report.pdf ends like a file of another kind'],
  ['a device', ['--out', '/dev/null', '--format', 'csv'], '/dev/null cannot be written: it is a device'],
])('%s is refused before anything is verified', async (_what, args, words) => {
  const to = out('.csv')
  const place = args[0] === '--out' ? [] : ['--out', to]
  const all = ['report', '--chain', days.place.path, '--key', days.pem, ...place, ...args]
  const { code, stderr } = await program.run(all)
  expect(code).toBe(78)
  expect(joined(stderr)).toContain(words)
  expect(existsSync(to)).toBe(false)
})

test.each(['.csv', '.html', '.xlsx'])(
  'a report *%s that the system refuses is no report, and says why',
  async (ending) => {
    const to = join(days.place.path, `${'x'.repeat(300)}${ending}`)
    const args = ['report', '--chain', await folderOf(), '--key', days.pem, '--out', to]
    const { code, stdout, stderr } = await program.start(args)
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(joined(stderr)).toMatch(/^countersign: --out: .* cannot be written: ENAMETOOLONG\.\s*$/s)
  },
)

test('a folder for temporary files that cannot be used is named', async () => {
  const args = ['report', '--chain', await folderOf(), '--key', days.pem, '--out', out('.csv')]
  const { code, stderr } = await program.start(args, { env: { TMPDIR: join(days.place.path, 'nowhere') } })
  expect(code).toBe(78)
  expect(joined(stderr)).toMatch(
    /needs room in .*nowhere, the folder for temporary files \(TMPDIR\): there is no such file/,
  )
})

test.each<[string, readonly string[]]>([
  ['both one bundle and a folder', ['a.zip', '--chain', '.']],
  ['neither', []],
  ['a period of one bundle', ['a.zip', '--from', day(4)]],
  ['no file to write', ['--chain', '.']],
])('%s is a misuse', async (_what, args) => {
  expect(await program.run(['report', ...args, '--key', days.pem])).toMatchObject({ code: 78, stdout: '' })
})
