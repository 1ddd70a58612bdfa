/** Why no rule covers an action, as far as its agent may know: names of rules and of what they compare, no conditions. */
export type Uncovered =
  | { readonly why: 'undeclared'; readonly near?: string }
  | { readonly why: 'no-rules' }
  | {
      readonly why: 'unmatched'
      readonly rules: readonly string[]
      /** What the rules look at, as `environment` and `params.rows`. */
      readonly facts: readonly string[]
      /** The environments that rules name, if the one of the action is none of them. */
      readonly environments: readonly string[]
      /** Whether a rule would match, if its schema declared the command of the run. */
      readonly hiddenRun: boolean
    }
