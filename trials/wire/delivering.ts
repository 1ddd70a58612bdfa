import type { RequestId } from '../../src/core/data/id.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { connect } from '../../src/teams/outbound/connection.ts'
import { drawnBy, type Connector, settingsOf, startConnector } from '../../test/support/connector.ts'
import { dbaChannel, type DeliveryWorld, deliveryWorld, lasting } from '../../test/support/deliveryWorld.ts'
import { type Fault, type FaultProxy, startFaultProxy } from '../../test/support/faultProxy.ts'
import { longest, type Storage } from './station.ts'

/** A fault at a call of a delivery: to the storage or to the connector, once or for a while. */
export interface DeliveryCell {
  readonly side: 'storage' | 'connector'
  readonly work: 'post' | 'update'
  readonly name: string
  readonly fault: Fault
  readonly call: number
  readonly onward: boolean
}

/** Calls of a delivery, at most. A cell with a later call meets no fault. */
const mostCalls = { storage: 10, connector: 2 } as const

/**
 * Delivers under a fault, and then without a fault, as the timer does.
 *
 * @returns whether the fault met its call
 * @throws {Error} if a known card does not show the request as it is, if there is no card, or if there are more unknown
 *   cards than lost answers explain
 */
export async function deliverUnder(storage: Storage, cell: DeliveryCell): Promise<boolean> {
  const [connector, tables] = [await startConnector(), await startFaultProxy(storage.tablesUrl)]
  const outbox = new TableOutbox(storage.tables(tables.url))
  const world = deliveryWorld({ ledger: storage.ledger, outbox, messenger: messengerOf(connector) })
  try {
    const { id } = await world.ask(lasting(longest, 'dba'))
    if (cell.work === 'update') {
      await world.delivery.deliver(id)
      await world.approve(id)
    }
    const met = await broken(cell, { connector, tables }, () => world.delivery.deliver(id))
    // As many runs as the timer needs until nothing is left.
    for (let left = 8; left > 0; left--) {
      world.clock.jump(960)
      await world.delivery.deliver(id)
    }
    await check(world, connector, id, /^(412|503) after/.test(cell.name) ? 5 : 3)
    return met
  } catch (cause) {
    throw new Error(`${titleOf(cell)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  } finally {
    await Promise.all([connector.close(), tables.close()])
  }
}

export const titleOf = ({ side, work, name, call, onward }: DeliveryCell): string =>
  `${work} a card, ${name} of the ${side} at call ${call}${onward ? ' and all after' : ''}`

async function broken(
  { side, fault, call, onward }: DeliveryCell,
  { connector, tables }: { readonly connector: Connector; readonly tables: FaultProxy },
  deliver: () => Promise<void>,
): Promise<boolean> {
  let calls = 0
  let met = false
  const place = side === 'storage' ? tables : connector
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
async function check(world: DeliveryWorld, connector: Connector, id: RequestId, most: number): Promise<void> {
  const rows = await world.outbox.cards(id)
  const cards = rows.flatMap(({ card }) => card ?? [])
  if (cards.length !== 1) throw new Error(`${cards.length} cards are known, not 1`)
  const truth = JSON.stringify(render(await world.find(id)))
  for (const card of cards)
    if (JSON.stringify(connector.shown(card)) !== truth)
      throw new Error(`the card shows ${JSON.stringify(connector.shown(card))}`)
  const posts = connector.posts(dbaChannel).length
  if (posts > most) throw new Error(`${posts} cards are in the channel`)
}

const render = ({ id, status }: ApprovalRequest) => ({
  ...{ type: 'AdaptiveCard', version: '1.5' },
  body: [{ type: 'TextBlock', text: `${id} ${status}` }],
})

const messengerOf = (connector: Connector) =>
  connect(settingsOf(connector), drawnBy(render), { credentials: 'none', within: 3_500, pause: 5 })

/** Lists each fault at each call of both sides. */
export function deliveryCells(faults: ReadonlyMap<string, Fault>): DeliveryCell[] {
  const sides = ['storage', 'connector'] as const
  return sides.flatMap((side) =>
    (['post', 'update'] as const).flatMap((work) =>
      [...faults].flatMap(([name, fault]) =>
        Array.from({ length: mostCalls[side] }, (_, i) => i + 1).flatMap((call) =>
          [false, true].map((onward): DeliveryCell => ({ side, work, name, fault, call, onward })),
        ),
      ),
    ),
  )
}
