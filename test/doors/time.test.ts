import { randomUUID } from 'node:crypto'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { inWhole } from '../support/whole.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ args: ['--no-timers'], ownStorage: true })
})
afterAll(() => stack.stop())

const ask = async (more: Record<string, unknown> = {}): Promise<Answer['body']> =>
  (await stack.call('deploy-bot', '/api/requests', wish(more))).body
const read = async ({ id }: Answer['body']) => (await stack.call('deploy-bot', `/api/requests/${id}`)).body
const approve = ({ id, digest }: Answer['body']) =>
  stack.call('dba-1', `/api/requests/${id}/decisions`, { verdict: 'approve', digest })

test('a request expires, an approval lapses, a redemption without report is marked', async () => {
  const [pending, approved, redeemed] = await Promise.all([ask(), ask(), ask()])
  await Promise.all([approve(approved), approve(redeemed)])
  const { grant } = await read(redeemed)
  const redemption = { grant: grant.token, digest: redeemed.digest, redemption: randomUUID() }
  expect((await stack.call('deploy-bot', `/api/requests/${redeemed.id}/redeem`, redemption)).status).toBe(200)
  expect(await stack.local('advance', '2h')).toMatch(/were due: 2$/)
  expect(await read(pending)).toMatchObject({ status: 'expired', next: 'stop', stop: { code: 'expired' } })
  expect(await read(approved)).toMatchObject({ status: 'lapsed', stop: { code: 'lapsed' } })
  expect((await approve(pending)).body.code).toBe('not-pending')
  expect(await stack.local('advance', '25h')).toMatch(/were due: 1$/)
  const { body } = await stack.call('compliance', `/api/requests/${redeemed.id}/events`)
  expect(body).toContain('"type":"unreported"')
  expect((await read(redeemed)).status).toBe('redeemed')
})

test('a deadline takes effect at the next read, before any timer', async () => {
  const request = await ask({ expiresIn: 60 })
  const waiting = stack.call('deploy-bot', `/api/requests/${request.id}`, undefined, { prefer: 'wait=2' })
  expect((await waiting).body.status).toBe('pending')
  await stack.local('advance', '61s')
  expect((await approve(request)).body.code).toBe('not-pending')
  expect((await read(request)).status).toBe('expired')
})

inWhole(() => {
  test("a restart keeps the clock's offset and everything that was acknowledged", async () => {
    const request = await ask()
    const { data } = stack
    stack.process.kill('SIGINT')
    await new Promise((done) => stack.process.once('exit', done))
    stack = await startStack({ data, ownStorage: true })
    expect(await read(request)).toEqual({ ...request, next: 'wait' })
    const { body } = await stack.call('deploy-bot', '/api/requests', wish())
    expect(body.createdAt > new Date(Date.now() + 20 * 3600_000).toISOString()).toBe(true)
  })
})
