import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { BundleVerdict } from '../verify/bundle.ts'
import { withDay } from '../verify/day.ts'
import { exceptionsIn } from '../verify/exceptionTable.ts'
import { type Editions, withEditions } from '../verify/edition.ts'
import { type Chapter, type Story, withChapters } from '../verify/requestStory.ts'
import type { Reported } from './account.ts'
import { type Manifest, tamperingsIn } from '../core/log/manifest.ts'
import { bundleRecord, verdictOnBundle } from '../verdict/bundle.ts'
import { describeExceptions, type ExceptionCounts, recordOfKinds } from '../verdict/exceptions.ts'
import { describeFinding, exitOfFinding, findingRecord, verdictOf } from '../verdict/finding.ts'
import { describeSaid, saidRecord, unexplainedIn } from '../verdict/texts.ts'
import { readable, teller } from './evidence.ts'
import { Exit, exits } from './exit.ts'
import { inFile, unwritable } from './outFile.ts'
import { machineFormatNames, type MachineOrder, machineOrderIn } from './formats/order.ts'
import { machinePeriod } from './formats/period.ts'
import { knownOfDay } from './period/knownOfDay.ts'
import { checkNoPeriodOptions, reportPeriod } from './period/report.ts'
import { canRedraw, redrawer } from './policy.ts'
import { csvReport } from './reportCsv.ts'
import { htmlReport } from './reportHtml.ts'
import type { Line } from './layout.ts'
import type { Result } from './result.ts'
import type { Offline } from './session.ts'
import { cardsOf } from './shown/views.ts'
import { allowsUnexplained, verifyFile } from './verify.ts'

type Format = (chapters: AsyncIterable<Chapter>, reported: Reported) => AsyncIterable<string>

const formats: Readonly<Record<string, Format>> = { html: htmlReport, csv: csvReport }

const notDrawn: Line = [
  'not drawn',
  'what approvers were shown: copy policy.cjs, cedar_wasm_bg.wasm and cards.cjs beside',
]

type Events = Story['events']

/** Exceptions that a page lists, so that it can be opened. All are in `exceptions.csv`. */
const mostExceptions = 2_000

/** Verifies a bundle, or those of a period, and reports what holds, for people or for other systems. */
export async function report(session: Offline, script: string): Promise<Result> {
  const { options } = session
  const [file] = options.about
  const chain = options.one('chain')
  if ((file === undefined) === (chain === undefined))
    throw new Exit(exits.usage, 'Give either BUNDLE.zip or --chain FOLDER. See countersign help report.')
  const order = machineOrderIn(options)
  if (file === undefined) {
    if (order) return machinePeriod(session, chain ?? '', { script, order })
    return reportPeriod(session, chain ?? '', script)
  }
  checkNoPeriodOptions(options)
  return reportDay(session, file, { script, order })
}

/** Writes a report of a day to a file or a stream. */
type Write = (to: Writable) => Promise<void>

/** Verifies a bundle and, if it holds, reports it. */
async function reportDay(
  session: Offline,
  file: string,
  { script, order }: { readonly script: string; readonly order: MachineOrder | null },
): Promise<Result> {
  const { options, screen } = session
  const out = options.one('out')
  const format = order ? null : formatOf(options.one('format'), out)
  if (out === undefined && options.one('json') !== undefined)
    throw new Exit(exits.usage, '--json writes to standard output: give --out FILE for the report.')
  const verdict = await verifyFile(session, file, script)
  const { manifest } = verdict
  if (verdict.problem || !manifest) return verdictOnBundle(verdict, { teller })
  const exceptions = await readable(() => exceptionsIn(file, mostExceptions))
  const held = { ...verdict, manifest, exceptions }
  const draws = format === htmlReport && options.one('said') !== undefined
  const redraw = draws && canRedraw(script) ? redrawer(script) : null
  const write = order
    ? forMachines(file, order)
    : await forPeople(session, file, { format: format ?? htmlReport, held, redraw })
  try {
    await readable(() => (out === undefined ? write(process.stdout) : inFile(out, write)))
  } finally {
    screen.progress(null)
  }
  const drawing: readonly Line[] = draws && !redraw ? [notDrawn] : []
  return resultOf(held, { out, drawing, counts: exceptions.counts, allows: allowsUnexplained(options) })
}

/** Writes a bundle that was verified in a format for other systems. */
const forMachines =
  (path: string, { format, settings }: MachineOrder): Write =>
  (to) =>
    withDay(path, async (opened) => {
      for await (const text of format.write({ path, opened }, settings)) if (!(await isTaken(to, text))) return
    })

interface PeoplesReport {
  readonly format: Format
  readonly held: Pick<Reported, 'manifest' | 'exceptions'> & Pick<BundleVerdict, 'said'>
  readonly redraw: ReturnType<typeof redrawer> | null
}

/** Writes a bundle that was verified request by request, for people. */
async function forPeople(
  { options, screen }: Offline,
  file: string,
  { format, held: { manifest, said, exceptions }, redraw }: PeoplesReport,
): Promise<Write> {
  const counted = async function* (chapters: AsyncIterable<Chapter>) {
    let count = 0
    for await (const chapter of chapters) {
      if (chapter.kind === 'request') screen.progress(`${++count} of ${manifest.counts.requests} requests reported`)
      yield chapter
    }
  }
  const known = await readable(() => knownOfDay(file, manifest))
  const cardsFrom = (editions: Editions) =>
    redraw && { cards: (events: Events) => cardsOf({ editions, redraw }, events) }
  return (to) =>
    withEditions(file, (editions) =>
      withChapters(file, options.one('said'), async (chapters) => {
        const reported = { manifest, ...(said && { said }), exceptions, known, ...cardsFrom(editions) }
        for await (const text of format(counted(chapters), reported)) if (!(await isTaken(to, text))) return
      }),
    )
}

/** What is said of a report beside the report itself. */
interface Written {
  readonly out: string | undefined
  /** That what approvers were shown is not drawn; empty if it is. */
  readonly drawing: readonly Line[]
  readonly counts: ExceptionCounts
  /** Whether missing texts are only counted. */
  readonly allows: boolean
}

function resultOf(
  { manifest, said }: Pick<BundleVerdict, 'said'> & { readonly manifest: Manifest },
  { out, drawing, counts, allows }: Written,
): Result {
  const unexplained = unexplainedIn(said, teller)
  const isTold = unexplained === null || allows
  const exit = isTold ? verdictOf(tamperingsIn(manifest)).exit : exitOfFinding(unexplained)
  const missing = unexplained ? describeFinding(unexplained) : []
  if (out === undefined) return { exit, lines: isTold ? [] : missing, to: 'stderr', record: { exit } }
  const lines: readonly Line[] = [
    ['report', out],
    ['requests', `${manifest.counts.requests}`],
    ...describeExceptions(counts),
    ...(said ? describeSaid(said) : []),
    ...drawing,
    ...(isTold ? [] : missing),
  ]
  const bundle = { ...bundleRecord(manifest), exceptionKinds: recordOfKinds(counts) }
  const texts = { ...(said && { said: saidRecord(said) }), ...(!isTold && { problem: findingRecord(unexplained) }) }
  const record = { exit, ok: isTold, report: out, bundle, ...texts }
  return { exit, lines, to: 'stdout', record }
}

function formatOf(given: string | undefined, out = ''): Format {
  const name = given ?? (/\.csv$/i.test(out) ? 'csv' : 'html')
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined
  if (!format) throw new Exit(exits.usage, `--format of one day is html, csv, ${machineFormatNames.join(', ')}.`)
  return format
}

/** Writes a text. Returns `false` once the reader has closed the pipe, as `head` does. */
async function isTaken(to: Writable, text: string): Promise<boolean> {
  try {
    if (to.errored) throw to.errored
    if (to.destroyed) return false
    if (!to.write(text)) await once(to, 'drain')
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EPIPE') return false
    throw unwritable('The report', cause)
  }
}
