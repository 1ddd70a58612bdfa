import { createInterface } from 'node:readline'
import { Exit, exits } from './exit.ts'

/** The person at the terminal. One reader serves all questions, because a second would miss what was typed ahead. */
export interface Person {
  /** @throws {Exit} 75 if the person ends the input */
  ask(question: string): Promise<string>
  /** Whether the person has ended the input. */
  readonly left: () => boolean
  /** Lets the program end. */
  close(): void
}

export const notDecided = (): Exit => new Exit(exits.ended, 'Not decided.')

/** Reads nothing before the first question. */
export function person(): Person {
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
      if (line.done) throw notDecided()
      return line.value
    },
    left: () => left,
    close: () => close(),
  }
}
