import { type Answer, type Call, type Deadlines, outcomes, type State } from './spec.ts'

/** One call of a history. */
export interface Entry {
  readonly call: Call
  /** The times of call and answer, on one monotonic clock; `Infinity` if no answer came. */
  readonly from: number
  readonly to: number
  /** `null` if no answer came. The call may have an effect, now or later, or none. */
  readonly answer: Answer | null
  readonly deadlines: Deadlines
}

/** The history of a request: all calls, and its events in order. */
export interface History {
  readonly start: State
  readonly entries: readonly Entry[]
  readonly events: readonly string[]
}

/**
 * Finds an order in which the calls, made one after the other, give exactly these answers and events. A call that was
 * answered before another began comes before it. (J. Wing, C. Gong: Testing and verifying concurrent objects, 1993. A
 * configuration that failed is not tried again, as in G. Lowe: Testing for linearizability, 2017.)
 *
 * @returns `null` if there is no such order: the answers cannot all be true
 */
export function linearization({ start, entries, events }: History): readonly Entry[] | null {
  const failed = new Set<string>()
  const done = entries.map(() => false)
  const order: Entry[] = []

  function search(state: State, seen: number): boolean {
    const open = entries.filter((_, i) => !done[i])
    if (seen === events.length && open.every(({ answer }) => answer === null)) return true
    const configuration = `${done.map(Number).join('')} ${seen} ${JSON.stringify(state)}`
    if (failed.has(configuration)) return false
    const end = Math.min(...open.map(({ to }) => to))
    const now = effectless(state, end)
    for (const [i, entry] of entries.entries()) {
      if (done[i] || entry.from > end || (now >= 0 && now !== i)) continue
      for (const outcome of outcomes(state, entry.call, entry.deadlines)) {
        if (entry.answer !== null && !isSame(entry.answer, outcome.answer)) continue
        if (!outcome.events.every((event, k) => events[seen + k] === event)) continue
        done[i] = true
        order.push(entry)
        if (search(outcome.state, seen + outcome.events.length)) return true
        order.pop()
        done[i] = false
      }
    }
    failed.add(configuration)
    return false
  }

  /**
   * Finds a call that may come next and has no effect. It can come now, because the other calls do not depend on it.
   * (This is not so for a call during which a deadline passes, since a later call may be the one that applies it.)
   */
  function effectless(state: State, end: number): number {
    return entries.findIndex(({ call, from, answer, deadlines }, i) => {
      if (done[i] || from > end || answer === null || deadlines.expired !== 'no' || deadlines.lapsed !== 'no')
        return false
      const [only] = outcomes(state, call, deadlines).filter((outcome) => isSame(answer, outcome.answer))
      return only?.events.length === 0
    })
  }
  return search(start, 0) ? order : null
}

const isSame = (a: Answer, b: Answer): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Describes a history for people. */
export function describeHistory({ start, entries, events }: History): string {
  const first = Math.min(...entries.map(({ from }) => from))
  const at = (time: number) => (Number.isFinite(time) ? (time - first).toFixed(1) : '…').padStart(8)
  const lines = [...entries]
    .sort((a, b) => a.from - b.from)
    .map(({ call, from, to, answer, deadlines }) =>
      [at(from), at(to), JSON.stringify(call), JSON.stringify(answer), JSON.stringify(deadlines)].join('  '),
    )
  return [`quorum ${start.quorum}`, ...lines, `events: ${events.join(', ')}`].join('\n')
}
