import { escaped } from '../html.ts'
import { type DayState, dayStates, type DayStates } from './answers.ts'

/** What became of the requests of a day, for people. */
const stateWords: Readonly<Record<DayState, string>> = {
  people: 'approved by people',
  policy: 'allowed by policy',
  denied: 'denied',
  ended: 'expired or cancelled',
  open: 'still open',
}

/** A day of a picture: its requests, and a mark if it was not verified. */
export interface ChartDay {
  readonly date: string
  readonly counts?: DayStates
  /** Why it has no bar. */
  readonly mark?: string
}

const height = 160
const bottom = 18
const left = 44

/** Draws the requests of each day as a bar, stacked by what became of them (SVG). Days that were not verified are hatched. */
export function daysChart(days: readonly ChartDay[]): string {
  const totals = days.map(({ counts }) => (counts ? sum(counts) : 0))
  const most = Math.max(1, ...totals)
  const step = Math.max(6, Math.min(40, 960 / Math.max(days.length, 1)))
  const width = left + step * days.length + 4
  const bars = days.map((day, i) => barOf(day, { x: left + i * step, width: step, most }))
  const label = `Requests of each day, at most ${most} on one day`
  return `<svg class="chart" viewBox="0 0 ${round(width)} ${height + bottom + 6}" role="img" aria-label="${escaped(label)}" preserveAspectRatio="xMinYMin meet" style="max-width:${round(width)}px">
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" stroke="var(--odd)" stroke-width="2"/></pattern></defs>
${axis(most, width)}${bars.join('')}${dates(days, step)}</svg>
<ul class="key">${dayStates.map((state) => `<li><b style="background:var(--${state})"></b>${stateWords[state]}</li>`).join('')}${
    days.some(({ mark }) => mark !== undefined)
      ? '<li><b style="background:repeating-linear-gradient(45deg,var(--odd) 0 2px,transparent 2px 5px)"></b>not verified</li>'
      : ''
  }</ul>
`
}

const sum = (counts: DayStates): number => dayStates.reduce((all, state) => all + counts[state], 0)

interface BarPlace {
  readonly x: number
  readonly width: number
  readonly most: number
}

function barOf({ date, counts, mark }: ChartDay, { x, width, most }: BarPlace): string {
  const inner = `x="${round(x + 1)}" width="${round(width - 2)}"`
  if (mark !== undefined)
    return `<g><title>${escaped(`${date}: ${mark}`)}</title><rect ${inner} y="0" height="${height}" fill="url(#hatch)"/></g>`
  if (!counts) return ''
  let top = height
  const parts = dayStates.flatMap((state) => {
    const tall = (counts[state] / most) * (height - 10)
    if (tall === 0) return []
    top -= tall
    return [`<rect ${inner} y="${round(top)}" height="${round(tall)}" fill="var(--${state})"/>`]
  })
  const words = dayStates.flatMap((state) => (counts[state] > 0 ? [`${counts[state]} ${stateWords[state]}`] : []))
  return `<g><title>${escaped(`${date}: ${words.join(', ') || 'no requests'}`)}</title>${parts.join('')}</g>`
}

const axis = (most: number, width: number): string =>
  `<g stroke="var(--rule)"><path d="M${left} ${height}H${round(width)}M${left} 10H${round(width)}"/></g><g fill="var(--soft)" font-size="11" text-anchor="end"><text x="${left - 6}" y="${height}">0</text><text x="${left - 6}" y="14">${most}</text></g>`

/** Names some of the days below their bars: no more than have room. */
function dates(days: readonly ChartDay[], step: number): string {
  const every = Math.max(1, Math.ceil(64 / step))
  const names = days.flatMap(({ date }, i) =>
    i % every === 0 ? [`<text x="${round(left + i * step)}" y="${height + 14}">${escaped(date.slice(5))}</text>`] : [],
  )
  return `<g fill="var(--soft)" font-size="11">${names.join('')}</g>`
}

const round = (number: number): string => String(Math.round(number * 100) / 100)
