import * as z from 'zod'
import type { StandingScope } from '../core/action/canonicalAction.ts'
import { flawInEnvironment, flawInVerb } from '../core/action/flaw.ts'
import { bounds } from '../core/data/bound.ts'

/** What a configuration says of one tool. What is left out is derived from the tool's name. */
export interface ToolRule {
  /** The verb of the action. */
  readonly action?: string
  /** A text in which `{name}` stands for the argument of that name. */
  readonly target?: string
  readonly environment?: string
  /** `digest`: a long string goes into params by its SHA-256. Without it the limit of an action counts. */
  readonly large?: 'digest'
  /** `arguments`: each argument is a param of its own, beside those that name the tool. Otherwise they are one param. */
  readonly params?: 'arguments'
  /** When the gateway asks for a standing approval of such calls, and for which. Hooks ask for none. */
  readonly standing?: StandingRule
}

/** Of which calls a standing approval is asked for. */
export interface StandingRule extends StandingScope {
  /** The number of the like call from which on it is asked for, in place of one more approval. */
  readonly from: number
}

/** A text with `{argument}` in it. */
export const placeholder = /\{([^{}]+)\}/g

const ruled = (flaw: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const found = flaw(text)
    if (found !== null) context.addIssue(found)
  })

export const environmentForm = ruled(flawInEnvironment)

const { standing: most } = bounds

const standingForm = z.strictObject({
  from: z.int('is a whole number').min(1, 'is at least 1').max(100, 'is at most 100').default(3),
  uses: z.int('is a whole number').min(1, 'is at least 1').max(most.uses, `is at most ${most.uses}`),
  for: z
    .int('is whole seconds')
    .min(most.least, `is at least ${most.least}`)
    .max(most.seconds, `is at most ${most.seconds}`),
  vary: z
    .strictObject({
      target: z.string().endsWith('/', 'ends with /').exactOptional(),
      params: z
        .record(z.string(), z.union([z.number(), z.array(z.union([z.string(), z.number()])).min(1)]))
        .exactOptional(),
    })
    .default({}),
})

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
  params: z.literal('arguments', 'is "arguments", or left out').exactOptional(),
  standing: standingForm.exactOptional(),
})
