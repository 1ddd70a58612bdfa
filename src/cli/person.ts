import { createInterface } from 'node:readline'
import { Exit, exits } from './exit.ts'

/** Whether a person sits at this program, who can be asked. */
export const hasPerson = (): boolean => process.stdin.isTTY && process.stderr.isTTY

/** The person at the terminal. One reader serves all questions, because a second would miss what was typed ahead. */
export interface AskedPerson {
  /** @throws {Exit} 75 if the person ends the input */
  ask(question: string): Promise<string>
  /** Whether the person has ended the input. */
  readonly left: () => boolean
  /** Lets the program end. */
  close(): void
}

/**
 * Reads nothing before the first question.
 *
 * @param otherwise what is said if no answer comes
 */
export function person(otherwise: string): AskedPerson {
  let close = (): void => {}
  let next: (() => Promise<IteratorResult<string, undefined>>) | undefined
  let left = false
  const open = (): (() => Promise<IteratorResult<string, undefined>>) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    const lines = terminal[Symbol.asyncIterator]()
    close = () => terminal.close()
    return () => lines.next()
  }
  return {
    async ask(question) {
      next ??= open()
      process.stderr.write(question)
      const line = await next()
      left = line.done === true
      if (line.done) throw new Exit(exits.ended, otherwise)
      return line.value
    },
    left: () => left,
    close: () => close(),
  }
}

/** Asks for a yes, once. @throws {Exit} 75 with these words for any other answer */
export async function askYes(question: string, otherwise: string): Promise<void> {
  const asked = person(otherwise)
  try {
    if (!isYes(await asked.ask(question))) throw new Exit(exits.ended, otherwise)
  } finally {
    asked.close()
  }
}

export const isYes = (said: string): boolean => said.trim().toLowerCase() === 'yes'
