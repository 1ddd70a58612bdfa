import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { Exit, exits } from './exit.ts'

const replacement = '\ufffd'

/**
 * Refuses arguments that are not UTF-8. Node has put U+FFFD for their bytes, so approvers would see, and the command
 * would get, another file name than the one that was typed.
 *
 * @param raw reads the bytes of all arguments, as the system has them; throws where the system does not tell
 * @throws {Exit} 78, naming the first such argument
 */
export function checkText(args: readonly string[], raw = rawArguments): void {
  const doubtful = args.findIndex((arg) => arg.includes(replacement) || /\p{Surrogate}/u.test(arg))
  if (doubtful < 0 || (args.every((arg) => !/\p{Surrogate}/u.test(arg)) && isExact(raw))) return
  throw new Exit(
    exits.usage,
    `Argument ${doubtful + 1} (${args[doubtful]}) is no text in UTF-8, so it cannot be shown and run as it was given. ` +
      'Rename the file, or run a script that names it.',
  )
}

/** Whether U+FFFD was typed: then all bytes are UTF-8. A system that does not tell is not trusted. */
function isExact(raw: () => Uint8Array): boolean {
  try {
    return isUtf8(raw())
  } catch {
    return false
  }
}

/** Linux has them in proc(5). */
const rawArguments = (): Uint8Array => readFileSync('/proc/self/cmdline')
