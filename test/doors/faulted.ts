/** Ports that can fail, and how. Shared by faults.test.ts and the process that it starts. */
export const ports = [
  ...(['ledger', 'limits', 'policy', 'directory', 'signer', 'log signer', 'archive', 'seals', 'clock'] as const),
  ...(['callers', 'outbox', 'repairs', 'holds', 'messenger', 'gate', 'slack'] as const),
] as const

/** What a failing port throws. `null`: it answers as if nothing were stored. */
export const hows = ['an error of the SDK', 'a bug', 'a text', 'a problem with a cause', 'null'] as const

export interface Failing {
  readonly port: (typeof ports)[number]
  readonly how: (typeof hows)[number]
  /** The number of the port's call that fails; the first is 1. */
  readonly call: number
}

/** The approver in Slack. */
export const slackUser = 'U0000000001'

/** A text in everything that is thrown. No answer and no log line may contain it. */
export const canary = 'canary-7d20f1ab'

/** The beginning of a trace that names a fault. */
const mark = 'fa017ed0'

/** A trace for one call, with a tail of its own. */
export const traceOf = ({ port, how, call }: Failing, number: number): string =>
  mark + [ports.indexOf(port), hows.indexOf(how), call].map(byte).join('') + number.toString(16).padStart(18, '0')

export function failingIn(trace: string): Failing | null {
  if (!trace.startsWith(mark)) return null
  const [port, how, call = 1] = [0, 1, 2].map((i) => Number.parseInt(trace.slice(8 + 2 * i, 10 + 2 * i), 16))
  return { port: ports[port ?? 0] ?? 'ledger', how: hows[how ?? 0] ?? 'a bug', call }
}

const byte = (number: number): string => number.toString(16).padStart(2, '0')

export type Order =
  | { readonly what: 'close' | 'met' | 'next day' }
  /** Whether a port failed in this trace. */
  | { readonly what: 'used'; readonly trace: string }
  | { readonly what: 'timers'; readonly failing: Failing }
  /** Signs a call as Slack does at the time of the process, which runs fast. */
  | { readonly what: 'sign'; readonly body: string }

export type FaultReport =
  | { readonly what: 'signed'; readonly timestamp: string; readonly signature: string }
  | { readonly what: 'ready'; readonly origin: string }
  | { readonly what: 'log'; readonly line: string }
  | { readonly what: 'met'; readonly failures: readonly string[] }
  | { readonly what: 'used'; readonly isUsed: boolean }
  | { readonly what: 'sealed'; readonly days: readonly string[] }
  | { readonly what: 'ran'; readonly said: readonly string[] }
