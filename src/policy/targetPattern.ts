import { foldedTarget } from '../core/action/target.ts'

/** The form that the schema declares for an action's targets. */
export interface TargetPattern {
  /** As the schema has it. */
  readonly source: string
  /** Whether it begins with a slash. */
  readonly rooted: boolean
  readonly matches: (folded: string) => boolean
}

/** The limits of a pattern: its characters, and the steps that it is compiled to. */
const most = { length: 512, steps: 2_000, times: 256 }

/** One step of a compiled pattern. Positions are indexes of steps. */
type Instruction =
  | { readonly eat: (character: string) => boolean }
  | { readonly either: readonly number[] }
  | { readonly end: true }

type Tree =
  | { readonly one: (character: string) => boolean }
  | { readonly all: readonly Tree[] }
  | { readonly any: readonly Tree[] }
  | { readonly repeated: Tree; readonly least: number; readonly most: number }

/**
 * Reads `@target("^…$")`: a regular expression of RFC 9485 (I-Regexp) without `\p`, between `^` and `$`.
 *
 * It is not given to JavaScript's engine, which can take exponential time for a target that an agent chooses. The time
 * of this one is the product of the pattern's and the target's length.
 *
 * @param refuse throws a flaw; it gets what is wrong, and where
 */
export function readTargetPattern(source: string, refuse: (reason: string) => never): TargetPattern {
  const fail = (reason: string): never => refuse(`@target("${source}"): ${reason}`)
  if (source.length > most.length) fail(`a pattern has at most ${most.length} characters`)
  if (!/^\^[^]*\$$/.test(source)) fail('a pattern begins with ^ and ends with $, so that it speaks of the whole target')
  const program = compile(new PatternParser(source, fail).read())
  if (program.length > most.steps) fail('this repeats too much: write smaller numbers in braces')
  return { source, rooted: source.startsWith('^/'), matches: (folded) => run(program, folded) }
}

/** Reads a pattern from left to right. Errors say at which character. */
class PatternParser {
  readonly #characters: readonly string[]
  readonly #fail: (reason: string) => never
  #at = 1

  constructor(source: string, fail: (reason: string) => never) {
    this.#characters = [...source.slice(0, -1)]
    this.#fail = fail
  }

  read(): Tree {
    const tree = this.#either()
    if (this.#at < this.#characters.length) this.#refuse(`"${this.#next}" has no beginning`)
    return tree
  }

  get #next(): string {
    return this.#characters[this.#at] ?? ''
  }

  #refuse(reason: string): never {
    return this.#fail(`character ${this.#at + 1}: ${reason}`)
  }

  #either(): Tree {
    const branches = [this.#sequence()]
    while (this.#takes('|')) branches.push(this.#sequence())
    return branches.length === 1 && branches[0] ? branches[0] : { any: branches }
  }

  #sequence(): Tree {
    const all: Tree[] = []
    while (!['', '|', ')'].includes(this.#next)) all.push(this.#quantified())
    return { all }
  }

  #quantified(): Tree {
    const atom = this.#atom()
    const [least, times] = this.#times() ?? [1, 1]
    if (least === 1 && times === 1) return atom
    if (/[*+?{]/.test(this.#next)) this.#refuse(`"${this.#next}" follows a quantifier`)
    return { repeated: atom, least, most: times }
  }

  #times(): readonly [number, number] | null {
    if (this.#takes('*')) return [0, Infinity]
    if (this.#takes('+')) return [1, Infinity]
    if (this.#takes('?')) return [0, 1]
    if (this.#next !== '{') return null
    const [whole, low = '', comma, high = ''] =
      /^\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/.exec(this.#characters.slice(this.#at).join('')) ?? []
    if (whole === undefined) return this.#refuse('a number of times is written as {2}, {2,} or {2,5}')
    const [least, times] = [Number(low), comma === undefined ? Number(low) : high === '' ? Infinity : Number(high)]
    if (least > times || least > most.times || (times !== Infinity && times > most.times))
      this.#refuse(`the numbers of times rise, and are at most ${most.times}`)
    this.#at += whole.length
    return [least, times]
  }

  #atom(): Tree {
    const first = this.#next
    switch (first) {
      case '(':
        return this.#group()
      case '[':
        return this.#characterClass()
      case '.':
        this.#at++
        return { one: (character) => character !== '\n' && character !== '\r' }
      case '*':
      case '+':
      case '?':
      case '{':
        return this.#refuse(`nothing stands before "${first}"`)
      case ']':
      case '}':
      case '^':
      case '$':
        return this.#refuse(`write \\${first} for the character "${first}"`)
      default: {
        const wanted = this.#literal()
        return { one: (character) => character === wanted }
      }
    }
  }

  #group(): Tree {
    const start = this.#at
    this.#at++
    if (this.#next === '?') this.#refuse('groups are written as (…); there are no others')
    const tree = this.#either()
    if (!this.#takes(')')) {
      this.#at = start
      this.#refuse('this group has no end')
    }
    return tree
  }

  #characterClass(): Tree {
    const start = this.#at
    this.#at++
    const negated = this.#takes('^')
    const ranges: (readonly [number, number])[] = []
    do {
      if (this.#next === '') {
        this.#at = start
        this.#refuse('this class has no end')
      }
      const low = this.#literal()
      const isRange = this.#next === '-' && this.#characters[this.#at + 1] !== ']'
      if (isRange) this.#at++
      const high = isRange ? this.#literal() : low
      if (codeOf(low) > codeOf(high)) this.#refuse(`the range ${low}-${high} is empty`)
      ranges.push([codeOf(low), codeOf(high)])
    } while (!this.#takes(']'))
    const has = (code: number) => ranges.some(([low, high]) => low <= code && code <= high)
    return { one: (character) => has(codeOf(character)) !== negated }
  }

  /** Reads one character, which may be escaped. */
  #literal(): string {
    if (this.#takes('\\') && !/[()*+\-.?[\\\]^{|}$/]/.test(this.#next))
      this.#refuse(`\\${this.#next} has no meaning here: write a class as [a-z0-9]`)
    const found = this.#next
    if (foldedTarget(found) !== found)
      this.#refuse(`targets are compared in NFKC and lower case, so "${found}" matches none`)
    this.#at++
    return found
  }

  #takes(character: string): boolean {
    if (this.#next !== character) return false
    this.#at++
    return true
  }
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0

function compile(tree: Tree): readonly Instruction[] {
  const program: Instruction[] = []
  const add = (part: Tree): void => {
    // Counted while it grows: nested repetitions multiply.
    if (program.length > most.steps) return
    if ('one' in part) program.push({ eat: part.one })
    else if ('all' in part) part.all.forEach(add)
    else if ('any' in part) addBranches(part.any)
    else addRepeated(part)
  }
  /** Adds a choice whose targets are known later. */
  const fork = (): { set: (either: readonly number[]) => void } => {
    const at = program.push({ either: [] }) - 1
    return { set: (either) => void (program[at] = { either }) }
  }
  const addBranches = (branches: readonly Tree[]): void => {
    const choice = fork()
    const starts: number[] = []
    const ends = branches.map((branch) => {
      starts.push(program.length)
      add(branch)
      return fork()
    })
    choice.set(starts)
    for (const end of ends) end.set([program.length])
  }
  const addRepeated = ({ repeated, least, most: times }: Extract<Tree, { least: number }>): void => {
    for (let i = 0; i < least; i++) add(repeated)
    if (times === Infinity) {
      const start = program.length
      const choice = fork()
      add(repeated)
      fork().set([start])
      choice.set([start + 1, program.length])
      return
    }
    const choices = Array.from({ length: times - least }, () => {
      const choice = fork()
      const inside = program.length
      add(repeated)
      return { choice, inside }
    })
    for (const { choice, inside } of choices) choice.set([inside, program.length])
  }
  add(tree)
  program.push({ end: true })
  return program
}

/** Follows all ways through the program at once, so that no character is read twice. */
function run(program: readonly Instruction[], text: string): boolean {
  let places = closure(program, [0])
  for (const character of text) {
    const after = [...places].flatMap((at) => {
      const step = program[at]
      return step && 'eat' in step && step.eat(character) ? [at + 1] : []
    })
    if (after.length === 0) return false
    places = closure(program, after)
  }
  return places.has(program.length - 1)
}

/** Adds the places that are reached without a character. */
function closure(program: readonly Instruction[], from: readonly number[]): ReadonlySet<number> {
  const reached = new Set<number>()
  const open = [...from]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue
    reached.add(at)
    const step = program[at]
    if (step && 'either' in step) open.push(...step.either)
  }
  return reached
}
