import * as z from 'zod'
import { flawInEnvironment, flawInVerb } from '../core/action/flaw.ts'

/** What a configuration says of one tool. What is left out is derived from the tool's name. */
export interface ToolRule {
  /** The verb of the action. */
  readonly action?: string
  /** A text in which `{name}` stands for the argument of that name. */
  readonly target?: string
  readonly environment?: string
  /** `digest`: a long string goes into params by its SHA-256. Without it the limit of an action counts. */
  readonly large?: 'digest'
}

/** A text with `{argument}` in it. */
export const placeholder = /\{([^{}]+)\}/g

const ruled = (flaw: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const found = flaw(text)
    if (found !== null) context.addIssue(found)
  })

export const environmentForm = ruled(flawInEnvironment)

export const toolRuleForm = z.strictObject({
  action: ruled(flawInVerb).exactOptional(),
  target: z
    .string()
    .min(1)
    .refine(
      (text) => !/[{}]/.test(text.replaceAll(placeholder, '')),
      'has { and } around the name of an argument alone',
    )
    .exactOptional(),
  environment: environmentForm.exactOptional(),
  large: z.literal('digest', 'is "digest", or left out').exactOptional(),
})
