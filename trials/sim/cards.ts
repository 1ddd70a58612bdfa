import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { channelsOf } from '../../src/approvals/eligibility.ts'
import { demand } from './demand.ts'
import { policy } from './roster.ts'
import { straysIn, touchStrays } from './recovery.ts'
import { cardsIn } from './stores.ts'
import type { World } from './world.ts'

/** So many cards of one request in one channel are adopted, and no more. */
const mostAdopted = 5

/** Cards show the truth once all is quiet, strays when they were touched; and of no request are there more of those than faults (9). */
export async function checkCards(world: World): Promise<void> {
  const { stores, faults, reached } = world
  demand(9, (await stores.outbox.waiting('9' as never, 100)).length === 0, () => 'deliveries wait for ever')
  await checkKnown(world)
  checkTold(world)
  const strays = await straysIn(world)
  for (const id of stores.seen.requests) {
    const mine = strays.filter(({ request }) => request === id).length
    demand(9, mine <= faults.hits, () => `${mine} cards of ${id} are not known after ${faults.hits} faults`)
  }
  if (strays.length === 0) return
  reached('orphan card')
  await touchStrays(world)
  for (const card of cardsIn(stores)) {
    const alike = cardsIn(stores, card.channel).filter(({ request }) => request === card.request)
    const request = await stores.ledger.find(card.request)
    demand(
      9,
      alike.length > mostAdopted || card.status === request?.status,
      () => `card ${card.activity} does not heal`,
    )
  }
  reached('adopted card')
}

async function checkKnown({ stores, reached }: World): Promise<void> {
  const lying = new Map(cardsIn(stores).map((card) => [card.activity, card]))
  for (const id of stores.seen.requests) {
    const request = await stores.ledger.find(id)
    const rows = await stores.outbox.cards(id)
    for (const { card, channel } of rows) {
      const shown = card && lying.get(card.activity)
      if (!shown || !request) continue
      demand(9, shown.request === id && shown.channel === channel, () => `card ${card.activity} is of another request`)
      const isTrue = shown.status === request.status && shown.rev === revisionOf(request)
      demand(
        9,
        isTrue,
        () => `card ${card.activity} of ${id} shows ${shown.status} at ${shown.rev}, it is ${request.status}`,
      )
    }
    const hasCards = channelsOf(policy, request?.requirement?.slots).every((one) =>
      rows.some(({ channel }) => channel === one),
    )
    demand(9, hasCards || request?.status !== 'pending', () => `nobody hears of ${id}`)
    const marks = request?.events.filter(({ type }) => type === 'undeliverable').length ?? 0
    demand(9, marks <= 1, () => `${id} is undeliverable ${marks} times`)
    if (marks > 0) reached('undeliverable')
    if (new Set(rows.map(({ channel }) => channel)).size < rows.filter(({ card }) => card).length) reached('twin card')
  }
}

/** Each reader is told of an event once, again after a fault, and once more where clocks let two deliveries meet. */
function checkTold({ stores, faults, clocks, reached }: World): void {
  const most = 1 + faults.hits + (clocks.areMoved ? 1 : 0)
  const times = new Map<string, number>()
  for (const { place, telling } of Object.values(stores.rooms).flatMap(({ told }) => told)) {
    reached(`told ${telling.notice.kind}`)
    const name = `${telling.request.id} ${telling.notice.seq} ${place}`
    times.set(name, (times.get(name) ?? 0) + 1)
  }
  for (const [name, count] of times)
    demand(9, count <= most, () => `${name} was told ${count} times after ${faults.hits} faults`)
}

/** Nobody sees on a card that a view was shown, that somebody was refused, or that people were reminded. */
const revisionOf = ({ events }: ApprovalRequest): number =>
  events.length - events.toReversed().findIndex(({ type }) => !['shown', 'refused', 'reminded'].includes(type))
