import type { Interpreter, Prefix } from './interpreters.ts'

/** What an interpreter runs, as its arguments say. */
export interface ArgumentsRead {
  /** Files that are run or loaded, as they are written. */
  readonly files: readonly string[]
  /** What is run and is no file, in words. */
  readonly unbound: readonly string[]
}

/** Reads the arguments of an interpreter. `name` is what the words call it. */
export function readInterpreter(name: string, args: readonly string[], known: Interpreter): ArgumentsRead {
  const files: string[] = []
  const unbound: string[] = []
  let hasCode = false
  /** Takes an option; says whether the arguments after it are those of the code. */
  const take = (option: string, value: string): boolean => {
    if (has(known, known.loads, option)) files.push(value)
    else if (has(known, known.script, option)) files.push(value)
    else if (has(known, known.module, option)) unbound.push(`the module ${value}, which ${name} looks up`)
    else if (has(known, known.code, option)) unbound.push(`programs and files that the code after ${option} uses`)
    else return false
    if (has(known, known.loads, option)) return false
    hasCode = true
    return known.codeEnds === true
  }
  const lists = [known.script, known.loads, known.module, known.code, known.valued]
  const scanner = { args, joined: known.joined ?? false, isValued: (o: string) => lists.some((l) => has(known, l, o)) }
  for (const token of scan(scanner)) {
    if (token.kind === 'option') {
      if (has(known, known.stdin, token.option)) {
        unbound.push(fromInput(name))
        return { files, unbound }
      }
      if (token.value !== undefined && take(token.option, token.value)) return { files, unbound }
      continue
    }
    if (hasCode || known.noOperand) return { files, unbound }
    if (token.operand === '-') unbound.push(fromInput(name))
    else files.push(token.operand)
    return { files, unbound }
  }
  if (!hasCode && !known.noOperand) unbound.push(fromInput(name))
  return { files, unbound }
}

const fromInput = (name: string): string => `the code that ${name} reads from its standard input`

function has({ shortened }: Interpreter, list: readonly string[] | undefined, option: string): boolean {
  if (!shortened) return list?.includes(option) ?? false
  const given = option.toLowerCase().replace(/^--/, '-')
  return list?.some((one) => one === given || (given.length >= 3 && one.startsWith(given))) ?? false
}

/** The program that a prefix starts. */
export interface Started {
  readonly name: string
  readonly args: readonly string[]
  readonly folder?: string
  readonly path?: string
}

/** Finds the program that a prefix starts; `null` if its arguments do not tell. */
export function readPrefix(args: readonly string[], known: Prefix): Started | null {
  let { operands = 0 } = known
  let where: { folder?: string; path?: string } = {}
  const lists = [known.valued, known.folder, known.split]
  const isValued = (option: string): boolean => lists.some((list) => list?.includes(option))
  for (const token of scan({ args, joined: true, isValued })) {
    if (token.kind === 'option') {
      if (known.opaque?.includes(token.option)) return null
      if (token.value === undefined) continue
      if (known.folder?.includes(token.option)) where = { ...where, folder: token.value }
      if (known.split?.includes(token.option)) {
        const words = splitWords(token.value)
        const [name, ...rest] = words === null ? [] : [...words, ...args.slice(token.next)]
        return name === undefined ? null : { name, args: rest, ...where }
      }
      continue
    }
    const set = known.assignments && /^[A-Za-z_]\w*=/.test(token.operand)
    if (set && token.operand.startsWith('PATH=')) where = { ...where, path: token.operand.slice(5) }
    // A single - is the option -i of env.
    if (set || (known.assignments && token.operand === '-') || operands-- > 0) continue
    return { name: token.operand, args: args.slice(token.next), ...where }
  }
  return null
}

/** Splits as `env -S` does a text without quotes, escapes and variables; `null` for any other. */
const splitWords = (text: string): readonly string[] | null =>
  /["'\\$#]/.test(text) ? null : text.split(/\s+/).filter((word) => word !== '')

interface Scanner {
  readonly args: readonly string[]
  readonly joined: boolean
  readonly isValued: (option: string) => boolean
}

/** An option with its value, or an operand. `next` is the place of the argument after it. */
type Token =
  | { readonly kind: 'option'; readonly option: string; readonly value?: string; readonly next: number }
  | { readonly kind: 'operand'; readonly operand: string; readonly next: number }

/** Reads options as getopt(3) does, and then operands. The caller stops at the operand that ends the options. */
function* scan({ args, joined, isValued }: Scanner): Generator<Token> {
  let at = 0
  let optionsEnded = false
  for (let arg = args[at]; arg !== undefined; arg = args[at]) {
    at++
    const isOption = !optionsEnded && /^(?:-.|\+[A-Za-z])/.test(arg)
    if (!isOption) {
      yield { kind: 'operand', operand: arg, next: at }
      continue
    }
    if (arg === '--') {
      optionsEnded = true
      continue
    }
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1
    if (equals > 0) {
      yield { kind: 'option', option: arg.slice(0, equals), value: arg.slice(equals + 1), next: at }
      continue
    }
    const whole = isValued(arg) || !joined || arg.startsWith('--')
    const options = whole ? [[arg, ''] as const] : cluster(arg, isValued)
    for (const [option, rest] of options) {
      const attached = rest !== '' && isValued(option)
      const value = attached ? rest : isValued(option) ? args[at++] : undefined
      yield { kind: 'option', option, ...(value !== undefined && { value }), next: at }
    }
  }
}

/** Takes joined short options apart: `-euo` is `-e`, `-u`, `-o`; the rest after an option with a value is its value. */
function cluster(arg: string, isValued: (option: string) => boolean): readonly (readonly [string, string])[] {
  const sign = arg.charAt(0)
  const letters = [...arg.slice(1)]
  const end = letters.findIndex((letter) => isValued(sign + letter))
  const single = (letter: string): readonly [string, string] => [sign + letter, '']
  if (end < 0) return letters.map(single)
  return [...letters.slice(0, end).map(single), [`${sign}${letters[end] ?? ''}`, letters.slice(end + 1).join('')]]
}
