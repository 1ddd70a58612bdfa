import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { apiAppId } from '../../src/local/accounts.ts'
import { type Client, client } from '../deployment/client.ts'
import { type Deployment, startDeployment } from '../deployment/deployment.ts'
import { accountOf } from '../deployment/policy.ts'
import { install } from '../install.ts'
import { type Bench, crowd, type Figure, figure, inTurns, type Means, share, timed } from './figure.ts'
import { anAsk, atOnce, liveAt, policy, quiet } from './fiveCalls.ts'
import { postgresPrograms, startPostgres } from './postgres.ts'

/** What the services written by hand are: their packages are installed beside them. */
const from = 'trials/bench/beside'
const into = join(process.cwd(), 'dist/bench/beside')
const sources = ['service.mjs', 'postgres.mjs', 'sqlite.mjs']

/** Unlike the folder for other temporary files, this one is never in memory: a commit has to reach a disk. */
const onDisk = '/var/tmp'

const names = { sqlite: 'Express with SQLite', postgres: 'Express with PostgreSQL' }

type Database = keyof typeof names

export const beside: Bench = {
  about: 'whole lives over HTTP beside an approval service written by hand: Express with PostgreSQL, and with SQLite',
  async measure(means) {
    await install({ from, into, sources })
    const folder = await mkdtemp(join(onDisk, 'countersign-bench-'))
    const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
    try {
      const programs = postgresPrograms()
      if (programs === null) means.say('beside: PostgreSQL is not there, so only SQLite is measured')
      else {
        const postgres = await startPostgres(programs, folder)
        closing.push(() => postgres.close())
      }
      const deployment = await startDeployment({ processes: 1, policy, env: { COUNTERSIGN_CONNECTOR: '' } })
      closing.push(() => deployment.close())
      const databases: readonly Database[] = programs === null ? ['sqlite'] : ['postgres', 'sqlite']
      const services: Service[] = []
      for (const database of databases) {
        const service = await startService(database, folder, deployment)
        services.push(service)
        closing.push(() => service.close())
      }
      return await compared(means, deployment, services)
    } finally {
      for (const close of closing.reverse()) await close()
    }
  },
}

interface Service {
  readonly database: Database
  readonly origin: string
  close(): Promise<void>
}

/** Starts a service in a process of its own. It takes the tokens that the deployment takes. */
async function startService(database: Database, folder: string, { identity }: Deployment): Promise<Service> {
  const { issuer, jwksUri } = identity
  const approvers = [accountOf('dba-1')]
  const settings = JSON.stringify({ database, folder, issuer, jwksUri, audience: apiAppId, approvers })
  const env = { ...process.env, NODE_ENV: 'production' }
  const child = fork(join(into, 'service.mjs'), [settings], { cwd: into, env, execArgv: [] })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const origin = await new Promise<string>((done, failed) => {
    void ended.then(() => failed(new Error(`${names[database]} did not start.`)))
    child.once('message', (message: { readonly origin: string }) => done(message.origin))
  })
  return {
    ...{ database, origin },
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Measures as many lives at each, in turns. */
async function compared(
  means: Means,
  { members, token }: Deployment,
  services: readonly Service[],
): Promise<readonly Figure[]> {
  const all = [...members, ...services]
  const http = client({ members: all, token })
  const stranger = client({ members: all, token: async () => 'nobody' })
  const times = share(means, 200)
  /** Lives per second, run by run: ours, then those of each service. */
  const rates = all.map((): number[] => [])
  let number = 0
  try {
    for (const member of all.keys()) await check(http, stranger, member)
    await inTurns(means, async (counts) => {
      for (const [member, rate] of rates.entries()) {
        const live = liveAt(http, member)
        const took = await timed(() => crowd(times, atOnce, () => live(number++)))
        if (counts) rate.push((times / took) * 1000)
        // What one does after its last answer is not measured with the next.
        await new Promise((done) => setTimeout(done, quiet))
      }
    })
  } finally {
    http.close()
    stranger.close()
  }
  const [ours = [], ...theirs] = rates
  return services.map(({ database }, i) => {
    const name = `life through the door, beside ${names[database]}, ${atOnce} clients`
    return figure({ name, unit: 'per s', ours, floor: theirs[i] ?? [] })
  })
}

/**
 * Makes the calls that each has to refuse, or to answer as before.
 *
 * @throws {Error} if one does something else: then they are not comparable
 */
async function check({ call }: Client, stranger: Client, member: number): Promise<void> {
  const expect = async (status: number, answer: ReturnType<Client['call']>) => {
    const given = await answer
    if (given.status !== status) throw new Error(`${member} answered ${given.status}, not ${status}.`)
    return given.body
  }
  const [ask, key] = [anAsk(), { 'idempotency-key': randomUUID() }]
  await expect(401, stranger.call(member, 'bot-1', '/api/requests', ask, key))
  const { id, digest } = await expect(201, call(member, 'bot-1', '/api/requests', ask, key))
  const again = await call(member, 'bot-1', '/api/requests', ask, key)
  if (again.body.id !== id) throw new Error(`${member} made two requests for one key.`)
  const path = `/api/requests/${id}`
  await expect(403, call(member, 'bot-1', `${path}/decisions`, { verdict: 'approve', digest }))
  await expect(200, call(member, 'dba-1', `${path}/decisions`, { verdict: 'approve', digest }))
  const { grant } = await expect(200, call(member, 'bot-1', path))
  const redeem = () => ({ grant: grant.token, digest, redemption: randomUUID() })
  await expect(403, call(member, 'bot-1', `${path}/redeem`, { ...redeem(), grant: 'none' }))
  await expect(200, call(member, 'bot-1', `${path}/redeem`, redeem()))
  await expect(409, call(member, 'bot-1', `${path}/redeem`, redeem()))
}
