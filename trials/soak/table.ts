import type { Result } from './main.ts'

/** Writes the measurements of a soak for people. */
export function tableOf({ minutes, lives, counts, samples, heap, delay, left, violations }: Result): string {
  const step = Math.max(1, Math.floor(samples.length / 20))
  const rows = samples
    .filter((_, i) => i % step === 0 || i === samples.length - 1)
    .map((sample) =>
      [
        sample.minute.toFixed(1).padStart(7),
        String(sample.lives).padStart(7),
        (sample.heapBytes / 2 ** 20).toFixed(1).padStart(10),
        (sample.rssBytes / 2 ** 20).toFixed(0).padStart(9),
        [sample.delay.p50, sample.delay.p99, sample.delay.max].map((ms) => ms.toFixed(0).padStart(6)).join(''),
        sample.idle.toFixed(0).padStart(6),
        String(sample.sockets).padStart(8),
      ].join(''),
    )
  return [
    ' minute  lives  heap MiB  RSS MiB   p50   p99   max  idle sockets',
    ...rows,
    `${lives} lives in ${minutes.toFixed(1)} minutes: ${Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ')}`,
    `heap, second half: ${heap.slope.toFixed(2)} ± ${(2 * heap.error).toFixed(2)} MiB a minute; event loop late by ${delay.toFixed(0)} ms (median of p99, beyond an idle thread)`,
    `left: ${Object.entries(left)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ')}`,
    violations.length === 0 ? 'holds\n' : `${violations.length} violations\n`,
  ].join('\n')
}
