// Middleware for `createAgent` of LangChain: what a mapping names runs only after Countersign has approved exactly it.
import { type AskedAction, type Countersign, explain, isFailure, keyOf } from '@countersign/client'
import { ToolMessage } from '@langchain/core/messages'
import { createMiddleware } from 'langchain'
import { gated, type GatedAction } from '../langgraph/countersign.ts'

type Args = Record<string, unknown>

/** Says what a call of a tool is to the approvers; `null` for a tool that needs no gate. */
export type Mapping = (tool: string, args: Args) => GatedAction<Args> | null

/**
 * Put it last: middleware after it runs inside of it, and could change or repeat what was approved. The tool is called
 * with the params of the mapping.
 *
 * @param options `durable` pauses the graph while people decide, for `drive`; otherwise the call waits
 */
export const countersign = (client: Countersign, mapping: Mapping, { durable = false } = {}) =>
  createMiddleware({
    name: 'Countersign',
    async wrapToolCall(request, handler) {
      const { toolCall, runtime } = request
      const mapped = mapping(toolCall.name, structuredClone(toolCall.args))
      if (mapped === null) return handler(request)
      const { reason, ...action } = mapped
      const run = ({ params }: AskedAction<Args>) =>
        handler({ ...request, toolCall: { ...toolCall, args: structuredClone(params) } })
      const outcome = (said: unknown) => (ToolMessage.isInstance(said) && said.status === 'error' ? failed : {})
      try {
        const key = keyOf('langchain', runtime.configurable?.['thread_id'] ?? '', toolCall.id ?? '')
        const options = { signal: runtime.signal, outcome }
        if (durable) return await gated(client, mapped, key, run, options)
        return await client.gate(action as AskedAction<Args>, { reason, key, ...options }, run)
      } catch (cause) {
        if (!isFailure(cause)) throw cause
        return new ToolMessage({ tool_call_id: toolCall.id ?? '', status: 'error', content: explain(cause) })
      }
    },
  })

const failed = { result: 'failed' } as const
