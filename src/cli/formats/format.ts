import type { Day } from '../../core/data/day.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { requestCellsIn } from '../../core/record/tables.ts'
import { type DayEvidence, sealedBy } from '../../exports/dayEvidence.ts'
import { dayMetrics, decisionRecord } from '../../exports/fedramp.ts'
import { exceptionRow, type FlatRow, requestRow, summaryRows } from '../../exports/flatRows.ts'
import { ocsfEvent } from '../../exports/ocsf.ts'
import { ocsfFindings } from '../../exports/ocsfFinding.ts'
import { componentDefinition } from '../../exports/oscalComponent.ts'
import { assessmentResults } from '../../exports/oscalResults.ts'
import { exceptionRowIn } from '../../verify/exceptionTable.ts'
import { controlsOfDay } from './controlsOfDay.ts'
import { evidenceOf, ExaminedDay, type VerifiedDay } from './examinedDay.ts'

/** What options say of a format. */
export interface FormatSettings {
  /** Whether events have the text of their record. */
  readonly raw: boolean
  /** The address of the provider's Certification Package Overview; only where {@link MachineFormat.asksOverview}. */
  readonly overview: string
}

/** A form of a day for other systems. Of the same bundle it has always the same bytes, and nothing that people wrote. */
export interface MachineFormat {
  readonly write: (day: VerifiedDay, settings: FormatSettings) => AsyncIterable<string>
  /** How days of a period are written: one after the other into a file; each into one of this name; not at all. */
  readonly ofPeriod: 'lines' | ((date: Day) => string) | null
  readonly hasRaw?: true
  readonly asksOverview?: true
}

/** By the names that `--format` takes. */
export const machineFormats: ReadonlyMap<string, MachineFormat> = new Map<string, MachineFormat>([
  ['oscal', { write: document(assessmentResults), ofPeriod: (date) => `assessment-results-${date}.json` }],
  ['oscal-component', { write: document(componentDefinition), ofPeriod: null }],
  ['fedramp', { write: document(dayMetrics), ofPeriod: (date) => `metrics-${date}.json` }],
  [
    'fedramp-sdr',
    {
      write: document((day, { overview }) => decisionRecord(day, overview)),
      ofPeriod: (date) => `security-decision-record-${date}.json`,
      asksOverview: true,
    },
  ],
  ['ocsf', { write: (...day) => inPieces(ocsfLines(...day)), ofPeriod: 'lines', hasRaw: true }],
  ['jsonl', { write: (day) => inPieces(flatLines(day)), ofPeriod: 'lines' }],
  ['controls', { write: controlsOfDay, ofPeriod: null }],
])

function document(made: (day: DayEvidence, settings: FormatSettings) => JsonObject): MachineFormat['write'] {
  return async function* (day, settings) {
    yield `${JSON.stringify(made(await evidenceOf(day), settings), null, 2)}\n`
  }
}

/** Every event of the day, and then what its tests found. */
async function* ocsfLines(day: VerifiedDay, { raw }: FormatSettings): AsyncGenerator<string> {
  const { manifest } = day.opened
  const by = { origin: manifest.log.origin, version: sealedBy(manifest) }
  const examined = new ExaminedDay(day)
  for await (const event of examined.events()) yield lineOf(ocsfEvent(event, by, { rawData: raw }))
  for (const finding of ocsfFindings(await examined.evidence())) yield lineOf(finding)
}

/** The day, its tests and rules, then every request and every exception. */
async function* flatLines(day: VerifiedDay): AsyncGenerator<string> {
  const { manifest } = day.opened
  for (const row of summaryRows(await evidenceOf(day))) yield lineOf(row)
  for await (const line of afterHeader(day.opened.requests())) yield lineOf(requestRow(manifest, requestCellsIn(line)))
  for await (const line of afterHeader(day.opened.exceptions()))
    yield lineOf(exceptionRow(manifest, exceptionRowIn(line)))
}

const lineOf = (row: JsonObject | FlatRow): string => `${JSON.stringify(row)}\n`

async function* afterHeader(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let isHeader = true
  for await (const line of lines) {
    if (!isHeader) yield line
    isHeader = false
  }
}

/** Characters that are written at once. */
const much = 1 << 16

async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = ''
  for await (const line of lines) {
    piece += line
    if (piece.length < much) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
