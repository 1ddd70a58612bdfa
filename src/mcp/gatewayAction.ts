import { type Action, actionLimits } from '../core/action/action.ts'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { toolAction, verbFrom } from '../toolCall/toolAction.ts'
import type { ToolRule } from '../toolCall/toolRule.ts'

/** A tool as an action sees it: which server has it, its name there, and the rule for it. */
export interface ToolPlace {
  readonly server: string
  readonly name: string
  readonly rule: ToolRule
  /** The verb of its actions. */
  readonly verb: string
}

/**
 * Derives the verb of a tool's actions from the names that server and tool have.
 *
 * @throws {Problem} `invalid-input` for a verb of more than 128 characters
 */
export function verbOf(server: string, tool: string, rule: ToolRule): string {
  const verb = rule.action ?? verbFrom('mcp', server, tool)
  if (verb.length > actionLimits.verb)
    throw new Problem(
      'invalid-input',
      `its action would have ${verb.length} characters: name a shorter one with "action"`,
    )
  return verb
}

/** Makes the action of a call of a tool. @throws {Problem} for arguments of which no action can be made */
export const actionOf = ({ server, name, rule, verb }: ToolPlace, args: JsonObject, environment: string): Action =>
  toolAction({ verb, rule, target: `mcp/${server}`, environment, params: { server, tool: name } }, args)
