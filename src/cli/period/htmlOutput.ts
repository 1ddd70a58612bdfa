import { basename } from 'node:path'
import { escaped, listOf, shown } from '../html.ts'
import { OutFile } from '../outFile.ts'
import type { PeriodAccount } from './account.ts'
import type { ReportOutput } from './output.ts'
import { periodPageEnd, periodPageHead } from './page.ts'
import { requestPart } from './requestPart.ts'
import { sectionHtml } from './section.ts'
import { kindsOf, sectionsOf, tamperingWords } from './sections.ts'
import { storiesPage } from './stories.ts'
import type { ReportSummary } from './summary.ts'
import type { Zone } from './zone.ts'

/** Requests of one page, so that a browser opens it in a moment. */
export const requestsPerPage = 1_000

/** What a page offers to filter by. */
interface PageChoices {
  readonly states: Set<string>
  /** Agents by object id, as they are shown. */
  readonly agents: Map<string, string>
  readonly controls: Set<string>
}

/** The requests of one page. */
interface RequestPage {
  readonly parts: string[]
  readonly choices: PageChoices
  /** The first and the last of them. */
  first: string
  last: string
}

const emptyPage = (): RequestPage => ({
  parts: [],
  choices: { states: new Set(), agents: new Map(), controls: new Set() },
  first: '',
  last: '',
})

/**
 * Writes the report as pages: one with everything if the requests are few, else one with the sections, and beside it pages
 * of the requests.
 *
 * @param path of the first page; the others are called like it, with `-requests-1` and so on
 */
export function htmlOutput(path: string, zone: Zone): ReportOutput {
  return new HtmlOutput(path, zone)
}

class HtmlOutput implements ReportOutput {
  readonly #path: string
  readonly #zone: Zone
  readonly #files: OutFile[] = []
  readonly #paths: string[] = []
  /** The first id of each page. */
  readonly #begins: string[] = []
  #page = emptyPage()

  constructor(path: string, zone: Zone) {
    this.#path = path
    this.#zone = zone
  }

  readonly take = async (account: PeriodAccount): Promise<void> => {
    if (this.#page.parts.length === requestsPerPage) await this.#flush()
    const { facts, agent, controls } = account
    const page = this.#page
    if (page.parts.length === 0) {
      page.first = facts.id
      this.#begins.push(facts.id)
    }
    page.last = facts.id
    page.choices.states.add(facts.cells.state)
    page.choices.agents.set(facts.cells.agent, agent)
    for (const control of controls) page.choices.controls.add(control)
    page.parts.push(requestPart(account, this.#zone))
  }

  readonly end = async (summary: ReportSummary): Promise<readonly string[]> => {
    const isSplit = this.#paths.length > 0
    if (isSplit) await this.#flush()
    const link = (id: string): string => (isSplit ? `${addressOf(this.#paths[this.#pageOf(id)])}#${id}` : `#${id}`)
    const index = new OutFile(this.#path)
    this.#files.push(index)
    await index.write(periodPageHead(titleOf(summary)))
    const told = (id: string): string => `${addressOf(`${this.#stem()}sample.html`)}#${id}`
    const sections = sectionsOf(summary, { request: link, story: told })
    await index.write(headOf(summary, sections, isSplit ? this.#paths.length : 0))
    for (const section of sections) await index.write(sectionHtml(section))
    if (isSplit) await index.write(this.#listOfPages())
    else await this.#writePage(index, this.#page)
    await index.write(periodPageEnd)
    const stories = await this.#writeStories(summary)
    for (const file of this.#files) await file.complete()
    return [this.#path, ...this.#paths, ...stories]
  }

  readonly discard = async (): Promise<void> => {
    for (const file of this.#files) await file.discard()
  }

  /** Writes a page of requests to a file of its own. */
  async #flush(): Promise<void> {
    const number = this.#paths.length + 1
    const path = `${this.#stem()}requests-${number}.html`
    const file = new OutFile(path)
    this.#files.push(file)
    this.#paths.push(path)
    await file.write(periodPageHead(`Countersign: requests, page ${number}`))
    await file.write(
      `<h1>Requests, page ${number}</h1>\n<p><a href="${escaped(addressOf(this.#path))}">The report</a>. The filters are for this page; the spreadsheet has all requests in one table.</p>\n`,
    )
    await this.#writePage(file, this.#page)
    await file.write(periodPageEnd)
    await file.finish()
    this.#page = emptyPage()
  }

  async #writePage(file: OutFile, { parts, choices }: RequestPage): Promise<void> {
    await file.write(`<section id="requests"><h2>Requests</h2>\n${filtersOf(choices)}`)
    for (const part of parts) await file.write(part)
    await file.write('</section>\n')
  }

  /** Writes the stories of the sample to a page of their own. */
  async #writeStories(summary: ReportSummary): Promise<readonly string[]> {
    const told = summary.told()
    if (told.length === 0) return []
    const path = `${this.#stem()}sample.html`
    const file = new OutFile(path)
    this.#files.push(file)
    const about = { title: 'The requests of the sample', back: addressOf(this.#path), redraw: summary.order.redraw }
    for await (const text of storiesPage(summary.data, told, about)) await file.write(text)
    return [path]
  }

  #listOfPages(): string {
    const pages = this.#paths.map((path, i) => {
      const address = escaped(addressOf(path))
      return `<li><a href="${address}">${escaped(basename(path))}</a>: from request ${escaped(this.#begins[i] ?? '')}</li>`
    })
    return `<section id="requests"><h2>Requests</h2>\n<ol>${pages.join('\n')}</ol></section>\n`
  }

  /** What the paths of the other pages begin with. */
  #stem(): string {
    return basename(this.#path) === 'index.html'
      ? this.#path.slice(0, -'index.html'.length)
      : `${this.#path.replace(/\.html?$/i, '')}-`
  }

  /** The page on which a request is: ids rise from page to page. */
  #pageOf(id: string): number {
    const next = this.#begins.findIndex((begin) => begin > id)
    return (next < 0 ? this.#begins.length : next) - 1
  }
}

/** The address of a page beside this one, whatever signs its name has. */
const addressOf = (path = ''): string => encodeURIComponent(basename(path))

const titleOf = ({ data }: ReportSummary): string => `Countersign: ${data.from} to ${data.to}`

function headOf(
  summary: ReportSummary,
  sections: readonly { readonly id: string; readonly title: string }[],
  pages: number,
): string {
  const { data, order, answers } = summary
  const first = data.verdict.days.find((day) => day.state === 'holds')
  const tampered = tamperingWords(summary)
  const kinds = kindsOf(summary)
  const contents = [...sections, { id: 'requests', title: pages > 0 ? `Requests, on ${pages} pages` : 'Requests' }]
  return `<h1>Privileged actions, ${escaped(data.from)} to ${escaped(data.to)}</h1>
${tampered === null ? '' : `<p class="odd">${escaped(tampered)}</p>\n`}${listOf([
  ['log', first?.state === 'holds' ? first.manifest.log.origin : null],
  ['requests', `${answers.requests().all}`],
  ['exceptions', kinds.length === 0 ? 'none' : kinds.join('; ')],
  ['times', `in ${order.zone.name}, with UTC beside them; days are days in UTC`],
  ['texts', data.verdict.texts ? 'verified against the log' : null],
])}${data.verdict.texts ? '' : '<p class="odd">No said files were given: names of people, targets, reasons and params are not known here, and only ids are shown.</p>\n'}<nav><h2>Contents</h2><ol>${contents.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`).join('')}</ol></nav>
`
}

function filtersOf({ states, agents, controls }: PageChoices): string {
  const options = (values: Iterable<readonly [string, string]>): string =>
    [...values]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, words]) => `<option value="${escaped(value)}">${shown(words)}</option>`)
      .join('')
  const same = (values: Iterable<string>): readonly (readonly [string, string])[] =>
    [...values].map((value) => [value, value] as const)
  const select = (name: string, label: string, inner: string): string =>
    `<label>${label}<select name="${name}"><option value="">all</option>${inner}</select></label>`
  return `<form class="filters" hidden><label>text<input name="text" type="search" autocomplete="off"></label>${select('state', 'state', options(same(states)))}${select('agent', 'agent', options(agents))}${select('control', 'control', options(same(controls)))}<label class="check"><input name="odd" type="checkbox">only what is odd</label><output></output></form>
`
}
