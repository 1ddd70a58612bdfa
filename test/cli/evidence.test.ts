import type { ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Day } from '../../src/core/data/day.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { viewDigest } from '../../src/core/request/view.ts'
import { action as anAction, dba, template } from '../support/build.ts'
import { asks, votes, type World } from '../support/world.ts'
import { zipName } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { dates, type Sealed, sealedDays } from '../verify/days.ts'
import { buildProgram, joined, type Program } from './program.ts'

let program: Program
let days: Sealed
let file: string
let said: string
let kept: string

beforeAll(async () => {
  program = await buildProgram()
  days = await sealedDays(async (world) => {
    await hostileRequest(world)
    const { request } = await world.approvals.ask(asks())
    const approved = await world.approvals.decide(request.id, votes(request))
    kept = (await world.approvals.grant(approved, approved.executor)).grant?.token ?? ''
  })
  for (const date of dates) file = await days.file(date)
  file = await days.file(day(4))
  said = days.place.write('said-2026-03-04.jsonl', await days.said(day(4)))
})
afterAll(() => {
  program.end()
  days.place.clean()
})

const run = (...args: readonly string[]) => program.run(args)
const json = (text: string) => JSON.parse(text) as Record<string, unknown>

test('verify reports a bundle that holds, in words and as JSON', async () => {
  const shown = await run('verify', file, '--key', days.pem, '--said', said)
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toContain('VERIFIED')
  const { code, stdout } = await run('verify', file, '--key', days.pem, '--said', said, '--json')
  expect(code).toBe(0)
  expect(json(stdout)).toMatchObject({
    ...{ exit: 0, ok: true },
    bundle: { date: '2026-03-04', number: 1, from: 0, size: expect.any(Number) as number },
    said: { erased: 0 },
    checks: expect.arrayContaining(['zip', 'rules', 'said']) as string[],
  })
})

test('verify and report count exceptions by kind, with units, and the report lists them by time', async () => {
  const date = await days.file(day(7))
  const kinds = { hasty: expect.any(Number) as number }
  const verified = await run('verify', date, '--key', days.pem, '--json')
  expect(json(verified.stdout)).toMatchObject({ bundle: { exceptionKinds: kinds } })
  expect((await run('verify', date, '--key', days.pem)).stdout).toMatch(/\d+ hasty: decided less than 5 s after/)
  const out = join(days.place.path, 'exceptions.html')
  const reported = await run('report', date, '--key', days.pem, '--out', out, '--json')
  expect(json(reported.stdout)).toMatchObject({ bundle: { exceptionKinds: kinds } })
  const [, section = ''] = readFileSync(out, 'utf8').split('<h2>Out of the ordinary</h2>')
  const times = [...(section.split('</section>')[0] ?? '').matchAll(/<tr><td>([^<]+)/g)].map(([, at]) => at)
  expect(times.length).toBeGreaterThan(2)
  expect(times).toEqual(times.toSorted((a = '', b = '') => (a < b ? -1 : 1)))
  expect(section).toMatch(/<td>hasty<\/td><td>decided less than 5 s after the first look: decided in [\d.]+ s<\/td>/)
})

test('verify names the check that failed', async () => {
  const damaged = days.place.write('damaged.zip', (await days.zip(day(4))).subarray(0, 3000))
  const shown = await run('verify', damaged, '--key', days.pem)
  expect(shown).toMatchObject({ code: 1, stdout: '' })
  expect(joined(shown.stderr)).toContain('bad-zip')
  const { code, stdout } = await run('verify', damaged, '--key', days.pem, '--json')
  expect({ code, record: json(stdout) }).toMatchObject({
    code: 1,
    record: { exit: 1, ok: false, checks: [], problem: { code: 'bad-zip', check: 'zip' } },
  })
})

test('metrics verifies all days of a folder and counts over them, from the records', async () => {
  const all = await folderOf(dates)
  const args = ['metrics', all, '--key', days.pem, '--from', '2026-03-04', '--through', '2026-03-08']
  const counted = await run(...args, '--json')
  expect(counted).toMatchObject({ code: 0, stderr: '' })
  const record = json(counted.stdout) as { metrics: { by: string; of?: string; metric: string; value: number }[] }
  expect(record).toMatchObject({ exit: 0, ok: true, days: 5, begins: { number: 1 }, ends: { number: 5 } })
  // A day's own table has its counts, and those of all days add up. Percentiles do not.
  const tables = await Promise.all(dates.map(async (date) => (await days.members(date)).get('metrics.csv')?.toString()))
  const rows = tables.flatMap((table = '') =>
    table
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(',')),
  )
  const sums: Record<string, number> = {}
  for (const [by, of, metric = '', value] of rows)
    if (!/-p\d+$|^busiest-hour$|^edition$/.test(metric)) {
      const name = `${by} ${of} ${metric}`
      sums[name] = (sums[name] ?? 0) + Number(value)
    }
  const found = record.metrics.filter(({ metric }) => !/-p\d+$|^busiest-hour$|^edition$/.test(metric))
  expect(Object.keys(sums).length).toBeGreaterThan(20)
  expect(Object.fromEntries(found.map(({ by, of = '', metric, value }) => [`${by} ${of} ${metric}`, value]))).toEqual(
    sums,
  )
  expect(record.metrics[0]).toEqual({ by: 'all', metric: 'edition', value: 1 })
  const shown = await run(...args)
  expect(shown.stdout).toMatch(/VERIFIED +5 days, 2026-03-04 to 2026-03-08, each continuing the one before\n/)
  expect(shown.stdout).toMatch(/asked \d+/)
  expect(shown.stdout).toMatch(/decide: \d+, half within [\d.]+ s, 90 % within/)
  expect(await run('metrics', all, '--key', days.pem, '--through', '2026-03-09')).toMatchObject({ code: 1 })
  const gap = await run('metrics', await folderOf([day(4), day(6)]), '--key', days.pem, '--json')
  expect(gap.code).toBe(1)
  expect(json(gap.stdout)).toMatchObject({ exit: 1, ok: false, problem: { code: 'broken-series' } })
})

/** A folder with the bundles of these days. */
async function folderOf(dates: readonly Day[]): Promise<string> {
  const folder = mkdtempSync(join(days.place.path, 'folder-'))
  for (const date of dates) writeFileSync(join(folder, zipName(date)), await days.zip(date))
  return folder
}

test('verify --chain takes all days of a folder', async () => {
  const all = mkdtempSync(join(days.place.path, 'all-'))
  for (const date of dates) writeFileSync(join(all, zipName(date)), await days.zip(date))
  const known = ['--from', '2026-03-04', '--through', '2026-03-08', '--first', '1']
  const shown = await run('verify', '--chain', all, '--key', days.pem, '--json', ...known)
  expect(shown.code).toBe(0)
  expect(json(shown.stdout)['bundles']).toHaveLength(5)
  const texts = mkdtempSync(join(days.place.path, 'texts-'))
  for (const date of dates) writeFileSync(join(texts, `said-${date}.jsonl`), await days.said(date))
  writeFileSync(join(texts, 'said-2026-02-03.jsonl'), '')
  const told = await run('verify', '--chain', all, '--said', texts, '--key', days.pem)
  expect(told.stdout).toContain('said files       5')
  expect(joined(told.stdout)).toContain('said-2026-02-03.jsonl: no bundle of that day is here')
  const folder = mkdtempSync(join(days.place.path, 'gap-'))
  for (const date of [day(4), day(6)]) writeFileSync(join(folder, zipName(date)), await days.zip(date))
  const gap = await run('verify', '--chain', folder, '--key', days.pem, '--json')
  expect({ code: gap.code, record: json(gap.stdout) }).toMatchObject({
    code: 1,
    record: { ok: false, problem: { code: 'broken-series', file: zipName(day(6)) } },
  })
})

test('verify --grants finds the approvals of kept grants', async () => {
  const { world } = days
  world.clock.set('2026-03-09T11:00:00.000Z' as never)
  const { request } = await world.approvals.ask(asks())
  const approved = await world.approvals.decide(request.id, votes(request))
  const { grant: late } = await world.approvals.grant(approved, approved.executor)
  const grants = days.place.write('grants.jws', `${kept}\n\n${kept}\n`)
  const unlogged = days.place.write('late.jws', `${late?.token}\n`)
  const keys = days.place.write('jwks.json', JSON.stringify({ keys: await world.signer.keys() }))
  const folder = mkdtempSync(join(days.place.path, 'all-'))
  for (const date of dates) writeFileSync(join(folder, zipName(date)), await days.zip(date))
  const chain = ['verify', '--chain', folder, '--key', days.pem, '--grant-keys', keys, '--json']
  const holds = await run(...chain, '--grants', grants)
  expect({ code: holds.code, record: json(holds.stdout) }).toMatchObject({ code: 0, record: { ok: true, grants: 2 } })
  const missing = await run(...chain, '--grants', grants, '--grants', unlogged)
  expect({ code: missing.code, record: json(missing.stdout) }).toMatchObject({
    code: 1,
    record: { exit: 1, ok: false, problem: { code: 'unlogged-grant', check: 'grants' } },
  })
  expect((await run('verify', file, '--key', days.pem, '--grants', grants)).code).toBe(78)
  expect((await run('verify', file, '--key', days.pem, '--grants', grants, '--grant-keys', grants)).code).toBe(2)
})

test.each<[string, number, () => readonly string[]]>([
  ['a bundle that is not there', 2, () => ['verify', 'none.zip', '--key', days.pem]],
  ['what is no zip', 2, () => ['verify', days.pem, '--key', days.pem]],
  ['a folder instead of a bundle', 2, () => ['verify', days.place.path, '--key', days.pem]],
  ['a key that is not there', 2, () => ['verify', file, '--key', 'none.pem']],
  ['a file that is not a key', 2, () => ['verify', file, '--key', file]],
  ['texts that are not there', 2, () => ['verify', file, '--key', days.pem, '--said', 'none.jsonl']],
  ['metrics without a folder', 78, () => ['metrics', '--key', days.pem]],
  ['metrics without a key', 78, () => ['metrics', '.']],
  ['metrics of an empty folder', 2, () => ['metrics', mkdtempSync(join(days.place.path, 'empty-')), '--key', days.pem]],
  ['a folder that is not there', 2, () => ['verify', '--chain', 'none', '--key', days.pem]],
  ['no key', 78, () => ['verify', file]],
  ['no bundle', 78, () => ['verify', '--key', days.pem]],
  ['a bundle and a folder', 78, () => ['verify', file, '--chain', '.', '--key', days.pem]],
  [
    'a said file in the place of a folder',
    2,
    () => ['verify', '--chain', days.place.path, '--said', said, '--key', days.pem],
  ],
  ['two bundles', 78, () => ['verify', file, file, '--key', days.pem]],
  ['another format', 78, () => ['report', file, '--key', days.pem, '--format', 'pdf']],
  ['a report where nothing can be written', 78, () => ['report', file, '--key', days.pem, '--out', '/none/x.html']],
  ['no request', 78, () => ['prove', file]],
  ['a request that the day does not have', 78, () => ['prove', file, `${'0'.repeat(26)}-00`]],
  ['a proof that is not there', 2, () => ['verify-proof', 'none', '--key', days.pem]],
  ['a file that is not a proof', 1, () => ['verify-proof', days.pem, '--key', days.pem]],
])('%s: exit %d, without a stack', async (_what, code, args) => {
  const ended = await run(...args())
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' })
  expect(ended.stderr).not.toBe('')
  expect(ended.stderr).not.toMatch(/\bat .*:\d+:\d+/)
})

describe('report', () => {
  test('shows each request on a page, in which no untrusted text is markup', async () => {
    const out = join(days.place.path, 'report.html')
    expect(await run('report', file, '--key', days.pem, '--said', said, '--out', out)).toMatchObject({ code: 0 })
    const html = readFileSync(out, 'utf8')
    expect(html).toMatch(/^<!doctype html>/)
    expect(html).not.toMatch(/<script|<a (?!href="#)|<img|<link|https?:\/\/[^<]*"/)
    expect(html.match(/<section id=/g)).toHaveLength(4)
    for (const part of ['db.export', 'Quarterly report', 'approved via', 'reported that it succeeded'])
      expect(html).toContain(part)
    expect(readdirSync(days.place.path).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  test('shows what approvers saw and how fast they decided, and escapes untrusted text', async () => {
    const texts = days.place.write('said-2026-03-07.jsonl', await days.said(day(7)))
    const { code, stdout } = await run('report', await days.file(day(7)), '--key', days.pem, '--said', texts)
    expect(code).toBe(0)
    for (const part of [
      'was shown page 1 of 1 of view sha256:',
      'approved via teams',
      'hasty: decided in',
      '&lt;script&gt;',
    ])
      expect(stdout).toContain(part)
    expect(stdout).toContain('&lt;img src=x&gt;⟦U+202E⟧')
    expect(stdout).not.toMatch(/<script|<img|\u202e/)
  })

  test('is a table with --format csv, on standard output', async () => {
    const { code, stdout } = await run('report', file, '--key', days.pem, '--said', said, '--format', 'csv')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\ufeffrequest,state,asked_at,/)
    expect(stdout.split('\r\n')).toHaveLength(6)
    expect(stdout).toContain('Quarterly report')
  })

  test('is a table without hidden characters or formulas, whichever separator a program assumes', async () => {
    const texts = days.place.write('said-csv.jsonl', await days.said(day(7)))
    const args = ['report', await days.file(day(7)), '--key', days.pem, '--said', texts, '--format', 'csv']
    const { code, stdout } = await run(...args)
    expect(code).toBe(0)
    expect(stdout).toContain('<img src=x>⟦U+202E⟧')
    expect(stdout).toContain("<script>alert(1)</script>;'=1+1\n'=cmd|")
    expect(stdout).not.toMatch(/(?:^|[;,\t\n\r"])[=+@-]|\u202e/)
  })

  test('ends silently when its reader stops reading', async () => {
    // The report is more than a pipe holds.
    const started = ({ stdout }: ChildProcess) => void stdout?.once('data', () => stdout.destroy())
    const texts = days.place.write('said-long.jsonl', await days.said(day(7)))
    const args = ['report', await days.file(day(7)), '--key', days.pem, '--said', texts]
    const { code, stderr } = await program.start(args, { started })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test.each([
    ['a folder', () => days.place.path],
    ['a file in a folder that is not there', () => join(days.place.path, 'none', 'report.html')],
  ])('is not written to %s', async (_what, out) => {
    const { code, stdout, stderr } = await run('report', file, '--key', days.pem, '--out', out())
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(joined(stderr)).toContain('cannot be written')
    expect(stderr).not.toMatch(/^countersign: +at /m)
    expect(readdirSync(join(days.place.path, '..')).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  test('names the day on which a request was asked for', async () => {
    const texts = days.place.write('said-2026-03-05.jsonl', await days.said(day(5)))
    const { stdout } = await run('report', await days.file(day(5)), '--key', days.pem, '--said', texts)
    expect(stdout).toContain('see the report of 2026-03-04')
  })

  test('without the said file has digests only', async () => {
    const { stdout } = await run('report', file, '--key', days.pem)
    expect(stdout).not.toContain('Quarterly report')
    expect(stdout).toContain('not given, or erased')
  })

  test('is refused for a bundle that does not hold', async () => {
    const other = days.place.write('other.jsonl', (await days.said(day(4))).replace('Quarterly', 'Yearly'))
    const out = join(days.place.path, 'none.html')
    const ended = await run('report', file, '--key', days.pem, '--said', other, '--out', out)
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toContain('bad-said')
    expect(readdirSync(days.place.path)).not.toContain('none.html')
  })
})

test('prove writes a proof for each event, and each verifies alone', async () => {
  const [id = ''] = readFileSync(said, 'utf8') && (await requests())
  const out = join(days.place.path, 'proofs')
  const proved = await run('prove', file, id, '--key', days.pem, '--out', out)
  expect(proved).toMatchObject({ code: 0, stderr: '' })
  const names = readdirSync(out).filter((name) => name !== 'index.html')
  expect(names.length).toBeGreaterThan(3)
  for (const name of names) {
    expect(name).toMatch(new RegExp(`^${id}-\\d+\\.tlog-proof$`))
    const { code, stdout } = await run('verify-proof', join(out, name), '--key', days.pem, '--json')
    expect({ code, record: json(stdout) }).toMatchObject({ code: 0, record: { ok: true, event: { request: id } } })
  }
  const several = await run('prove', file, id)
  expect(several).toMatchObject({ code: 78, stdout: '' })
  const other = await run('prove', await days.file(day(5)), '01kjw2xm00abcdefghjkmnpqrs-07')
  expect(other).toMatchObject({ code: 78, stdout: '' })
  expect(joined(other.stderr)).toContain('which was made on 2026-03-04 in UTC')
})

describe('a folder for an outsider', () => {
  let id = ''
  let out = ''
  beforeAll(async () => {
    const [request = ''] = await requests()
    id = request
    out = join(days.place.path, 'outside')
    const disclose = ['--said', said, '--names', 'action,reason']
    expect(await run('prove', file, id, '--key', days.pem, '--out', out, ...disclose)).toMatchObject({ code: 0 })
  })
  const copy = (): string => {
    const folder = mkdtempSync(join(days.place.path, 'copy-'))
    cpSync(out, folder, { recursive: true })
    return folder
  }
  const verified = (folder: string) => run('verify-proof', folder, '--key', days.pem, '--json')

  test('has all proofs, the chosen texts with their salts, and a page, and verifies as a whole', async () => {
    const html = readFileSync(join(out, 'index.html'), 'utf8')
    for (const part of ['Quarterly report', 'prod/db/1', 'verify-proof', 'from the ask to the end'])
      expect(html).toContain(part)
    const texts = readFileSync(join(out, 'texts.jsonl'), 'utf8')
    expect(texts).toMatch(/"salt":"[0-9a-f]{32}"/)
    expect(texts).not.toContain('"name":"name"')
    const { code, stdout } = await verified(out)
    expect({ code, record: json(stdout) }).toMatchObject({
      code: 0,
      record: { ok: true, request: id, ended: true, state: 'succeeded', notChecked: [] },
    })
    const shown = await run('verify-proof', out, '--key', days.pem)
    expect(joined(shown.stdout)).toContain('Quarterly report')
  })

  test.each<[string, string, (folder: string, names: readonly string[]) => void]>([
    ['the last proof but one is missing', 'illegal-event', (folder, names) => rmSync(join(folder, names.at(-2) ?? ''))],
    ['a proof in the middle is missing', 'illegal-event', (folder, names) => rmSync(join(folder, names[2] ?? ''))],
    ['a proof has another name', 'bad-proof', (f, n) => renameSync(join(f, n[1] ?? ''), join(f, `x${n[1]}`))],
    ['a proof is doubled', 'bad-proof', (f, n) => cpSync(join(f, n[1] ?? ''), join(f, `a${n[1]}`))],
    [
      'a text is another',
      'bad-said',
      (folder) => edit(join(folder, 'texts.jsonl'), (text) => text.replace('Quarterly', 'Yearly')),
    ],
    [
      'the page says something else',
      'bad-proof',
      (f) => edit(join(f, 'index.html'), (t) => t.replace('Quarterly', '')),
    ],
  ])('does not hold if %s', async (_what, code, change) => {
    const folder = copy()
    change(
      folder,
      readdirSync(folder)
        .filter((name) => name.endsWith('.tlog-proof'))
        .toSorted(bySeq),
    )
    const ended = await verified(folder)
    expect({ code: ended.code, record: json(ended.stdout) }).toMatchObject({ code: 1, record: { problem: { code } } })
  })

  test('names what it did not check', async () => {
    const folder = copy()
    writeFileSync(join(folder, 'notes.txt'), 'all is well')
    edit(join(folder, 'index.html'), (html) =>
      html.replace(/content="countersign [^"]*"/, 'content="countersign 0.0.0"'),
    )
    expect(json((await verified(folder)).stdout)).toMatchObject({ ok: true, notChecked: ['notes.txt', 'index.html'] })
  })

  test.each<[string, string, readonly string[]]>([
    ['which texts there are', 'there are action, name, owner, reason', []],
    ['a text that no event has', 'no text is called "secret"', ['--names', 'secret']],
  ])('is not made without a choice: the error says %s', async (_what, words, args) => {
    const folder = join(days.place.path, 'unchosen')
    const ended = await run('prove', file, id, '--out', folder, '--said', said, ...args)
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 78, stdout: '' })
    expect(joined(ended.stderr)).toContain(words)
    expect(readdirSync(days.place.path)).not.toContain('unchosen')
  })

  test('is not mixed with other files', async () => {
    const ended = await run('prove', file, id, '--out', days.place.path)
    expect(ended).toMatchObject({ code: 78, stdout: '' })
  })
})

const bySeq = (a: string, b: string) => Number(/(\d+)\.tlog/.exec(a)?.[1]) - Number(/(\d+)\.tlog/.exec(b)?.[1])

const edit = (path: string, change: (text: string) => string) => writeFileSync(path, change(readFileSync(path, 'utf8')))

async function hostileRequest({ approvals }: World): Promise<void> {
  const params = { note: '<img src=x>\u202e' }
  const reason = '<script>alert(1)</script>;=1+1\n=cmd|x'
  const { request } = await approvals.ask(asks({ reason, action: { ...anAction, params } }))
  for (let number = 0; number < 12; number++) {
    const { request } = await approvals.ask(
      asks({ action: { ...anAction, params: { number, note: 'x'.repeat(14_000) } } }),
    )
    await approvals.decide(request.id, votes(request))
  }
  await approvals.review(request.id, dba, { page: 1, template, via: 'teams' })
  const content = request.events[0]?.hash ?? sha256('')
  const view = viewDigest({ content, template, warnings: request.warnings })
  await approvals.decide(request.id, votes(request, dba, { seen: { via: 'teams', view } }))
}

async function requests(): Promise<readonly string[]> {
  const rows = (await days.members(day(4))).get('requests.csv')?.toString().split('\r\n').slice(1, -1) ?? []
  return rows.filter((row) => row.includes('succeeded')).map((row) => row.split(',')[0] ?? '')
}
