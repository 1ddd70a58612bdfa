export function npmCall(
  args: readonly string[],
  machine?: { readonly env?: NodeJS.ProcessEnv; readonly node?: string; readonly platform?: NodeJS.Platform },
): readonly [string, ...string[]]
