import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { agents, users } from './accounts.ts'
import { callStack, readStackFile } from './control.ts'
import { exportsOf, shells } from './exports.ts'
import { logKeyIn, publicKeyOf } from './keys.ts'
import { resetData } from './reset.ts'
import { sealedLine, type SealReport } from './sealing.ts'
import { UsageError } from './settings.ts'

const usage = `npm run --silent token -- --agent NAME | --user NAME
  prints an access token of the running stack
  agents: ${agents.map(({ name }) => name).join(', ')}
  users:  ${users.map(({ name }) => name).join(', ')}

npm run --silent local -- advance DURATION
  moves the stack's clock forward (90s, 10m, 25h, 2d) for good, then sweeps; tokens stay on real time
npm run --silent local -- sweep
  applies the deadlines that have passed, and delivers the cards that are due
npm run --silent local -- seal
  seals every day that has ended by the stack's clock; with COUNTERSIGN_BACKUP=on a snapshot follows
npm run --silent local -- key
  prints the path of the log's public key, which verifies evidence
npm run --silent local -- env [--agent NAME] [--shell ${shells.join('|')}]
  prints the settings of the running stack as lines for a shell: eval "$(npm run --silent local -- env)"
npm run --silent local -- reset
  stops the stack, and deletes its data and its moved clock: the next start begins from nothing, in today
`

async function main([command, ...args]: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.length === 0) process.stdout.write(usage)
  else if (command === 'token') process.stdout.write(`${await token(args)}\n`)
  else process.stdout.write(`${await local(args)}\n`)
}

async function token(args: readonly string[]): Promise<string> {
  const { agent, user } = options(args, ['agent', 'user'])
  if ((agent === undefined) === (user === undefined))
    throw new UsageError(`Give --agent NAME or --user NAME.\n${usage}`)
  const who = agent === undefined ? `user=${encodeURIComponent(user ?? '')}` : `agent=${encodeURIComponent(agent)}`
  const { token } = await call(`token?${who}`)
  if (typeof token !== 'string') throw new UsageError(`There is no such account.\n${usage}`)
  return token
}

function options<Name extends string>(args: readonly string[], names: readonly Name[]): { [N in Name]?: string } {
  try {
    const known = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
    return parseArgs({ args: [...args], options: known }).values as { [N in Name]?: string }
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message : ''}\n${usage}`)
  }
}

async function local([verb, ...rest]: readonly string[]): Promise<string> {
  if (verb === 'sweep' && rest.length === 0) {
    const { swept } = await call('sweep')
    return `swept; requests that were due: ${String(swept)}`
  }
  if (verb === 'advance' && rest.length === 1) {
    const { now, swept } = await call(`advance?seconds=${seconds(rest[0] ?? '')}`)
    return `${wayBack}\nthe stack's clock shows ${String(now)}; requests that were due: ${String(swept)}`
  }
  if (verb === 'seal' && rest.length === 0) return sealed(await call<SealReport>('seal'))
  if (verb === 'key' && rest.length === 0) return keyPath()
  if (verb === 'env') return environment(rest)
  if (verb === 'reset' && rest.length === 0) return reset()
  throw new UsageError(`There is no such command: ${[verb, ...rest].join(' ')}\n${usage}`)
}

/** Describes the sealed days. @throws {Error} if evidence does not hold; the days sealed before are printed first */
function sealed({ sealed, alarm, next, cosigned, kept }: SealReport): string {
  const witnessed = cosigned.map((file) => `a cosignature was kept: ${file}`)
  const snapshot = kept.length > 0 ? [`a snapshot was kept: ${kept.length} files`] : []
  const lines = [...sealed.map(sealedLine), ...witnessed, ...snapshot].join('\n')
  if (alarm !== null) {
    if (lines) process.stdout.write(`${lines}\n`)
    throw new Error(`${alarm.date} cannot be sealed, because evidence does not hold (${alarm.code}): ${alarm.words}`)
  }
  return lines || `nothing to seal: ${next.date} ends at ${next.end}`
}

const wayBack = 'It stays ahead with this data. Back to today, without the data: npm run local -- reset'

async function environment(args: readonly string[]): Promise<string> {
  const { agent: name = agents[0]?.name, shell = 'sh' } = options(args, ['agent', 'shell'])
  const agent = agents.find((each) => each.name === name || each.oid === name)
  const known = shells.find((each) => each === shell)
  if (agent === undefined) throw new UsageError(`There is no agent ${name}.\n${usage}`)
  if (known === undefined) throw new UsageError(`There is no shell ${shell} here.\n${usage}`)
  return exportsOf(await readStackFile(dataFolder()), { agent, data: dataFolder(), shell: known })
}

async function reset(): Promise<string> {
  const folder = dataFolder()
  const deleted = await resetData(folder)
  return deleted.length === 0
    ? `no stack has data in ${folder}`
    : `deleted the data in ${folder}. Start anew: npm start`
}

/** Gives the path for a stack that runs or has run. @throws {Error} if no stack ever ran */
function keyPath(): string {
  const path = publicKeyOf(logKeyIn(dataFolder()))
  if (!existsSync(path)) throw new Error(`There is no ${path} yet. The first start creates it: npm start`)
  return path
}

/** Seconds of the longest step, because a clock that is far ahead cannot be put back. */
const longest = 366 * 86_400

function seconds(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const value = Number(number) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 0)
  if (value === 0 || value > longest)
    throw new UsageError('A duration is written as 90s, 10m, 25h or 2d; at most 366d.')
  return value
}

const dataFolder = (): string => resolve(process.env['COUNTERSIGN_DATA'] || '.local')

const call = <T = Record<string, unknown>>(path: string): Promise<T> => callStack<T>(dataFolder(), path)

/**
 * Settles when the command has ended, for a caller who loads this file in a process that goes on. This is the last line,
 * since every constant above must have its value.
 */
export const ended: Promise<void> = main(process.argv.slice(2)).catch((cause: unknown) => {
  process.stderr.write(`countersign: ${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exitCode = cause instanceof UsageError ? 78 : 1
})
