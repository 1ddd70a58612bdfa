import { randomInt } from 'node:crypto'
import { parseArgs, type ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values']

/** A trial as `npm run trial -- NAME [options]` starts it. */
interface Program<O extends Options> {
  readonly name: string
  /** The purpose of the trial, and one line per option. */
  readonly help: string
  readonly options: O
  /** The operands, as the first line of the help names them; absent if there are none. */
  readonly operands?: string
  /** Resolves to the exit code, which is 0 if it resolves to nothing. */
  readonly run: (values: Values<O>, operands: readonly string[]) => Promise<number | void>
}

/** An unknown option, or a value that an option does not accept. */
export class Misuse extends Error {}

/**
 * Runs a trial with the arguments of the process, and ends the process: with 0 if all checks pass, with 1 if one fails,
 * and with 2 if the arguments are not those of the help.
 */
export function program<const O extends Options>(trial: Program<O>): void {
  outcome(trial).then(
    (code) => process.exit(code),
    (cause: unknown) => {
      const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
      process.stderr.write(`${trial.name}: ${words}\n`)
      process.exit(1)
    },
  )
}

async function outcome<O extends Options>(trial: Program<O>): Promise<number> {
  const { name, help, operands } = trial
  const usage = `npm run trial -- ${name} ${operands === undefined ? '' : `${operands} `}[options]\n${help}`
  try {
    const { values, positionals, wantsHelp } = parsed(trial)
    if (!wantsHelp) return (await trial.run(values, positionals)) ?? 0
    process.stdout.write(usage)
    return 0
  } catch (cause) {
    if (!(cause instanceof Misuse)) throw cause
    process.stderr.write(`${name}: ${cause.message}\n\n${usage}`)
    return 2
  }
}

function parsed<O extends Options>({ options, operands }: Program<O>) {
  try {
    const { values, positionals } = parseArgs({
      options: { ...options, help: { type: 'boolean', default: false } },
      allowPositionals: operands !== undefined,
    })
    const { help, ...own } = values as Record<string, unknown>
    return { values: own as Values<O>, positionals, wantsHelp: help === true }
  } catch (cause) {
    throw new Misuse(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** The option `--seed` of a trial that uses chance. The default is a new seed for each run. */
export const seedOption = (): { readonly type: 'string'; readonly default: string } => ({
  type: 'string',
  default: String(randomInt(2 ** 31)),
})

/**
 * Reads a whole number.
 *
 * @throws {Misuse} for another text, and for a number below the least
 */
export function whole(text: string, option: string, least = 0): number {
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text)
  throw new Misuse(`${option} takes a whole number from ${least} on, not “${text}”.`)
}

/** Prints a line. */
export const say = (text: string): void => void process.stdout.write(`${text}\n`)
