import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { after, bot, dba, dba2, needs, slot } from '../support/build.ts'
import { startStorage, type TestStorage } from '../ports/tables.ts'
import { asks, type Instance, votes, type World, world } from '../support/world.ts'
import { type History, linearization, describeHistory } from '../../trials/races/linear.ts'
import {
  type Door,
  eventOf,
  type Flavour,
  quorumOf,
  race,
  randomFrom,
  recorder,
  type Wish,
} from '../../trials/races/race.ts'

// A sample of `npm run trial -- races`: two apps of their own, in one process, on one storage.

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
  await storage.clear()
})

afterAll(() => storage.close())

const people = new Map([
  ['dba-1', dba],
  ['dba-2', dba2],
])
const nameOf = (id: string): string => [...people].find(([, oid]) => oid === id)?.[0] ?? id

/** What is thrown that is no answer. */
const faults: unknown[] = []

/** One app's door to a request. */
const door =
  ({ approvals }: Instance, { id, digest }: ApprovalRequest): Door =>
  async (wish, grant) => {
    try {
      if (wish.kind === 'sweep') {
        await approvals.sweep()
        return { answer: 'done' }
      }
      if (wish.kind === 'use' || wish.kind === 'carry') throw new Error('The races of this sample have no uses.')
      const request = await called(approvals, { id, digest }, wish, grant?.token ?? '')
      const answer = { status: request.status, votes: request.decisions.length }
      const issued = wish.kind === 'read' ? (await approvals.grant(request, bot)).grant : null
      return { answer, ...(issued && { grant: issued }) }
    } catch (cause) {
      if (!(cause instanceof Problem)) faults.push(cause)
      // a storage that takes too long leaves it open what happened
      if (!(cause instanceof Problem) || cause.code === 'unavailable') throw cause
      return { answer: { problem: cause.code } }
    }
  }

async function called(
  approvals: Instance['approvals'],
  request: Pick<ApprovalRequest, 'id' | 'digest'>,
  wish: Exclude<Wish, { kind: 'sweep' | 'use' | 'carry' }>,
  grant: string,
): Promise<ApprovalRequest> {
  const { id, digest } = request
  const personOf = (who: string) => people.get(who) ?? dba
  switch (wish.kind) {
    case 'read':
      return approvals.read(id, { kind: 'agent', id: bot })
    case 'cancel':
      return approvals.cancel(id, bot)
    case 'revoke':
      return approvals.revoke(id, personOf(wish.who))
    case 'approve':
    case 'deny':
      return approvals.decide(id, votes({ digest } as ApprovalRequest, personOf(wish.who), { verdict: wish.kind }))
    case 'redeem':
      return (
        await approvals.redeem(id, {
          ...{ caller: bot, mayRedeemForOthers: false, grant, digest, redemption: wish.redemption },
        })
      ).request
    case 'report':
      return approvals.report(id, { executor: bot, result: wish.result })
  }
}

async function historyOf(flavour: Flavour, seed: number, apps: readonly [Instance, Instance]): Promise<History> {
  const environment = quorumOf(flavour) === 2 ? 'two' : 'one'
  const ask = asks()
  const { request } = await apps[0].approvals.ask({ ...ask, action: { ...ask.action, environment } })
  const now = () => Date.parse(apps[0].clock.now())
  const recording = recorder({ least: now, most: now })
  await race(flavour, [door(apps[0], request), door(apps[1], request)], recording, randomFrom(seed))
  return recording.history({
    quorum: quorumOf(flavour),
    expiresAt: after(3600),
    lapsesAt: null,
    events: await eventsOf(apps[1], request.id),
  })
}

async function eventsOf({ ledger }: Instance, id: RequestId): Promise<readonly string[]> {
  const request = await ledger.find(id)
  if (!request) throw new Error(`${id} is gone.`)
  const events = await ledger.events(request)
  return events.flatMap(({ text }) => eventOf(JSON.parse(text) as Parameters<typeof eventOf>[0], nameOf) ?? [])
}

function two(place: World): readonly [Instance, Instance] {
  const app = () =>
    place.another({ ledger: new TableLedger(storage.connect()), limits: new TableLimits(storage.connect()) })
  return [app(), app()]
}

test('two apps answer simultaneous calls as if in some order, and the events agree with it', async () => {
  const place = await world((action) => needs([slot('dba', action.environment === 'two' ? 2 : 1)]))
  const apps = two(place)
  const seed = Date.now() % 2 ** 31
  const kinds: readonly Flavour[] = ['votes', 'denial', 'withdrawal', 'revocation', 'everything']
  const histories = await Promise.all(kinds.map((flavour, i) => historyOf(flavour, seed + i, apps)))
  for (const [i, history] of histories.entries()) {
    const words = `seed ${seed}, ${kinds[i]}\n${describeHistory(history)}`
    expect([words, linearization(history) !== null]).toEqual([words, true])
    if (history.entries.some(({ answer }) => answer === null)) continue
    // and it is not that anything would do
    const changed = { ...history, events: history.events.slice(0, -1) }
    expect([words, linearization(changed)]).toEqual([words, null])
  }
  expect(faults).toEqual([])
})
