import { dirname, join } from 'node:path'
import { tamperingsIn } from '../../core/log/manifest.ts'
import { withDay } from '../../verify/day.ts'
import { type HoldingDay, type PeriodVerdict, verifyPeriod } from '../../verify/period.ts'
import { periodIn } from '../dayOptions.ts'
import { readable, readKeys } from '../evidence.ts'
import { Exit, type ExitCode, exits } from '../exit.ts'
import { readCheckpoints } from '../knownEnds.ts'
import type { Line } from '../layout.ts'
import { checkReplaceable, OutFile } from '../outFile.ts'
import { checkFolder, isFolder } from '../outPlace.ts'
import { isWhole, problemsOf } from '../period/completeness.ts'
import { dayRecord } from '../period/dayRecord.ts'
import type { Result } from '../result.ts'
import type { Offline } from '../session.ts'
import { verifyingOn } from '../verify.ts'
import type { MachineOrder } from './order.ts'

/**
 * Verifies the bundles of a period, and writes those that hold in a format for other systems: the same bytes as of each day by
 * itself. Texts are not read.
 */
export async function machinePeriod(
  { options, screen }: Offline,
  folder: string,
  { script, order }: { readonly script: string; readonly order: MachineOrder },
): Promise<Result> {
  const out = await placeIn(options.one('out'), order)
  const settings = {
    ...{ keys: readKeys(options), checkpoints: readCheckpoints(options), isWithoutTexts: true as const },
    ...periodIn(options),
    ...verifyingOn(screen, script),
  }
  // Only once all days were verified is it known which of them hold beside each other.
  const nothing = { day: async () => undefined, retract: () => undefined }
  try {
    return await readable(async () => {
      const verdict = await verifyPeriod(folder, settings, nothing)
      const holding = verdict.days.filter((day): day is HoldingDay => day.state === 'holds')
      const written = await writeDays(holding, out, order, (words) => screen.progress(words))
      return resultOf(verdict, written)
    })
  } finally {
    screen.progress(null)
  }
}

/** Checks where to write, before the days are verified. @throws {Exit} 78 */
async function placeIn(out: string | undefined, { name, format }: MachineOrder): Promise<string> {
  if (format.ofPeriod === null)
    throw new Exit(exits.usage, `--format ${name} is of one bundle: give BUNDLE.zip, the newest, and not --chain.`)
  const isFile = format.ofPeriod === 'lines'
  if (out === undefined)
    throw new Exit(exits.usage, `--out is missing: ${isFile ? 'a file' : 'a folder, which gets a file of each day'}.`)
  if (!isFile) {
    await checkFolder(out, `--format ${name} writes a file of each day: give a folder`)
    return out
  }
  if (!(await isFolder(dirname(out))))
    throw new Exit(exits.usage, `--out: ${out} cannot be written: there is no such folder.`)
  await checkReplaceable(out)
  return out
}

/** Writes the days. No file is in its place before all are complete. Returns their paths. */
async function writeDays(
  days: readonly HoldingDay[],
  out: string,
  { format: { write, ofPeriod }, settings }: MachineOrder,
  progress: (words: string) => void,
): Promise<readonly string[]> {
  const files = new Map<string, OutFile>()
  try {
    for (const [i, day] of days.entries()) {
      const path = typeof ofPeriod === 'function' ? join(out, ofPeriod(day.date)) : out
      const file = files.get(path) ?? new OutFile(path)
      files.set(path, file)
      await withDay(day.path, async (opened) => {
        for await (const text of write({ path: day.path, opened }, settings)) await file.write(text)
      })
      if (path !== out) await file.finish()
      progress(`${i + 1} of ${days.length} days written`)
    }
    // A folder in the place of one file keeps all of them away.
    for (const path of files.keys()) await checkReplaceable(path)
    for (const file of files.values()) await file.complete()
    return [...files.keys()]
  } finally {
    for (const file of files.values()) await file.discard()
  }
}

function resultOf(verdict: PeriodVerdict, paths: readonly string[]): Result {
  const { days } = verdict
  const exit = exitOf(verdict)
  const [from, to] = [days[0]?.date ?? '', days.at(-1)?.date ?? '']
  const holding = days.filter(({ state }) => state === 'holds').length
  const problems = problemsOf({ verdict })
  const [first = 'nothing', ...others] = paths
  const lines: readonly Line[] = [
    ['report', others.length === 0 ? first : `${first} and ${others.length} more`],
    ['period', `${from} to ${to}: ${holding} of ${days.length} days hold`],
    ...problems.map((words): Line => ['NOT VERIFIED', words]),
  ]
  const ok = exit === exits.ok || exit === exits.tampered
  const record = { exit, ok, reports: [...paths], from, to, days: days.map(dayRecord), problems: [...problems] }
  return { exit, lines, to: 'stdout', record }
}

/** The exit code of the worst that is known of the period. */
function exitOf(verdict: PeriodVerdict): ExitCode {
  const { days, endProblem } = verdict
  if (endProblem || days.some(({ state }) => state === 'broken' || state === 'missing')) return exits.broken
  if (!isWhole({ verdict })) return exits.unreadable
  return days.some((day) => day.state === 'holds' && tamperingsIn(day.manifest) > 0) ? exits.tampered : exits.ok
}
