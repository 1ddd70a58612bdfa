import * as z from 'zod'
import { mixedIn } from '../core/action/lookAlike.ts'
import { wildcard } from '../core/data/wildcard.ts'
import { refusal, readRuleFile, wordsOf } from '../toolCall/ruleFile.ts'
import { environmentForm, type ToolRule, toolRuleForm } from '../toolCall/toolRule.ts'

/** What is done with a call of a tool. */
export type HookRule =
  | { readonly kind: 'gate'; readonly rule: ToolRule; readonly isInteractive: 'deny' | 'ask' }
  /** The tool is carried out without asking. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'deny' }

export interface HookMapping {
  readonly environment: string
  readonly ruleFor: (tool: string) => HookRule
}

const choice = z.enum(['pass', 'deny'], 'is a rule, "pass" or "deny"')

/** A hook asks for no standing approval: COUNTERSIGN_UNDER names one. */
const hookRuleForm = toolRuleForm.omit({ standing: true })

const form = z.strictObject({
  environment: environmentForm,
  tools: z.record(z.string().min(1), z.union([hookRuleForm, choice], { error: 'is a rule, "pass" or "deny"' })),
  /** Tools that no rule names. To leave this out would let a misspelled name pass. */
  others: choice,
  /** Shells and interpreters without a script: hosts may write into them later, which no hook sees. */
  interactive: z.enum(['deny', 'ask'], 'is "deny" or "ask"').default('deny'),
})

/** Writes a name so that two which differ in case, width, or characters that nobody sees are one. */
const folded = (name: string): string =>
  name
    .normalize('NFKC')
    .replaceAll(/[\p{Default_Ignorable_Code_Point}\p{Cc}\s]/gu, '')
    .toLowerCase()

/**
 * Reads which tools are gated, and how. A name may have `*` for any characters; the longest name that fits counts. A name
 * that fits in another spelling alone is gated or denied like it, and is not let pass like it; one with letters that only
 * look like others is denied.
 *
 * @throws {Exit} 78, naming the file, the member and the rule
 */
export function readMapping(file: string): HookMapping {
  const parsed = form.safeParse(readRuleFile(file))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refusal(file, issue?.path ?? [], wordsOf(issue))
  }
  const { environment, tools, others, interactive } = parsed.data
  const rules = Object.entries(tools)
    .map(([name, rule]) => ({ name, pattern: wildcard(name), spelled: wildcard(folded(name)), rule }))
    .toSorted((a, b) => Number(a.name.includes('*')) - Number(b.name.includes('*')) || b.name.length - a.name.length)
  return {
    environment,
    ruleFor: (tool) => {
      const [exact, like] = [
        rules.find(({ pattern }) => pattern.test(tool)),
        rules.find(({ spelled, rule }) => rule !== 'pass' && spelled.test(folded(tool))),
      ]
      const rule = (exact ?? like)?.rule ?? (mixedIn(tool).length > 0 ? 'deny' : others)
      return typeof rule === 'string' ? { kind: rule } : { kind: 'gate', rule, isInteractive: interactive }
    },
  }
}
