import { csvLine } from '../../core/data/csv.ts'
import { harmless } from '../csvText.ts'
import type { PeriodAccount } from './account.ts'
import type { SheetCell, SheetColumn } from './workbook.ts'
import { type Zone, zoned } from './zone.ts'

/** A column of the table of requests, in CSV and in the workbook. */
interface RequestTableColumn extends Omit<SheetColumn, 'head'> {
  readonly value: (account: PeriodAccount) => SheetCell
}

const list = (texts: readonly string[]): string => texts.join('; ')

/** The columns by name, which docs/evidence/report.md explains. Those of the zone have `_local` at the end. */
const columns: Readonly<Record<string, RequestTableColumn>> = {
  request: { kind: 'text', width: 30, value: ({ facts }) => facts.id },
  state: { kind: 'text', width: 11, value: ({ facts }) => facts.cells.state },
  asked: { kind: 'time', value: ({ facts }) => facts.cells.requested_at },
  asked_local: { kind: 'local', value: ({ facts }) => facts.cells.requested_at },
  agent: { kind: 'text', width: 28, value: ({ agent }) => agent },
  owner: { kind: 'text', value: ({ owner }) => owner },
  acts_for: { kind: 'text', value: ({ onBehalfOf }) => onBehalfOf },
  executor: { kind: 'text', value: ({ executor }) => executor },
  action: { kind: 'text', value: ({ facts }) => facts.cells.action },
  target: { kind: 'text', width: 30, value: ({ target }) => target },
  environment: { kind: 'text', width: 13, value: ({ environment }) => environment },
  reason: { kind: 'text', width: 40, value: ({ reason }) => reason },
  params: { kind: 'text', width: 40, value: ({ params }) => params && JSON.stringify(params) },
  links: { kind: 'text', value: ({ links }) => links },
  controls: { kind: 'text', value: ({ controls }) => list(controls) },
  policy: { kind: 'text', width: 40, value: ({ policy }) => policy },
  rules: { kind: 'text', value: ({ facts }) => facts.cells.rules },
  tier: { kind: 'text', width: 8, value: ({ facts }) => facts.cells.tier },
  required: { kind: 'text', width: 14, value: ({ facts }) => facts.cells.required },
  approved_by: { kind: 'text', width: 28, value: ({ approvedBy }) => approvedBy },
  denied_by: { kind: 'text', width: 28, value: ({ deniedBy }) => deniedBy },
  votes: {
    kind: 'text',
    width: 50,
    value: ({ votes }) =>
      votes.map(({ at, who, what, sight, note }) =>
        [`${at} ${who} ${what}, ${sight}`, ...(note === undefined ? [] : [note])].join(': '),
      ),
  },
  questions: {
    kind: 'text',
    width: 40,
    value: ({ talk }) =>
      talk.map(({ at, who, what, words }) => `${at} ${who} ${what}${words === undefined ? '' : `: ${words}`}`),
  },
  emergency: { kind: 'text', width: 40, value: ({ emergency }) => emergency },
  shown: { kind: 'text', width: 50, value: ({ shown }) => shown },
  decided: { kind: 'time', value: ({ facts }) => facts.cells.decided_at },
  decided_local: { kind: 'local', value: ({ facts }) => facts.cells.decided_at },
  expires: { kind: 'time', value: ({ facts }) => facts.cells.expires_at },
  run: { kind: 'time', value: ({ facts }) => facts.cells.redeemed_at },
  run_local: { kind: 'local', value: ({ facts }) => facts.cells.redeemed_at },
  seconds_to_run: { kind: 'number', width: 14, value: ({ secondsToRun }) => secondsToRun },
  closed: { kind: 'time', value: ({ facts }) => facts.cells.closed_at },
  closed_local: { kind: 'local', value: ({ facts }) => facts.cells.closed_at },
  outcome: { kind: 'text', width: 30, value: ({ summary }) => summary },
  exceptions: { kind: 'text', width: 30, value: ({ odd }) => list(odd) },
  missing: { kind: 'text', value: ({ missing }) => list(missing) },
  as_of: { kind: 'text', width: 11, value: ({ facts }) => facts.day },
  digest: { kind: 'text', value: ({ facts }) => facts.cells.digest },
  policy_version: { kind: 'text', value: ({ facts }) => facts.cells.policy },
}

const all = Object.values(columns)

/** The names of the columns, in their order. */
export const requestColumnNames: readonly string[] = Object.keys(columns)

/** The columns as those of a sheet. */
export const requestSheetColumns: readonly SheetColumn[] = Object.entries(columns).map(
  ([head, { kind, width }]): SheetColumn => ({ head, kind, ...(width !== undefined && { width }) }),
)

/** The cells of a request, by column. */
export const requestCells = (account: PeriodAccount): readonly SheetCell[] => all.map(({ value }) => value(account))

/** The request as a line of CSV: moments in UTC, and with the offset of the zone in the columns `_local`. */
export const requestCsvLine = (account: PeriodAccount, zone: Zone): string =>
  csvLine(
    all.map(({ kind, value }) => {
      const cell = value(account)
      if (cell === undefined || typeof cell === 'number' || cell === '') return cell
      if (typeof cell !== 'string') return harmless(cell)
      return kind === 'local' ? zoned(cell, zone) : kind === 'text' ? harmless(cell) : cell
    }),
  )
