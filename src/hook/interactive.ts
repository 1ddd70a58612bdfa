import { isArray, type JsonObject } from '../core/data/json.ts'
import { commandsIn, type ShellCommand } from './shellCommand.ts'

/** How a program is told what to carry out. Without that it carries out what is written to it. */
interface Interpreter {
  readonly name: RegExp
  /** Options whose value is code, or names it. */
  readonly code?: RegExp
  /** Other options with a value, which is no script. */
  readonly valued?: RegExp
  /** Options and first operands with which it waits for input, whatever else it is told. */
  readonly waits?: RegExp
}

const interpreters: readonly Interpreter[] = [
  {
    name: /^(?:(?:ba|da|a|k|mk|z|fi|tc|c)?sh|su|script|newgrp|rbash)$/,
    code: /^(?:-[a-z]*c[a-z]*|--command)$/,
    valued: /^(?:[-+][oO]|--rcfile|--init-file)$/,
    waits: /^(?:-(?![a-z]*c)[a-z]*[is][a-z]*|--rcfile|--init-file|--interactive)$/,
  },
  {
    name: /^(?:python|pypy)[\d.]*$/,
    code: /^-[a-zA-Z]*[cm]/,
    valued: /^-[WXQ]$/,
    waits: /^-[abd-ln-zA-Z]*i/,
  },
  {
    name: /^(?:node|nodejs|bun|deno)$/,
    code: /^(?:-(?:e|p|pe)|--(?:eval|print)(?:=.*)?)$/,
    valued: /^(?:-r|-C|--require|--import|--loader|--conditions|--env-file)$/,
    waits: /^(?:-i|--interactive|repl|inspect)$/,
  },
  { name: /^perl[\d.]*$/, code: /^-[a-zA-Z]*[eE]/, valued: /^-[IM]$/, waits: /^-(?!M)[^eE]*d/ },
  { name: /^(?:pwsh|powershell)$/i, code: /^-(?:c|command|f|file|e|ec|encodedcommand)$/i, waits: /^-noexit$/i },
  { name: /^cmd$/i, code: /^\/c/i, waits: /^\/k/i },
  {
    name: /^(?:ruby|irb|php|lua[\d.]*|R|julia|ghci|scala|jshell|i?python\d*|ptpython|bpython|tclsh|expect|iex|erl|ocaml|utop|guile|sbcl|clisp|racket|groovysh|octave|bc|dc|ed)$/,
    code: /^-(?:[a-z]*e|E|r|f|-eval|-file|-execute)$/,
    waits: /^(?:-i|-a|--interactive)$/,
  },
]

/** Programs that pass on what is written to them, the options that tell them what to do, and how many operands do not. */
const clients: Readonly<
  Record<string, { readonly orders?: RegExp; readonly places?: number; readonly valued?: RegExp }>
> = {
  psql: { orders: /^(?:-c|-f|-l|--command|--file|--list)/ },
  mysql: { orders: /^(?:-e|--execute)/ },
  mariadb: { orders: /^(?:-e|--execute)/ },
  sqlite: { places: 1 },
  sqlite3: { places: 1 },
  mongo: { orders: /^(?:-f|--eval|--file)/ },
  mongosh: { orders: /^(?:-f|--eval|--file)/ },
  'redis-cli': { places: 0, valued: /^-[hpasnu]$/ },
  ssh: { places: 1, valued: /^-[bcDEeFIiJLlmOopQRSWw]$/ },
  gdb: { orders: /^(?:-batch|--batch)/ },
  lldb: { orders: /^(?:-b|--batch)/ },
  ...Object.fromEntries(['telnet', 'ncat', 'nc', 'ftp', 'sftp', 'screen', 'tmux', 'socat'].map((name) => [name, {}])),
  // Editors and pagers start a shell when they are told to.
  ...Object.fromEntries(['vi', 'vim', 'nvim', 'ex', 'nano', 'emacs', 'less', 'more'].map((name) => [name, {}])),
}

/** Programs that start the program after them. */
const prefixes =
  /^(?:env|sudo|doas|nice|ionice|nohup|setsid|stdbuf|time|timeout|exec|command|builtin|busybox|winpty|unbuffer|flock|taskset|strace|chroot|nsenter|unshare|runuser|watch|xargs|parallel|docker|podman|nerdctl|kubectl|oc|lxc|npx|uv|poetry|pipenv)$/

/** Programs that start others in a container, with what is written to them if they are told so. */
const containers = /^(?:docker|podman|nerdctl|kubectl|oc|lxc)$/

/** Programs that write what is written to them. */
const passing = /^(?:cat|tee|head|tail|sed|awk|grep|tr|cut|sort|dd|pv|xargs|parallel)$/

const keywords = /^(?:if|then|else|elif|while|until|do|!|\{|coproc)$/

/** Names by which a program finds what is written to it. */
const inputs = /\/dev\/(?:stdin|tty|fd\/0)|\/proc\/[^/\s]+\/fd\/0/

/**
 * Whether a command starts a shell or another interpreter that waits for input. What a host writes into it afterwards is
 * seen by no hook, so that one approval would be one for everything. A net: there are other ways to run what is written.
 *
 * @param args those of a tool that runs a command: as a text or a list, in `cmd` or `command`
 */
export function isInteractive(args: JsonObject): boolean {
  if (args['tty'] === true) return true
  const command = args['cmd'] ?? args['command']
  if (isArray(command)) return waits(command.map(String))
  return typeof command === 'string' && textWaits(command)
}

function textWaits(text: string): boolean {
  if (inputs.test(text)) return true
  return commandsIn(text).some((pipeline) => {
    const [first, ...later] = pipeline
    if (!first || first.isFed) return false
    if (waits(first.words)) return true
    // Those behind a pipe read what people have seen, unless the first one passes on what it is told later.
    return passesOn(first) && later.some(({ words }) => waits(words))
  })
}

const passesOn = ({ words }: ShellCommand): boolean => {
  const name = nameOf(words[0] ?? '')
  return passing.test(name) && (name !== 'cat' || operandsOf(words.slice(1)).length === 0)
}

function waits(given: readonly string[]): boolean {
  const words = given.slice(given.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && !keywords.test(word)))
  const [name, rest] = [nameOf(words[0] ?? ''), words.slice(1)]
  // What a variable names is not known.
  if (name.startsWith('$')) return rest.length === 0
  if (prefixes.test(name)) {
    if (containers.test(name) && rest.some((word) => /^(?:-[a-z]*i[a-z]*|--interactive|--stdin)$/.test(word)))
      return true
    // The options of a prefix may have values: the program is the first word that is one of those that wait.
    const at = rest.findIndex((word) => interpreterOf(word) !== undefined || clientOf(word) !== undefined)
    return at >= 0 && waits(rest.slice(at))
  }
  const client = clientOf(name)
  if (client) {
    const operands = operandsOf(rest, client.valued)
    if (name === 'ssh' && operands.length > 1) return waits(operands.slice(1))
    return !rest.some((word) => client.orders?.test(word)) && operands.length <= (client.places ?? Infinity)
  }
  const interpreter = interpreterOf(name)
  return interpreter !== undefined && interprets(interpreter, rest)
}

function interprets({ code, valued, waits: waiting }: Interpreter, rest: readonly string[]): boolean {
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? ''
    if (waiting?.test(word)) return true
    if (code?.test(word)) return codeWaits(word, rest[i + 1] ?? '')
    if (valued?.test(word)) i++
    else if (!/^[-+]./.test(word) && word !== '-') return false
  }
  return true
}

/** Modules of Python that wait for input. */
const consoles = /^(?:code|pdb|asyncio|IPython|ptpython|bpython)$/

/** Whether the code that an option gives waits itself. */
const codeWaits = (option: string, value: string): boolean =>
  option.endsWith('m') ? consoles.test(value) : option.endsWith('c') && textWaits(value)

const operandsOf = (words: readonly string[], valued?: RegExp): readonly string[] =>
  words.filter((word, i) => !word.startsWith('-') && !valued?.test(words[i - 1] ?? ''))

const interpreterOf = (word: string): Interpreter | undefined =>
  interpreters.find(({ name }) => name.test(nameOf(word)))

const clientOf = (word: string) => {
  const name = nameOf(word)
  return Object.hasOwn(clients, name) ? clients[name] : undefined
}

const nameOf = (word: string): string => (word.split(/[/\\]/).at(-1) ?? '').replace(/\.exe$/i, '')
