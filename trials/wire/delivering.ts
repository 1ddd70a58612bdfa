import { setTimeout as pause } from 'node:timers/promises'
import { Problem } from '../../src/core/data/problem.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { milliseconds } from '../../src/core/data/instant.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import type { Delivery } from '../../src/delivery/delivery.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { type DeliveryWorld, deliveryWorld, lasting } from '../../test/support/deliveryWorld.ts'
import { type Fault, type FaultProxy, startFaultProxy } from '../../test/support/faultProxy.ts'
import { type OpenRoom, type Room, rooms } from './room.ts'
import { longest, type Storage } from './station.ts'

/** A fault at a call of a delivery: to the storage or to the room, once or for a while. */
export interface DeliveryCell extends Breaking {
  readonly room: Room
  readonly work: 'post' | 'update'
  readonly name: string
}

/** Which call of which side a fault meets: once, or from then on. */
export interface Breaking {
  readonly side: 'storage' | 'room'
  readonly fault: Fault
  readonly call: number
  readonly onward: boolean
}

/** Calls of a delivery to the storage, at most. A cell with a later call meets no fault. */
const mostStored = 10

/** Seconds until a channel takes the next card. */
const nextCard = 2

/** How often a cell is tried while a busy machine keeps the storage from answering the trial itself. */
const mostTries = 5

/** Runs a cell as {@link deliverOnce}, with a request of its own in each try. */
export async function deliverUnder(storage: Storage, cell: DeliveryCell): Promise<boolean> {
  for (let left = mostTries; ; left--) {
    try {
      return await deliverOnce(storage, cell)
    } catch (cause) {
      if (!isBusy(cause) || left === 0) throw cause
      await pause(1_000)
    }
  }
}

const isBusy = (failure: unknown): boolean =>
  failure instanceof Error && failure.cause instanceof Problem && failure.cause.code === 'unavailable'

/**
 * Delivers under a fault, and then without a fault, as the timer does.
 *
 * @returns whether the fault met its call
 * @throws {Error} if a known card does not show the request as it is, if there is no card, or if there are more unknown
 *   cards than lost answers explain
 */
async function deliverOnce(storage: Storage, cell: DeliveryCell): Promise<boolean> {
  const tables = await startFaultProxy(storage.tablesUrl)
  const outbox = new TableOutbox(storage.tables(tables.url))
  const world = deliveryWorld({ ledger: storage.ledger, outbox })
  const room = await cell.room.open(() => milliseconds(world.clock.now()))
  const delivery = deliveryTo(world, cell.room, room)
  try {
    const { id } = await world.ask(lasting(longest, 'dba'))
    if (cell.work === 'update') {
      await delivery.deliver(id)
      world.clock.jump(nextCard)
      await world.approve(id)
    }
    const met = await broken(cell, { room, tables }, () => delivery.deliver(id))
    // As many runs as the timer needs until nothing is left.
    for (let left = 8; left > 0; left--) {
      world.clock.jump(960)
      await delivery.deliver(id)
    }
    await check(world, room, id, /^(412|503) after/.test(cell.name) ? 5 : 3)
    return met
  } catch (cause) {
    throw new Error(`${titleOf(cell)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  } finally {
    await Promise.all([room.close(), tables.close()])
  }
}

/** Milliseconds that a send waits for its turn, at most. A later try waits longer, and is made by {@link deliverUnder}. */
const turn = 1_000

/** A process that shows the requests of every group in one channel of the room. */
const deliveryTo = (world: DeliveryWorld, { kind, channel }: Room, { messenger }: OpenRoom): Delivery =>
  world.process({
    messenger: dispatch(new Map([[kind, messenger]])),
    pause: async (ms) => (ms > turn ? world.clock.pause(ms) : world.clock.jump(ms / 1000)),
    policy: {
      ...world.policy,
      group: (name) => ({ name, members: [], channels: [channel] }),
    },
  })

export const titleOf = ({ room, side, work, name, call, onward }: DeliveryCell): string =>
  `${work} a card in ${room.kind}, ${name} of the ${side} at call ${call}${onward ? ' and all after' : ''}`

/** Delivers under a fault. @returns whether the fault met its call */
export async function broken(
  { side, fault, call, onward }: Breaking,
  { room, tables }: { readonly room: Pick<OpenRoom, 'plan' | 'idle'>; readonly tables: FaultProxy },
  deliver: () => Promise<void>,
): Promise<boolean> {
  let calls = 0
  let met = false
  const place = side === 'storage' ? tables : room
  place.plan(() => {
    calls++
    if (calls !== call && !(onward && calls > call)) return null
    met = true
    return fault
  })
  await deliver()
  place.plan(() => null)
  await place.idle()
  return met
}

/** Checks the cards. Teams answers 412 and 503 to calls that it did not carry out; otherwise each try leaves a card. */
async function check(world: DeliveryWorld, room: OpenRoom, id: RequestId, most: number): Promise<void> {
  const rows = await world.outbox.cards(id)
  const cards = rows.flatMap(({ card }) => card ?? [])
  if (cards.length !== 1) throw new Error(`${cards.length} cards are known, not 1`)
  const request = await world.find(id)
  for (const card of cards)
    if (!room.tells(card, request)) throw new Error(`the card does not say that the request is ${request.status}`)
  const posts = room.posts()
  if (posts > most) throw new Error(`${posts} cards are in the channel`)
}

/** Lists each fault at each call of both sides, in each room. */
export const deliveryCells = (faults: ReadonlyMap<string, Fault>): DeliveryCell[] =>
  rooms.flatMap((room) => [
    ...cellsOf({ room, side: 'storage' }, faults, mostStored),
    ...cellsOf({ room, side: 'room' }, new Map([...faults, ...room.faults]), room.mostCalls),
  ])

const cellsOf = (
  where: Pick<DeliveryCell, 'room' | 'side'>,
  faults: ReadonlyMap<string, Fault>,
  mostCalls: number,
): readonly DeliveryCell[] =>
  (['post', 'update'] as const).flatMap((work) =>
    [...faults].flatMap(([name, fault]) =>
      Array.from({ length: mostCalls }, (_, i) => i + 1).flatMap((call) =>
        [false, true].map((onward): DeliveryCell => ({ ...where, work, name, fault, call, onward })),
      ),
    ),
  )
