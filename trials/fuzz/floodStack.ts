import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startConnector } from '../../test/support/connector.ts'
import { type Stack, startStack, wish } from '../../test/support/stack.ts'
import { channel, startTeams } from '../../test/support/teamsDouble.ts'
import { until } from '../../test/support/until.ts'
import { forgeries } from './flood.ts'

/**
 * Floods the bot of a local stack with forged calls, through its real door.
 *
 * @returns the measurements, in words
 * @throws {Error} if a call had an effect: another answer than 401, an event, a card, or memory that stays in use
 */
export async function floodStack(count: number): Promise<string> {
  const [connector, teams] = await Promise.all([startConnector(), startTeams()])
  const env = { COUNTERSIGN_CONNECTOR: connector.url, COUNTERSIGN_BOT_KEYS: teams.keysUrl, NODE_OPTIONS: witness }
  const stack = await startStack({ env, args: ['--no-timers'] })
  try {
    const { body } = await stack.call('deploy-bot', '/api/requests', wish())
    await until(
      () => connector.posts(channel),
      ({ length }) => length > 0,
    )
    const events = async () => JSON.stringify((await stack.call('compliance', `/api/requests/${body.id}/events`)).body)
    /** Counts calls to Teams without updates of the card, which may come at any time. */
    const written = () => connector.calls.filter(({ kind }) => kind !== 'update').length
    const before = { events: await events(), calls: written() }
    const statuses = new Map<number, number>()
    let sent = 0
    const flood = async (number: number): Promise<void> => {
      const calls = forgeries(teams, number)
      const caller = async () => {
        for (let next = await calls.next(); !next.done; next = await calls.next()) {
          const { authorization, body } = next.value
          const { status } = await stack.call(null, '/api/messages', body, { authorization })
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          sent += authorization.length + JSON.stringify(body).length
        }
      }
      await Promise.all(Array.from({ length: 16 }, caller))
    }
    await flood(500) // for connections and compiled code, which stay
    const held = await heldBy(stack)
    sent = 0
    await flood(count)
    const growth = (await heldBy(stack)) - held
    const after = { events: await events(), calls: written() }
    const result = `flood: ${count} forged calls, ${mib(sent)} sent, ${mib(growth)} more held afterwards`
    if (statuses.size !== 1 || !statuses.has(401))
      throw new Error(`${result}; answers: ${JSON.stringify([...statuses])}`)
    if (after.events !== before.events || after.calls !== before.calls) throw new Error(`${result}; they had an effect`)
    if (growth > sent / 20) throw new Error(`${result}: too much`)
    return result
  } finally {
    await Promise.all([connector.close(), teams.close()])
    await stack.stop()
  }
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** Makes the stack collect garbage on a signal, and write the bytes that are still in use to a file. */
const witness = `--import data:text/javascript,${encodeURIComponent(`
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
process.on('SIGUSR2', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  collect()
  collect()
  const file = process.env.COUNTERSIGN_DATA + '/held.json'
  writeFileSync(file + '.new', String(process.memoryUsage().heapUsed))
  renameSync(file + '.new', file)
})
`).replaceAll("'", '%27')}`

async function heldBy(stack: Stack): Promise<number> {
  const file = join(stack.data, 'held.json')
  await rm(file, { force: true })
  stack.process.kill('SIGUSR2')
  await until(() => existsSync(file), Boolean)
  return Number(await readFile(file, 'utf8'))
}
