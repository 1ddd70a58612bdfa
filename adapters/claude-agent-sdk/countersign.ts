// Hooks of the Claude Agent SDK: what a mapping names runs only after Countersign has approved exactly it.
import type { HookCallback, HookCallbackMatcher } from '@anthropic-ai/claude-agent-sdk'
import {
  type AskedAction,
  type Countersign,
  digestOf,
  explain,
  isFailure,
  keyOf,
  type OutcomeBody,
  type Request,
} from '@countersign/client'

type Args = Record<string, unknown>

/** Says what a call of a tool is to the approvers; `null` for a tool that needs no gate. */
export type Mapping = (tool: string, args: Args) => (AskedAction<Args> & { readonly reason: string }) | null

/**
 * Makes the `hooks` of `query`, of one session or of several. The tool is called with the params of the mapping.
 *
 * @param options `wait` is how many seconds people have. It ends before the time of the hook, after which a tool could run
 */
export function countersignHooks(client: Countersign, mapping: Mapping, { wait = 3500 } = {}) {
  const redeemed = new Map<string, { readonly request: Request; readonly action: AskedAction<Args> }>()

  /** A report that fails must not look like a failure of the tool. */
  const report = ({ id }: Request, outcome: OutcomeBody) =>
    client.report(id, outcome).catch((cause: Error) => {
      process.emitWarning(`What became of request ${id} could not be reported: ${cause.name}`, 'Countersign')
    })
  const pre: HookCallback = async (input, callId = '', { signal }) => {
    if (input.hook_event_name !== 'PreToolUse') throw new TypeError('This hook is for PreToolUse.')
    const mapped = mapping(input.tool_name, structuredClone(input.tool_input) as Args)
    if (mapped === null) return {}
    const { reason, ...action } = structuredClone(mapped)
    const answer = (permissionDecision: 'allow' | 'deny', permissionDecisionReason: string, more = {}) => ({
      hookSpecificOutput: {
        hookEventName: 'PreToolUse' as const,
        permissionDecision,
        permissionDecisionReason,
        ...more,
      },
    })
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(wait * 1000)])
      const key = keyOf('claude', input.session_id, callId)
      const request = await client.redeem(await client.approved(action, { reason, key, signal: until }), action)
      if (until.aborted) await report(request, { result: 'failed', summary: 'aborted before it was started' })
      until.throwIfAborted()
      redeemed.set(key, { request, action })
      return answer('allow', `approved in Countersign (${request.id})`, { updatedInput: action.params })
    } catch (cause) {
      // Any other fault blocks the tool: see `onFailure`.
      if (!isFailure(cause)) throw cause
      return answer('deny', explain(cause))
    }
  }
  const post =
    (result: 'succeeded' | 'failed'): HookCallback =>
    async (input, callId = '') => {
      const key = callId && keyOf('claude', input.session_id, callId)
      const { request, action } = redeemed.get(key) ?? {}
      if (!request || !action || !('tool_input' in input)) return {}
      redeemed.delete(key)
      const isOther = digestOf({ ...action, params: input.tool_input as Args } as never) !== request.digest
      await report(request, isOther ? { result: 'failed', summary: 'something else was executed' } : { result })
      return {}
    }
  const hooks = (hook: HookCallback): HookCallbackMatcher[] => [
    { timeout: wait + 60, onFailure: 'block', hooks: [hook] },
  ]
  return { PreToolUse: hooks(pre), PostToolUse: hooks(post('succeeded')), PostToolUseFailure: hooks(post('failed')) }
}
