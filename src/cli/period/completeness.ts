import type { Day } from '../../core/data/day.ts'
import { tamperingsIn } from '../../core/log/manifest.ts'
import type { HoldingDay, PeriodDay } from '../../verify/period.ts'
import type { PeriodData } from './collect.ts'

/** Days of a period that hold and continue each other, and what the log says of them. */
export interface PeriodPart {
  readonly from: Day
  readonly to: Day
  readonly days: number
  readonly bundles: readonly [first: number, last: number]
  /** The size of the log before the first of these days, and after the last. */
  readonly size: readonly [before: number, after: number]
  readonly rootBefore: string
  readonly rootAfter: string
  /** The records of the days, added up. */
  readonly records: number
  /** Whether they are as many as the log grew by. */
  readonly addsUp: boolean
  /** Whether each shard's numbers go on from day to day without a gap. */
  readonly hasNoGap: boolean
}

/** Finds the parts of a period: a new one begins after each day that is missing or does not hold. */
export function partsOf(days: readonly PeriodDay[]): readonly PeriodPart[] {
  const parts: HoldingDay[][] = []
  for (const day of days) {
    if (day.state !== 'holds') continue
    if (day.continues && parts.length > 0) parts.at(-1)?.push(day)
    else parts.push([day])
  }
  return parts.flatMap((part) => {
    const [first, last] = [part[0], part.at(-1)]
    return first && last ? [partOf(part, first, last)] : []
  })
}

function partOf(part: readonly HoldingDay[], first: HoldingDay, last: HoldingDay): PeriodPart {
  const records = part.reduce((sum, { manifest }) => sum + manifest.counts.records, 0)
  const [before, after] = [first.manifest.log.from, last.manifest.log.to]
  return {
    ...{ from: first.date, to: last.date, days: part.length, records },
    bundles: [first.manifest.number, last.manifest.number],
    size: [before.size, after.size],
    ...{ rootBefore: before.root, rootAfter: after.root },
    addsUp: records === after.size - before.size,
    hasNoGap: part.every(({ manifest }, i) => i === 0 || isNext(part[i - 1]?.manifest.shards ?? {}, manifest.shards)),
  }
}

type Shards = HoldingDay['manifest']['shards']

const isNext = (before: Shards, after: Shards): boolean =>
  Object.entries(after).every(([shard, { from }]) => (before[shard]?.to ?? 0) === from)

/** How many records lie between two parts, as the sizes of the log tell. */
export function recordsBetween(parts: readonly PeriodPart[]): readonly number[] {
  return parts.slice(1).map(({ size: [before] }, i) => before - (parts[i]?.size[1] ?? 0))
}

/** How many records there are of each type, of all days that hold. */
export function typesOf(days: readonly PeriodDay[]): ReadonlyMap<string, number> {
  const types = new Map<string, number>()
  for (const day of days)
    for (const [type, count] of day.state === 'holds' ? Object.entries(day.manifest.counts.types) : [])
      types.set(type, (types.get(type) ?? 0) + count)
  return new Map([...types].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Everything that keeps a period from being verified in whole, in words, with the file or the day. */
export function problemsOf({ verdict }: Pick<PeriodData, 'verdict'>): readonly string[] {
  const { days, strays, textProblem, unusedSaid, endProblem } = verdict
  return [
    ...problemsOfDays(days),
    ...strays.map(({ file, words }) => `${file}: not verified, and nothing of it is shown. ${words}`),
    ...(textProblem && !isToldOfDay(days, textProblem) ? [`${textProblem.file}: ${textProblem.words}`] : []),
    ...(unusedSaid.length > 0
      ? [`${unusedSaid.join(', ')}: not used, since no bundle of that day was verified here.`]
      : []),
    ...(endProblem ? [endProblem.words] : []),
  ]
}

/** Whether a day tells already that its said file is not used: then it is no news that the day has none. */
const isToldOfDay = (days: readonly PeriodDay[], { file }: { readonly file: string }): boolean =>
  days.some((day) => day.state === 'holds' && day.saidProblem?.member === file)

/** What is wrong with each day. Days in a row that are missing are told together. */
function problemsOfDays(days: readonly PeriodDay[]): readonly string[] {
  let missing: Day[] = []
  return days.flatMap((day, i) => {
    if (day.state !== 'missing') return problemOf(day)
    missing.push(day.date)
    const next = days[i + 1]
    if (next?.state === 'missing') return []
    const words = wordsOfMissing(missing, next)
    missing = []
    return [words]
  })
}

/** @param next the day after them */
function wordsOfMissing(missing: readonly Day[], next: PeriodDay | undefined): string {
  const isOne = missing.length === 1
  const which = isOne
    ? `${missing[0]}: no bundle of this day`
    : `${missing[0]} to ${missing.at(-1)}: no bundle of these days`
  const known =
    next?.state === 'holds' && next.manifest.log.from.size === 0
      ? `The log began on ${next.date}, and had no record before.`
      : `Nothing is known of what happened on ${isOne ? 'it' : 'them'}.`
  return `${which} is here. ${known}`
}

function problemOf(day: Exclude<PeriodDay, { readonly state: 'missing' }>): readonly string[] {
  switch (day.state) {
    case 'broken':
      return [`${day.date}: ${day.file} does not hold, and nothing of it is shown. ${day.words}`]
    case 'unreadable':
      return [`${day.date}: ${day.file} cannot be read or judged here, and nothing of it is shown. ${day.words}`]
    case 'holds':
      return day.saidProblem
        ? [`${day.date}: the texts of ${day.saidProblem.member} are not used. ${day.saidProblem.words}`]
        : []
  }
}

/** Whether every day of the period was verified and continues the one before. */
export const isWhole = ({ verdict: { days, strays } }: Pick<PeriodData, 'verdict'>): boolean =>
  strays.length === 0 && days.every((day, i) => day.state === 'holds' && (i === 0 || day.continues))

/** How many events of the period record that somebody had changed what was stored. */
export const tamperingsOf = ({ verdict: { days } }: Pick<PeriodData, 'verdict'>): number =>
  days.reduce((sum, day) => sum + (day.state === 'holds' ? tamperingsIn(day.manifest) : 0), 0)
