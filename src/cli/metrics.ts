import type { JsonObject } from '../core/data/json.ts'
import { tamperingsIn } from '../core/log/manifest.ts'
import { type Metric, Metrics } from '../core/record/metrics.ts'
import { endsRecord } from '../verdict/ends.ts'
import { verdictOf } from '../verdict/finding.ts'
import { daysOf, verdictOnSeries } from '../verdict/series.ts'
import { teller } from './evidence.ts'
import { readEnds } from './knownEnds.ts'
import type { Line } from './layout.ts'
import type { Result } from './result.ts'
import type { Offline } from './session.ts'
import { verifiedSeries } from './verify.ts'

/** Verifies all bundles in a folder, and computes from their records what the requests of these days come to together. */
export async function metrics(session: Offline, script: string): Promise<Result> {
  const { options } = session
  const [folder = ''] = options.about
  const ends = readEnds(options)
  const all = new Metrics()
  // Texts are not counted, so that a missing one is no reason to stop.
  const verdict = await verifiedSeries(session, folder, {
    ...{ script, ends, allowUnexplained: true },
    counted: (tallies) => all.add(tallies),
  })
  if (verdict.problem) return verdictOnSeries(verdict, { teller, ends, kinds: new Map() })
  const { bundles } = verdict
  const { exit, verdict: words } = verdictOf(bundles.filter(({ manifest }) => tamperingsIn(manifest) > 0).length)
  const rows = all.rows()
  const lines: readonly Line[] = [[words, `${daysOf(bundles)}, each continuing the one before`], ...describe(rows)]
  const record = { exit, ok: true, days: bundles.length, ...endsRecord(bundles), metrics: rows.map(recordOf) }
  return { exit, lines, to: 'stdout', record }
}

const recordOf = ({ by, of, metric, value }: Metric): JsonObject => ({ by, ...(of !== '' && { of }), metric, value })

/** Describes each rule, agent and approver by its counts and its times. */
function describe(rows: readonly Metric[]): readonly Line[] {
  const groups = new Map<string, Metric[]>()
  for (const row of rows) {
    const key = `${row.by} ${row.of}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].flatMap((group) => {
    const [{ by, of } = { by: 'all', of: '' }] = group
    const values = new Map(group.map(({ metric, value }) => [metric, value]))
    const times = [...values.keys()].flatMap((name) => (name.endsWith('-n') ? [name.slice(0, -2)] : []))
    const isOfTime = (name: string) => times.includes(name.replace(/-(?:n|p\d+)$/, ''))
    const counts = [...values].filter(([name]) => name !== 'edition' && !isOfTime(name))
    const counted: readonly Line[] =
      counts.length === 0 ? [] : [['', counts.map(([name, value]) => `${name} ${value}`).join(', ')]]
    const timed = times.map((name): Line => ['', timesIn(values, name)])
    return [[by, of === '' ? 'requests of these days' : of] as const, ...counted, ...timed]
  })
}

/** Describes times: `decide: 12, half within 41.5 s, 90 % within 300 s, 99 % within 3601 s`. */
function timesIn(values: ReadonlyMap<string, number>, name: string): string {
  const within = (percentile: string) => `${(values.get(`${name}-${percentile}`) ?? 0) / 1000} s`
  return `${name}: ${values.get(`${name}-n`)}, half within ${within('p50')}, 90 % within ${within('p90')}, 99 % within ${within('p99')}`
}
