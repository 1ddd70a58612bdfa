import { cardName } from '../core/request/delivery.ts'
import type { RequestId } from '../core/data/id.ts'
import type { CardRow, Outbox } from '../ports/outbox.ts'

/** What is known of a request's cards, kept in step with what is stored. */
export type CardBook = Awaited<ReturnType<typeof openBook>>

export async function openBook(outbox: Pick<Outbox, 'cards' | 'putCard' | 'dropCard'>, request: RequestId) {
  const rows = new Map((await outbox.cards(request)).map((row) => [cardName(row), row]))
  const of = (channel: string) => [...rows.values()].filter((row) => row.channel === channel)

  return {
    /** Cards that are not known to show this revision. */
    behind: (rev: number): readonly CardRow[] => [...rows.values()].filter((row) => row.card && row.rev < rev),
    hasCard: (channel: string): boolean => of(channel).some((row) => row.card),
    /** A card lies there, and Teams lets us at it. */
    isReached: (channel: string): boolean => of(channel).some((row) => row.card && !row.lost),
    isLost: (channel: string): boolean => of(channel).length > 0 && of(channel).every((row) => row.lost),
    /** The row of a channel that has no card. */
    rowOf: (channel: string): CardRow => rows.get(cardName({ channel })) ?? { channel, rev: 0, attempts: 0 },

    async put(row: CardRow): Promise<void> {
      await outbox.putCard(request, row)
      rows.set(cardName(row), row)
    },
    async drop(row: CardRow): Promise<void> {
      if (rows.delete(cardName(row))) await outbox.dropCard(request, row)
    },
  }
}
