// Tools of the OpenAI Agents SDK that run only after Countersign has approved exactly the call.
import { type AskedAction, type Countersign, explain, isFailure, keyOf } from '@countersign/client'
import { type FunctionTool, type RunContext, type RunState, tool, type ToolOptions } from '@openai/agents'

type Args = Record<string, unknown>
// oxlint-disable-next-line typescript/no-explicit-any -- the part that is asked for is the same for all
type Details = Parameters<ToolOptions<any>['execute']>[2]

/** Says what a call of a tool is to the approvers; `null` for a call that needs no gate. */
export type Mapping = (tool: string, args: Args) => (AskedAction<Args> & { readonly reason: string }) | null

interface Gating<C> {
  /** Names the run, in every process that goes on with it: with some providers the ids of calls repeat. */
  readonly scope: (context: RunContext<C>) => string
  /** Stops the run while people decide, so that its state can be kept, for `decided`. */
  readonly durable?: boolean
}

function callOf(mapping: Mapping, tool: string, args: Args, scope: string, callId = '') {
  const mapped = mapping(tool, structuredClone(args))
  if (mapped === null) return null
  const { reason, ...action } = mapped
  return { action: action as AskedAction<Args>, options: { reason, key: keyOf('openai', scope, callId) } }
}

/** Makes a tool that is gated inside its execution. It is called with the params of the mapping. */
export function countersigned<C>(
  client: Countersign,
  mapping: Mapping,
  // oxlint-disable-next-line typescript/no-explicit-any -- the types of a tool's arguments follow from its own schema
  options: ToolOptions<any, C>,
  gating: Gating<C>,
) {
  const { execute, name = execute.name } = options
  const found = (context: unknown, args: Args, callId?: string): ReturnType<typeof callOf> =>
    callOf(mapping, made.name, args, gating.scope(context as RunContext<C>), callId)
  // A refusal is no reason to pause: the execution is refused as well, and tells the model why.
  const needsApproval = async (context: RunContext, args: Args, callId?: string): Promise<boolean> => {
    const call = found(context, args, callId)
    return (call && (await client.ask(call.action, call.options).catch(() => null)))?.next === 'wait'
  }
  const gated = async (args: Args, context?: RunContext<C>, details?: Details) => {
    try {
      const call = found(context, args, details?.toolCall?.callId)
      if (call === null) return execute(args, context, details)
      const run = ({ params }: AskedAction<Args>) => execute(structuredClone(params), context, details)
      return await client.gate(call.action, { ...call.options, signal: details?.signal }, run)
    } catch (cause) {
      if (!isFailure(cause)) throw cause
      return explain(cause)
    }
  }
  // The SDK changes names with characters that models do not take.
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  const made: FunctionTool<C, any, string> = tool<any, C>({
    ...{ ...options, name, execute: gated, ...(gating.durable && { needsApproval }) },
  })
  gatedTools.set(made, (args) => ('parse' in options.parameters ? options.parameters.parse(args) : args))
  return made
}

/** How each gated tool reads its arguments. Any other tool would run whatever people decide, so that `decided` leaves it. */
const gatedTools = new WeakMap<object, (args: unknown) => Args>()

type Paused = Pick<RunState<never, never>, 'getInterruptions' | 'approve'>

/**
 * Waits until people have decided what a run stopped for. Its calls then go on to the tool, which asks the service. What
 * tools that are not made here stopped for is left to the caller.
 */
export async function decided(
  client: Countersign,
  mapping: Mapping,
  state: Paused,
  scope: string,
  signal?: AbortSignal,
) {
  for (const item of state.getInterruptions()) {
    const { rawItem } = item
    const made = item.agent.tools.find((made) => made.name === item.name && gatedTools.has(made))
    if (rawItem.type !== 'function_call' || !made) continue
    try {
      const args = gatedTools.get(made)?.(JSON.parse(rawItem.arguments)) ?? {}
      const call = callOf(mapping, rawItem.name, args, scope, rawItem.callId)
      if (call) await client.approved(call.action, { ...call.options, signal, onAbort: 'leave' })
    } catch {
      // What it came to is told by the tool.
    }
    signal?.throwIfAborted()
    state.approve(item)
  }
}
