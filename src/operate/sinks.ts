import { Exit, exits } from '../cli/exit.ts'
import type { Line } from '../cli/layout.ts'
import { failed, finish, type Result } from '../cli/result.ts'
import { screen } from '../cli/screen.ts'
import { isBroken, Problem } from '../core/data/problem.ts'
import {
  type AdministrationParts,
  listSinks,
  moveTo,
  NoSuchEvent,
  switchOff,
  switchOn,
} from '../sinks/administration.ts'
import type { SinkProgress } from '../sinks/progress.ts'
import { parseSinksOptions, sinksHelp, type SinksOptions } from './sinksOptions.ts'

async function main(args: readonly string[]): Promise<void> {
  const json = args.includes('--json')
  let result: Result
  try {
    const options = parseSinksOptions(args)
    if (options.wants === 'help') {
      process.stdout.write(sinksHelp)
      return
    }
    result = await perform(options)
  } catch (cause) {
    result = outcomeOf(cause)
  }
  process.exitCode = finish(result, { json, isRun: false, file: undefined }, screen({ json, environment: process.env }))
}

async function perform(options: SinksOptions): Promise<Result> {
  // Loaded late, so that an error in the arguments appears before the storage clients load.
  const { openSinks } = await import('./sinksPlaces.ts')
  const { parts, close } = await openSinks(options.local, process.env)
  try {
    await change(parts, options)
    return resultOfList(await listSinks(parts))
  } finally {
    await close()
  }
}

async function change(parts: AdministrationParts, options: SinksOptions): Promise<void> {
  switch (options.wants) {
    case 'on':
      return switchOn(parts, options.name)
    case 'off':
      return switchOff(parts, options.name)
    case 'from':
      return moveTo(parts, options.name, options.start)
    case 'list':
    case 'help':
  }
}

function resultOfList(sinks: ReadonlyMap<string, SinkProgress>): Result {
  const lines = [...sinks].map(([name, { state, lag, why, since }]): Line => {
    const reason = why === undefined ? '' : `: ${why}${since === undefined ? '' : ` since ${since}`}`
    return [name, `${state}${reason}; ${lag} events not sent`]
  })
  const none: readonly Line[] = [['sinks', 'none was ever sent anything']]
  const record = { exit: exits.ok, sinks: [...sinks].map(([name, progress]) => ({ name, ...progress })) }
  return { exit: exits.ok, lines: lines.length > 0 ? lines : none, to: 'stdout', record }
}

/** The error in words, with an exit code that tells whether a repetition can help. */
function outcomeOf(cause: unknown): Result {
  if (cause instanceof NoSuchEvent) return failed(new Exit(exits.usage, cause.message))
  if (isBroken(cause)) {
    const { shard = '', row = '', check = '' } = cause.details.broken ?? {}
    const words = `Row ${row} of shard ${shard} is not as the service wrote it (${check}).`
    return failed(new Exit(exits.broken, `${words} Set the sink’s place with: from NAME START.`))
  }
  if (cause instanceof Problem) return failed(new Exit(exits.unreachable, cause.message))
  return failed(cause)
}

/**
 * Settles when the program has ended, for a caller who loads this file in a process that goes on. This is the last line,
 * because it uses what stands above.
 */
export const ended: Promise<void> = main(process.argv.slice(2))
