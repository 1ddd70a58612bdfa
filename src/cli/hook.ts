import { loadBeside } from './beside.ts'
import type { Result } from './result.ts'
import type { Offline } from './session.ts'

/** The exit code that keeps a tool from being carried out, in all hosts. After any other one but 0 it is. */
export const hookBlocks = 2

/** Ends this program with {@link hookBlocks} after a fault that nothing catches, and at a signal that nobody waits for. */
export function blockOnFaults(): void {
  const end = (): never => process.exit(hookBlocks)
  process.on('uncaughtException', end).on('unhandledRejection', end)
  // While a request is open, the hook withdraws it first.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) end()
    })
}

/** What the program beside this one exports. */
export interface HookProgram {
  /** @param input what the host tells the hook */
  readonly hook: (session: Offline, input: NodeJS.ReadableStream) => Promise<Result>
}

/**
 * Answers a hook of a coding agent.
 *
 * @param script this program's file
 * @throws {Exit} 78 if the program for hooks is not installed
 */
export const hook = (session: Offline, script: string): Promise<Result> =>
  (loadBeside(script, ['hook.cjs']) as HookProgram).hook(session, process.stdin)
