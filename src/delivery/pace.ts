import { instant, type Instant, later, milliseconds } from '../core/data/instant.ts'
import { conversationWindows, nextSend, processWindows, remembered, type Window, withSend } from './rate.ts'
import type { Clock } from '../ports/clock.ts'
import type { Again, Messenger, Sent } from '../ports/messenger.ts'

/** Milliseconds for which a send may be promised ahead. */
const patience = 5_000

/** When a send may go: promised, in so many milliseconds; or not before a moment, and then ask again. */
type Turn = { readonly wait: number } | { readonly notBefore: Instant }

export interface Pace {
  /** Promises the next send into a conversation, unless it is far ahead: then whoever asks should not wait for it. */
  next(conversation: string): Turn
  /** Nothing goes into a conversation until then: Teams said so. */
  hold(conversation: string, until: Instant): void
}

/** Keeps what this process sends within the limits that Teams sets for each conversation and for all. */
export function pacing(clock: Clock): Pace {
  const sent = new Map<string, readonly number[]>()
  const held = new Map<string, Instant>()
  let all: readonly number[] = []

  const known = (sends: readonly number[], windows: readonly Window[], now: number) =>
    remembered(sends, windows, { now, ahead: patience })

  return {
    next(conversation) {
      const at = clock.now()
      const now = milliseconds(at)
      const until = held.get(conversation)
      if (until !== undefined && at < until) return { notBefore: until }
      held.delete(conversation)
      const mine = known(sent.get(conversation) ?? [], conversationWindows, now)
      all = known(all, processWindows, now)
      const free = Math.max(nextSend(mine, conversationWindows, now), nextSend(all, processWindows, now))
      if (free - now >= patience) return { notBefore: instant(free) }
      sent.set(conversation, withSend(mine, free))
      all = withSend(all, free)
      return { wait: free - now }
    },

    hold(conversation, until) {
      held.set(conversation, later(until, held.get(conversation) ?? until))
    },
  }
}

/** Waits for one turn after the other in a conversation. */
export function turns(pace: Pace, conversation: string, pause: (ms: number) => Promise<unknown>): Again {
  return async () => {
    const turn = pace.next(conversation)
    if ('notBefore' in turn) return false
    if (turn.wait > 0) await pause(turn.wait)
    return true
  }
}

/** Words at the pace that they share with cards: what has no turn soon is not sent. */
export function paced(
  messenger: Messenger,
  pace: Pace,
  pause: (ms: number) => Promise<unknown>,
): Pick<Messenger, 'say' | 'reply'> {
  const inTurn = async (place: string, send: (again: Again) => Promise<Sent<null>>): Promise<Sent<null>> => {
    // A thread counts as its channel does.
    const again = turns(pace, place.split(';')[0] ?? place, pause)
    return (await again()) ? send(again) : { unsent: 'throttled' }
  }
  return {
    say: (channel, words) => inTurn(channel, (again) => messenger.say(channel, words, again)),
    reply: (place, answer) => inTurn(place, (again) => messenger.reply(place, answer, again)),
  }
}
