import { cardName } from '../core/request/delivery.ts'
import type { RequestId } from '../core/data/id.ts'
import type { CardRow, Outbox } from '../ports/outbox.ts'

/** The part of the outbox that holds cards. */
type CardStore = Pick<Outbox, 'cards' | 'putCard' | 'dropCard'>

/** What is known of a request's cards, kept in step with what is stored. */
export class CardBook {
  readonly #outbox: CardStore
  readonly #request: RequestId
  readonly #rows: Map<string, CardRow>

  private constructor(outbox: CardStore, request: RequestId, rows: readonly CardRow[]) {
    this.#outbox = outbox
    this.#request = request
    this.#rows = new Map(rows.map((row) => [cardName(row), row]))
  }

  /** For a request that has no rows yet. */
  static empty(outbox: CardStore, request: RequestId): CardBook {
    return new CardBook(outbox, request, [])
  }

  /** Reads the rows of a request. */
  static async open(outbox: CardStore, request: RequestId): Promise<CardBook> {
    return new CardBook(outbox, request, await outbox.cards(request))
  }

  /** Lists cards that are not known to show this revision. */
  behind(rev: number): readonly CardRow[] {
    return [...this.#rows.values()].filter((row) => row.card && row.rev < rev)
  }

  hasCard(channel: string): boolean {
    return this.#of(channel).some((row) => row.card)
  }

  /** Says whether the channel has a card that Teams lets this app update. */
  isReached(channel: string): boolean {
    return this.#of(channel).some((row) => row.card && !row.lost)
  }

  /** The thread of each channel's newest card that can be reached. */
  threads(): readonly { readonly channel: string; readonly conversation: string }[] {
    const byChannel = new Map<string, string>()
    for (const { channel, card, lost } of this.#rows.values())
      if (card && !lost) byChannel.set(channel, card.conversation)
    return [...byChannel].map(([channel, conversation]) => ({ channel, conversation }))
  }

  isLost(channel: string): boolean {
    return this.#of(channel).length > 0 && this.#of(channel).every((row) => row.lost)
  }

  /** Gives the row of a channel that has no card. */
  rowOf(channel: string): CardRow {
    return this.#rows.get(cardName({ channel })) ?? { channel, rev: 0, attempts: 0 }
  }

  async put(row: CardRow): Promise<void> {
    await this.#outbox.putCard(this.#request, row)
    this.#rows.set(cardName(row), row)
  }

  async drop(row: CardRow): Promise<void> {
    if (this.#rows.delete(cardName(row))) await this.#outbox.dropCard(this.#request, row)
  }

  #of(channel: string): readonly CardRow[] {
    return [...this.#rows.values()].filter((row) => row.channel === channel)
  }
}
