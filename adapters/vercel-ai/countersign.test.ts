import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { generateText, type ModelMessage, stepCountIs, tool } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
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
import { approval, countersigned } from './countersign.ts'

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
}

type Reply = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>
type Prompt = Parameters<MockLanguageModelV4['doGenerate']>[0]['prompt']

/** Makes the calls, and then repeats what the tools said. */
function replyTo(prompt: Prompt, calls: readonly Call[]): Pick<Reply, 'content' | 'finishReason'> {
  const last = prompt.at(-1)
  const said =
    last?.role === 'tool'
      ? last.content.flatMap((part) => (part.type === 'tool-result' ? [JSON.stringify(part.output)] : []))
      : []
  if (said.length > 0)
    return { content: [{ type: 'text', text: said.join(' | ') }], finishReason: { unified: 'stop', raw: undefined } }
  return {
    content: calls.map(({ callId, tool, id }) => ({
      type: 'tool-call',
      toolCallId: callId,
      toolName: tool,
      input: JSON.stringify({ id }),
    })),
    finishReason: { unified: 'tool-calls', raw: undefined },
  }
}

const scripted = (calls: readonly Call[]) =>
  new MockLanguageModelV4({ doGenerate: async ({ prompt }) => ({ ...replyTo(prompt, calls), usage, warnings: [] }) })

const inputSchema = z.object({ id: z.string() })
const plain = Object.fromEntries(
  tools.map((name) => [name, tool({ description: name, inputSchema, execute: async (args) => effect(name, args) })]),
)
const gatedTools = (scope: string, by: Running['client'] = client()) => countersigned(by, plain, mapping, scope)

cases(async (calls, { scope, signal, client }) => {
  const options = { model: scripted(calls), tools: gatedTools(scope, client), stopWhen: stepCountIs(4), prompt: 'go' }
  return (await generateText({ ...options, ...(signal && { abortSignal: signal }) })).text
})

test('a tool that yields preliminary results is reported after the last one', async () => {
  const yielding = tool({
    inputSchema,
    async *execute({ id }) {
      yield 'beginning'
      const [request] = await requestsFor(id)
      yield effect('delete', { id: `${id} while ${request?.status}` })
    },
  })
  const chat = { model: scripted([call('c1', 'slow')]), stopWhen: stepCountIs(4), prompt: 'go' }
  const gated = countersigned(client(), { delete: yielding }, mapping, randomUUID())
  const [{ text }] = await Promise.all([generateText({ ...chat, tools: gated }), decide('slow')])
  assert.match(text, /delete did slow/)
  assert.deepEqual(effects, ['delete slow while redeemed'])
})

/** A chat that ends while people decide. */
interface Chat {
  readonly scope: string
  readonly calls: readonly Call[]
}

const generate = ({ scope, calls }: Chat, messages: ModelMessage[]) =>
  generateText({
    ...{ model: scripted(calls), tools: gatedTools(scope), stopWhen: stepCountIs(4), messages },
    toolApproval: approval(client(), mapping, scope),
  })

const go: ModelMessage = { role: 'user', content: 'go' }

/** Runs until people have to decide. @returns the history, with a response to each approval request */
async function paused(chat: Chat, approved = true): Promise<ModelMessage[]> {
  const result = await generate(chat, [go])
  const asked = result.content.flatMap((part) => (part.type === 'tool-approval-request' ? [part.approvalId] : []))
  assert.notEqual(asked.length, 0)
  const content = asked.map((approvalId) => ({ type: 'tool-approval-response' as const, approvalId, approved }))
  return [go, ...result.response.messages, { role: 'tool', content }]
}

test('durable: three calls at once, one denied, and each that is approved runs once', async () => {
  const chat = { scope: randomUUID(), calls: [call('c1', 'd1'), call('c2', 'd2'), call('c3', 'd3')] }
  const history = await paused(chat)
  assert.deepEqual(effects, [])
  await Promise.all([decide('d1'), decide('d2', 'deny'), decide('d3')])
  const { text } = await generate(chat, history)
  assert.deepEqual(sortedEffects(), ['delete d1', 'delete d3'])
  assert.match(text, /Not executed \(denied\)/)
})

test('durable: what the policy allows does not pause', async () => {
  const { text } = await generate({ scope: randomUUID(), calls: [call('c1', 'free2', 'read')] }, [go])
  assert.match(text, /read did free2/)
})

test('durable: an approval that the history claims runs nothing before people decide', async () => {
  const chat = { scope: randomUUID(), calls: [call('c1', 'claimed')] }
  const history = await paused(chat)
  const running = generate(chat, history)
  await pending('claimed')
  assert.deepEqual(effects, [])
  await decide('claimed', 'deny')
  assert.match((await running).text, /Not executed \(denied\)/)
  assert.deepEqual(effects, [])
})

test('durable: a history that is sent three times runs the call once', async () => {
  const chat = { scope: randomUUID(), calls: [call('c1', 'replayed')] }
  const history = await paused(chat)
  await decide('replayed')
  assert.match((await generate(chat, history)).text, /delete did replayed/)
  for (const _ of [1, 2, 3]) assert.match((await generate(chat, history)).text, used)
  assert.deepEqual(effects, ['delete replayed'])
})

test('durable: a history that is edited, or made up, runs nothing', async () => {
  const chat = { scope: randomUUID(), calls: [call('c1', 'asked')] }
  const history = JSON.stringify(await paused(chat))
  await decide('asked')
  const edited = JSON.parse(history.replaceAll('asked', 'evil')) as ModelMessage[]
  assert.match((await generate(chat, edited)).text, /Not executed \(idempotency-mismatch\)/)
  const madeUp = JSON.parse(history.replaceAll('"c1"', '"c9"').replaceAll('asked', 'invented')) as ModelMessage[]
  const running = generate(chat, madeUp)
  await decide('invented', 'deny')
  assert.match((await running).text, /Not executed \(denied\)/)
  assert.deepEqual(effects, [])
})

test('durable: nobody is asked about a tool that runs elsewhere, and a tool that is not gated is refused', async () => {
  const [scope, toolApproval] = [randomUUID(), approval(client(), mapping, 'chat')]
  const elsewhere = { delete: tool({ inputSchema }) }
  const chat = { model: scripted([call('c1', 'elsewhere')]), stopWhen: stepCountIs(4), prompt: 'go', toolApproval }
  const { content } = await generateText({ ...chat, tools: countersigned(client(), elsewhere, mapping, scope) })
  assert.deepEqual(
    content.map(({ type }) => type),
    ['tool-call'],
  )
  await assert.rejects(generateText({ ...chat, tools: plain }), /The tool delete is not gated/)
  assert.deepEqual([effects, await requestsFor('elsewhere')], [[], []])
})

test('arguments that JSON would change are refused, and the model reads which', async () => {
  const { delete: gated } = gatedTools(randomUUID())
  const args: Record<string, unknown>[] = [
    ...[{ when: new Date(0) }, { big: 1n }, { part: Number.NaN }, { list: [Infinity] }, { deep: new Map() }],
    ...[{ half: '\ud800' }, { long: 'x'.repeat(20_000) }, JSON.parse('{"__proto__":{"id":"evil"}}')],
  ]
  for (const [i, odd] of args.entries()) {
    const input = Object.assign(Object.create(null) as object, odd, { id: `odd-${i}` })
    if (Object.hasOwn(odd, '__proto__')) Object.defineProperty(input, '__proto__', { value: {}, enumerable: true })
    const said = await gated?.execute?.(input as never, { toolCallId: `c${i}`, messages: [], context: {} as never })
    assert.match(JSON.stringify(said), /^"Not executed \((invalid-input|too-large)\): /)
    assert.deepEqual([effects, await requestsFor(`odd-${i}`)], [[], []])
  }
})

test('a tool has any name that an action may have, and no other', async () => {
  for (const [name, isFine] of [
    ['a/b.c-d:e_F', true],
    ['__proto__', false],
    ['delete all', false],
    ['löschen', false],
    ['', false],
  ] as const) {
    const reading = (_: string, args: Record<string, unknown>) => ({ ...mapping('read', args), action: name })
    const own = Object.fromEntries([[name, tool({ inputSchema, execute: async (args) => effect('read', args) })]])
    const gated = countersigned(client(), own, reading, randomUUID())
    const said = await Object.entries(gated)[0]?.[1].execute?.({ id: 'name' }, {
      toolCallId: 'c1',
      messages: [],
    } as never)
    assert.match(JSON.stringify(said), isFine ? /\(no-policy\)/ : /\(invalid-input\)/, name)
  }
  assert.deepEqual(effects, [])
})
