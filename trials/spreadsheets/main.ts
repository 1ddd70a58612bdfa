import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { csvRows } from '../../src/core/data/csv.ts'
import { pemOf } from '../../src/core/log/signature.ts'
import { publicKeyOf } from '../../src/local/keys.ts'
import { action as anAction } from '../../test/support/build.ts'
import { csvCells } from '../../test/support/csvCells.ts'
import { asks, votes, type World } from '../../test/support/world.ts'
import { manifestIn, zipName, zipOf } from '../../test/evidence/bundle.ts'
import { fiveDays } from '../../test/support/liars.ts'
import { dates, sealedDays } from '../../test/verify/days.ts'
import { measured } from '../bench/measure.ts'
import { program, say } from '../program.ts'
import { converted, type OfficeCell, type OfficeSheets, openedInOffice } from './office.ts'
import { openings, pictureOf, pictures, slow, writeIndex } from './pictures.ts'

const help = `Makes reports over a period, opens the workbook and the CSV in LibreOffice, and compares what it read: the same rows and
texts, typed cells, no formula. Opens the pages in Chromium, in light, dark, print and phone width, and times pages of
1,000 requests. LibreOffice Calc (Debian: libreoffice-calc) is installed if it is not there.

  --out DIR     the folder of the pictures (dist/report-pictures)
`

const command = 'dist/bin/countersign.cjs'

async function run({ out }: { readonly out: string }): Promise<number> {
  const pictureFolder = resolve(out)
  await mkdir(pictureFolder, { recursive: true })
  const folder = await mkdtemp(join(tmpdir(), 'countersign-spreadsheets-'))
  try {
    const report = await hostileReport(folder)
    const flaws = [
      ...(await flawsOfTables(report)),
      ...(await pictures(join(await eventfulReport(folder), 'index.html'), pictureFolder)),
      ...(await flawsOfManyPages(folder)),
    ]
    await writeFile(join(pictureFolder, 'workbook.html'), await converted(join(report, 'report.xlsx'), 'html'))
    await pictureOf(join(pictureFolder, 'workbook.html'), join(pictureFolder, 'workbook.png'))
    say(await writeIndex(pictureFolder))
    for (const flaw of flaws) process.stderr.write(`${flaw}\n`)
    say(flaws.length === 0 ? 'all holds' : `${flaws.length} flaws`)
    return flaws.length === 0 ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Texts that a spreadsheet or a browser could take for something else. */
const texts = [
  '=1+1',
  '=HYPERLINK("https://x.example";"here")',
  '+cmd|" /C calc"!A0',
  '-2+3',
  '@SUM(A1:A9)',
  '＝1+1',
  '\t=1+1',
  'Größe ändern, für "finance"; =1+1\n=2+2\nend',
  'a;=1+1;+2',
  '_x000A_ and _x0041_',
  '<script>alert(1)</script> & <b>',
  'zero\u200bwidth \u202eright to left',
  '  two spaces  at both ends  ',
  '0012',
  '1e5',
  '2026-03-04',
  '1/2',
  'TRUE',
  '😀 emoji, 漢字, עברית, العربية',
  `${'long '.repeat(90)}end`,
]

/** A report over five days whose requests have such texts. */
async function hostileReport(folder: string): Promise<string> {
  const days = await sealedDays(async ({ approvals }: World) => {
    for (const text of texts) {
      const action = {
        ...anAction,
        target: text
          .trim()
          .slice(0, 60)
          .replaceAll(/[\n\t]/g, ' '),
        params: { text },
      }
      const { request } = await approvals.ask(asks({ reason: text, action })).catch(async () => {
        // Some texts are no target.
        return approvals.ask(asks({ reason: text, action: { ...anAction, params: { text } } }))
      })
      await approvals.decide(request.id, votes(request))
    }
  })
  try {
    const bundles = join(folder, 'bundles')
    await mkdir(bundles)
    for (const date of dates) {
      await writeFile(join(bundles, zipName(date)), await days.zip(date))
      await writeFile(join(bundles, `said-${date}.jsonl`), await days.said(date))
    }
    return await reported(bundles, {
      key: days.pem,
      to: join(folder, 'report'),
      more: ['--sample', '5', '--seed', 'trial'],
    })
  } finally {
    days.place.clean()
  }
}

/** A report over five days on which all that can happen happens. */
async function eventfulReport(folder: string): Promise<string> {
  const real = await fiveDays()
  try {
    const bundles = join(folder, 'eventful')
    await mkdir(bundles)
    for (const [i, members] of real.days.entries()) {
      const { date } = manifestIn(members)
      await writeFile(join(bundles, zipName(date)), await zipOf(members))
      await writeFile(join(bundles, `said-${date}.jsonl`), real.said[i] ?? '')
    }
    const key = real.place.write('log.pem', pemOf(real.key.spki))
    return await reported(bundles, { key, to: join(folder, 'eventful-report'), exit: 3 })
  } finally {
    real.place.clean()
  }
}

interface Reporting {
  readonly key: string
  readonly to: string
  readonly more?: readonly string[]
  /** The exit code that is expected: 3 for a recorded tampering. */
  readonly exit?: number
}

async function reported(bundles: string, { key, to, more = [], exit = 0 }: Reporting): Promise<string> {
  const args = ['report', '--chain', bundles, '--key', key, '--out', to, '--zone', 'Europe/Berlin', ...more]
  const { status, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' })
  if (status !== exit) throw new Error(`The report ended with ${status}: ${stderr}`)
  return to
}

/** Compares what LibreOffice read from the workbook and from the CSV with each other, and with the CSV itself. */
async function flawsOfTables(report: string): Promise<readonly string[]> {
  const written = csvRows((await readFile(join(report, 'requests.csv'), 'utf8')).slice(1))
  const raw = csvCells((await readFile(join(report, 'requests.csv'), 'utf8')).slice(1))
  const book = await openedInOffice(join(report, 'report.xlsx'))
  const csv = await openedInOffice(join(report, 'requests.csv'))
  const controls = await openedInOffice(join(report, 'controls.csv'))
  const [fromCsv = []] = csv.values()
  const requests = book.get('Requests') ?? []
  say(`the workbook has ${book.size} sheets; ${requests.length - 1} requests, ${written.length - 1} in the CSV`)
  return [
    ...[book, csv, controls].flatMap(formulasIn),
    ...(requests.length === written.length
      ? []
      : [`${requests.length} rows in the workbook, ${written.length} in the CSV`]),
    ...(fromCsv.length === raw.length
      ? []
      : [`LibreOffice reads ${fromCsv.length} rows of the CSV, not ${raw.length}`]),
    ...written.flatMap((row, i) => flawsOfRow(i, row, { head: written[0] ?? [], read: requests[i] ?? [] })),
    ...raw.flatMap((row, i) =>
      row.flatMap((cell, k) => {
        const read = fromCsv[i]?.[k]
        // A text that looks like a number or a date becomes one in any spreadsheet that opens CSV.
        if (read?.type === 'float' || read?.type === 'date' || (read?.text ?? '') === cell) return []
        return [`CSV, row ${i + 1}, column ${k + 1}: ${JSON.stringify(read)} is read for ${JSON.stringify(cell)}`]
      }),
    ),
  ]
}

const formulasIn = (sheets: OfficeSheets): readonly string[] =>
  [...sheets].flatMap(([name, rows]) =>
    rows.flatMap((row) =>
      row.flatMap(({ formula }) => (formula === undefined ? [] : [`${name}: the formula ${formula}`])),
    ),
  )

const times = /^(?:asked|decided|expires|run|closed)(?:_local)?$/

function flawsOfRow(
  place: number,
  row: readonly string[],
  { head, read }: { readonly head: readonly string[]; readonly read: readonly OfficeCell[] },
): readonly string[] {
  return row.flatMap((cell, k) => {
    const found = read[k] ?? { text: '' }
    const column = head[k] ?? ''
    const where = `workbook, row ${place + 1}, ${column}`
    if (cell === '') return found.text === '' ? [] : [`${where}: ${JSON.stringify(found)} stands in an empty cell`]
    const type =
      place === 0 || !(times.test(column) || column === 'seconds_to_run')
        ? 'string'
        : times.test(column)
          ? 'date'
          : 'float'
    if (found.type !== type) return [`${where}: is a ${found.type}, not a ${type}`]
    // Guards within a cell are for CSV alone.
    const wanted =
      type === 'date'
        ? cell.slice(0, 19)
        : type === 'string'
          ? cell.replaceAll(/(?<=[;\n])'(?=[=+\-@＝＋－＠])/g, '')
          : cell
    const text = type === 'date' ? found.text.slice(0, 19).padEnd(19, 'T00:00:00') : found.text
    return text === wanted ? [] : [`${where}: ${JSON.stringify(text)} is read for ${JSON.stringify(wanted)}`]
  })
}

/** Makes a report that is split into pages, and opens each. */
async function flawsOfManyPages(folder: string): Promise<readonly string[]> {
  const period = join(folder, 'period')
  await measured({ program: 'dist/bench/makePeriod.mjs', args: [period, '2', '6000'] })
  const to = await reported(period, { key: publicKeyOf(join(period, 'log.pem')), to: join(folder, 'pages') })
  const pages = (await readdir(to)).filter((name) => /^requests-\d+\.html$/.test(name))
  const opened = await openings(pages.map((name) => join(to, name)))
  say(`pages of requests open after ${opened.map(({ milliseconds }) => `${Math.round(milliseconds)} ms`).join(', ')}`)
  return [...(pages.length > 1 ? [] : ['the report was not split into pages']), ...slow(opened)]
}

program({
  name: 'spreadsheets',
  help,
  options: { out: { type: 'string', default: 'dist/report-pictures' } },
  run,
})
