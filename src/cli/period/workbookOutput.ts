import { OutFile } from '../outFile.ts'
import { mostListedRequests } from './answers.ts'
import { requestCells, requestSheetColumns } from './columns.ts'
import { partsOf, problemsOf, recordsBetween } from './completeness.ts'
import { noteAccount, notesOf } from './logSections.ts'
import type { ReportOutput } from './output.ts'
import { stateOf, textsOf } from './sections.ts'
import type { ReportSummary } from './summary.ts'
import { type Sheet, type SheetCell, type SheetColumn, Workbook } from './workbook.ts'
import type { Zone } from './zone.ts'

const text = (head: string, width = 24): SheetColumn => ({ head, kind: 'text', width })
const number = (head: string): SheetColumn => ({ head, kind: 'number', width: 12 })
const time = (head: string): SheetColumn => ({ head, kind: 'time' })

/** Writes the report as a workbook: a sheet of the requests, and one for each other table. */
export function workbookOutput(path: string, zone: Zone): ReportOutput {
  const file = new OutFile(path)
  const book = new Workbook(file.stream, zone)
  let requests: Sheet | null = null
  const sheet = () => (requests ??= book.sheet('Requests', requestSheetColumns))
  return {
    take: (account) => file.during(() => sheet().row(requestCells(account))),
    async end(summary) {
      await file.during(async () => {
        await sheet().end()
        for (const [name, columns, rows] of sheetsOf(summary)) {
          const one = book.sheet(name, columns)
          for (const row of rows) await one.row(row)
          await one.end()
        }
        await book.end()
      })
      await file.complete()
      return [path]
    },
    async discard() {
      book.destroy()
      await file.discard()
    },
  }
}

type SheetRows = readonly [name: string, columns: readonly SheetColumn[], rows: Iterable<readonly SheetCell[]>]

/** The sheets beside that of the requests. */
const sheetsOf = (summary: ReportSummary): readonly SheetRows[] => [
  ['About', [text('what', 28), text('value', 90)], aboutRows(summary)],
  ['Days', dayColumns, dayRows(summary)],
  ['Completeness', partColumns, partRows(summary)],
  ...sampleSheet(summary),
  ['Questions', questionColumns, questionRows(summary)],
  ['Found', foundColumns, foundRows(summary)],
  ['Controls', controlColumns, controlRows(summary)],
  ['Approvers', approverColumns, approverRows(summary)],
  ['Groups', groupColumns, groupRows(summary)],
  ['Policy', [time('changed'), text('from', 40), text('to', 40), text('who and why', 60)], policyRows(summary)],
  ['Log', noteColumns, noteRows(summary)],
]

const questionColumns: readonly SheetColumn[] = [
  ...[text('question', 44), text('id', 28), text('words', 80), number('population'), number('found')],
  ...[number('listed'), text('supports')],
]

const questionRows = ({ answers }: ReportSummary): SheetRows[2] =>
  answers
    .answers()
    .map(({ question: { title, id, words, supports }, population, found, rows }) => [
      ...[title, id, words, population, found, rows.length, supports.join(', ')],
    ])

const foundColumns: readonly SheetColumn[] = [
  ...[text('question', 28), time('made'), text('request', 30), text('action'), text('found', 80)],
]

const controlColumns: readonly SheetColumn[] = [
  ...[text('control'), text('framework', 32), text('rule', 30), number('population'), number('exceptions')],
  ...[time('first'), time('last')],
]

const controlRows = ({ controls }: ReportSummary): SheetRows[2] =>
  controls
    .rows()
    .map((row) => [row.control, row.framework, row.rule, row.population, row.exceptions, row.first, row.last])

const approverColumns: readonly SheetColumn[] = [
  ...[text('approver', 44), number('approved'), number('denied'), number('in haste'), number('without a look')],
]

const approverRows = ({ answers, data }: ReportSummary): SheetRows[2] =>
  [...answers.approvers()].map(([id, one]) => [data.names.full(id), one.approve, one.deny, one.hasty, one.unseen])

const groupColumns: readonly SheetColumn[] = [
  ...[text('group'), text('from', 11), number('members'), text('who', 80), text('joined', 40), text('left', 40)],
]

const noteColumns: readonly SheetColumn[] = [
  ...[time('when'), text('event'), text('who', 44), text('what', 60), text('why', 40), text('request', 30)],
]

const noteRows = ({ data }: ReportSummary): SheetRows[2] =>
  notesOf(data).map((note) => {
    const { at, type, who, what, why, request } = noteAccount(note, data)
    return [at, type, who, what, why, request]
  })

function aboutRows(summary: ReportSummary): readonly (readonly SheetCell[])[] {
  const { data, order, answers } = summary
  const first = data.verdict.days.find((day) => day.state === 'holds')
  const holding = data.verdict.days.filter(({ state }) => state === 'holds').length
  const left = [...data.notes.values()].reduce((sum, day) => sum + day.left, 0)
  return [
    ['period', `${data.from} to ${data.to}, days in UTC`],
    ['days verified', `${holding} of ${data.verdict.days.length}`],
    ['log', first?.state === 'holds' ? first.manifest.log.origin : ''],
    ['requests', answers.requests().all],
    ['zone of columns _local', order.zone.name],
    [
      'texts',
      data.verdict.texts
        ? 'from said files, verified against the log'
        : 'none were given: names of people, targets and reasons are not known',
    ],
    ...problemsOf(data).map((words) => ['problem', words]),
    ...summary.controlDoubts().map((words) => ['control', words]),
    ...(order.controls.length > 0 ? [['only requests of controls', order.controls.join(', ')]] : []),
    [
      'sheet Found',
      `the first ${mostListedRequests} requests of each question; column listed of Questions has how many`,
    ],
    ...(left > 0 ? [['sheet Log', `without ${left} events, which the bundles have`]] : []),
    ['names', 'Names are for display, and come from what people and policies said. Object ids decide.'],
  ]
}

const dayColumns: readonly SheetColumn[] = [
  ...[
    text('day', 11),
    number('bundle'),
    text('state', 36),
    number('records'),
    number('requests'),
    number('exceptions'),
  ],
  ...[number('log size before'), number('log size after'), time('sealed'), text('texts', 40), text('root after', 46)],
]

function dayRows({ data }: ReportSummary): readonly (readonly SheetCell[])[] {
  return data.verdict.days.map((day) => {
    if (day.state !== 'holds') return [day.date, undefined, stateOf(day)]
    const { number: bundle, counts, log, sealedAt } = day.manifest
    return [
      ...[day.date, bundle, stateOf(day), counts.records, counts.requests, counts.exceptions],
      ...[log.from.size, log.to.size, sealedAt, textsOf(day), log.to.root],
    ]
  })
}

const partColumns: readonly SheetColumn[] = [
  ...[text('from', 11), text('to', 11), number('days'), number('first bundle'), number('last bundle')],
  ...[number('log size before'), number('log size after'), number('records'), text('sum', 30), text('numbers', 12)],
  number('records missing before'),
]

function partRows({ data }: ReportSummary): readonly (readonly SheetCell[])[] {
  const parts = partsOf(data.verdict.days)
  const between = recordsBetween(parts)
  return parts.map((part, i) => [
    ...[part.from, part.to, part.days, ...part.bundles, ...part.size, part.records],
    part.addsUp ? 'as many as the log grew by' : 'NOT as many as the log grew by',
    part.hasNoGap ? 'no gap' : 'A GAP',
    i === 0 ? undefined : between[i - 1],
  ])
}

function sampleSheet(summary: ReportSummary): readonly SheetRows[] {
  const picked = summary.sampled()
  if (!picked) return []
  const rows = picked.map(({ id, rank }, i) => [i + 1, id, rank, summary.order.sample?.seed])
  return [['Sample', [number('place'), text('request', 30), text('SHA-256', 66), text('seed')], rows]]
}

function* foundRows({ answers }: ReportSummary): Generator<readonly SheetCell[]> {
  for (const { question, rows } of answers.answers())
    for (const { at, id, action, detail } of rows) yield [question.id, at, id, action, detail]
}

function* groupRows({ data }: ReportSummary): Generator<readonly SheetCell[]> {
  const named = (ids: readonly string[] = []): readonly string[] => ids.map((id) => data.names.full(id))
  for (const { group, states } of data.rosters.groups())
    for (const { day, count, members, joined, left } of states)
      yield [group, day, count, members ? named(members) : 'not given', named(joined), named(left)]
}

const policyRows = ({ data }: ReportSummary): readonly (readonly SheetCell[])[] =>
  data.policies.changes().map(({ at, from, to, ref }) => [at, from, to, ref ?? 'not said, not given, or erased'])
