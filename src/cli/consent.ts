import { createInterface } from 'node:readline'
import { Exit, exits } from './exit.ts'

/** Whether a person sits at this program, who can be asked. */
export const hasPerson = (): boolean => process.stdin.isTTY && process.stderr.isTTY

/**
 * Asks the person.
 *
 * @param otherwise what is said if no answer comes
 * @returns what was typed
 * @throws {Exit} 75 if the terminal is closed
 */
export function askPerson(question: string, otherwise: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve, reject) => {
    // After an answer the promise is resolved already, so that this has no effect.
    terminal.once('close', () => reject(new Exit(exits.ended, otherwise)))
    terminal.question(question, (answer) => {
      resolve(answer)
      terminal.close()
    })
  })
}

/** Asks for a yes. @throws {Exit} 75 with these words for any other answer */
export async function askYes(question: string, otherwise: string): Promise<void> {
  const said = await askPerson(question, otherwise)
  if (said.trim().toLowerCase() !== 'yes') throw new Exit(exits.ended, otherwise)
}
