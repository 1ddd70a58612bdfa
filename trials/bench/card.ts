import type { ObjectId } from '../../src/core/data/id.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { loadCards } from '../../src/cards/cards.ts'
import { dba, pending } from '../../test/support/build.ts'
import { type Bench, each, type Figure, figure, inTurns, type Means, share } from './figure.ts'
import { english } from '../../src/words/english.ts'

export const card: Bench = {
  about: 'drawing a card from its template, beside JSON.parse of the same card',
  async measure(means) {
    const cards = loadCards(readCards('cards'), english)
    const request = pending()
    const approver: ObjectId = dba
    return [
      await drawn(means, 'card in the channel', () => cards.channel(request)),
      await drawn(means, "approver's view", () => cards.review(request, { approver, page: 1, via: 'teams' })),
    ]
  },
}

async function drawn(means: Means, name: string, draw: () => object): Promise<Figure> {
  const text = JSON.stringify(draw())
  const times = share(means, 200)
  const ours: number[] = []
  const floor: number[] = []
  await inTurns(means, async (counts) => {
    const took = each(times, draw)
    const tookBare = each(times * 10, () => JSON.parse(text) as unknown)
    if (!counts) return
    ours.push(took)
    floor.push(tookBare)
  })
  return figure({ name: `${name}, ${(text.length / 1024).toFixed(1)} KiB`, unit: 'ms', ours, floor })
}
