// Hooks of the Claude Agent SDK: what a mapping names runs only after Countersign has approved exactly it.
import type { HookCallback, HookCallbackMatcher } from '@anthropic-ai/claude-agent-sdk'
import { type AskedAction, type Countersign, digestOf, explain, isFailure, keyOf } from '@countersign/client'

type Args = Record<string, unknown>

/** Says what a call of a tool is to the approvers; `null` for a tool that needs no gate. */
export type Mapping = (tool: string, args: Args) => (AskedAction<Args> & { readonly reason: string }) | null

/**
 * Makes the `hooks` of `query`. The tool is called with the params of the mapping.
 *
 * @param options `wait` is how many seconds people have. It ends before the time of the hook, after which a tool could run
 */
export function countersignHooks(client: Countersign, mapping: Mapping, { wait = 3500 } = {}) {
  const redeemed = new Map<string, { readonly id: string; readonly digest: string }>()

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
      const { id, digest } = await client.redeem(await client.approved(action, { reason, key, signal: until }), action)
      redeemed.set(callId, { id, digest })
      return answer('allow', `approved in Countersign (${id})`, { updatedInput: action.params })
    } catch (cause) {
      // Any other fault blocks the tool: see `onFailure`.
      if (!isFailure(cause)) throw cause
      return answer('deny', explain(cause))
    }
  }
  const post =
    (result: 'succeeded' | 'failed'): HookCallback =>
    async (input, callId = '') => {
      const request = redeemed.get(callId)
      if (!request || !('tool_input' in input)) return {}
      redeemed.delete(callId)
      const ran = mapping(input.tool_name, input.tool_input as Args)
      const isOther = ran === null || digestOf(ran as never) !== request.digest
      await client.report(
        request.id,
        isOther ? { result: 'failed', summary: 'something else was executed' } : { result },
      )
      return {}
    }
  const hooks = (hook: HookCallback): HookCallbackMatcher[] => [
    { timeout: wait + 60, onFailure: 'block', hooks: [hook] },
  ]
  return { PreToolUse: hooks(pre), PostToolUse: hooks(post('succeeded')), PostToolUseFailure: hooks(post('failed')) }
}
