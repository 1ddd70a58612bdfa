/** A straight line through points, by least squares. */
export interface Fit {
  /** Units of y for one unit of x. */
  readonly slope: number
  /** The standard error of the slope. */
  readonly error: number
}

/** @param points at least three, as [x, y], not all at one x */
export function fit(points: readonly (readonly [number, number])[]): Fit {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const left = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  return { slope, error: Math.sqrt(left / (points.length - 2) / spread) }
}

/** Gives the part of a slope that is beyond chance (two standard errors). */
export const certain = ({ slope, error }: Fit): number => Math.max(0, slope - 2 * error)
