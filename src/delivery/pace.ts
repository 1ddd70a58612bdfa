import { instant, type Instant, later, milliseconds } from '../core/data/instant.ts'
import type { Clock } from '../ports/clock.ts'
import type { Again, Messenger, Sent, SendingRules, Window } from '../ports/messenger.ts'
import { nextSend, remembered, withSend } from './rate.ts'

/** Milliseconds for which a send may be promised ahead. */
const patience = 5_000

/** When a send may go: promised, in so many milliseconds; or not before a moment, and then ask again. */
type Turn = { readonly wait: number } | { readonly notBefore: Instant }

/** Takes channels and conversations alike: a conversation counts as its channel does. */
export interface Pace {
  /** Promises the next send. A send that is far ahead is not promised, so that callers do not wait for it. */
  next(conversation: string): Turn
  /** Lets nothing go before a moment, because the other side asked for it. */
  hold(conversation: string, until: Instant): void
}

/**
 * Keeps the sends of this process within the rules of each kind of channel.
 *
 * @param rulesOf gives one object for all channels that share limits
 */
export function pacing(clock: Clock, rulesOf: (conversation: string) => SendingRules): Pace {
  const sent = new Map<string, readonly number[]>()
  const held = new Map<string, Instant>()
  const together = new Map<SendingRules, readonly number[]>()

  const known = (sends: readonly number[] = [], windows: readonly Window[], now: number) =>
    remembered(sends, windows, { now, ahead: patience })

  return {
    next(conversation) {
      const at = clock.now()
      const now = milliseconds(at)
      const rules = rulesOf(conversation)
      const { perChannel, perProcess } = rules
      const channel = rules.channelOf(conversation)
      const until = held.get(channel)
      if (until !== undefined && at < until) return { notBefore: until }
      held.delete(channel)
      const mine = known(sent.get(channel), perChannel, now)
      const all = known(together.get(rules), perProcess, now)
      const free = Math.max(nextSend(mine, perChannel, now), nextSend(all, perProcess, now))
      if (free - now >= patience) return { notBefore: instant(free) }
      sent.set(channel, withSend(mine, free))
      together.set(rules, withSend(all, free))
      return { wait: free - now }
    },

    hold(conversation, until) {
      const channel = rulesOf(conversation).channelOf(conversation)
      held.set(channel, later(until, held.get(channel) ?? until))
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

/** Sends words at the pace that they share with cards. Words that have no turn soon are not sent. */
export function paced(
  messenger: Pick<Messenger, 'say' | 'reply'>,
  pace: Pace,
  pause: (ms: number) => Promise<unknown>,
): Pick<Messenger, 'say' | 'reply'> {
  const inTurn = async (place: string, send: (again: Again) => Promise<Sent<null>>): Promise<Sent<null>> => {
    const again = turns(pace, place, pause)
    return (await again()) ? send(again) : { unsent: 'throttled' }
  }
  return {
    say: (channel, words) => inTurn(channel, (again) => messenger.say(channel, words, again)),
    reply: (place, answer) => inTurn(place, (again) => messenger.reply(place, answer, again)),
  }
}
