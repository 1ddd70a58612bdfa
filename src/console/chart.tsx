/** One bar of each day, in parts that are stacked from below. */
interface Bar {
  readonly label: string
  readonly parts: readonly number[]
}

interface BarsProps {
  /** What the picture says, for those who cannot see it. A table beside it has the numbers. */
  readonly label: string
  readonly bars: readonly Bar[]
  /** What the parts are, in their order from below. */
  readonly legend: readonly string[]
  /** Writes a value of the axis. */
  readonly written: (value: number) => string
}

const size = { width: 720, height: 200, left: 56, bottom: 24, top: 8 }
const floor = size.height - size.bottom

/** Bars of days with an axis. Parts differ by pattern of lightness and by name, not by colour alone. */
export function Bars({ label, bars, legend, written }: BarsProps) {
  const most = Math.max(1, ...bars.map(({ parts }) => parts.reduce((a, b) => a + b, 0)))
  const step = (size.width - size.left) / Math.max(bars.length, 1)
  const scale = (floor - size.top) / most
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={label}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line
              class="rule"
              x1={size.left}
              x2={size.width}
              y1={floor - share * (floor - size.top)}
              y2={floor - share * (floor - size.top)}
            />
            <text x={size.left - 8} y={floor - share * (floor - size.top) + 4} text-anchor="end">
              {written(share * most)}
            </text>
          </g>
        ))}
        {bars.map(({ label: name, parts }, i) => {
          const x = size.left + i * step
          let below = 0
          return (
            <g key={name}>
              {parts.map((part, j) => {
                below += part
                return (
                  <rect
                    key={j}
                    class={`part-${j}`}
                    x={x + step * 0.15}
                    width={step * 0.7}
                    y={floor - below * scale}
                    height={part * scale}
                  >
                    <title>{`${name}: ${legend[j] ?? ''} ${written(part)}`}</title>
                  </rect>
                )
              })}
              {i % Math.ceil(bars.length / 10) === 0 && (
                <text x={x + step / 2} y={size.height - 6} text-anchor="middle">
                  {name}
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
