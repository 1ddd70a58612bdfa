import type { ComponentChildren } from 'preact'
import { duration } from './duration.ts'
import { Wide } from './kit.tsx'
import { between, type Measures, share, total } from './measures.ts'
import { pageWords } from './pageWords.ts'
import { words } from './words.ts'

interface MetricTableProps {
  readonly title: string
  /** What the first column has. */
  readonly heading: string
  readonly rows: readonly MetricTableRow[]
  readonly counts: readonly (keyof typeof pageWords.metrics.names)[]
  /** Whether it says how long decisions took. */
  readonly hasTimes: boolean
}

interface MetricTableRow {
  readonly key: string
  readonly name: ComponentChildren
  readonly measures: Measures
}

interface Column {
  readonly label: string
  readonly cell: (measures: Measures) => ComponentChildren
}

/** Counts with their shares and the times of decisions, of days or of those who are counted. */
export function MetricTable({ title, heading, rows, counts, hasTimes }: MetricTableProps) {
  const columns = [...counts.map(counted), ...(hasTimes ? times : [])]
  return (
    <Wide label={title}>
      <table aria-label={title}>
        <thead>
          <tr>
            <th scope="col">{heading}</th>
            {columns.map(({ label }) => (
              <th key={label} scope="col" class="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, measures }) => (
            <tr key={key}>
              <th scope="row" data-label={heading}>
                {name}
              </th>
              {columns.map(({ label, cell }) => (
                <td key={label} class="number" data-label={label}>
                  {cell(measures)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

const counted = (name: MetricTableProps['counts'][number]): Column => ({
  label: pageWords.metrics.names[name],
  cell: (measures) => {
    const count = total(measures, name)
    const part = count === 0 ? null : share(measures, name)
    return (
      <>
        {count}
        {part !== null && <small>{percent.format(part)}</small>}
      </>
    )
  },
})

const percent = new Intl.NumberFormat(words.locale, { style: 'percent', maximumFractionDigits: 1 })

const timed = (label: string, metric: string): Column => ({
  label,
  cell: (measures) => {
    const found = between(measures, metric)
    if (found === null) return '–'
    const [least, greatest] = found.map(duration)
    return least === greatest ? least : `${least} – ${greatest}`
  },
})

const times = [timed(pageWords.metrics.median, 'decide-p50'), timed(pageWords.metrics.slow, 'decide-p90')]
