interface Test {
  readonly path: string
  /** Milliseconds of the last run. */
  readonly duration?: number
}

export const longest: ReadonlyMap<string, number>

export function inOrder<T extends Test>(tests: readonly T[], root: string): T[]
