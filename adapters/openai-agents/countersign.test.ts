import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Agent, type Model, type ModelRequest, type ModelResponse, Runner, RunState, tool, Usage } from '@openai/agents'
import { z } from 'zod'
import {
  type Call,
  call,
  cases,
  client,
  decide,
  effect,
  effects,
  mapping,
  pending,
  requestsFor,
  type Running,
  sortedEffects,
  tools,
  used,
} from '../world.ts'
import { countersigned, decided } from './countersign.ts'

/** Makes the calls, and then repeats what the tools said. */
const scripted = (calls: readonly Call[]): Model => ({
  async getResponse({ input }: ModelRequest): Promise<ModelResponse> {
    const results = Array.isArray(input) ? input.filter((item) => item.type === 'function_call_result') : []
    const text = results.map((item) => JSON.stringify(item.output)).join(' | ')
    const output = calls.map(({ callId, tool, id }) => ({
      ...{ type: 'function_call' as const, callId, name: tool, status: 'completed' as const },
      arguments: JSON.stringify({ id, limit: null }),
    }))
    const message = {
      type: 'message' as const,
      role: 'assistant' as const,
      status: 'completed' as const,
      content: [{ type: 'output_text' as const, text }],
    }
    return { usage: new Usage(), output: results.length > 0 ? [message] : output }
  },
  async *getStreamedResponse() {},
})

interface Context {
  readonly scope: string
}

// Strict schemas send `null` for every argument that is left out.
const parameters = z.object({ id: z.string().trim(), limit: z.number().nullable() })
const agentOf = (calls: readonly Call[], durable: boolean, by: Running['client'] = client()) =>
  new Agent<Context>({
    name: 'scripted',
    model: scripted(calls),
    tools: tools.map((name) =>
      countersigned<Context>(
        by,
        mapping,
        { name, description: name, parameters, execute: async (args: { id: string }) => effect(name, args) },
        { durable, scope: ({ context }) => context.scope },
      ),
    ),
  })

const runner = new Runner({ tracingDisabled: true })

cases(async (calls, { scope, signal, client }) => {
  const options = { context: { scope }, ...(signal && { signal }) }
  return String((await runner.run(agentOf(calls, false, client), 'go', options)).finalOutput)
})

/** Stops while people decide, and gives the state as it was saved. */
async function paused(agent: ReturnType<typeof agentOf>, scope: string): Promise<string> {
  const result = await runner.run(agent, 'go', { context: { scope } })
  assert.notEqual(result.interruptions.length, 0)
  return result.state.toString()
}

const restored = (agent: ReturnType<typeof agentOf>, saved: string) =>
  RunState.fromString<Context, typeof agent>(agent, saved)

async function resumed(agent: ReturnType<typeof agentOf>, saved: string, scope: string): Promise<string> {
  const state = await restored(agent, saved)
  await decided(client(), mapping, state, scope)
  return String((await runner.run(agent, state)).finalOutput)
}

test('durable: three calls at once, one denied, and each that is approved runs once', async () => {
  const [agent, scope] = [agentOf([call('c1', 'd1'), call('c2', 'd2'), call('c3', 'd3')], true), randomUUID()]
  const saved = await paused(agent, scope)
  assert.deepEqual(effects, [])
  const people = [decide('d1'), decide('d2', 'deny'), decide('d3')]
  const [said] = await Promise.all([resumed(agent, saved, scope), ...people])
  assert.deepEqual(sortedEffects(), ['delete d1', 'delete d3'])
  assert.match(said, /Not executed \(denied\)/)
})

test('durable: what the policy allows does not pause', async () => {
  const agent = agentOf([call('c1', 'free2', 'read')], true)
  assert.match(
    String((await runner.run(agent, 'go', { context: { scope: randomUUID() } })).finalOutput),
    /read did free2/,
  )
  assert.deepEqual(effects, ['read free2'])
})

test('durable: an approval that the state claims runs nothing', async () => {
  const [agent, scope] = [agentOf([call('c1', 'claimed')], true), randomUUID()]
  const state = await restored(agent, await paused(agent, scope))
  for (const item of state.getInterruptions()) state.approve(item, { alwaysApprove: true })
  const abort = new AbortController()
  const running = runner.run(agent, state, { signal: abort.signal }).catch(() => 'aborted')
  const { id } = await pending('claimed')
  abort.abort()
  await running
  assert.deepEqual(effects, [])
  assert.deepEqual(
    (await requestsFor('claimed')).map((request) => request.id),
    [id],
  )
})

test('durable: a saved state that is replayed three times runs the call once', async () => {
  const [agent, scope] = [agentOf([call('c1', 'replayed')], true), randomUUID()]
  const saved = await paused(agent, scope)
  await decide('replayed')
  assert.match(await resumed(agent, saved, scope), /delete did replayed/)
  for (const _ of [1, 2, 3]) assert.match(await resumed(agent, saved, scope), used)
  assert.deepEqual(effects, ['delete replayed'])
})

test('durable: a saved state that three workers resume at once runs the call once', async () => {
  const [agent, scope] = [agentOf([call('c1', 'raced')], true), randomUUID()]
  const saved = await paused(agent, scope)
  await decide('raced')
  await Promise.all([1, 2, 3].map(() => resumed(agent, saved, scope)))
  assert.deepEqual(effects, ['delete raced'])
})

test('durable: a state that is edited while people decide runs nothing', async () => {
  const [agent, scope] = [agentOf([call('c1', 'asked')], true), randomUUID()]
  const saved = await paused(agent, scope)
  await decide('asked')
  const evil = saved.replaceAll('asked', 'evil')
  assert.match(await resumed(agent, evil, scope), /Not executed \(idempotency-mismatch\)/)
  assert.deepEqual(effects, [])
})

test('durable: a state that is edited to name another run asks people anew', async () => {
  const [agent, scope] = [agentOf([call('c1', 'moved')], true), randomUUID()]
  const another = randomUUID()
  const saved = (await paused(agent, scope)).replaceAll(scope, another)
  await decide('moved')
  const [said] = await Promise.all([resumed(agent, saved, another), decide('moved', 'deny')])
  assert.match(said, /Not executed \(denied\)/)
  assert.deepEqual(effects, [])
})

test('durable: arguments that the schema changes are waited for all the same', async () => {
  const [agent, scope] = [agentOf([call('c1', ' padded ')], true), randomUUID()]
  const state = await restored(agent, await paused(agent, scope))
  let isDecided = false
  const waiting = decided(client(), mapping, state, scope).then(() => (isDecided = true))
  await pending('padded')
  assert.equal(isDecided, false)
  await Promise.all([waiting, decide('padded')])
  assert.match(String((await runner.run(agent, state)).finalOutput), /delete did padded/)
  assert.deepEqual(effects, ['delete padded'])
})

test('durable: an abort ends the wait, and leaves the request', async () => {
  const [agent, scope, abort] = [agentOf([call('c1', 'left')], true), randomUUID(), new AbortController()]
  const state = await restored(agent, await paused(agent, scope))
  const waiting = decided(client(), mapping, state, scope, abort.signal)
  abort.abort()
  await assert.rejects(waiting, { name: 'AbortError' })
  await decide('left')
  await decided(client(), mapping, state, scope)
  assert.match(String((await runner.run(agent, state)).finalOutput), /delete did left/)
})

test('durable: what a tool that is not gated stopped for is not approved here', async () => {
  const scope = randomUUID()
  const own = tool({
    ...{ name: 'delete', description: 'delete', parameters, needsApproval: true },
    execute: async (args) => effect('delete', args),
  })
  const agent = new Agent<Context>({ name: 'own', model: scripted([call('c1', 'own')]), tools: [own] })
  const { state } = await runner.run(agent, 'go', { context: { scope } })
  await decided(client(), mapping, state, scope)
  assert.equal((await runner.run(agent, state)).interruptions.length, 1)
  assert.deepEqual([effects, await requestsFor('own')], [[], []])
})

test('durable: a tool has the name that the model knows, also where none is given', async () => {
  async function odd_name({ id }: { id: string }) {
    return effect('delete', { id })
  }
  const named: string[] = []
  const naming = (tool: string, args: Record<string, unknown>) => {
    named.push(tool)
    return mapping('delete', args)
  }
  for (const name of ['odd name!', undefined]) {
    const { scope, id } = { scope: randomUUID(), id: `named-${name?.length ?? 0}` }
    const options = { description: 'delete', parameters, execute: odd_name, ...(name !== undefined && { name }) }
    const gated = countersigned<Context>(client(), naming, options, { durable: true, scope: () => scope })
    const calls = [{ ...call('c1', id), tool: gated.name as Call['tool'] }]
    const agent = new Agent<Context>({ name: 'named', model: scripted(calls), tools: [gated] })
    const { state } = await runner.run(agent, 'go', { context: { scope } })
    await Promise.all([decided(client(), naming, state, scope), decide(id)])
    assert.match(String((await runner.run(agent, state)).finalOutput), /delete did named/)
  }
  assert.deepEqual([...new Set(named)], ['odd_name_', 'odd_name'])
})
