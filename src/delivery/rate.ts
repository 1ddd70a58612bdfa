/** At most so many sends in any stretch of so many milliseconds. */
export interface Window {
  readonly most: number
  readonly ms: number
}

/** Microsoft, "Optimize your bot with rate limiting in Teams": per bot and conversation. */
export const conversationWindows: readonly Window[] = [
  { most: 7, ms: 1_000 },
  { most: 8, ms: 2_000 },
  { most: 60, ms: 30_000 },
  { most: 1_800, ms: 3_600_000 },
]

/** The same page: per app and tenant. A process keeps to it alone, since it does not see the others. */
export const processWindows: readonly Window[] = [{ most: 50, ms: 1_000 }]

/**
 * Says when the next send may go, so that no window is ever overfull.
 *
 * @param sent moments of earlier sends, ascending; also those that are promised and yet to go
 */
export function nextSend(sent: readonly number[], windows: readonly Window[], now: number): number {
  const free = windows.map(({ most, ms }) => (sent.at(-most) ?? Number.NEGATIVE_INFINITY) + ms)
  return Math.max(now, ...free)
}

/** Adds a send at its place in time. */
export const withSend = (sent: readonly number[], at: number): readonly number[] => {
  const place = sent.findLastIndex((earlier) => earlier <= at) + 1
  return sent.toSpliced(place, 0, at)
}

/**
 * Forgets sends that no window reaches back to, and those further ahead than any that is promised: the clock was put
 * back, and nobody should wait for it to come round again.
 *
 * @param ahead milliseconds for which sends are promised
 */
export function remembered(
  sent: readonly number[],
  windows: readonly Window[],
  { now, ahead }: { readonly now: number; readonly ahead: number },
): readonly number[] {
  const back = Math.max(...windows.map(({ ms }) => ms))
  return sent.filter((at) => at > now - back && at <= now + ahead)
}
