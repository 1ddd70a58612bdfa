/** Milliseconds after a failure during which the work is not tried again: calls come in floods, also during an outage. */
const rest = 1_000

/** Work that has to succeed once before all else, and is tried again until it does. */
export interface Opening {
  /**
   * Joins the attempt under way, or begins one. Resolves at once after a success.
   *
   * @throws what the newest attempt threw
   */
  readonly open: () => Promise<void>
  readonly isOpen: () => boolean
}

/** @param now milliseconds on a scale of their own */
export function opening(work: () => Promise<void>, now: () => number = () => performance.now()): Opening {
  let attempt: Promise<void> | undefined
  let state: 'under way' | 'open' | { readonly failedAt: number } = 'under way'

  async function begin(): Promise<void> {
    state = 'under way'
    try {
      await work()
      state = 'open'
    } catch (cause) {
      state = { failedAt: now() }
      throw cause
    }
  }

  return {
    async open() {
      if (attempt === undefined || (typeof state === 'object' && now() - state.failedAt >= rest)) attempt = begin()
      return attempt
    },
    isOpen: () => state === 'open',
  }
}
