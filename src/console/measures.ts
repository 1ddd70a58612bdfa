import type { MetricsAnswer } from '../contract/evidenceAnswers.ts'

/** A row of a day's metrics.csv: docs/evidence/bundle.md says what each metric counts. */
export type MetricRow = NonNullable<MetricsAnswer['days'][number]['rows']>[number]

/** The values of each metric: one of each day on which it has one. */
export type Measures = ReadonlyMap<string, readonly number[]>

/**
 * The metrics that a count is a share of, together. All of them are counted on the day of the count, so that no share is
 * more than all: a request that expires on a day was perhaps asked for on the day before.
 */
const wholes: ReadonlyMap<string, readonly string[]> = new Map([
  ['expired', ['approved-by-people', 'denied-by-people', 'expired']],
  ['lapsed', ['succeeded', 'failed', 'revoked', 'lapsed']],
  // A vote has either a look before it, whose time is measured, or none.
  ['hasty', ['look-n', 'unseen']],
  ['unseen', ['look-n', 'unseen']],
])

/** Sorts the rows of days by whom they are about: of `all` by the empty text, otherwise by the id of the member. */
export function measuresOf(rows: readonly MetricRow[], by: string): ReadonlyMap<string, Measures> {
  const members = new Map<string, Map<string, number[]>>()
  for (const row of rows) {
    if (row.by !== by) continue
    const of = row.of ?? ''
    const measures = members.get(of) ?? new Map<string, number[]>()
    const values = measures.get(row.metric) ?? []
    values.push(row.value)
    measures.set(row.metric, values)
    members.set(of, measures)
  }
  return members
}

/** Adds a count up over the days. Of the busiest hours it is the busiest one. */
export function total(measures: Measures, metric: string): number {
  const values = measures.get(metric) ?? []
  return metric === 'busiest-hour' ? Math.max(0, ...values) : values.reduce((a, b) => a + b, 0)
}

/** The part that a count is of its whole, from 0 to 1; `null` for a count that has no whole, or whose whole is nothing. */
export function share(measures: Measures, metric: string): number | null {
  const whole = (wholes.get(metric) ?? []).reduce((sum, name) => sum + total(measures, name), 0)
  return whole === 0 ? null : total(measures, metric) / whole
}

/**
 * The least and the greatest value of a percentile that days have, in milliseconds; `null` if none has it. The percentile
 * of all days together is not among the metrics, but never lies outside of these two.
 */
export function between(measures: Measures, metric: string): readonly [least: number, greatest: number] | null {
  const values = measures.get(metric) ?? []
  return values.length === 0 ? null : [Math.min(...values), Math.max(...values)]
}
