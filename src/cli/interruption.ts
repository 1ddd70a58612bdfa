import type { ChildProcess } from 'node:child_process'
import { Exit, exits } from './exit.ts'

/** Handles the signals that ask this program to stop. */
export interface Interruption {
  /** Aborted by the first signal that comes while no command runs. */
  readonly signal: AbortSignal
  /** Passes further signals to the command; `undefined` once it has ended. */
  readonly passTo: (child: ChildProcess | undefined) => void
  /** Gives the signals their usual effect back. */
  readonly end: () => void
}

/**
 * Handles SIGINT, SIGTERM and SIGHUP. A second signal before the command runs ends this program at once.
 *
 * @param say announces the first signal
 */
export function watchInterruption(say: (sentence: string) => void): Interruption {
  const controller = new AbortController()
  let child: ChildProcess | undefined
  const listener = (signal: NodeJS.Signals): void => {
    if (child) {
      if (!sentByTerminal(signal)) child.kill(signal)
      return
    }
    if (controller.signal.aborted) process.exit(exits.ended)
    say(`${signal}: stopping; once more to leave at once`)
    controller.abort(new Exit(exits.ended, `Interrupted by ${signal}.`))
  }
  for (const signal of signals) process.on(signal, listener)
  return {
    signal: controller.signal,
    passTo: (started) => {
      child = started
    },
    end: () => {
      for (const signal of signals) process.off(signal, listener)
    },
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A terminal sends Ctrl-C to the command too. A second one would make many programs stop without cleaning up. */
const sentByTerminal = (signal: NodeJS.Signals): boolean =>
  signal === 'SIGINT' && [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
