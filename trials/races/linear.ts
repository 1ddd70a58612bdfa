import { type Answer, type Call, type Deadlines, outcomes, type State } from './spec.ts'

/** One call of a history. */
export interface Entry {
  readonly call: Call
  /** When it was called and answered, on one clock that never goes back; `Infinity` where no answer came. */
  readonly from: number
  readonly to: number
  /** `null` where no answer came: it may have had its effect, now or later, or none. */
  readonly answer: Answer | null
  readonly deadlines: Deadlines
}

/** What happened to a request: what people called, and the events that are left of it, in their order. */
export interface History {
  readonly start: State
  readonly entries: readonly Entry[]
  readonly events: readonly string[]
}

/**
 * Finds an order in which the calls, one after the other, give every answer and leave exactly these events, where a call
 * that was answered before another began comes before it. (J. Wing, C. Gong: Testing and verifying concurrent objects,
 * 1993; a configuration that led nowhere is not tried again, as in G. Lowe: Testing for linearizability, 2017.)
 *
 * @returns `null` if there is none: then what people were told cannot be true
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
   * A call that may come next and has no effect there may as well come now: without it, all else goes on alike. (Not one
   * during which a deadline passes: later it could be the one that lets it take effect.)
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

/** A history in words, for who has to find out. */
export function told({ start, entries, events }: History): string {
  const first = Math.min(...entries.map(({ from }) => from))
  const at = (time: number) => (Number.isFinite(time) ? (time - first).toFixed(1) : '…').padStart(8)
  const lines = [...entries]
    .sort((a, b) => a.from - b.from)
    .map(({ call, from, to, answer, deadlines }) =>
      [at(from), at(to), JSON.stringify(call), JSON.stringify(answer), JSON.stringify(deadlines)].join('  '),
    )
  return [`quorum ${start.quorum}`, ...lines, `events: ${events.join(', ')}`].join('\n')
}
