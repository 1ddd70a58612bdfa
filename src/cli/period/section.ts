import { escaped } from '../html.ts'

/** A section of the report. */
export interface ReportSection {
  readonly id: string
  readonly title: string
  readonly html: string
}

/** Writes a section. */
export const sectionHtml = ({ id, title, html }: ReportSection): string =>
  `<section id="${id}"><h2>${escaped(title)}</h2>\n${html}</section>\n`
