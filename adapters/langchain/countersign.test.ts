import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { Command, MemorySaver } from '@langchain/langgraph'
import { createAgent, tool, toolRetryMiddleware } from 'langchain'
import { z } from 'zod'
import { drive } from '../langgraph/countersign.ts'
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
  type Running,
  sortedEffects,
  tools,
  used,
} from '../world.ts'
import { countersign } from './countersign.ts'

/** Makes the calls, and then repeats what the tools said. */
class ScriptedModel extends BaseChatModel {
  readonly #calls: readonly Call[]

  constructor(calls: readonly Call[]) {
    super({})
    this.#calls = calls
  }

  override _llmType(): string {
    return 'scripted'
  }

  override bindTools(): this {
    return this
  }

  override async _generate(messages: BaseMessage[]) {
    const said = messages.filter((message) => message.getType() === 'tool').map(({ text }) => text)
    const calls = this.#calls.map(({ callId, tool, id }) => ({
      id: callId,
      name: tool,
      args: { id },
      type: 'tool_call' as const,
    }))
    const message = new AIMessage(said.length > 0 ? said.join(' | ') : { content: '', tool_calls: calls })
    return { generations: [{ text: '', message }] }
  }
}

const schema = z.object({ id: z.string() })
const all = tools.map((name) => tool((args: { id: string }) => effect(name, args), { name, description: name, schema }))

/** Calls what fails again. It would take a pause for a failure, too. */
const retrying = toolRetryMiddleware({ maxRetries: 2, initialDelayMs: 1 })

const waiting = (calls: readonly Call[], by: Running['client'] = client()) =>
  createAgent({
    model: new ScriptedModel(calls),
    tools: all,
    middleware: [retrying, countersign(by, mapping)],
    checkpointer: new MemorySaver(),
  })

const pausing = (calls: readonly Call[], checkpointer = new MemorySaver()) =>
  createAgent({
    model: new ScriptedModel(calls),
    tools: all,
    middleware: [countersign(client(), mapping, { durable: true })],
    checkpointer,
  })

const input = { messages: [new HumanMessage('go')] }
const place = (thread: string) => ({ configurable: { thread_id: thread } })
const lastOf = (state: { messages: BaseMessage[] }) => state.messages.at(-1)?.text ?? ''

cases(async (calls, { scope, signal, client }) =>
  lastOf(await waiting(calls, client).invoke(input, { ...place(scope), ...(signal && { signal }) })),
)

test('a tool may change its arguments, which are its own copy', async () => {
  const changing = (args: { id: string }) => effect('read', Object.assign(args, { id: `${args.id} changed` }))
  const json = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } as const
  const agent = createAgent({
    model: new ScriptedModel([call('c1', 'mine', 'read')]),
    tools: [tool(changing, { name: 'read', description: 'read', schema: json })],
    middleware: [countersign(client(), mapping)],
  })
  assert.match(lastOf(await agent.invoke(input, place(randomUUID()))), /read did mine changed/)
})

test('durable: three calls at once, one denied, and each that is approved runs once', async () => {
  const agent = pausing([call('c1', 'd1'), call('c2', 'd2'), call('c3', 'd3')])
  const people = [decide('d1'), decide('d2', 'deny'), decide('d3')]
  const [state] = await Promise.all([drive(agent, client(), input, place(randomUUID())), ...people])
  assert.deepEqual(sortedEffects(), ['delete d1', 'delete d3'])
  assert.match(lastOf(state), /Not executed \(denied\)/)
})

test('durable: an approval that the resume value claims runs nothing', async () => {
  const [agent, at] = [pausing([call('c1', 'claimed')]), place(randomUUID())]
  await agent.invoke(input, at)
  for (const claim of [true, { approved: true }, { countersign: 'approved' }]) {
    const state = await agent.invoke(new Command({ resume: claim }), at)
    assert.equal((state as { __interrupt__?: unknown[] }).__interrupt__?.length, 1)
  }
  assert.deepEqual(effects, [])
  await decide('claimed', 'deny')
  assert.match(lastOf(await drive(agent, client(), null, at)), /Not executed \(denied\)/)
  assert.deepEqual(effects, [])
})

test('durable: two workers that resume at once run the call once', async () => {
  const [agent, at] = [pausing([call('c1', 'raced')]), place(randomUUID())]
  await agent.invoke(input, at)
  await decide('raced')
  await Promise.allSettled([1, 2, 3].map(() => agent.invoke(new Command({ resume: true }), at)))
  assert.deepEqual(effects, ['delete raced'])
})

test('durable: a saved state that is replayed three times runs the call once', async () => {
  const [agent, thread] = [pausing([call('c1', 'replayed')]), randomUUID()]
  await Promise.all([drive(agent, client(), input, place(thread)), decide('replayed')])
  assert.deepEqual(effects, ['delete replayed'])
  const states = []
  for await (const state of agent.graph.getStateHistory(place(thread))) states.push(state)
  const before = states.filter(({ next }) => next.includes('tools')).at(-1)
  assert.ok(before)
  for (const _ of [1, 2, 3]) {
    const state = await agent.graph.invoke(null, before.config)
    assert.match(lastOf(state as { messages: BaseMessage[] }), used)
  }
  assert.deepEqual(effects, ['delete replayed'])
})

test('durable: a state that is edited while people decide runs nothing', async () => {
  const [agent, at] = [pausing([call('c1', 'asked')]), place(randomUUID())]
  const { messages } = await agent.invoke(input, at)
  const asked = messages.at(-1) as AIMessage
  const edited = new AIMessage({
    id: asked.id ?? '',
    content: '',
    tool_calls: [{ id: 'c1', name: 'delete', args: { id: 'evil' }, type: 'tool_call' }],
  })
  await agent.graph.updateState(at, { messages: [edited] })
  await decide('asked')
  const state = await agent.graph.invoke(null, at)
  assert.match(lastOf(state as { messages: BaseMessage[] }), /Not executed \(idempotency-mismatch\)/)
  assert.deepEqual(effects, [])
})

test('durable: after a crash the thread goes on with its request', async () => {
  const saver = new MemorySaver()
  const made = () => pausing([call('c1', 'crashed')], saver)
  const at = place(randomUUID())
  await made().invoke(input, at)
  const { id } = await pending('crashed')
  const [state, decided] = await Promise.all([drive(made(), client(), null, at), decide('crashed')])
  assert.equal(decided, id)
  assert.match(lastOf(state), /delete did crashed/)
  assert.deepEqual(effects, ['delete crashed'])
})
