// Tools of the AI SDK that run only after Countersign has approved exactly the call.
import { type AskedAction, type Countersign, explain, isFailure, keyOf } from '@countersign/client'
import type { ToolExecutionOptions, ToolSet } from 'ai'

type Args = Record<string, unknown>

/** Says what a call of a tool is to the approvers; `null` for a call that needs no gate. */
export type Mapping = (tool: string, args: Args) => (AskedAction<Args> & { readonly reason: string }) | null

function callOf(mapping: Mapping, tool: string, args: Args, scope: string, callId: string) {
  const mapped = mapping(tool, structuredClone(args))
  if (mapped === null) return null
  const { reason, ...action } = mapped
  return { action: action as AskedAction<Args>, options: { reason, key: keyOf('ai', scope, callId) } }
}

/**
 * Gates tools inside their execution: what a history says of approvals is not believed. A tool is called with the params
 * of the mapping.
 *
 * @param scope names the chat or the run, in every process that goes on with it
 */
export function countersigned<T extends ToolSet>(client: Countersign, tools: T, mapping: Mapping, scope: string): T {
  const gated = ([name, { execute, ...tool }]: [string, ToolSet[string]]) => {
    if (!execute) return [name, tool]
    const run = async (args: Args, options: ToolExecutionOptions<never>) => {
      try {
        const call = callOf(mapping, name, args, scope, options.toolCallId)
        if (call === null) return await last(execute(args as never, options))
        const { action, options: ask } = call
        return await client.gate(action, { ...ask, signal: options.abortSignal }, ({ params }) =>
          last(execute(structuredClone(params) as never, options)),
        )
      } catch (cause) {
        if (!isFailure(cause)) throw cause
        return explain(cause)
      }
    }
    gatedExecutions.add(run)
    return [name, { ...tool, execute: run }]
  }
  return Object.fromEntries(Object.entries(tools).map(gated)) as T
}

const gatedExecutions = new WeakSet<object>()

/** A tool may yield preliminary results. It has been executed once the last one is there. */
async function last(said: unknown): Promise<unknown> {
  if (typeof said !== 'object' || said === null || !(Symbol.asyncIterator in said)) return said
  let newest: unknown
  for await (newest of said as AsyncIterable<unknown>);
  return newest
}

/** What `toolApproval` says of a call. */
interface Proposed {
  readonly toolCall: { readonly toolName: string; readonly input: unknown; readonly toolCallId: string }
  readonly tools?: ToolSet | undefined
}

/**
 * For `toolApproval`: a run ends while people decide, and the chat is sent again once they have.
 *
 * @throws {TypeError} for a tool that the mapping names and that is not gated: a history could approve it
 */
export const approval =
  (client: Countersign, mapping: Mapping, scope: string) =>
  async ({ toolCall: { toolName, input, toolCallId }, tools = {} }: Proposed) => {
    const execute = Object.hasOwn(tools, toolName) ? tools[toolName]?.execute : undefined
    const call = execute ? callOf(mapping, toolName, input as Args, scope, toolCallId) : null
    if (execute && call && !gatedExecutions.has(execute)) throw new TypeError(`The tool ${toolName} is not gated.`)
    // A refusal is no reason to pause: the execution is refused as well, and tells the model why.
    const request = call && (await client.ask(call.action, call.options).catch(() => null))
    return request?.next === 'wait' ? ({ type: 'user-approval', reason: request.id } as const) : undefined
  }
