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
 * @returns what was measured, in words
 * @throws {Error} if anything came of them: another answer than 401, an event, a card, or memory that stays
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
    /** Beside the card, which may be brought up to date meanwhile. */
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
    await flood(500) // connections, compiled code: what is made once
    const held = await heldBy(stack)
    sent = 0
    await flood(count)
    const growth = (await heldBy(stack)) - held
    const after = { events: await events(), calls: written() }
    const told = `flood: ${count} forged calls, ${mib(sent)} sent, ${mib(growth)} more held afterwards`
    if (statuses.size !== 1 || !statuses.has(401)) throw new Error(`${told}; answers: ${JSON.stringify([...statuses])}`)
    if (after.events !== before.events || after.calls !== before.calls)
      throw new Error(`${told}; something came of them`)
    if (growth > sent / 20) throw new Error(`${told}: too much`)
    return told
  } finally {
    await Promise.all([connector.close(), teams.close()])
    await stack.stop()
  }
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** Makes the stack write down, on a signal, how many bytes it holds once all garbage is collected. */
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
