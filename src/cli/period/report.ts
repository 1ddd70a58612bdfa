import { dirname, join } from 'node:path'
import type { JsonObject } from '../../core/data/json.ts'
import { describeExceptions, recordOfKinds } from '../../verdict/exceptions.ts'
import type { ExceptionKind } from '../../core/record/eventType.ts'
import { periodIn } from '../dayOptions.ts'
import { readable, readKeys } from '../evidence.ts'
import { machineFormatNames } from '../formats/order.ts'
import { Exit, type ExitCode, exits } from '../exit.ts'
import { readCheckpoints } from '../knownEnds.ts'
import type { Line } from '../layout.ts'
import type { Options } from '../options.ts'
import { canRedraw, redrawer } from '../policy.ts'
import type { Result } from '../result.ts'
import type { Offline } from '../session.ts'
import { allowsUnexplained, verifyingOn } from '../verify.ts'
import { checkReplaceable } from '../outFile.ts'
import { checkFolder, isFolder } from '../outPlace.ts'
import { periodAccount } from './account.ts'
import { type PeriodData, withPeriod } from './collect.ts'
import { isWhole, partsOf, problemsOf, tamperingsOf } from './completeness.ts'
import { controlsOutput, csvOutput } from './csvOutput.ts'
import { dayRecord } from './dayRecord.ts'
import { htmlOutput } from './htmlOutput.ts'
import type { ReportOutput } from './output.ts'
import { ReportSummary, type ReportOrder } from './summary.ts'
import { workbookOutput } from './workbookOutput.ts'
import { type Zone, zoneNamed } from './zone.ts'

/** Options that only a report over a period has. */
const ofPeriods = ['from', 'to', 'zone', 'sample', 'seed', 'control', 'checkpoint'] as const

/** @throws {Exit} 78 for an option that only a report over a period can have */
export function checkNoPeriodOptions(options: Options): void {
  const given = ofPeriods.find((option) => options.many(option).length > 0)
  if (given !== undefined)
    throw new Exit(exits.usage, `--${given} belongs to --chain, not to one bundle. See countersign help report.`)
}

/** Verifies the bundles of a period, and reports those that hold. */
export async function reportPeriod(session: Offline, folder: string, script: string): Promise<Result> {
  const { options, screen } = session
  const order = { ...orderIn(options), redraw: canRedraw(script) ? redrawer(script) : null }
  const outputsFor = await outputsIn(options)
  const settings = {
    ...{ keys: readKeys(options), said: options.one('said'), checkpoints: readCheckpoints(options) },
    ...periodIn(options),
    ...verifyingOn(screen, script),
  }
  const outputs: ReportOutput[] = []
  try {
    return await readable(() =>
      withPeriod(folder, settings, async (data) => {
        outputs.push(...outputsFor(order.zone))
        const summary = new ReportSummary(data, order)
        await writeRequests(session, summary, outputs)
        const paths: string[] = []
        for (const output of outputs) paths.push(...(await output.end(summary)))
        return resultOf(summary, paths, allowsUnexplained(options))
      }),
    )
  } finally {
    screen.progress(null)
    for (const output of outputs) await output.discard()
  }
}

async function writeRequests({ screen }: Offline, summary: ReportSummary, outputs: readonly ReportOutput[]) {
  let count = 0
  for (const facts of summary.data.requests()) {
    const account = periodAccount(facts, summary.data)
    if (!summary.take(facts, account.controls)) continue
    for (const output of outputs) await output.take(account)
    screen.progress(`${++count} requests reported`)
  }
}

/** @throws {Exit} 78, naming the option and the rule */
function orderIn(options: Options): Omit<ReportOrder, 'redraw'> {
  const [size, seed] = [options.one('sample'), options.one('seed')]
  if ((size === undefined) !== (seed === undefined))
    throw new Exit(exits.usage, '--sample and --seed belong together: the seed picks the sample.')
  if (size !== undefined && !/^[1-9]\d{0,3}$/.test(size))
    throw new Exit(exits.usage, `--sample: "${size}" is not a number from 1 to 9999.`)
  const sample = size === undefined || seed === undefined ? undefined : { size: Number(size), seed }
  return { zone: zoneNamed(options.one('zone')), sample, controls: options.many('control') }
}

type Outputs = (zone: Zone) => readonly ReportOutput[]

const formats: Readonly<Record<string, (path: string, zone: Zone) => ReportOutput>> = {
  html: htmlOutput,
  csv: csvOutput,
  xlsx: workbookOutput,
  controls: controlsOutput,
}

/** What is written, as `--out` and `--format` say. @throws {Exit} 78, naming the option and the rule */
async function outputsIn(options: Options): Promise<Outputs> {
  const out = options.one('out')
  if (out === undefined)
    throw new Exit(exits.usage, '--out is missing: a file ending in .html, .xlsx or .csv, or a folder for all of them.')
  const given = options.one('format')
  const [, ending = ''] = /\.(html?|csv|xlsx)$/i.exec(out) ?? []
  const name = given ?? ending.toLowerCase().replace(/^htm$/, 'html')
  if (name === '') {
    await checkFolder(out, 'ends like a file of another kind. Give a file ending in .html, .xlsx or .csv, or a folder')
    return (zone) => [
      htmlOutput(join(out, 'index.html'), zone),
      workbookOutput(join(out, 'report.xlsx'), zone),
      csvOutput(join(out, 'requests.csv'), zone),
      controlsOutput(join(out, 'controls.csv')),
    ]
  }
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined
  if (!format) throw new Exit(exits.usage, `--format is html, csv, xlsx, ${machineFormatNames.join(', ')}.`)
  // Told before the days are verified, which may take minutes.
  const folder = dirname(out)
  if (!(await isFolder(folder)))
    throw new Exit(exits.usage, `--out: ${out} cannot be written: there is no such folder.`)
  await checkReplaceable(out)
  return (zone) => [format(out, zone)]
}

function resultOf(summary: ReportSummary, paths: readonly string[], allowsMissing: boolean): Result {
  const { data, answers } = summary
  const { days } = data.verdict
  const exit = exitOf(summary, allowsMissing)
  const holding = days.filter(({ state }) => state === 'holds').length
  const [first, last] = [partsOf(days)[0], partsOf(days).at(-1)]
  const ends = last
    ? `${last.to}, bundle ${last.bundles[1]}, log size ${last.size[1]}, root ${last.rootAfter}`
    : 'nothing'
  const kinds = kindCounts(data)
  const lines: readonly Line[] = [
    ['report', paths.slice(0, 4).join(', ') + (paths.length > 4 ? ` and ${paths.length - 4} more` : '')],
    ['period', `${data.from} to ${data.to}: ${holding} of ${days.length} days hold`],
    ['requests', `${answers.requests().all}`],
    ...(summary.sampled() ? [['sample', `${summary.sampled()?.length} requests`] as const] : []),
    ['ends', ends],
    ...describeExceptions(kinds),
    ...problemsOf(data).map((words): Line => ['NOT VERIFIED', words]),
    ...summary.controlDoubts().map((words): Line => ['control', words]),
  ]
  const record = {
    ...{ exit, ok: exit === exits.ok || exit === exits.tampered, reports: [...paths], from: data.from, to: data.to },
    ...{ zone: summary.order.zone.name, days: days.map(dayRecord), requests: answers.requests().all },
    ...(first && last && { size: { from: first.size[0], to: last.size[1] } }),
    ...{ exceptionKinds: recordOfKinds(kinds), questions: answers.answers().map(answerRecord) },
    ...{ controls: summary.controls.rows().map((row) => ({ ...row })), problems: [...problemsOf(data)] },
    ...(summary.sampled() && { sample: (summary.sampled() ?? []).map((one) => ({ ...one })) }),
    ...(summary.unknownControls().length > 0 && { unknownControls: [...summary.unknownControls()] }),
  }
  return { exit, lines, to: 'stdout', record }
}

type Answer = ReturnType<ReportSummary['answers']['answers']>[number]

const answerRecord = ({ question: { id }, population, found }: Answer): JsonObject => ({ id, population, found })

function kindCounts({ notes }: PeriodData): ReadonlyMap<ExceptionKind, number> {
  const kinds = new Map<ExceptionKind, number>()
  for (const day of notes.values())
    for (const [kind, count] of day.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + count)
  return kinds
}

/** The exit code of the worst that is known of the period. */
function exitOf(summary: ReportSummary, allowsMissing: boolean): ExitCode {
  const { data } = summary
  const { days, textProblem, endProblem } = data.verdict
  const isBroken = days.some(
    (day) => day.state === 'broken' || day.state === 'missing' || (day.state === 'holds' && day.saidProblem?.problem),
  )
  const hasUnreadText = days.some((day) => day.state === 'holds' && day.saidProblem)
  if (isBroken || endProblem || (textProblem?.code === 'withheld' && !allowsMissing)) return exits.broken
  if (!isWhole(data) || hasUnreadText || (textProblem && !allowsMissing)) return exits.unreadable
  if (summary.unknownControls().length > 0) return exits.usage
  return tamperingsOf(data) > 0 ? exits.tampered : exits.ok
}
