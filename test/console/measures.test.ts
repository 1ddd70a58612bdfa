import fc from 'fast-check'
import { between, measuresOf, share, total } from '../../src/console/measures.ts'
import { Metrics } from '../../src/core/record/metrics.ts'

/** What the metrics of days say together: counts, their shares, and how long decisions took. */

const row = (metric: string, value: number, by = 'all', of?: string) => ({ by, metric, value, ...(of && { of }) })
const ofAll = (...rows: ReturnType<typeof row>[]) => measuresOf(rows, 'all').get('') ?? new Map()

test('counts add up by member, and a busiest hour is the busiest of all days', () => {
  const rows = [
    ...[row('hasty', 1, 'rule', 'a'), row('hasty', 2, 'rule', 'b'), row('hasty', 4, 'rule', 'a'), row('hasty', 8)],
    ...[row('busiest-hour', 3, 'approver', 'a'), row('busiest-hour', 2, 'approver', 'a')],
  ]
  const rules = measuresOf(rows, 'rule')
  expect([...rules.keys()]).toEqual(['a', 'b'])
  expect(total(rules.get('a') ?? new Map(), 'hasty')).toBe(5)
  expect(total(measuresOf(rows, 'approver').get('a') ?? new Map(), 'busiest-hour')).toBe(3)
  expect(total(ofAll(), 'hasty')).toBe(0)
})

test('a share is of what was counted on the same days; without a whole there is none', () => {
  const ended = ofAll(row('expired', 1), row('approved-by-people', 2), row('denied-by-people', 1), row('asked', 0))
  expect(share(ended, 'expired')).toBe(0.25)
  expect(share(ofAll(row('lapsed', 1), row('succeeded', 2), row('failed', 1), row('revoked', 1)), 'lapsed')).toBe(0.2)
  const votes = ofAll(row('look-n', 3), row('hasty', 2), row('unseen', 1))
  expect([share(votes, 'hasty'), share(votes, 'unseen'), share(votes, 'look-n')]).toEqual([0.5, 0.25, null])
  expect(share(ofAll(), 'expired')).toBeNull()
})

test('the percentile of all days lies between those of the days', () => {
  const times = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 8 }), (days) => {
      const measures = ofAll(...days.flatMap(percentilesOf))
      for (const metric of ['decide-p50', 'decide-p90']) {
        const [least = NaN, greatest = NaN] = between(measures, metric) ?? []
        const together = percentilesOf(days.flat()).find((one) => one.metric === metric)?.value ?? NaN
        expect(least).toBeLessThanOrEqual(together)
        expect(greatest).toBeGreaterThanOrEqual(together)
      }
    }),
  )
  expect(between(ofAll(), 'decide-p50')).toBeNull()
})

/** The rows of decisions that took so many milliseconds, as the service writes them. */
function percentilesOf(times: readonly number[]) {
  const decide = { values: Float64Array.from(times), count: times.length }
  const tally = { counts: new Map(), times: new Map([['decide', decide]]), hours: new Map() }
  const [none, all] = [new Map(), new Map([['', tally]])]
  return new Metrics({ all, rule: none, agent: none, approver: none })
    .rows()
    .map(({ metric, value }) => row(metric, value))
}
