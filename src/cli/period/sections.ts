import { escaped, listOf, shown } from '../html.ts'
import { wordsOfKinds } from '../../verdict/exceptions.ts'
import type { ExceptionKind } from '../../core/record/eventType.ts'
import type { PeriodDay } from '../../verify/period.ts'
import { mostListedRequests, type PeriodAnswer } from './answers.ts'
import { type ChartDay, daysChart } from './chart.ts'
import { isWhole, partsOf, problemsOf, recordsBetween, tamperingsOf, typesOf } from './completeness.ts'
import { logSections } from './logSections.ts'
import { policySection } from './policySection.ts'
import { rostersSection } from './rosterSection.ts'
import type { ReportSection } from './section.ts'
import type { ReportSummary } from './summary.ts'
import { pageTable } from './table.ts'

/** Gives the addresses of a request, and of the story of one of the sample, on the pages of the report. */
interface LinksTo {
  readonly request: (id: string) => string
  readonly story: (id: string) => string
}

/** All sections before the requests themselves, in their order. */
export function sectionsOf(summary: ReportSummary, links: LinksTo): readonly ReportSection[] {
  return [
    { id: 'verified', title: 'What was verified', html: verified(summary) },
    { id: 'population', title: 'The population, and that it is complete', html: population(summary) },
    ...sample(summary, links),
    { id: 'answers', title: 'Questions at a glance', html: glance(summary) },
    ...summary.answers.answers().map((answer) => answerSection(answer, links)),
    { id: 'votes', title: 'Who decided how', html: approvers(summary) },
    { id: 'approvers', title: 'Who could approve', html: rostersSection(summary.data) },
    { id: 'policy', title: 'Policy in force', html: policySection(summary.data) },
    { id: 'controls', title: 'Controls', html: controls(summary) },
    ...logSections(summary.data),
    { id: 'limits', title: 'What this does not prove', html: limits },
  ]
}

function verified({ data }: ReportSummary): string {
  const { days } = data.verdict
  const holding = days.filter(({ state }) => state === 'holds').length
  const problems = problemsOf(data)
  const words = isWhole(data)
    ? '<p class="holds">Signatures, digests, the log, the tables, the rules and the policy: every day holds and continues the one before.</p>'
    : `<p class="odd">${holding} of ${days.length} days hold. Only these are in this report.</p>`
  const list =
    problems.length === 0 ? '' : `<ul>${problems.map((one) => `<li class="odd">${shown(one)}</li>`).join('')}</ul>`
  return `${words}\n${list}${daysTable(data.verdict.days, data.notes)}`
}

function daysTable(days: readonly PeriodDay[], notes: ReportSummary['data']['notes']): string {
  const heads = ['day', 'bundle', 'state', 'records', 'requests', 'exceptions', 'log', 'sealed', 'texts']
  const rows = days.map((day) => {
    if (day.state !== 'holds')
      return [day.date, '', { html: `<span class="odd">${stateOf(day)}</span>` }, '', '', '', '', '', '']
    const { number, counts, log, sealedAt } = day.manifest
    const exceptions = [...(notes.get(day.date)?.kinds.values() ?? [])].reduce((sum, count) => sum + count, 0)
    return [
      ...[day.date, number, stateOf(day), counts.records, counts.requests, exceptions],
      ...[`${log.from.size} to ${log.to.size}`, sealedAt, textsOf(day)],
    ]
  })
  return pageTable(heads, rows)
}

/** What became of verifying a day, for people. */
export function stateOf(day: PeriodDay): string {
  if (day.state === 'holds') return day.continues ? 'holds, and continues the day before' : 'holds'
  return { missing: 'MISSING', broken: 'DOES NOT HOLD', unreadable: 'CANNOT BE READ OR JUDGED' }[day.state]
}

/** What there is of the texts of a day. */
export function textsOf(day: PeriodDay): string {
  if (day.state !== 'holds') return ''
  if (day.saidProblem) return 'not used'
  if (!day.said) return 'not given'
  const { given, erased, missing } = day.said.found
  return `${given} given, ${erased} erased${missing.length === 0 ? '' : `, of ${missing.length} records missing`}`
}

function population(summary: ReportSummary): string {
  const { data, answers, order } = summary
  const { all, states } = answers.requests()
  const parts = partsOf(data.verdict.days)
  const between = recordsBetween(parts)
  const rows = parts.map((part, i) => [
    `${part.from} to ${part.to}`,
    part.days,
    `${part.bundles[0]} to ${part.bundles[1]}`,
    `${part.size[0]} to ${part.size[1]}`,
    part.records,
    part.addsUp ? 'as many as the log grew by' : 'NOT as many as the log grew by',
    part.hasNoGap ? 'no gap' : 'A GAP',
    i === 0 ? '' : `${between[i - 1]} records are not here`,
  ])
  const filter =
    order.controls.length === 0
      ? ''
      : `<p class="odd">Only requests whose rules serve ${shown(order.controls.join(' or '))}.</p>`
  return `<p>The population is every request that was open at some time of the period: made in it, or made before and not ended when it began. Each is there once, as it stood at the end of the newest verified day on which something happened to it.</p>
${filter}<p><b>${all.toLocaleString('en')}</b> requests: ${[...states]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([state, count]) => `${count.toLocaleString('en')} ${escaped(state)}`)
    .join(', ')}.</p>
${daysChart(chartDays(summary))}
<h3>Counted against the log</h3>
<p>The log is a Merkle tree: its size counts its records, its root commits to each of them, and each day has a proof that the log only grew. So a record that is missing between two sizes would be noticed. Each of the 16 shards numbers its records without a gap.</p>
${pageTable(['days in a row', 'days', 'bundles', 'log size', 'records', 'sum', 'numbers of the shards', 'before it'], rows)}
${rootsOf(parts)}<h3>Records by type</h3>
${pageTable(
  ['type', 'records'],
  [...typesOf(data.verdict.days)].map(([type, count]) => [type, count]),
)}`
}

const rootsOf = (parts: ReturnType<typeof partsOf>): string =>
  parts
    .map(({ from, to, rootBefore, rootAfter }) =>
      listOf([
        [`root before ${from}`, rootBefore],
        [`root after ${to}`, rootAfter],
      ]),
    )
    .join('')

function chartDays({ data, answers }: ReportSummary): readonly ChartDay[] {
  const counts = answers.days()
  return data.verdict.days.map((day): ChartDay => {
    const found = counts.get(day.date)
    const mark = day.state === 'holds' ? {} : { mark: stateOf(day) }
    return { date: day.date, ...(found && { counts: found }), ...mark }
  })
}

function sample(summary: ReportSummary, { request, story }: LinksTo): readonly ReportSection[] {
  const picked = summary.sampled()
  const order = summary.order.sample
  if (!picked || !order) return []
  const rows = picked.map(({ id, rank }, i) => [
    i + 1,
    { html: `<a href="${escaped(request(id))}">${escaped(id)}</a>` },
    { html: `<a href="${escaped(story(id))}">story</a>` },
    rank,
  ])
  const html = `<p>${picked.length} of ${summary.answers.requests().all} requests, picked by the seed “${shown(order.seed)}”: of each request the SHA-256 of the seed, a newline and the request’s id is computed, and those with the smallest are the sample. Anybody can pick it again: <code>printf '%s\\n%s' SEED ID | sha256sum</code>.</p>
${pageTable(['', 'request', 'event by event', 'SHA-256'], rows)}`
  return [{ id: 'sample', title: 'Sample', html }]
}

function glance({ answers, data }: ReportSummary): string {
  const rows = answers
    .answers()
    .map(({ question, population, found }) => [
      { html: `<a href="#${question.id}">${escaped(question.title)}</a>` },
      population,
      found,
      verdictOf(question.isTest, found),
      question.supports.join(', '),
    ])
  const days = data.verdict.days.length
  const failed = data.verdict.days.filter(({ state }) => state !== 'holds').length
  const complete = [
    { html: '<a href="#population">No record is missing, and none was changed</a>' },
    ...[days, failed, verdictOf(true, failed), 'AU-9, AU-10'],
  ]
  return `<p>A test has a population and exceptions, of which there should be none. The other rows count what is worth reading. “Supports” names controls of NIST SP 800-53 to which an answer contributes evidence: whether a control is met is for the assessor.</p>
${pageTable(['question', 'population', 'found', '', 'supports'], [complete, ...rows])}`
}

const verdictOf = (isTest: boolean, found: number): string =>
  !isTest ? '' : found === 0 ? 'no exception' : 'EXCEPTIONS'

function answerSection({ question, population, found, rows }: PeriodAnswer, links: LinksTo): ReportSection {
  const { id, title, words, supports } = question
  const more =
    found > rows.length ? `<p>The first ${mostListedRequests} of ${found}. The table of requests has all.</p>\n` : ''
  const table =
    rows.length === 0
      ? ''
      : pageTable(
          ['made', 'request', 'action', 'found'],
          rows.map((row) => [
            row.at,
            { html: `<a href="${escaped(links.request(row.id))}">${escaped(row.id)}</a>` },
            row.action,
            row.detail,
          ]),
        )
  const serves = supports.length === 0 ? '' : ` Supports ${supports.join(', ')}.`
  return {
    ...{ id, title },
    html: `<p>${escaped(words)}${serves}</p>\n<p><b>${found}</b> of ${population}.</p>\n${table}${more}`,
  }
}

function approvers({ answers, data }: ReportSummary): string {
  const rows = [...answers.approvers()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, votes]) => [data.names.full(id), votes.approve, votes.deny, votes.hasty, votes.unseen])
  if (rows.length === 0) return '<p>Nobody voted.</p>\n'
  return pageTable(['approver', 'approved', 'denied', 'in haste', 'without a look'], rows)
}

function controls(summary: ReportSummary): string {
  const rows = summary.controls
    .rows()
    .map(({ control, framework, rule, population: count, exceptions, first, last }) => [
      ...[control, framework, rule, count, exceptions, first, last],
    ])
  const doubts = summary.controlDoubts()
  const list =
    doubts.length === 0 ? '' : `<ul>${doubts.map((one) => `<li class="odd">${shown(one)}.</li>`).join('')}</ul>`
  if (rows.length === 0) return `<p>No rule of this period names a control with <code>@controls</code>.</p>\n${list}`
  return `<p>What the authors of the policy say with <code>@controls</code>: the rule supports the control. Population is the requests for which the rule counted; exceptions are those of them with a row in exceptions.csv. Neither says that a control is satisfied.</p>
${list}${pageTable(['control', 'framework', 'rule', 'population', 'exceptions', 'first', 'last'], rows)}`
}

/** The kinds of exceptions of all days, in words with counts. */
export function kindsOf({ data }: ReportSummary): readonly string[] {
  const kinds = new Map<ExceptionKind, number>()
  for (const { kinds: some } of data.notes.values())
    for (const [kind, count] of some) kinds.set(kind, (kinds.get(kind) ?? 0) + count)
  return wordsOfKinds(kinds)
}

/** What a report says of tamperings, before all else. */
export const tamperingWords = (summary: ReportSummary): string | null =>
  tamperingsOf(summary.data) === 0
    ? null
    : `${tamperingsOf(summary.data)} events record that somebody had changed what was stored. The evidence holds with them: see Tampering.`

const limits = `<ul>
<li>That the directory told the truth about who a person is and which groups they are in.</li>
<li>That the holder of the log’s key did not write a day anew: compare the roots above with checkpoints that were kept elsewhere.</li>
<li>That nothing was done without asking. The log has what went through Countersign.</li>
<li>Names are for display, and come from what people and policies said. Object ids decide.</li>
</ul>
`
