import { bot, dba2, owner } from '../support/build.ts'
import { until } from '../support/until.ts'
import { actionDigest } from '../../src/core/action/action.ts'
import { type GatewayWorld, gatewayWorld, type TaskHost, type WorldOptions } from './world.ts'

let world: GatewayWorld
const opened = async (options: WorldOptions = {}): Promise<GatewayWorld> => {
  await world?.close()
  world = await gatewayWorld(options)
  return world
}
afterAll(() => world?.close())

// oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
type Answered = any
const writing = { name: 'write_file', arguments: { path: '/a', content: 'x' } }

describe('a host that takes tasks', () => {
  const begun = async (host: TaskHost): Promise<string> => {
    const { result } = await host('tools/call', writing)
    expect(result).toMatchObject({ resultType: 'task', status: 'working', statusMessage: expect.any(String) as string })
    return result.taskId as string
  }
  const ended = async (host: TaskHost, taskId: string): Promise<Answered> => {
    const get = async () => (await host('tasks/get', { taskId })).result
    return until(get, ({ status }) => status !== 'working')
  }

  test('is given a task at once, and asks for its result until people approved the call', async () => {
    const { taskHost, server, decide, read } = await opened()
    const host = await taskHost()
    const taskId = await begun(host)
    expect((await host('tasks/get', { taskId })).result).toMatchObject({
      ...{ resultType: 'complete', status: 'working', statusMessage: 'waiting for dba to approve' },
    })
    expect(server.calls).toEqual([])
    const id = await decide()
    const task = await ended(host, taskId)
    expect(task).toMatchObject({ taskId, status: 'completed', result: { content: [{ text: 'did write_file' }] } })
    expect((await host('tasks/get', { taskId })).result).toMatchObject({ status: 'completed', result: task.result })
    expect(server.calls).toHaveLength(1)
    expect((await read(id)).status).toBe('succeeded')
  })

  test('gets the result at once of what policy allows', async () => {
    const { result } = await (await (await opened()).taskHost())('tools/call', { name: 'read_file', arguments: {} })
    expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'did read_file' }] })
  })

  test('reads in a completed task why the call was denied', async () => {
    const { taskHost, server, decide } = await opened()
    const host = await taskHost()
    const taskId = await begun(host)
    await decide('deny')
    expect(await ended(host, taskId)).toMatchObject({
      ...{ status: 'completed', result: { isError: true, _meta: { 'countersign/code': 'denied' } } },
    })
    expect(server.calls).toEqual([])
  })

  test('sees a task fail whose tool answers with an error of the protocol', async () => {
    const { taskHost, server, decide } = await opened()
    server.answer = () => {
      throw Object.assign(new Error('bad path'), { code: -32_602 })
    }
    const host = await taskHost()
    const taskId = await begun(host)
    await decide()
    expect(await ended(host, taskId)).toMatchObject({
      ...{ status: 'failed', statusMessage: expect.any(String) as string, error: { code: -32_602 } },
    })
    expect(server.calls).toHaveLength(1)
  })

  test('is told for how long its task is kept, which is until the grace after its last look', async () => {
    const { taskHost, timer, pending, read, server } = await opened({ config: { grace: 90 } })
    const host = await taskHost()
    const { result: first } = await host('tools/call', writing)
    const [request] = await pending()
    const looked = (await host('tasks/get', { taskId: first.taskId })).result
    for (const { createdAt, lastUpdatedAt, ttlMs } of [first, looked])
      expect(Date.parse(createdAt as string) + ttlMs).toBe(Date.parse(lastUpdatedAt as string) + 90_000)
    await until(
      () => timer.count(90),
      (waits) => waits === 1,
    )
    timer.pass(90)
    await until(
      () => read(request?.id ?? ''),
      ({ status }) => status === 'cancelled',
    )
    expect(await ended(host, first.taskId as string)).toMatchObject({ status: 'cancelled' })
    expect(server.calls).toEqual([])
  })

  test('cancels the request with the task, and nothing is carried out', async () => {
    const { taskHost, server, pending, read } = await opened()
    const host = await taskHost()
    const taskId = await begun(host)
    const [request] = await pending()
    expect((await host('tasks/cancel', { taskId })).result).toMatchObject({ resultType: 'complete' })
    expect((await read(request?.id ?? '')).status).toBe('cancelled')
    expect(await ended(host, taskId)).toMatchObject({ status: 'cancelled' })
    // A task that has ended is cancelled again without an error.
    expect((await host('tasks/cancel', { taskId })).error).toBeUndefined()
    expect(server.calls).toEqual([])
  })

  test('goes on with its task at another process, which carries the call out', async () => {
    const { taskHost, another, server } = await opened()
    const taskId = await begun(await taskHost())
    const other = await another()
    await other.decide()
    expect(await ended(await other.taskHost(), taskId)).toMatchObject({
      ...{ status: 'completed', result: { content: [{ text: 'did write_file' }] } },
    })
    expect(server.calls).toHaveLength(1)
    await other.close()
  })

  test('is refused a task that was made up, or that is of another person', async () => {
    const { taskHost, another, pending } = await opened({ onBehalfOf: dba2 })
    const [host, other] = [await taskHost(), await another({ onBehalfOf: owner })]
    const taskId = await begun(host)
    const [request] = await pending()
    const forged = [`${request?.id}.0.${'A'.repeat(43)}`, taskId.replace('.0.', '.1.'), String(request?.id), '']
    const stranger = await other.taskHost()
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      for (const made of forged)
        expect(await host(method, { taskId: made })).toMatchObject({ error: { code: -32_602 } })
      expect(await stranger(method, { taskId })).toMatchObject({ error: { code: -32_602 } })
    }
    expect((await host('tasks/update', { taskId })).result).toMatchObject({ resultType: 'complete' })
    expect((await pending()).map(({ id }) => id)).toEqual([request?.id])
    await other.close()
  })

  test('is told what it has to take if it does not say that it takes tasks', async () => {
    const { taskHost, pending } = await opened()
    const [host, silent] = [await taskHost(), await taskHost(false)]
    const taskId = await begun(host)
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
      expect(await silent(method, { taskId })).toMatchObject({
        error: {
          code: -32_021,
          data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
        },
      })
    expect(await pending()).toHaveLength(1)
  })
})

test.each(['modern', 'legacy'] as const)(
  'a %s host is held for as long as its name says, and others for the common time',
  async (era) => {
    const { host, timer } = await opened({ config: { hold: 45, holds: new Map([['claude-code', 3600]]) } })
    const gone = new AbortController()
    const answering = [await host(era, 'claude-code'), await host(era, 'other')].map((here, i) =>
      here.callTool({ ...writing, arguments: { path: `/${i}`, content: 'x' } }, { signal: gone.signal }),
    )
    await until(
      () => [timer.count(3600), timer.count(45)].join(' '),
      (counts) => counts === '1 1',
    )
    gone.abort()
    expect((await Promise.allSettled(answering)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  },
)

describe('the server that asks', () => {
  const action = { action: 'db.export', target: 'prod/postgres', environment: 'production', params: { rows: 1 } }
  const call = async (host: Awaited<ReturnType<GatewayWorld['asking']>>, name: string, args: object) => {
    const answer: Answered = await host.callTool({ name, arguments: { ...args } })
    return { ...answer, said: answer.isError ? null : JSON.parse(answer.content[0].text as string) }
  }

  test('has four tools, of which none redeems', async () => {
    const { tools } = await (await (await opened()).asking()).listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      'countersign_ask',
      'countersign_wait',
      'countersign_answer',
      'countersign_report',
    ])
  })

  test('asks, waits for people, and reports what was redeemed elsewhere', async () => {
    const { asking, decide, client } = await opened()
    const host = await asking()
    const { said } = await call(host, 'countersign_ask', { ...action, reason: 'For the audit' })
    expect(said).toMatchObject({ status: 'pending', next: 'wait' })
    const waiting = call(host, 'countersign_wait', { request: said.request })
    expect(await decide()).toBe(said.request)
    expect((await waiting).said).toMatchObject({ request: said.request, status: 'approved' })
    const early = await call(host, 'countersign_report', { request: said.request, result: 'succeeded' })
    expect(early).toMatchObject({ isError: true, _meta: { 'countersign/code': 'not-redeemed' } })
    const approved = await client.read(said.request as string)
    expect(approved.digest).toBe(actionDigest(action as never))
    await client.redeem(approved, action)
    const report = { request: said.request, result: 'failed', summary: 'disk full' }
    expect((await call(host, 'countersign_report', report)).said).toMatchObject({ status: 'failed' })
    expect(await client.read(said.request as string)).toMatchObject({
      agent: { id: bot },
      outcome: { result: 'failed' },
    })
  })

  test('gives the request that waits already, and the words of a person who denied', async () => {
    const { asking, decide, pending } = await opened()
    const host = await asking()
    const asked = { ...action, reason: 'For the audit' }
    const [first, second] = [await call(host, 'countersign_ask', asked), await call(host, 'countersign_ask', asked)]
    expect(second.said.request).toBe(first.said.request)
    expect(await pending()).toHaveLength(1)
    await decide('deny')
    const { said } = await call(host, 'countersign_wait', { request: first.said.request })
    expect(said).toMatchObject({ status: 'denied', next: 'stop', reasons: ['No.'] })
  })

  test.each<[string, object, string]>([
    ['countersign_ask', { action: 'db.export' }, 'invalid-input'],
    ['countersign_ask', { ...action, reason: 1 }, 'invalid-input'],
    ['countersign_wait', {}, 'invalid-input'],
    ['countersign_wait', { request: '../health' }, 'not-found'],
    ['countersign_report', { request: 'x', result: 'perhaps' }, 'invalid-input'],
    ['countersign_answer', { request: 'x' }, 'invalid-input'],
    ['countersign_answer', { request: '../health', question: 'x', answer: 'x' }, 'not-found'],
    ['countersign_redeem', {}, 'not-found'],
  ])('%s of %j is answered with a code', async (name, args, code) => {
    const answer = await call(await (world ?? (await opened())).asking(), name, args)
    expect(answer).toMatchObject({ isError: true, _meta: { 'countersign/code': code } })
  })
})
