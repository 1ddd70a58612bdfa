import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One call of a tool, as the script of a model has it. */
export interface ScriptedCall {
  /** Which of the tools that the host offers: the first whose name fits. */
  readonly tool: RegExp
  /** Its name, where a host offers tools only once they are looked for. */
  readonly name?: string
  /** What the model calls this call; by default no two are the same. */
  readonly id?: string
  readonly args: object
}

/** A model on loopback that calls its tools at once, and then repeats what they said. */
export interface ScriptedModel {
  readonly url: string
  readonly close: () => void
}

/** Words before what the tool said. */
const echo = 'TOOL SAID: '

type Answer = (body: Body, res: ServerResponse) => void
// oxlint-disable-next-line typescript/no-explicit-any -- what hosts send is looked into, and a trial fails where it differs
type Body = any

const uses = { count: 0 }

async function serve(path: RegExp, answer: Answer): Promise<ScriptedModel> {
  const react = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of req.setEncoding('utf8')) text += String(chunk)
    if (req.method === 'POST' && path.test(req.url ?? '')) return answer(JSON.parse(text), res)
    res.writeHead(404, { 'content-type': 'application/json' }).end('{}')
  }
  const server = createServer((req, res) => void react(req, res))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const streaming = (res: ServerResponse) => {
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  return (type: string, data: object): void =>
    void res.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
}

/** Speaks the Messages API, as Claude Code does. */
export const messagesModel = (...calls: readonly ScriptedCall[]): Promise<ScriptedModel> =>
  serve(/^\/v1\/messages(\?|$)/, (body, res) => {
    const last = body.messages.at(-1)?.content
    const results = Array.isArray(last) ? last.filter((part: Body) => part.type === 'tool_result') : []
    const offered: string[] = body.tools?.map((one: Body) => one.name as string) ?? []
    const isCall = results.length === 0 && body.tools?.length > 0
    const said = results.map((one: Body) =>
      typeof one.content === 'string' ? one.content : JSON.stringify(one.content),
    )
    const send = streaming(res)
    const usage = { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
    const message = {
      id: `msg_${++uses.count}`,
      type: 'message',
      role: 'assistant',
      model: body.model,
      content: [],
      usage,
    }
    send('message_start', { message: { ...message, stop_reason: null, stop_sequence: null } })
    const blocks = isCall ? calls.map((call) => useOf(call, offered)) : [textOf(said)]
    blocks.forEach(({ start, delta }, index) => {
      send('content_block_start', { index, content_block: start })
      send('content_block_delta', { index, delta })
      send('content_block_stop', { index })
    })
    send('message_delta', { delta: { stop_reason: isCall ? 'tool_use' : 'end_turn', stop_sequence: null }, usage })
    send('message_stop', {})
    res.end()
  })

/** A block of an answer: how it starts, and its one delta. */
interface Block {
  readonly start: object
  readonly delta: object
}

function useOf({ tool, name: known, id, args }: ScriptedCall, offered: readonly string[]): Block {
  const name = offered.find((one) => tool.test(one)) ?? known
  return {
    start: { type: 'tool_use', id: id ?? `toolu_${process.pid}_${++uses.count}`, name, input: {} },
    delta: { type: 'input_json_delta', partial_json: JSON.stringify(args) },
  }
}

const textOf = (said: readonly string[]): Block => ({
  start: { type: 'text', text: '' },
  delta: { type: 'text_delta', text: `${echo}${said.join(' | ')}` },
})

/** Speaks the Responses API, as Codex does. */
export const responsesModel = ({ tool, args }: ScriptedCall): Promise<ScriptedModel> =>
  serve(/\/responses$/, (body, res) => {
    const outputs = body.input.filter((item: Body) => String(item.type).endsWith('_output'))
    const offered = body.tools.flatMap((one: Body) =>
      one.type === 'namespace' ? one.tools.map((inner: Body) => ({ namespace: one.name, name: inner.name })) : [one],
    )
    const found = offered.find((one: Body) => tool.test(String(one.name)))
    const number = ++uses.count
    const text = `${echo}${JSON.stringify(outputs.map((one: Body) => one.output))}`
    const item =
      outputs.length > 0 || !found
        ? {
            type: 'message',
            id: `m${number}`,
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text, annotations: [] }],
          }
        : {
            ...{
              type: 'function_call',
              id: `fc${number}`,
              call_id: `call_${process.pid}_${number}`,
              status: 'completed',
            },
            ...{ name: found.name, ...(found.namespace && { namespace: found.namespace }) },
            arguments: JSON.stringify(args),
          }
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }
    const response = { id: `resp_${number}`, object: 'response', status: 'completed', output: [item], usage }
    const send = streaming(res)
    send('response.created', { response: { ...response, output: [] } })
    send('response.output_item.done', { output_index: 0, item })
    send('response.completed', { response })
    res.end()
  })
