import { isArray, type JsonObject } from '../core/data/json.ts'

/** Programs that carry out what is written to them, if no argument says what they are to do. */
const shells =
  /^(?:(?:ba|da|a|k|mk|z|fi|tc|c)?sh|pwsh|powershell|cmd|python[\d.]*|pypy[\d.]*|node|deno|bun|ruby|irb|perl|php|lua[\d.]*|R|julia|ghci|scala|jshell)$/

/** Programs that pass on what is written to them. */
const clients =
  /^(?:psql|mysql|mariadb|sqlite3?|mongosh?|redis-cli|ssh|telnet|ncat|nc|ftp|sftp|gdb|lldb|screen|tmux|socat)$/

/** Programs that start the program after them. */
const prefixes = /^(?:env|sudo|doas|nice|nohup|setsid|stdbuf|time|exec|command|busybox|winpty|unbuffer)$/

/**
 * Whether a command starts a shell or another interpreter that waits for input. What a host writes into it afterwards is
 * seen by no hook, so that one approval would be one for everything.
 *
 * @param args those of a tool that runs a command: as a text or a list, in `cmd` or `command`
 */
export function isInteractive(args: JsonObject): boolean {
  if (args['tty'] === true) return true
  const command = args['cmd'] ?? args['command']
  if (isArray(command)) return waits(command.map(String))
  if (typeof command !== 'string') return false
  // A shell behind a pipe, or with a redirected input, reads what people have seen.
  return command
    .split(/&&|\|\||[;&\n]/)
    .flatMap((list) => list.split('|').slice(0, 1))
    .some((part) => !part.includes('<') && waits(part.trim().split(/\s+/)))
}

function waits(words: readonly string[]): boolean {
  const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word))
  const isPrefix = prefixes.test(nameOf(words[first] ?? ''))
  // The options of a prefix may have values: the program is the first word that is one of those that wait.
  const at = isPrefix ? words.findIndex((word) => isInterpreter(nameOf(word))) : first
  const [name, rest] = [nameOf(words[at] ?? ''), words.slice(at + 1)]
  if (at < 0 || !isInterpreter(name)) return false
  if (clients.test(name))
    return !rest.some((word) => orders.test(word)) && operandsOf(rest) <= (places[name] ?? Infinity)
  const hasCode = rest.some((word) => code.test(word))
  return !hasCode && (rest.includes('-i') || operandsOf(rest) === 0)
}

const isInterpreter = (name: string): boolean => shells.test(name) || clients.test(name)

const operandsOf = (words: readonly string[]): number => words.filter((word) => !word.startsWith('-')).length

/** Options whose value is code, a module or a script. */
const code = /^-(?:[a-z]*[cem]|p|-eval|-print|-command|-file)$/i

/** Options by which a client is told what to do. */
const orders = /^(?:-c|-f|-e|-l|-ex|-x|--command|--file|--execute|--eval)/

/** How many operands of a client name a place; any more say what to do there. */
const places: Readonly<Record<string, number>> = { ssh: 1, 'redis-cli': 0, sqlite: 1, sqlite3: 1 }

const nameOf = (word: string): string =>
  (
    word
      .replaceAll(/^["']|["']$/g, '')
      .split(/[/\\]/)
      .at(-1) ?? ''
  ).replace(/\.exe$/i, '')
