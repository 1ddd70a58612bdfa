import type { RequestId } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { gitHubGates } from '../../src/github/gate.ts'
import { type Received, startDouble } from '../support/double.ts'
import { delivered, type GitHubFate, waitingPayload } from '../support/gitHubDouble.ts'
import { type Scene, scene } from './scene.ts'

let here: Scene
/** The status of the request whenever GitHub gets an approval. */
let statuses: Promise<string>[]

const isDecision = ({ path, body }: Received): boolean =>
  path.endsWith('/deployment_protection_rule') && body.includes('"state"')

beforeEach(async () => {
  here = await scene()
  statuses = []
})

afterEach(() => here.github.close())

/** Gives fates to calls in their order, from the next on. Notes the request's status at each approval. */
function fates(id: RequestId, ...given: readonly (GitHubFate | null)[]): void {
  const left = [...given]
  here.github.plan = (call) => {
    if (isDecision(call) && call.body.includes('approved')) statuses.push(here.find(id).then(({ status }) => status))
    return left.shift() ?? null
  }
}

const limited: GitHubFate = { status: 429, headers: { 'retry-after': '30' } }
const exhausted: GitHubFate = {
  status: 403,
  headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.parse('2026-03-04T12:05:00Z') / 1000) },
}

describe.each<[string, GitHubFate]>([
  ['502', { status: 502 }],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
  ['a limit', limited],
  ['the end of its allowance', exhausted],
  ['no connection', 'reset'],
  ['a page in place of JSON', { status: 200, body: '<html>' }],
  ['a lost answer', 'lost'],
])('GitHub answers with %s', (_what, fate) => {
  test.each([
    ['the token', [fate]],
    ['the decision', [null, fate]],
    ['both, several times', [fate, null, fate, null, fate, fate, null, fate]],
  ])('for %s: one decision, and after the redemption', async (_when, given) => {
    const { id } = await here.ask(5)
    fates(id, ...given)
    await here.decide(id, 'approve')
    for (let left = 12; left > 0 && here.github.decisions(5).length === 0; left--) await here.settle(400)
    await here.settle(400)
    expect(here.github.decisions(5)).toMatchObject([{ state: 'approved' }])
    expect(new Set(await Promise.all(statuses))).toEqual(new Set(['redeemed']))
    expect((await here.find(id)).status).toBe('redeemed')
    expect(here.rooms.failures).toEqual([])
  })
})

test('a limit of GitHub is kept, for all deployments of the installation', async () => {
  const { id } = await here.ask(5)
  fates(id, limited)
  await here.decide(id, 'approve')
  await here.settle(10)
  const calls = here.github.calls.length
  await here.settle(15)
  expect(here.github.calls).toHaveLength(calls)
  await here.settle(60)
  expect(here.github.decisions(5)).toHaveLength(1)
})

test.each([401, 403, 404, 422])(
  '%i in place of a decision is no decision, and is tried again later',
  async (status) => {
    const { id } = await here.ask(5)
    fates(id, null, { status })
    await here.decide(id, 'approve')
    await here.settle()
    await here.settle(3_700)
    await here.settle(600)
    expect(here.github.decisions(5)).toMatchObject([{ state: 'approved' }])
  },
)

test('a decision of another kind than ours is left alone, and the log says that ours was not taken', async () => {
  const { id } = await here.ask(5)
  here.github.plan = (call) => (isDecision(call) ? { status: 422 } : null)
  await here.decide(id, 'approve')
  await here.settle()
  expect(here.github.decisions(5)).toEqual([])
  expect(here.rooms.failures.map(String)).toEqual([
    expect.stringContaining(`does not take the approved of request ${id}`),
  ])
})

describe('a process is killed', () => {
  /** Another process finishes what the killed one left, once its claim has lapsed. */
  const finish = async () => {
    here.rooms.clock.jump(3_000)
    await here.settle(600)
    await here.settle(600)
  }

  test('before the decision was written down: it is not made twice', async () => {
    const { id } = await here.ask(5)
    await here.decide(id, 'approve')
    const killed = here.rooms.process({
      outbox: Object.assign(Object.create(here.rooms.outbox) as typeof here.rooms.outbox, {
        putTold: () => new Promise<never>(() => {}),
      }),
      gateKeeping: {
        gates: gitHubGates(here.policy, here.api),
        useUp: (one) => here.here.approvals.useForGate(one),
      },
    })
    void killed.deliver(id)
    await here.rooms.clock.pass(5)
    expect(here.github.decisions(5)).toHaveLength(1)
    await finish()
    expect(here.github.decisions(5)).toHaveLength(1)
    expect(await here.rooms.isQuiet()).toBe(true)
  })

  test('after the redemption, before the call: another one makes the decision', async () => {
    const { id } = await here.ask(5)
    await here.decide(id, 'approve')
    const killed = here.rooms.process({
      gateKeeping: {
        gates: () => ({ name: 'github', place: 'github:77', tell: () => new Promise<never>(() => {}) }),
        useUp: (one) => here.here.approvals.useForGate(one),
      },
    })
    void killed.deliver(id)
    await here.rooms.clock.pass(5)
    expect((await here.find(id)).status).toBe('redeemed')
    expect(here.github.decisions(5)).toEqual([])
    await finish()
    expect(here.github.decisions(5)).toMatchObject([{ state: 'approved' }])
  })

  test('before the redemption: nothing was told, and another one does both', async () => {
    const { id } = await here.ask(5)
    await here.decide(id, 'approve')
    const killed = here.rooms.process({
      gateKeeping: { gates: gitHubGates(here.policy, here.api), useUp: () => new Promise<never>(() => {}) },
    })
    void killed.deliver(id)
    await here.rooms.clock.pass(5)
    expect([(await here.find(id)).status, here.github.decisions(5)]).toEqual(['approved', []])
    await finish()
    expect(here.github.decisions(5)).toMatchObject([{ state: 'approved' }])
  })
})

test('while the archive does not take the end of a request, GitHub is not told', async () => {
  const { id } = await here.ask(5)
  let isDown = true
  const { archive } = here.here
  const createOrRead = archive.createOrRead.bind(archive)
  Object.assign(archive, {
    createOrRead: (...given: Parameters<typeof createOrRead>) => {
      if (isDown) throw new Problem('unavailable', 'The archive does not answer.')
      return createOrRead(...given)
    },
  })
  await here.decide(id, 'approve')
  await here.settle()
  expect(here.github.decisions(5)).toEqual([])
  expect((await here.find(id)).status).toBe('redeemed')
  isDown = false
  await here.settle(120)
  expect(here.github.decisions(5)).toMatchObject([{ state: 'approved' }])
})

test('a redirect is not followed: the token is for GitHub alone', async () => {
  const elsewhere = await startDouble(() => ({ status: 204, body: '' }))
  try {
    const { id } = await here.ask(5)
    const location = `${elsewhere.origin}/caught`
    fates(id, { status: 307, headers: { location } }, null, { status: 307, headers: { location } })
    await here.decide(id, 'approve')
    for (let left = 12; left > 0 && here.github.decisions(5).length === 0; left--) await here.settle(400)
    expect(elsewhere.received).toEqual([])
  } finally {
    await elsewhere.close()
  }
})

test('each token is for one repository, and for what the call does alone', async () => {
  const { id } = await here.ask(5)
  const wanted: string[] = []
  fates(id, null, 'lost')
  const plan = here.github.plan
  here.github.plan = (call) => {
    if (call.path.endsWith('/access_tokens')) wanted.push(call.body)
    return plan(call)
  }
  await here.decide(id, 'approve')
  for (let left = 12; left > 0 && wanted.length < 3; left--) await here.settle(400)
  const ofRepository = (permissions: object) => ({ repository_ids: [1_296_269], permissions })
  const [toDecide, toLook] = [ofRepository({ deployments: 'write' }), ofRepository({ actions: 'read' })]
  expect(wanted.map((body) => JSON.parse(body) as unknown)).toEqual([toDecide, toDecide, toLook])
})

test('two deliveries of one event at once, and a third later, are one request', async () => {
  here.github.wait(5, 'production')
  const call = delivered('deployment_protection_rule', waitingPayload(5))
  const replies = await Promise.all([here.door(call), here.door(call)])
  await here.settle()
  replies.push(await here.door(call))
  expect(new Set(replies.map(({ request }) => request)).size).toBe(1)
  await here.decide(replies[0]?.request as RequestId, 'approve')
  await here.settle()
  await here.door(call)
  await here.settle()
  expect(here.github.decisions(5)).toHaveLength(1)
})
