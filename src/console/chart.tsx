/** One bar of each day, or of each of those who are counted. */
interface Bar {
  readonly label: string
  readonly parts: readonly number[]
}

interface BarsProps {
  /** What the picture says, for those who cannot see it. A table beside it has the numbers. */
  readonly label: string
  readonly bars: readonly Bar[]
  /** What the parts are, in their order from below or from the left. */
  readonly legend: readonly string[]
  /** Writes a value of the axis. */
  readonly written: (value: number) => string
  /** Whether the parts of a bar stand side by side: parts of which one has the other in it do not add up. */
  readonly isBeside?: boolean
}

const size = { width: 720, height: 200, left: 56, bottom: 24, top: 8 }
const floor = size.height - size.bottom

/** The most labels below the bars, and the width of a letter of them. */
const labels = { most: 10, letter: 6.5 }

/** Bars with an axis. Parts differ by pattern of lightness and by name, not by colour alone. */
export function Bars({ label, bars, legend, written, isBeside = false }: BarsProps) {
  const heights = bars.map(({ parts }) => (isBeside ? Math.max(0, ...parts) : parts.reduce((a, b) => a + b, 0)))
  const most = Math.max(1, ...heights)
  const step = (size.width - size.left) / Math.max(bars.length, 1)
  const every = Math.ceil(bars.length / labels.most)
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={label}>
        <Axis most={most} written={written} />
        {bars.map(({ label: name, parts }, i) => {
          const x = size.left + i * step
          return (
            <g key={i}>
              {placed(parts, { x, step, scale: (floor - size.top) / most, isBeside }).map((place, j) => (
                <rect key={j} class={`part-${j}`} {...place}>
                  <title>{`${name}: ${legend[j] ?? ''} ${written(parts[j] ?? 0)}`}</title>
                </rect>
              ))}
              {i % every === 0 && (
                <text x={x + step / 2} y={size.height - 6} text-anchor="middle">
                  {shortened(name, (step * every) / labels.letter)}
                </text>
              )}
            </g>
          )
        })}
      </svg>
      <figcaption>
        {legend.map((name, j) => (
          <span key={name}>
            <span class={`key part-${j}`} aria-hidden="true" /> {name}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

interface AxisProps {
  /** The value at its top. */
  readonly most: number
  readonly written: (value: number) => string
}

function Axis({ most, written }: AxisProps) {
  return (
    <>
      {[0, 0.5, 1].map((share) => {
        const y = floor - share * (floor - size.top)
        return (
          <g key={share}>
            <line class="rule" x1={size.left} x2={size.width} y1={y} y2={y} />
            <text x={size.left - 8} y={y + 4} text-anchor="end">
              {written(share * most)}
            </text>
          </g>
        )
      })}
    </>
  )
}

interface Placing {
  /** Where the bar's share of the width begins, and how wide that is. */
  readonly x: number
  readonly step: number
  /** The height of a value of 1. */
  readonly scale: number
  readonly isBeside: boolean
}

/** Where the parts of a bar are drawn. */
function placed(parts: readonly number[], { x, step, scale, isBeside }: Placing) {
  const width = (step * 0.7) / (isBeside ? parts.length : 1)
  let below = 0
  return parts.map((part, j) => {
    const from = isBeside ? 0 : below
    below += part
    const left = x + step * 0.15 + (isBeside ? j * width : 0)
    return { x: left, width, y: floor - (from + part) * scale, height: part * scale }
  })
}

/** Cuts a label that has no room, and says so. */
function shortened(label: string, room: number): string {
  const letters = [...label]
  return letters.length <= room ? label : `${letters.slice(0, Math.max(1, Math.floor(room) - 1)).join('')}…`
}
