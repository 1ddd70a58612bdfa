import type { Json, JsonObject } from '../../core/data/json.ts'
import { isArray, isObject } from '../../core/data/json.ts'
import { bundleFiles } from '../../core/log/bundleFiles.ts'
import type { VerdictLine } from '../../verdict/verdict.ts'
import { checks } from '../../verify/finding.ts'
import { element } from './element.ts'
import type { GivenPiece } from './given.ts'
import type { WorkOutcome, Work } from './work.ts'
import { textOf } from './text.ts'
import { checkWords, words } from './words.ts'

declare const COUNTERSIGN_VERSION: string

/** What was verified, and in which time. */
interface About {
  readonly work: Work
  readonly given: readonly GivenPiece[]
  readonly seconds: number
}

type OfVerdict = Extract<WorkOutcome, { readonly kind: 'verdict' }>

/** The one word, or the few, of an outcome: as the command has them in its first line. */
export function verdictWord(outcome: WorkOutcome): string {
  if (outcome.kind !== 'verdict') return words.unreadable
  return outcome.verdict.lines[0]?.[0] ?? ''
}

/** Draws how the work ended. */
export function drawnOutcome(outcome: WorkOutcome, about: About): HTMLElement {
  if (outcome.kind === 'verdict') return drawnVerdict(outcome, about)
  const what = outcome.kind === 'fault' ? [words.fault, outcome.words] : [outcome.words]
  return element(
    'div',
    {},
    banner(
      'warn',
      words.unreadable,
      what.map((text) => element('p', {}, text)),
    ),
  )
}

function drawnVerdict(outcome: OfVerdict, about: About): HTMLElement {
  const { verdict, unused } = outcome
  const { exit, lines, record } = verdict
  const problem = objectIn(record, 'problem')
  const tone = exit === 0 ? 'good' : exit === 1 ? 'bad' : 'warn'
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const made = element(
    'div',
    { class: 'answer', 'data-exit': String(exit) },
    banner(
      tone,
      verdictWord(outcome),
      problem ? drawnProblem(problem, record) : [element('p', {}, summary(lines, record))],
    ),
    bundleTable(outcome),
    details(lines.slice(1)),
    'checks' in record ? checkList(record, about.work.said.length > 0) : null,
    element(
      'div',
      { class: 'foot' },
      unused.length > 0 ? element('p', {}, words.unused(unused)) : null,
      element('p', {}, `${words.by(COUNTERSIGN_VERSION, at, about.seconds.toFixed(1))} ${trusted(about)}`),
      element(
        'p',
        { class: 'buttons' },
        element('button', { type: 'button', class: 'button', click: () => print() }, words.print),
        element('button', { type: 'button', class: 'button', click: () => save(record) }, words.save),
      ),
    ),
  )
  return made
}

const trusted = ({ given }: About): string =>
  words.withKeys(given.flatMap((piece) => (piece.kind === 'key' ? [piece.thumbprint] : [])))

type Tone = 'good' | 'bad' | 'warn'

const signs: Readonly<Record<Tone, string>> = {
  good: 'M12 21.5a9.5 9.5 0 1 0 0-19 9.5 9.5 0 0 0 0 19M7.5 12.5l3 3 6-7',
  bad: 'M12 21.5a9.5 9.5 0 1 0 0-19 9.5 9.5 0 0 0 0 19M8.5 8.5l7 7m0-7-7 7',
  warn: 'M12 3 2 20.5h20L12 3m0 6.5v5m0 2.8v.2',
}

function banner(tone: Tone, word: string, about: readonly HTMLElement[]): HTMLElement {
  const namespace = 'http://www.w3.org/2000/svg'
  const sign = document.createElementNS(namespace, 'svg')
  const path = document.createElementNS(namespace, 'path')
  sign.setAttribute('viewBox', '0 0 24 24')
  sign.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', signs[tone])
  sign.append(path)
  return element('div', { class: `verdict ${tone}` }, sign, element('div', {}, element('h3', {}, word), ...about))
}

/** The first thing that is wrong: in words, and where. */
function drawnProblem(problem: JsonObject, record: JsonObject): readonly HTMLElement[] {
  const { message, file, member, line, code, check } = problem
  const index = indexOf(problem, record)
  // The manifest of this bundle, if the trusted key signed it.
  const bundle = objectIn(record, 'bundle')
  const where = [
    typeof file === 'string' ? file : null,
    typeof member === 'string' ? member : null,
    typeof line === 'number' ? words.line(line) : null,
    index === null ? null : words.index(index),
  ].filter((part) => part !== null)
  return [
    element('p', {}, textOf(message)),
    definitions([
      ...(bundle ? [[words.bundle, words.bundleOf(textOf(bundle['number']), textOf(bundle['date']))] as const] : []),
      ...(where.length > 0 ? [[words.where, where.join(', ')] as const] : []),
      [words.code, textOf(code)],
      ...(typeof check === 'string' ? [[words.check, check] as const] : []),
    ]),
  ]
}

/** The log index of the record of which a problem speaks: lines of the records begin where the day begins in the log. */
function indexOf({ member, line }: JsonObject, record: JsonObject): number | null {
  const held = record['bundles']
  const last = isArray(held) ? held.at(-1) : undefined
  const from = objectIn(record, 'bundle')?.['from'] ?? (isObject(last) ? last['size'] : undefined)
  const isRecord = member === bundleFiles.records.name && typeof line === 'number' && typeof from === 'number'
  return isRecord ? from + line - 1 : null
}

/** What holds, in a sentence. */
function summary(lines: readonly VerdictLine[], record: JsonObject): string {
  const bundle = objectIn(record, 'bundle')
  if (!bundle) return lines[0]?.[1] ?? ''
  const count = (name: string): number => Number(bundle[name])
  const counts = { number: count('number'), records: count('records'), requests: count('requests') }
  return words.seen({ date: textOf(bundle['date']), ...counts, exceptions: count('exceptions') })
}

type State = 'held' | 'failed' | 'open' | 'absent'

function checkList(record: JsonObject, hasSaid: boolean): HTMLElement {
  const held = Array.isArray(record['checks']) ? record['checks'] : []
  const failed = objectIn(record, 'problem')?.['check']
  const stateOf = (check: string): State => {
    if (check === failed) return 'failed'
    if (held.includes(check)) return 'held'
    return check === 'said' && !hasSaid ? 'absent' : 'open'
  }
  const sign = { held: '✓', failed: '✗', open: '–', absent: '–' }
  const items = checks.map((check) => {
    const state = stateOf(check)
    return element(
      'li',
      { class: state, 'data-check': check },
      element('span', { class: 'sign', 'aria-hidden': 'true' }, sign[state]),
      element('span', {}, checkWords[check], ' ', element('code', {}, check)),
      element('span', { class: 'state' }, words.checkState[state]),
    )
  })
  return element('section', {}, element('h3', {}, words.checks), element('ol', { class: 'checks' }, ...items))
}

/** A row for each bundle of a series: those that hold, the one that does not, and those that were not reached. */
function bundleTable({ verdict: { record }, names }: OfVerdict): HTMLElement | null {
  const held = isArray(record['bundles']) ? record['bundles'].filter(isObject) : null
  if (held === null) return null
  const problem = objectIn(record, 'problem')
  const others = names.filter((name) => !held.some(({ file }) => file === name)).toSorted((a, b) => (a < b ? -1 : 1))
  const rowOf = (name: string, about: JsonObject): HTMLElement => {
    const isFailed = problem !== undefined && name === problem['file']
    const [state, result] = isFailed ? ['failed', textOf(problem['code'])] : stateOf(about)
    const cell = (label: string, value: Json | undefined, kind = 'number'): HTMLElement =>
      element('td', { 'data-label': label, class: kind }, value === undefined ? '–' : textOf(value))
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, 'date' in about ? textOf(about['date']) : name),
      cell(words.number, about['number']),
      cell(words.recordCount, about['records']),
      cell(words.requests, about['requests']),
      cell(words.exceptions, about['exceptions']),
      cell(words.result, result, state),
    )
  }
  const head = [words.number, words.recordCount, words.requests, words.exceptions].map((label) =>
    element('th', { scope: 'col', class: 'number' }, label),
  )
  const columns = [element('th', { scope: 'col' }, words.day), ...head, element('th', { scope: 'col' }, words.result)]
  const body = [...held.map((row) => rowOf(textOf(row['file']), row)), ...others.map((name) => rowOf(name, {}))]
  return element(
    'table',
    {},
    element('caption', {}, words.bundles(names.length)),
    element('thead', {}, element('tr', {}, ...columns)),
    element('tbody', {}, ...body),
  )
}

const stateOf = (about: JsonObject): readonly [state: State, words: string] =>
  'date' in about ? ['held', words.holds] : ['open', words.notReached]

/** Lines that stand elsewhere on the page. */
const elsewhere = new Set(['where', 'code', 'in', 'holds'])

function details(lines: readonly VerdictLine[]): HTMLElement | null {
  const shown = lines.filter(([label]) => !elsewhere.has(label))
  if (shown.length === 0) return null
  return element('section', {}, element('h3', {}, words.details), definitions(shown, 'lines'))
}

/** A label with no text continues the one above. */
const definitions = (lines: readonly VerdictLine[], kind = ''): HTMLElement =>
  element(
    'dl',
    { class: kind },
    ...lines.flatMap(([label, text]) => {
      const about = element('dd', {}, text)
      return label === '' ? [about] : [element('dt', {}, label), about]
    }),
  )

/** Saves the result as the command writes it with `--json`. */
function save(record: JsonObject): void {
  const address = URL.createObjectURL(new Blob([`${JSON.stringify(record)}\n`], { type: 'application/json' }))
  element('a', { href: address, download: 'countersign-verdict.json' }).click()
  // The browser reads it after this task.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

function objectIn(record: JsonObject, name: string): JsonObject | undefined {
  const found = record[name]
  return isObject(found) ? found : undefined
}
