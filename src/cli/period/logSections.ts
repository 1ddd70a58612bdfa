import { reportStep } from '../../words/reportStep.ts'
import { spoken } from '../../words/spoken.ts'
import type { LogNote, PeriodData } from './collect.ts'
import type { ReportSection } from './section.ts'
import { pageTable } from './table.ts'

/** Events of the log that are told together. */
interface NoteGroup {
  readonly id: string
  readonly title: string
  readonly none: string
  readonly types: readonly string[]
}

const groups: readonly NoteGroup[] = [
  {
    ...{ id: 'erasures', title: 'Erasures and holds', types: ['erasure-asked', 'erased', 'held', 'released'] },
    none: 'No text was erased on the verified days, and nothing was put on hold.',
  },
  {
    ...{ id: 'tampering', title: 'Tampering found', types: ['tampered'] },
    none: 'No verified day records that somebody had changed what was stored.',
  },
  {
    ...{ id: 'downloads', title: 'Who downloaded evidence, and keys', types: ['exported', 'key-rotated'] },
    none: 'Nobody downloaded evidence from the service on the verified days, and the log’s key did not change.',
  },
]

/** Events of one kind that a page lists. */
const most = 500

/** An event of the log in words, for pages and tables. */
export interface NoteAccount {
  readonly at: string
  readonly type: string
  readonly who: string
  readonly what: string
  /** What the person wrote; absent if it was not given. */
  readonly why?: string
  readonly request?: string
}

/** Puts an event of the log into words. */
export function noteAccount({ event, texts }: LogNote, { names }: Pick<PeriodData, 'names'>): NoteAccount {
  const why = texts.find(({ name }) => name === 'why' || name === 'ref')?.text
  return {
    ...{ at: event.at, type: event.type },
    who: 'id' in event.actor ? names.full(event.actor.id) : event.actor.kind,
    what: reportStep(event, spoken),
    ...(why !== undefined && { why }),
    ...(event.request !== undefined && { request: event.request }),
  }
}

/** All events of the log that are kept, by time. */
export const notesOf = ({ notes }: Pick<PeriodData, 'notes'>): readonly LogNote[] =>
  [...notes.values()].flatMap(({ events }) => events).sort((a, b) => (a.event.at < b.event.at ? -1 : 1))

/** The sections about the log itself. */
export function logSections(data: PeriodData): readonly ReportSection[] {
  const all = notesOf(data)
  const left = [...data.notes.values()].reduce((sum, day) => sum + day.left, 0)
  return groups.map(({ id, title, none, types }) => {
    const found = all.filter(({ event }) => types.includes(event.type))
    const rows = found.slice(0, most).map((note) => {
      const { at, who, what, why = '', request = '' } = noteAccount(note, data)
      return [at, who, what, why, request]
    })
    const more =
      found.length > most || left > 0 ? `<p class="odd">More are in exceptions.csv of the bundles.</p>\n` : ''
    const table = rows.length === 0 ? `<p>${none}</p>\n` : pageTable(['when', 'who', 'what', 'why', 'request'], rows)
    return { id, title, html: table + more }
  })
}
