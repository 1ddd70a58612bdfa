/** Writes milliseconds in the largest unit that they reach. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 90) return `${Math.round(seconds)} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Number((seconds / 3_600).toFixed(1))} h`
}
