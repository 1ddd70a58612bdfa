export function isAllowed(expression: string | undefined, allowed: readonly string[]): boolean
