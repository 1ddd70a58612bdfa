// For the tests of the adapters: the agent of the local stack, the person who decides, and what the tools did.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import { Countersign, type CountersignSettings, type Request } from '@countersign/client'

/** One call of a tool, as a scripted model makes it. */
export interface Call {
  readonly callId: string
  readonly tool: 'delete' | 'read' | 'drop' | 'odd' | 'fail'
  readonly id: string
}

export const call = (callId: string, id: string, tool: Call['tool'] = 'delete'): Call => ({ callId, tool, id })
export const tools = ['delete', 'read', 'drop', 'odd', 'fail'] as const

/** No two runs of the tests ask for the same. */
export const run = randomUUID().slice(0, 8)
export const mapping = (tool: string, args: Record<string, unknown>) => ({
  ...{ action: `tool.${tool}`, target: `${run}/${String(args['id'])}`, environment: 'test' },
  ...{ params: args, reason: `Call of ${tool}` },
})

export const client = (more: Partial<CountersignSettings> = {}): Countersign =>
  Countersign.fromEnvironment(process.env, more)

/** What the tools did since the test began. */
export const effects: string[] = []
beforeEach(() => void (effects.length = 0))

/** The effects in an order that does not depend on time. */
export const sortedEffects = (): readonly string[] => [...effects].sort((a, b) => a.localeCompare(b))

export function effect(tool: string, { id }: { readonly id: string }): string {
  effects.push(`${tool} ${id}`)
  if (tool === 'fail') throw new Error('The disk is full.')
  return `${tool} did ${id}`
}

type Seen = Pick<Request, 'id' | 'digest' | 'status' | 'target'>

/** The requests for a target, the newest first. */
export async function requestsFor(id: string): Promise<readonly Seen[]> {
  const { requests } = await client().mine({ limit: 100 })
  return requests.filter(({ target }) => target === `${run}/${id}`)
}

/** Waits for something to come about. */
export async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const end = performance.now() + 60_000
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > end) throw new Error(`It did not come about. Last seen: ${JSON.stringify(seen)}`)
    await new Promise((done) => setTimeout(done, 40))
  }
}

/** Waits for a request for this target to be pending. */
export async function pending(id: string): Promise<Seen> {
  const waiting = async () => (await requestsFor(id)).find(({ status }) => status === 'pending')
  const found = await until(waiting, (seen) => seen !== undefined)
  return found as Seen
}

/** Decides as a person of the group dba, once a request for this target is pending. */
export async function decide(id: string, verdict: 'approve' | 'deny' = 'approve'): Promise<string> {
  const { id: request, digest } = await pending(id)
  const answer = await fetch(`${process.env['COUNTERSIGN_URL']}/api/requests/${request}/decisions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env['COUNTERSIGN_APPROVER']}`, 'content-type': 'application/json' },
    body: JSON.stringify({ verdict, digest, reason: verdict === 'deny' ? denial : 'As it should be.' }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return request
}

export const denial = 'Not on a Friday.'
export const used = /Not executed again \(already-redeemed\)/

/** How a request ended up, once its action was reported. */
export const ended = (id: string): Promise<readonly Seen[]> =>
  until(
    () => requestsFor(id),
    (seen) => seen.every(({ status }) => !['pending', 'approved', 'redeemed'].includes(status)),
  )

export interface Running {
  readonly scope: string
  readonly client?: Countersign
  readonly signal?: AbortSignal
}

/** An agent of a framework. Its scripted model makes the calls at once, and then repeats what it read. */
export type RunAgent = (calls: readonly Call[], running: Running) => Promise<string>

/**
 * What holds with every framework.
 *
 * @param how `afterAbort`: what an abort makes of the request; a call that waits withdraws it, a paused run leaves it.
 *   `namesRuns`: the framework names every run itself
 */
export function cases(
  runAgent: RunAgent,
  { afterAbort = 'cancelled', namesRuns = false }: { afterAbort?: 'cancelled' | 'pending'; namesRuns?: boolean } = {},
): void {
  const go = (calls: readonly Call[], more: Partial<Running> = {}) => runAgent(calls, { scope: randomUUID(), ...more })

  test('what a person approved runs once, and is reported', async () => {
    const [said] = await Promise.all([go([call('c1', 'yes')]), decide('yes')])
    assert.match(said, /delete did yes/)
    assert.deepEqual(effects, ['delete yes'])
    assert.deepEqual(
      (await ended('yes')).map(({ status }) => status),
      ['succeeded'],
    )
  })

  test('what a person denied does not run, and the model reads why', async () => {
    const [said] = await Promise.all([go([call('c1', 'no')]), decide('no', 'deny')])
    assert.match(said, /Not executed \(denied\)/)
    assert.ok(said.includes(denial))
    assert.deepEqual(effects, [])
  })

  test('what the policy allows runs without a person, and is recorded', async () => {
    assert.match(await go([call('c1', 'free', 'read')]), /read did free/)
    assert.deepEqual(effects, ['read free'])
    assert.deepEqual(
      (await ended('free')).map(({ status }) => status),
      ['succeeded'],
    )
  })

  test('what the policy forbids, or does not name, does not run', async () => {
    assert.match(await go([call('c1', 'never', 'drop')]), /Not executed \(forbidden-by-policy\)/)
    assert.match(await go([call('c1', 'unknown', 'odd')]), /Not executed \(no-policy\)/)
    assert.deepEqual(effects, [])
  })

  test('of three calls at once, the one that is denied does not run', async () => {
    const calls = [call('c1', 'one'), call('c2', 'two'), call('c3', 'three')]
    const people = [decide('one'), decide('two', 'deny'), decide('three')]
    const [said] = await Promise.all([go(calls), ...people])
    assert.deepEqual(sortedEffects(), ['delete one', 'delete three'])
    assert.match(said, /delete did one/)
    assert.match(said, /Not executed \(denied\)/)
    assert.match(said, /delete did three/)
  })

  test(`an abort while people decide leaves the request ${afterAbort}, and nothing runs`, async () => {
    const abort = new AbortController()
    const running = go([call('c1', 'aborted')], { signal: abort.signal }).catch(() => 'aborted')
    await pending('aborted')
    abort.abort()
    await running
    await until(
      () => requestsFor('aborted'),
      (seen) => seen.every(({ status }) => status === afterAbort),
    )
    assert.deepEqual(effects, [])
  })

  test('a run that starts over with the same ids runs nothing again', async () => {
    const scope = randomUUID()
    await Promise.all([go([call('c1', 'over')], { scope }), decide('over')])
    for (const _ of [1, 2, 3]) assert.match(await go([call('c1', 'over')], { scope }), used)
    assert.deepEqual(effects, ['delete over'])
    assert.equal((await requestsFor('over')).length, 1)
  })

  test('the id of an approved call lets nothing else run', async () => {
    const scope = randomUUID()
    await Promise.all([go([call('c1', 'approved')], { scope }), decide('approved')])
    assert.match(await go([call('c1', 'other')], { scope }), /Not executed \(idempotency-mismatch\)/)
    assert.deepEqual(effects, ['delete approved'])
    assert.deepEqual(await requestsFor('other'), [])
  })

  test('an id that repeats in another run is another call, which people decide anew', async () => {
    await Promise.all([go([call('c1', 'again')]), decide('again')])
    const [said] = await Promise.all([go([call('c1', 'again')]), decide('again', 'deny')])
    assert.match(said, /Not executed \(denied\)/)
    assert.deepEqual(effects, ['delete again'])
  })

  test('an id that repeats within one answer of a model runs at most once', async () => {
    const running = go([call('c1', 'twin'), call('c1', 'twin')])
    await decide('twin')
    await running.catch(() => undefined)
    assert.deepEqual(effects, ['delete twin'])
  })

  test('nothing runs while the service is away, and the model reads that', async () => {
    const away = client({ url: 'http://127.0.0.1:9', patience: 0, token: 'none' })
    assert.match(await go([call('c1', 'away')], { client: away }), /Not executed \(unreachable\)/)
    assert.deepEqual(effects, [])
  })

  const named = namesRuns && 'this framework names every run itself'
  test('a run without a name is refused', { skip: named }, async () => {
    const said = await go([call('c1', 'nameless', 'read')], { scope: '' }).catch((cause: unknown) => String(cause))
    assert.deepEqual(effects, [], said)
    assert.deepEqual(await requestsFor('nameless'), [])
  })

  test('a tool that fails is reported as failed', async () => {
    await Promise.all([go([call('c1', 'broken', 'fail')]).catch(() => ''), decide('broken')])
    assert.deepEqual(effects, ['fail broken'])
    assert.deepEqual(
      (await ended('broken')).map(({ status }) => status),
      ['failed'],
    )
  })
}
