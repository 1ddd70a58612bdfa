import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { explain, isFailure, keyOf } from '@countersign/client'
import {
  Annotation,
  Command,
  END,
  isInterrupted,
  type LangGraphRunnableConfig,
  MemorySaver,
  Send,
  START,
  StateGraph,
  task,
} from '@langchain/langgraph'
import {
  type Call,
  call,
  cases,
  client,
  decide,
  effect,
  effects,
  ended,
  mapping,
  type Running,
  sortedEffects,
  used,
} from '../world.ts'
import { drive, gated } from './countersign.ts'

const State = Annotation.Root({
  calls: Annotation<readonly Call[]>(),
  said: Annotation<string[]>({ reducer: (before, more) => [...before, ...more], default: () => [] }),
})

/** One gated call, as a node makes it: what was not executed is said in words. */
async function carry({ callId, tool, id }: Call, config: LangGraphRunnableConfig, by = client()): Promise<string> {
  try {
    const key = keyOf('langgraph', config.configurable?.['thread_id'] ?? '', callId)
    const run = ({ params }: { params: object }) => effect(tool, params as { id: string })
    return await gated(by, mapping(tool, { id }), key, run, { signal: config.signal })
  } catch (cause) {
    if (!isFailure(cause)) throw cause
    return explain(cause)
  }
}

/** A graph that makes each call in a node of its own, all at once. */
const graphOf = (by?: Running['client']) =>
  new StateGraph(State)
    .addNode('start', () => ({}))
    .addNode('act', async ({ calls: [one] }, config) => ({ said: one ? [await carry(one, config, by)] : [] }))
    .addEdge(START, 'start')
    .addConditionalEdges('start', ({ calls }) => calls.map((one) => new Send('act', { calls: [one] })), ['act'])
    .addEdge('act', END)
    .compile({ checkpointer: new MemorySaver() })

const place = (thread: string) => ({ configurable: { thread_id: thread } })

cases(
  async (calls, { scope, signal, client: by }) => {
    const config = { ...place(scope), ...(signal && { signal }) }
    return (await drive(graphOf(by), client(), { calls }, config)).said.join(' | ')
  },
  { afterAbort: 'pending' },
)

const one = (id: string) => ({ calls: [call('c1', id)] })

test('an approval that the resume value claims runs nothing', async () => {
  const [graph, at] = [graphOf(), place(randomUUID())]
  await graph.invoke(one('claimed'), at)
  for (const claim of [true, { approved: true }, { countersign: 'approved' }])
    assert.ok(isInterrupted(await graph.invoke(new Command({ resume: claim }), at)))
  assert.deepEqual(effects, [])
  await decide('claimed', 'deny')
  assert.match((await drive(graph, client(), null, at)).said.join(), /Not executed \(denied\)/)
  assert.deepEqual(effects, [])
})

test('two workers that resume at once run the call once', async () => {
  const [graph, at] = [graphOf(), place(randomUUID())]
  await graph.invoke(one('raced'), at)
  await decide('raced')
  await Promise.allSettled([1, 2, 3].map(() => graph.invoke(new Command({ resume: true }), at)))
  assert.deepEqual(effects, ['delete raced'])
})

test('a saved state that is replayed three times runs the call once', async () => {
  const [graph, at] = [graphOf(), place(randomUUID())]
  await Promise.all([drive(graph, client(), one('replayed'), at), decide('replayed')])
  const states = []
  for await (const state of graph.getStateHistory(at)) states.push(state)
  const before = states.find(({ next }) => next.includes('start'))
  assert.ok(before)
  for (const _ of [1, 2, 3]) assert.match((await graph.invoke(null, before.config)).said.join(), used)
  assert.deepEqual(effects, ['delete replayed'])
})

test('a state that is edited while people decide runs nothing', async () => {
  const graph = new StateGraph(State)
    .addNode('act', async ({ calls: [first] }, config) => ({ said: first ? [await carry(first, config)] : [] }))
    .addEdge(START, 'act')
    .addEdge('act', END)
    .compile({ checkpointer: new MemorySaver() })
  const at = place(randomUUID())
  await graph.invoke(one('asked'), at)
  await decide('asked')
  await graph.updateState(at, { calls: [call('c1', 'evil')] })
  const { said } = await graph.invoke(null, at)
  assert.match(said.join(), /Not executed \(idempotency-mismatch\)/)
  assert.deepEqual(effects, [])
})

/** A node with two gated calls, which starts over when the second one pauses. */
const graphOfTwo = (carry: (one: Call, config: LangGraphRunnableConfig) => Promise<string>) =>
  new StateGraph(State)
    .addNode('both', async ({ calls }, config) => {
      const said: string[] = []
      for (const one of calls) said.push(await carry(one, config))
      return { said }
    })
    .addEdge(START, 'both')
    .addEdge('both', END)
    .compile({ checkpointer: new MemorySaver() })

test('two gated calls in a node: each runs once, and only a task keeps the result of the first', async () => {
  const kept = task('carry', (one: Call, config: LangGraphRunnableConfig) => carry(one, config))
  for (const [how, carried, first] of [
    ['plain', carry, used],
    ['task', async (one: Call, config: LangGraphRunnableConfig) => kept(one, config), /delete did task-first/],
  ] as const) {
    const calls = [call('c1', `${how}-first`), call('c2', `${how}-second`)]
    const people = [decide(`${how}-first`), decide(`${how}-second`)]
    const [{ said }] = await Promise.all([
      drive(graphOfTwo(carried), client(), { calls }, place(randomUUID())),
      ...people,
    ])
    assert.match(said[0] ?? '', first)
    assert.match(said[1] ?? '', /delete did/)
  }
  assert.deepEqual(sortedEffects(), [
    'delete plain-first',
    'delete plain-second',
    'delete task-first',
    'delete task-second',
  ])
})

test('a call that is approved goes on while people decide about another one', async () => {
  const running = drive(graphOf(), client(), { calls: [call('c1', 'soon'), call('c2', 'later')] }, place(randomUUID()))
  await decide('soon')
  assert.deepEqual(
    (await ended('soon')).map(({ status }) => status),
    ['succeeded'],
  )
  await decide('later', 'deny')
  const { said } = await running
  assert.deepEqual(effects, ['delete soon'])
  assert.deepEqual(
    [/delete did soon/, /denied/].map((words) => said.filter((one) => words.test(one)).length),
    [1, 1],
  )
})

test('a service that is away while people decide ends the wait, and the thread goes on later', async () => {
  const [graph, at] = [graphOf(), place(randomUUID())]
  const away = client({ url: 'http://127.0.0.1:9', patience: 0, token: 'none' })
  await assert.rejects(drive(graph, away, one('unread'), at), { name: 'Unreachable' })
  const [{ said }] = await Promise.all([drive(graph, client(), null, at), decide('unread')])
  assert.match(said.join(), /delete did unread/)
  assert.deepEqual(effects, ['delete unread'])
})
