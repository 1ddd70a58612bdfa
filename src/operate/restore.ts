import { Exit, exits } from '../cli/exit.ts'
import type { Line } from '../cli/layout.ts'
import { failed, finish, type Result } from '../cli/result.ts'
import { type Screen, screen } from '../cli/screen.ts'
import { Broken } from '../core/data/broken.ts'
import type { JsonObject } from '../core/data/json.ts'
import { isBroken, Problem } from '../core/data/problem.ts'
import { type RefusedPlace, RestoreRefused } from '../evidence/backup/refusal.ts'
import {
  type CheckedSnapshot,
  checkSnapshot,
  type Restored,
  restore,
  type RestoreParts,
  type RestoreStep,
} from '../evidence/backup/restore.ts'
import { endOfSelection, listSnapshots, type SnapshotDay } from '../evidence/backup/selection.ts'
import { parseRestoreOptions, restoreHelp, type RestoreOptions } from './restoreOptions.ts'

/** The exit code for a ledger that is restored but can only be read. */
const incomplete = 3

async function main(args: readonly string[]): Promise<void> {
  const json = args.includes('--json')
  const to = screen({ json, environment: process.env })
  let result: Result
  try {
    const options = parseRestoreOptions(args)
    if (options.wants === 'help') {
      process.stdout.write(restoreHelp)
      return
    }
    result = await perform(options, to)
  } catch (cause) {
    result = outcomeOf(cause)
  } finally {
    to.progress(null)
  }
  process.exitCode = finish(result, { json, isRun: false, file: undefined }, to)
}

async function perform(options: RestoreOptions, to: Screen): Promise<Result> {
  // Loaded late, so that an error in the options appears before the storage clients load.
  const { openPlaces } = await import('./restorePlaces.ts')
  const places = await openPlaces(options, process.env)
  try {
    const reading: RestoreParts = { ...places.reading, progress: progressOn(to) }
    if (options.wants === 'list') return resultOfDays(await listSnapshots(reading))
    if (options.wants === 'check') return resultOfCheck(await checkSnapshot(reading, options.until))
    await places.copyEvidence((files) => to.progress(`${files} files of evidence copied`))
    const parts: RestoreParts = { ...places.parts, progress: reading.progress }
    return resultOfRestore(await restore(parts, await checkSnapshot(parts, options.until)))
  } finally {
    await places.close()
  }
}

const words: Readonly<Record<RestoreStep, string>> = {
  files: 'files of the snapshot checked',
  events: 'events restored',
  requests: 'requests of the shard restored',
  log: 'events proved',
}

const progressOn =
  (to: Screen): RestoreParts['progress'] =>
  (step, done, of) =>
    to.progress(`${done} of ${of} ${words[step]}`)

function resultOfDays(days: readonly SnapshotDay[]): Result {
  const lines = days.map(
    ({ date, at, events, sealed }): Line => [date, `${events} events; sealed up to bundle ${sealed}; kept at ${at}`],
  )
  const none: readonly Line[] = [['snapshots', 'none']]
  const record = { exit: exits.ok, days: days.map((day) => ({ ...day })) }
  return { exit: exits.ok, lines: lines.length > 0 ? lines : none, to: 'stdout', record }
}

function resultOfCheck({ selection, days, files }: CheckedSnapshot): Result {
  const events = selection.shards.reduce((sum, one) => sum + endOfSelection(one).seq, 0)
  const checked = { at: selection.at, files, events, sealed: days.length }
  const lines: readonly Line[] = [
    ['CHECKED', `${files} files, all of them as they were kept`],
    ['kept at', selection.at],
    ['events', `${events}`],
    ['sealed days', `${days.length}`],
  ]
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, checked } }
}

function resultOfRestore(restored: Restored): Result {
  const { at, events, requests, erased, textless, missingTexts, proved, lost } = restored
  const isWhole = lost.gaps.length === 0 && textless.length === 0
  const exit = isWhole ? exits.ok : incomplete
  const lines: readonly Line[] = [
    ['RESTORED', isWhole ? 'complete: the service may be started' : 'not complete: the ledger opens for reading only'],
    ['kept at', at],
    ['events', `${events}, about ${requests} requests`],
    ['erased', `texts of ${erased} events, again`],
    ['proved', proved ? `up to ${proved.date}, size ${proved.size}, root ${proved.root}` : 'no day was sealed'],
    ...(textless.length > 0
      ? [['not restored', `${missingTexts} texts of the events below, which came from chunks`] satisfies Line]
      : []),
    ...textless.map(({ shard, from, to }): Line => ['no texts', `shard ${shard}, events ${from} to ${to}`]),
    ...lost.gaps.map(({ shard, from, to }): Line => ['lost', `shard ${shard}, events ${from} to ${to}`]),
    ...lost.ends.map(
      ({ request, act, shard, seq }): Line => ['lost', `request ${request}, ${act}: shard ${shard}, event ${seq}`],
    ),
  ]
  const record: JsonObject = {
    exit,
    restored: {
      ...{ at, events, requests, erased, proved: proved && { ...proved } },
      ...{ textless: textless.map((range) => ({ ...range })), missingTexts },
      lost: lost.gaps.map((gap) => ({ ...gap })),
      ends: lost.ends.map((end) => ({ ...end })),
    },
  }
  return { exit, lines, to: 'stdout', record }
}

/** The error in words, with an exit code that tells whether a repetition can help. */
function outcomeOf(cause: unknown): Result {
  if (cause instanceof RestoreRefused) return refusedAs(cause.code, cause.message, cause.place)
  if (cause instanceof Broken) return refusedAs(cause.code, cause.message)
  if (isBroken(cause)) {
    const { shard = '', row = '', check = '' } = cause.details.broken ?? {}
    return refusedAs(cause.code, `Row ${row} of shard ${shard} is not as the service wrote it (${check}).`)
  }
  if (cause instanceof Problem) return failed(new Exit(exits.unreachable, `${cause.message} Run the restore again.`))
  return failed(cause)
}

const refusedAs = (code: string, message: string, place: RefusedPlace = {}): Result => ({
  exit: exits.broken,
  lines: [
    ['REFUSED', message],
    ['code', code],
  ],
  to: 'stderr',
  record: { exit: exits.broken, error: { code, words: message, ...place } },
})

/**
 * Settles when the program has ended, for a caller who loads this file in a process that goes on. This is the last line,
 * because it uses what stands above.
 */
export const ended: Promise<void> = main(process.argv.slice(2))
