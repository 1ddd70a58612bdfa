import * as fc from 'fast-check'
import { sha256 } from '../../../src/core/data/id.ts'
import { answer, askBack } from '../../../src/core/request/conversation.ts'
import { breakGlass } from '../../../src/core/request/glass.ts'
import { prompted } from '../../../src/core/request/prompt.ts'
import { type ApprovalRequest, contentOf } from '../../../src/core/request/request.ts'
import { furtherLine } from '../../../src/core/record/tables.ts'
import type { Day } from '../../../src/core/data/day.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import type { LogEvent } from '../../../src/core/record/eventType.ts'
import { beginOf, type Metric, metricLine, Metrics, metricsHeader } from '../../../src/core/record/metrics.ts'
import { readRecord } from '../../../src/core/record/record.ts'
import type { Life } from '../../../src/core/record/replayedRequest.ts'
import { after, bot, dba, dba2, facts, needs, noon, security, slot } from '../../support/build.ts'
import { sample } from '../../support/chance.ts'
import {
  allow,
  click,
  deny,
  eventsOf,
  forbid,
  type History,
  history,
  late,
  replayed,
  type Rule,
  see,
  take,
  tell,
  vote,
  withdraw,
} from './history.ts'
import { command, judgement, people, run } from './lives.ts'

const livesOf = (...all: readonly History[]): readonly Life[] =>
  all.flatMap((one) => replayed(eventsOf(one.entries)).rows)

/** The metrics of a group as `name=value`, in their order. */
const told = (rows: readonly Metric[], by: Metric['by'], of = ''): string =>
  rows
    .filter((row) => row.by === by && row.of === of)
    .map(({ metric, value }) => `${metric}=${value}`)
    .join(' ')

function metricsOf(lives: readonly Life[], from: Instant | null = null): readonly Metric[] {
  const metrics = new Metrics()
  for (const life of lives) metrics.take(life, from)
  return metrics.rows()
}

const guard = { approver: security, facts: facts(security, { groups: ['security'] }) }
const two = needs([slot('dba'), slot('security')], { rules: ['two', 'also'] })

test('a day without requests has its edition alone', () => {
  expect(metricsHeader + metricsOf([]).map(metricLine).join('')).toBe('by,of,metric,value\r\nall,,edition,1\r\n')
})

test('ask, first look, votes, decision and end are counted for all, each rule, the agent and each approver', () => {
  const one = history(
    { judgement: two },
    [20, see()],
    [22, click()],
    [40, see(1, 1, security)],
    [50, click(guard)],
    [60, take],
    [70, tell('succeeded')],
  )
  const rows = metricsOf(livesOf(one))
  const counts = 'approved-by-people=1 asked=1'
  const first = 'first-look-n=1 first-look-p50=20000 first-look-p90=20000 first-look-p99=20000'
  const whole =
    `${counts} decide-n=1 decide-p50=50000 decide-p90=50000 decide-p99=50000 ${first} hasty=1 ` +
    'look-n=2 look-p50=2000 look-p90=10000 look-p99=10000 succeeded=1'
  expect(told(rows, 'all')).toBe(`edition=1 ${whole}`)
  expect(told(rows, 'rule', 'two')).toBe(whole)
  expect(told(rows, 'rule', 'also')).toBe(whole)
  expect(told(rows, 'agent', bot)).toBe(whole)
  expect(told(rows, 'approver', dba)).toBe(
    'approve=1 busiest-hour=1 hasty=1 look-n=1 look-p50=2000 look-p90=2000 look-p99=2000',
  )
  expect(told(rows, 'approver', security)).toBe(
    'approve=1 busiest-hour=1 look-n=1 look-p50=10000 look-p90=10000 look-p99=10000',
  )
  expect([...new Set(rows.map(({ by, of }) => `${by} ${of}`))]).toEqual([
    ...['all ', 'rule also', 'rule two', `agent ${bot}`],
    ...[dba, security].sort().map((id) => `approver ${id}`),
  ])
})

test.each<[string, History]>([
  ['approved-by-policy=1 asked=1', history({ judgement: allow })],
  ['asked=1 denied-by-policy=1', history({ judgement: forbid })],
  ['asked=1 denied-by-policy=1', history({ judgement: { outcome: 'no-policy', rules: [] } })],
  [
    'asked=1 decide-n=1 decide-p50=61000 decide-p90=61000 decide-p99=61000 denied-by-people=1 unseen=1',
    history({}, [61, deny]),
  ],
  ['asked=1 expired=1', history({}, [3600, late])],
  ['asked=1 cancelled=1', history({}, [5, withdraw])],
])('edition=1 %s', (words, one) => {
  expect(told(metricsOf(livesOf(one)), 'all')).toBe(`edition=1 ${words}`)
})

test('only what happened since the day began counts', () => {
  const three = needs([slot('dba', 2)])
  const one = history({ judgement: three }, [60, vote()], [3000, vote({ approver: dba2 })], [3100, take])
  const lives = livesOf(one)
  expect(told(metricsOf(lives, after(61)), 'all')).toBe(
    'edition=1 approved-by-people=1 decide-n=1 decide-p50=3000000 decide-p90=3000000 decide-p99=3000000 unseen=1',
  )
  expect(told(metricsOf(lives, after(61)), 'approver', dba)).toBe('')
  expect(metricsOf(lives, after(3001))).toHaveLength(1)
  expect(beginOf({ number: 2, date: '2026-03-04' as Day })).toBe('2026-03-04T00:00:00.000Z')
  // A slow clock may date events of the first day earlier.
  expect(beginOf({ number: 1, date: '2026-03-04' as Day })).toBeNull()
})

test('the busiest hour of an approver is the hour with the most votes, over all requests', () => {
  const [early, busy, again] = [600, 3700, 3800].map((seconds) =>
    history({ expiresIn: 7200, judgement: needs([slot('dba')], { expires: 7200 }) }, [seconds, vote()]),
  )
  const rows = metricsOf(livesOf(...[early, busy, again].flatMap((one) => one ?? [])))
  expect(noon.slice(11)).toBe('12:00:00.000Z')
  expect(told(rows, 'approver', dba)).toBe('approve=3 busiest-hour=2 unseen=3')
})

test('a percentile is the smallest time that so many percent do not exceed', () => {
  const lives = Array.from({ length: 200 }, (_, i) => history({}, [((i * 7) % 200) + 1, vote()]))
  expect(told(metricsOf(livesOf(...lives)), 'all')).toContain(
    'decide-n=200 decide-p50=100000 decide-p90=180000 decide-p99=198000',
  )
})

/** The metrics of counts that the events themselves tell, without a replay. */
function countedIn(events: readonly LogEvent[]): Readonly<Record<string, number>> {
  const names = events.flatMap((event): readonly string[] => {
    const { type, actor } = event
    if (type === 'requested') return ['asked']
    if (event.type === 'approved' && event.data.by === 'glass') return ['approved-by-glass']
    if (type === 'approved' || type === 'denied') return [`${type}-by-${actor.kind === 'policy' ? 'policy' : 'people'}`]
    if (type === 'asked') return ['questions']
    if (['answered', 'narrowed', 'reminded', 'escalated', 'glass-broken', 'reviewed', 'unreviewed'].includes(type))
      return [type]
    return ['expired', 'cancelled', 'lapsed', 'revoked', 'succeeded', 'failed'].includes(type) ? [type] : []
  })
  return Object.fromEntries(names.map((name) => [name, names.filter((one) => one === name).length]))
}

const times = /^(answer|decide|first-look|look)-/

test('what people say beside votes is counted, an answer with its time', () => {
  const both = needs([slot('dba')], { remind: [60], glass: { groups: ['dba'], review: 3600 } })
  const seen = (request: ApprovalRequest) => ({
    ...{ via: 'api', digest: request.digest, content: contentOf(request) ?? sha256('') },
  })
  const ask: Rule = (request, at) =>
    askBack(request, { approver: dba, name: 'D', question: 'Why?', seen: seen(request), facts: facts(dba), at })
  const reply: Rule = (request, at) => {
    const question = request.events.at(-1)?.hash ?? sha256('')
    return answer(request, { by: { kind: 'agent', id: bot }, question, answer: 'So.', warnings: [], at })
  }
  const remind: Rule = (request, at) => prompted(request, at) ?? { request, events: [] }
  const smash: Rule = (request, at) => {
    const by = { approver: dba, name: 'D', facts: facts(dba), seen: seen(request) }
    return breakGlass(request, { ...by, reason: 'Fire.', confirm: 'customers', at })
  }
  const one = history({ judgement: both }, [60, remind], [70, ask], [100, reply], [110, smash])
  expect(told(metricsOf(livesOf(one)), 'all')).toBe(
    'edition=1 answer-n=1 answer-p50=30000 answer-p90=30000 answer-p99=30000 answered=1 approved-by-glass=1 asked=1 ' +
      'decide-n=1 decide-p50=110000 decide-p90=110000 decide-p99=110000 glass-broken=1 questions=1 reminded=1',
  )
  expect(livesOf(one).map(furtherLine)).toEqual([`${one.request.id},${dba},due,1,1,1,,,,,\r\n`])
  expect(livesOf(history({}, [60, vote()])).map(furtherLine)).toEqual([null])
})

test('whatever happens, the counts are those of events and exceptions, and two days add up to the whole', () => {
  const deeds = fc.tuple(judgement, fc.subarray(people.map(([id]) => id)), fc.array(command, { maxLength: 12 }))
  fc.assert(
    fc.property(deeds, fc.nat(), ([judged, excluded, commands], place) => {
      const events = run(judged, excluded, commands).leaves.map(({ text }) => readRecord(text))
      const { rows, exceptions } = replayed(events)
      const all = metricsOf(rows).filter(({ by }) => by === 'all')
      const votes = ['hasty', 'unseen'].map(
        (kind) => [kind, exceptions.filter((one) => one.kind === kind).length] as const,
      )
      const counts = {
        edition: 1,
        ...countedIn(events),
        ...Object.fromEntries(votes.filter(([, number]) => number > 0)),
      }
      expect(
        Object.fromEntries(all.flatMap(({ metric, value }) => (times.test(metric) ? [] : [[metric, value]]))),
      ).toEqual(counts)
      const cut = events[place % events.length]?.at ?? null
      const first = replayed(events.filter(({ at }) => cut !== null && at < cut)).rows
      const days = new Metrics()
      for (const life of first) days.take(life, null)
      const second = new Metrics()
      for (const life of rows) second.take(life, cut)
      days.add(second.tallies())
      expect(days.rows()).toEqual(metricsOf(rows))
    }),
    sample(400),
  )
})
