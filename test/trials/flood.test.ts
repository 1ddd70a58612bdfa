import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { oid } from '../support/build.ts'
import { startStorage, type TestStorage } from '../ports/tables.ts'
import { agent, anAction, asks, outcomeOf, type World, world } from '../support/world.ts'
import { type Desk, flood } from '../../trials/flood/flood.ts'

// A sample of `npm run trial -- flood`: three apps of their own, in one process, on one storage.

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
  await storage.clear()
})

afterAll(() => storage.close())

const limits = { pending: 5, hourly: 6 }
const agents = Array.from({ length: 100 }, (_, i) => agent(oid(1000 + i), { limits }))

function desk(place: World): Desk {
  const { approvals } = place.another({
    ledger: new TableLedger(storage.connect()),
    limits: new TableLimits(storage.connect()),
  })
  const named = (number: number) => agents[number] ?? agent(oid(1))
  return {
    async ask(number, { key, target }) {
      try {
        const action = { ...anAction(), params: {}, target }
        return { id: (await approvals.ask(asks({ agent: named(number), action, key }))).request.id }
      } catch (cause) {
        if (cause instanceof Problem) return { problem: cause.code }
        throw cause
      }
    },
    async cancel(number, id) {
      const outcome = await outcomeOf(approvals.cancel(parseRequestId(id), named(number).id))
      return outcome === 'ok' ? null : outcome
    },
  }
}

test('many agents, keys and apps at once do not exceed the limits, and no slot is lost', async () => {
  const place = await world(undefined, { agents })
  const said = await flood({
    desks: [desk(place), desk(place), desk(place)],
    limits: { ...limits, cards: 20 },
    ...{ asks: 22, clients: 6 },
    advance: async (seconds) => place.clock.set(plusSeconds(place.clock.now(), seconds)),
  })
  expect(said[0]).toBe('one agent, a key each: asked 5, too-many 17')
})
