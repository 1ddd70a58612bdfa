import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { isOfSystem, reasonOf } from '../verify/file.ts'
import { exceptionsIn } from '../verify/exceptionTable.ts'
import { type Editions, withEditions } from '../verify/edition.ts'
import { type Chapter, type Story, withChapters } from '../verify/requestStory.ts'
import type { Reported } from './account.ts'
import { tamperingsIn } from '../core/log/manifest.ts'
import { bundleRecord, verdictOnBundle } from '../verdict/bundle.ts'
import { describeExceptions, recordOfKinds } from '../verdict/exceptions.ts'
import { describeFinding, exitOfFinding, findingRecord, verdictOf } from '../verdict/finding.ts'
import { describeSaid, saidRecord, unexplainedIn } from '../verdict/texts.ts'
import { readable, teller } from './evidence.ts'
import { Exit, exits } from './exit.ts'
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

/** Verifies a bundle and, if it holds, reports it for people. */
export async function report(session: Offline, script: string): Promise<Result> {
  const { options, screen } = session
  const [file = ''] = options.about
  const [out, said] = [options.one('out'), options.one('said')]
  const format = formatOf(options.one('format'), out)
  if (out === undefined && options.one('json') !== undefined)
    throw new Exit(exits.usage, '--json writes to standard output: give --out FILE for the report.')
  const verdict = await verifyFile(session, file, script)
  const { manifest } = verdict
  if (verdict.problem || !manifest) return verdictOnBundle(verdict, { teller })
  const counted = async function* (chapters: AsyncIterable<Chapter>) {
    let count = 0
    for await (const chapter of chapters) {
      if (chapter.kind === 'request') screen.progress(`${++count} of ${manifest.counts.requests} requests reported`)
      yield chapter
    }
  }
  const exceptions = await readable(() => exceptionsIn(file, mostExceptions))
  const draws = format === htmlReport && said !== undefined
  const redraw = draws && canRedraw(script) ? redrawer(script) : null
  const cardsFrom = (editions: Editions) =>
    redraw && { cards: (events: Events) => cardsOf({ editions, redraw }, events) }
  const write = (to: Writable) =>
    withEditions(file, (editions) =>
      withChapters(file, said, async (chapters) => {
        const reported = { manifest, ...(verdict.said && { said: verdict.said }), exceptions, ...cardsFrom(editions) }
        for await (const text of format(counted(chapters), reported)) if (!(await isTaken(to, text))) return
      }),
    )
  try {
    await readable(() => (out === undefined ? write(process.stdout) : inFile(out, write)))
  } finally {
    screen.progress(null)
  }
  const unexplained = unexplainedIn(verdict.said, teller)
  const isTold = unexplained === null || allowsUnexplained(options)
  const exit = isTold ? verdictOf(tamperingsIn(manifest)).exit : exitOfFinding(unexplained)
  const missing = unexplained ? describeFinding(unexplained) : []
  if (out === undefined) return { exit, lines: isTold ? [] : missing, to: 'stderr', record: { exit } }
  const { counts } = exceptions
  const lines: readonly Line[] = [
    ['report', out],
    ['requests', `${manifest.counts.requests}`],
    ...describeExceptions(counts),
    ...(verdict.said ? describeSaid(verdict.said) : []),
    ...(draws && !redraw ? [notDrawn] : []),
    ...(isTold ? [] : missing),
  ]
  const bundle = { ...bundleRecord(manifest), exceptionKinds: recordOfKinds(counts) }
  const texts = {
    ...(verdict.said && { said: saidRecord(verdict.said) }),
    ...(!isTold && { problem: findingRecord(unexplained) }),
  }
  const record = { exit, ok: isTold, report: out, bundle, ...texts }
  return { exit, lines, to: 'stdout', record }
}

function formatOf(given: string | undefined, out = ''): Format {
  const name = given ?? (/\.csv$/i.test(out) ? 'csv' : 'html')
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined
  if (!format) throw new Exit(exits.usage, '--format is html or csv.')
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

const unwritable = (what: string, cause: unknown): Exit =>
  new Exit(exits.usage, `${what} cannot be written: ${reasonOf(cause)}.`)

/** Writes a file that appears only when it is complete. */
async function inFile(path: string, write: (to: Writable) => Promise<void>): Promise<void> {
  const draft = `${path}.${randomUUID().slice(0, 8)}.part`
  // An error between two writes is thrown by the next one; without a listener it would end this program.
  const file = createWriteStream(draft, { flags: 'wx' }).on('error', () => undefined)
  try {
    await once(file, 'open')
    await write(file)
    file.end()
    await finished(file)
    await rename(draft, path)
  } catch (cause) {
    file.destroy()
    await rm(draft, { force: true })
    throw isOfSystem(cause) ? unwritable(`--out: ${path}`, cause) : cause
  }
}
