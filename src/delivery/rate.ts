import type { Window } from '../ports/messenger.ts'

/**
 * Says when the next send may go, so that no window is ever overfull.
 *
 * @param sent moments of earlier sends, ascending; also those that are promised and have not gone yet
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
 * Forgets sends that no window reaches back to. Forgets also sends further ahead than any promise: they were noted before
 * the clock was put back, and would block the channel until the clock comes round again.
 *
 * @param ahead milliseconds for which sends are promised
 */
export function remembered(
  sent: readonly number[],
  windows: readonly Window[],
  { now, ahead }: { readonly now: number; readonly ahead: number },
): readonly number[] {
  const back = Math.max(0, ...windows.map(({ ms }) => ms))
  return sent.filter((at) => at > now - back && at <= now + ahead)
}
