import type { RequestId } from '../core/data/id.ts'
import { parseInstant } from '../core/data/instant.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Messenger } from '../ports/messenger.ts'
import type { Outbox } from '../ports/outbox.ts'

/** Posts the cards of open requests again, but for those that the client still has for the page. */
type Again = (coming: ReadonlySet<string>) => Promise<void>

/**
 * The pages on which the local Teams client is open. A page that is opened or reloaded begins empty, and Teams would
 * still show its cards, so the open ones are posted again.
 */
export class Pages {
  #open = 0
  /** Cards that were posted while no page was open: the client keeps these for the next page. */
  #coming = new Set<string>()
  #again: Again | null = null
  readonly #failed: (cause: unknown) => void

  constructor(failed: (cause: unknown) => void) {
    this.#failed = failed
  }

  opened(): void {
    this.#open += 1
    const coming = this.#coming
    this.#coming = new Set()
    this.#post(coming)
  }

  left(): void {
    this.#open -= 1
  }

  /** Begins to post: a page may be opened before the stack is ready. */
  serve(again: Again): void {
    this.#again = again
    if (this.#open > 0) this.#post(new Set())
  }

  /** Notes the cards that are posted while no page is open. */
  watching(messenger: Messenger): Messenger {
    return {
      rules: messenger.rules,
      update: (...all) => messenger.update(...all),
      say: (...all) => messenger.say(...all),
      tell: (...all) => messenger.tell(...all),
      reply: (...all) => messenger.reply(...all),
      post: async (...all) => {
        const sent = await messenger.post(...all)
        if ('sent' in sent && this.#open === 0) this.#coming.add(sent.sent.activity)
        return sent
      },
    }
  }

  #post(coming: ReadonlySet<string>): void {
    this.#again?.(coming).catch(this.#failed)
  }
}

export interface PostingAgainParts {
  readonly ledger: Pick<Ledger, 'due'>
  readonly outbox: Pick<Outbox, 'cards' | 'dropCard' | 'touch'>
  /** Starts a delivery, which posts into channels that have no card. */
  readonly soon: (id: RequestId) => void
}

/** Every open request has a deadline before it. */
const endOfTime = parseInstant('9999-12-31T23:59:59.999Z')

const mostRequests = 200

export const postingAgain =
  ({ ledger, outbox, soon }: PostingAgainParts): Again =>
  async (coming) => {
    for (const id of await ledger.due(endOfTime, mostRequests)) {
      const rows = await outbox.cards(id)
      const forgotten = rows.filter(({ card }) => card && !coming.has(card.activity))
      if (forgotten.length === 0) continue
      // First, so that the sweep posts them if this process ends here.
      await outbox.touch(id)
      for (const row of forgotten) await outbox.dropCard(id, row)
      soon(id)
    }
  }
