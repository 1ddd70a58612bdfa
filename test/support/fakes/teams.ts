import { revision } from '../../../src/core/request/delivery.ts'
import type { RequestId } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import type { ApprovalRequest, Status } from '../../../src/core/request/request.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Again, Messenger, PostedCard, Sent, Telling } from '../../../src/ports/messenger.ts'
import { teamsRules } from '../../../src/teams/outbound/rules.ts'

/** One send as it arrives. */
export interface Send {
  readonly kind: 'post' | 'update'
  readonly channel: string
  readonly request: ApprovalRequest
  readonly at: Instant
}

type Unsent = Exclude<Sent<unknown>, { sent: unknown }>

/** The fate of a send: refused, or carried out with its answer lost; or another act happens meanwhile. */
export type Fate =
  | Unsent
  | { readonly lost: true }
  | { readonly throws: Error }
  | { readonly meanwhile: () => Promise<unknown> }

export interface ShownCard extends PostedCard {
  readonly channel: string
  readonly request: RequestId
  readonly status: Status
  readonly rev: number
}

/** Teams, or a room like it, in memory: channels with cards. A channel exists until a test removes it. */
export class MemoryTeams implements Messenger {
  readonly rules = teamsRules
  readonly sends: Send[] = []
  /** Texts in channels, oldest first. */
  readonly said: { readonly channel: string; readonly words: string }[] = []
  /** Notices, oldest first. */
  readonly told: { readonly place: string; readonly telling: Telling; readonly at: Instant }[] = []
  /** Says why a notice does not get through; `null` lets it. */
  refuses: (place: string) => Unsent | null = () => null
  /** Gives the fate of each send; `null` carries it out. */
  plan: (send: Send) => Fate | null = () => null
  private readonly shown = new Map<string, ShownCard>()
  private readonly clock: Clock
  private readonly room: string
  private posted = 0

  /** @param room with which the ids of its cards begin, so that none is a card of another room */
  constructor(clock: Clock, room = '') {
    this.clock = clock
    this.room = room
  }

  post(channel: string, request: ApprovalRequest, _again?: Again): Promise<Sent<PostedCard>> {
    return this.send({ kind: 'post', channel, request, at: this.clock.now() }, () => {
      const activity = `${this.room}${++this.posted}`
      const card = { conversation: `${channel};messageid=${activity}`, activity }
      this.show(card, channel, request)
      return { sent: card }
    })
  }

  update(card: PostedCard, request: ApprovalRequest, _again?: Again): Promise<Sent<null>> {
    const channel = this.rules.channelOf(card.conversation)
    return this.send({ kind: 'update', channel, request, at: this.clock.now() }, () => {
      if (!this.shown.has(card.activity)) return { unsent: 'gone' }
      this.show(card, channel, request)
      return { sent: null }
    })
  }

  async say(channel: string, words: string, _again?: Again): Promise<Sent<null>> {
    this.said.push({ channel, words })
    return { sent: null }
  }

  async tell(place: string, telling: Telling, _again?: Again): Promise<Sent<null>> {
    const fate = this.refuses(place)
    if (fate) return fate
    this.told.push({ place, telling, at: this.clock.now() })
    return { sent: null }
  }

  async reply(_place?: string, _answer?: string | object, _again?: Again): Promise<Sent<null>> {
    return { sent: null }
  }

  /** Lists the cards in a channel, or in all channels, oldest first. */
  cards(channel?: string): readonly ShownCard[] {
    return [...this.shown.values()].filter((card) => channel === undefined || card.channel === channel)
  }

  remove({ activity }: PostedCard): void {
    this.shown.delete(activity)
  }

  private show(card: PostedCard, channel: string, request: ApprovalRequest): void {
    this.shown.set(card.activity, {
      ...card,
      channel,
      request: request.id,
      status: request.status,
      rev: revision(request),
    })
  }

  private async send<T>(send: Send, happen: () => Sent<T>): Promise<Sent<T>> {
    this.sends.push(send)
    const fate = this.plan(send)
    if (fate === null) return happen()
    if ('unsent' in fate) return fate
    if ('meanwhile' in fate) await fate.meanwhile()
    const sent = happen()
    if ('throws' in fate) throw fate.throws
    return 'lost' in fate ? { unsent: 'passing' } : sent
  }
}

/** Gives these fates in order to the sends that match. All other sends are carried out. */
export function inTurn(
  fates: readonly (Fate | null)[],
  matches: (send: Send) => boolean = () => true,
): (send: Send) => Fate | null {
  const left = [...fates]
  return (send) => (matches(send) ? (left.shift() ?? null) : null)
}
