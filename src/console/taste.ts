import type { Zone } from './time.tsx'

/** How a reader wants to see the console. Beside it, the browser keeps the public keys that the reader trusts alone. */
export const zones = ['local', 'utc'] as const satisfies readonly Zone[]
export const themes = ['auto', 'light', 'dark', 'contrast'] as const

export const prefix = 'countersign.'

/** Reads what the reader chose before; `otherwise` if nothing, or if the browser keeps nothing. */
export function kept<T extends string>(name: string, known: readonly T[], otherwise: T): T {
  const value = stored(() => localStorage.getItem(prefix + name))
  return known.find((one) => one === value) ?? otherwise
}

export function keep(name: string, value: string): void {
  stored(() => localStorage.setItem(prefix + name, value))
}

/** Uses the browser's storage, which a browser may forbid: `null` then. */
export function stored<T>(use: () => T): T | null {
  try {
    return use()
  } catch {
    return null
  }
}
