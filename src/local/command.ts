import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { agents, users } from './accounts.ts'
import { readStackFile } from './control.ts'
import { UsageError } from './settings.ts'

const usage = `npm run --silent token -- --agent NAME | --user NAME
  prints an access token of the running stack
  agents: ${agents.map(({ name }) => name).join(', ')}
  users:  ${users.map(({ name }) => name).join(', ')}

npm run --silent local -- advance DURATION
  moves the stack's clock forward (90s, 10m, 25h, 2d), then runs the timers; tokens stay on real time
npm run --silent local -- sweep
  runs the timers now
`

main(process.argv.slice(2)).catch((cause: unknown) => {
  process.stderr.write(`countersign: ${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exitCode = cause instanceof UsageError ? 78 : 1
})

async function main([command, ...args]: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.length === 0) process.stdout.write(usage)
  else if (command === 'token') process.stdout.write(`${await token(args)}\n`)
  else process.stdout.write(`${await local(args)}\n`)
}

async function token(args: readonly string[]): Promise<string> {
  const { agent, user } = options(args)
  if ((agent === undefined) === (user === undefined)) throw new UsageError(`Say --agent NAME or --user NAME.\n${usage}`)
  const who = agent === undefined ? `user=${encodeURIComponent(user ?? '')}` : `agent=${encodeURIComponent(agent)}`
  const { token } = await tell(`token?${who}`)
  if (typeof token !== 'string') throw new UsageError(`There is no such account.\n${usage}`)
  return token
}

function options(args: readonly string[]): { agent?: string | undefined; user?: string | undefined } {
  try {
    return parseArgs({ args: [...args], options: { agent: { type: 'string' }, user: { type: 'string' } } }).values
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message : ''}\n${usage}`)
  }
}

async function local([verb, ...rest]: readonly string[]): Promise<string> {
  if (verb === 'sweep' && rest.length === 0) {
    const { swept } = await tell('sweep')
    return `swept; requests that were due: ${String(swept)}`
  }
  if (verb === 'advance' && rest.length === 1) {
    const { now, swept } = await tell(`advance?seconds=${seconds(rest[0] ?? '')}`)
    return `the stack's clock shows ${String(now)}; requests that were due: ${String(swept)}`
  }
  throw new UsageError(`There is no such command: ${[verb, ...rest].join(' ')}\n${usage}`)
}

/** The longest step: a clock far ahead cannot be put back. */
const longest = 366 * 86_400

function seconds(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const value = Number(number) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 0)
  if (value === 0 || value > longest)
    throw new UsageError('A duration is written as 90s, 10m, 25h or 2d; at most 366d.')
  return value
}

async function tell(path: string): Promise<Record<string, unknown>> {
  const { identity, secret } = await readStackFile(resolve(process.env['COUNTERSIGN_DATA'] || '.local'))
  const answer = await fetch(`${identity}/local/${path}`, {
    method: 'POST',
    headers: { 'x-local-secret': secret },
  }).catch((cause: unknown) => {
    throw new Error('The local stack does not answer. Start it with: npm start', { cause })
  })
  if (!answer.ok) throw new Error(`The local stack answered ${answer.status}.`)
  return (await answer.json()) as Record<string, unknown>
}
