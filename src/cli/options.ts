import { parseArgs } from 'node:util'
import { bounds } from '../core/data/bound.ts'
import { isRequestId } from '../core/data/id.ts'
import { type Command, type CommandName, commands, isCommand, type Option, optionsOf } from './commands.ts'
import { Exit, exits } from './exit.ts'

/** A parsed command line. Its options and operands are those of the table; their values are not checked yet. */
export interface Options {
  readonly command: CommandName
  /** The request id; empty if the command takes none. */
  readonly id: string
  /** All request ids, the first among them; more than one only if the command takes several. */
  readonly ids: readonly string[]
  /** The other operands, in the order of the table. */
  readonly about: readonly string[]
  /** The operands after the request id. */
  readonly rest: readonly string[]
  /** The arguments after `--`; absent without `--`. */
  readonly tail?: readonly string[]
  readonly one: (option: string) => string | undefined
  readonly many: (option: string) => readonly string[]
}

/**
 * Parses the arguments. An option may be written as `--name value` or `--name=value`.
 *
 * @throws {Exit} 78, naming the option and the rule
 */
export function parseOptions([name, ...args]: readonly string[]): Options {
  if (name === undefined) usage('a command is missing')
  if (!isCommand(name)) usage(`unknown command "${name}"`)
  const {
    tail: hasTail,
    id: hasId,
    ids: hasIds,
    batch: hasBatch,
    about: wanted = [],
    rest: after = [],
  }: Command = commands[name]
  const { own, tail } = split(name, args)
  const { values, operands } = read(name, own)
  const about = hasIds ? operands : operands.slice(0, wanted.length)
  const most = hasBatch ? bounds.batch : hasId ? 1 : 0
  const ids = hasIds ? operands : operands.slice(wanted.length, wanted.length + most)
  const id = (hasId && ids[0]) || ''
  const rest = hasIds ? [] : operands.slice(wanted.length + ids.length)
  const surplus = rest[after.length]
  if (surplus !== undefined) usage(`unexpected "${surplus}"${aside(hasTail, hasBatch)}`, name)
  const missing = wanted.slice(about.length).find(isNeeded)
  if (missing !== undefined) usage(`${missing} is missing`, name)
  if (hasId && id === '') usage('the request id is missing', name)
  const malformed = ids.find((one) => !isRequestId(one))
  if (malformed !== undefined) usage(`"${malformed}" is not a request id`, name)
  if (hasBatch && new Set(ids).size < ids.length) usage('a request id is given twice', name)
  const lacking = after.filter(isNeeded)[rest.length]
  if (lacking !== undefined) usage(`${lacking} is missing`, name)
  for (const [option, { required, help }] of Object.entries(optionsOf(name)))
    if (required && !values.has(option)) usage(`--${option} is missing: ${help}`, name)
  return {
    command: name,
    id,
    ids,
    about,
    rest,
    ...(tail && { tail }),
    one: (option) => values.get(option)?.[0],
    many: (option) => values.get(option) ?? [],
  }
}

/** Reads `--names`: it may be given more than once, and several together, as `reason,action`. */
export const namesIn = (options: Options): readonly string[] => [
  ...new Set(options.many('names').flatMap((names) => names.split(','))),
]

/** Whether an operand may not be left out. */
const isNeeded = (operand: string): boolean => !operand.startsWith('[')

/** Why an operand may be too much. */
function aside(hasTail: Command['tail'], hasBatch: Command['batch']): string {
  if (hasTail) return ': the command to run comes after --'
  return hasBatch ? `: at most ${bounds.batch} requests are decided in one go` : ''
}

/** Whether `--help` is given as an option, and not as an option's value or after `--`. */
export function asksForHelp([name, ...args]: readonly string[]): boolean {
  if (name === undefined || !isCommand(name)) return false
  const tokens = tokensOf(name, split(name, args).own)
  return tokens.some((token) => token.kind === 'option' && token.rawName === '--help' && token.value === undefined)
}

function split(name: CommandName, args: string[]): { readonly own: string[]; readonly tail?: readonly string[] } {
  const { tail }: Command = commands[name]
  const end = tail && args.includes('--') ? args.indexOf('--') : args.length
  return { own: args.slice(0, end), ...(end < args.length && { tail: args.slice(end + 1) }) }
}

interface Given {
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly operands: readonly string[]
}

/** Checks the tokens here, because errors of the parser's strict mode do not say what to do. */
function read(command: CommandName, args: string[]): Given {
  const known: Readonly<Record<string, Option>> = optionsOf(command)
  const values = new Map<string, readonly string[]>()
  const operands: string[] = []
  for (const token of tokensOf(command, args)) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, inlineValue, value } = token
    const option = Object.hasOwn(known, name) ? known[name] : undefined
    if (!option || !rawName.startsWith('--')) usage(`unknown option ${rawName}`, command)
    if (!option.value && value !== undefined) usage(`${rawName} takes no value`, command)
    if (option.value && value === undefined) usage(`${rawName} needs a value: ${option.value}`, command)
    // A sign - alone is standard input.
    if (option.value && !inlineValue && value !== '-' && value?.startsWith('-'))
      usage(`${rawName} is followed by another option; a value that starts with - is written ${rawName}=VALUE`, command)
    if (values.has(name) && !option.many) usage(`${rawName} is given twice`, command)
    values.set(name, [...(values.get(name) ?? []), value ?? ''])
  }
  return { values, operands }
}

function tokensOf(command: CommandName, args: string[]) {
  const options = Object.fromEntries(
    Object.entries(optionsOf(command)).map(([name, { value }]) => [
      name,
      { type: value ? 'string' : 'boolean' } as const,
    ]),
  )
  return parseArgs({ args, options, strict: false, tokens: true }).tokens
}

function usage(sentence: string, command?: CommandName): never {
  throw new Exit(exits.usage, `${sentence}. See countersign help${command ? ` ${command}` : ''}.`)
}
