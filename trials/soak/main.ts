import { writeFileSync } from 'node:fs'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import { TableOutbox } from '../../src/azure/outbox.ts'
import { connectTables } from '../../src/azure/tables.ts'
import { instant } from '../../src/core/data/instant.ts'
import { startConnector } from '../../test/support/connector.ts'
import { client } from '../deployment/client.ts'
import { botId, type Deployment, startDeployment } from '../deployment/deployment.ts'
import type { Member } from '../deployment/member.ts'
import { accountOf } from '../deployment/policy.ts'
import type { Witnessed } from '../deployment/order.ts'
import { startTeams } from '../../test/support/teamsDouble.ts'
import { Misuse, program } from '../program.ts'
import { certain, fit } from './fit.ts'
import { startIdle } from './idle.ts'
import { channels, type Counts, live } from './load.ts'
import { tableOf } from './table.ts'
import { ledgerKey } from '../../test/support/fakes/ledgerKey.ts'

const help = `Runs requests at one process of the app: they are asked, waited for, decided over the API and in Teams, redeemed,
reported and listed. Fails at an unexpected answer, if memory grows in the second half, if the event loop is held up, if
cards stay out of date, or if waiters or sockets are left 5 seconds after the end.

  --minutes N   minutes to run (10)
  --rate N      lives that begin in a second, if the machine can (4; use 1 for more than 20 minutes, since a channel may
                have 1,800 cards in an hour)
  --json        writes JSON, for programs
  --out FILE    also writes JSON to a file
`

/** Limits of the measurements. */
const most = {
  /** Growth of the heap after garbage collection, in the second half and beyond chance. */
  mebibytesPerMinute: 0.5,
  /**
   * Milliseconds by which work was late: the median of the samples' 99th percentiles, without those of an idle thread.
   */
  delay: 100,
  /** The fraction of calls that are asked to try again. A busy machine causes some. */
  again: 0.05,
  /** Lives at once. Others begin when some of them have ended. */
  atOnce: 12,
}

const bots = 60
const [sampleEvery, sweepEvery] = [5_000, 10_000]

interface Sample extends Witnessed {
  /** Milliseconds by which an idle thread was late. */
  readonly idle: number
  /** Minutes since the beginning. */
  readonly minute: number
  readonly lives: number
}

interface Wanted {
  readonly minutes: string
  readonly rate: string
  readonly json: boolean
  readonly out?: string | undefined
}

async function run(values: Wanted): Promise<void> {
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)]
  if (!(minutes > 0 && rate > 0)) throw new Misuse('--minutes and --rate take a number above 0.')
  const [connector, teams] = await Promise.all([startConnector(), startTeams()])
  const env = { COUNTERSIGN_CONNECTOR: connector.url, COUNTERSIGN_BOT_KEYS: teams.keysUrl }
  const limits = { pending: 100, hourly: 600, answered: 100_000 }
  const groups = Object.fromEntries(
    channels.map((name) => [
      name,
      { members: ['dba-1', 'dba-2'].map(accountOf), channels: [`19:${name}@thread.tacv2`] },
    ]),
  )
  const approve = channels
    .map(
      (name) =>
        `@id("${name}") @approvers("${name}") permit (principal, action == Action::"db.export", resource) when { context.environment == "${name}" };`,
    )
    .join('\n')
  const policy = { groups, approve, bots: Array.from({ length: bots }, (_, i) => botId(i)), limits }
  const deployment = await startDeployment({ processes: 1, policy, env })
  try {
    const token = (who: string) => (who === 'teams' ? teams.token() : deployment.token(who))
    const result = await soak({ ...deployment, token }, { minutes, rate })
    const json = `${JSON.stringify(result, null, 2)}\n`
    if (values.out !== undefined) writeFileSync(values.out, json)
    process.stdout.write(values.json ? json : tableOf(result))
    if (result.violations.length > 0) throw new Error(result.violations.join('\n'))
  } finally {
    await deployment.close()
    await Promise.all([connector.close(), teams.close()])
  }
}

/** The measurements, and the limits that were exceeded. */
export type Result = Awaited<ReturnType<typeof soak>>

async function soak(deployment: Deployment, { minutes, rate }: { minutes: number; rate: number }) {
  const [member] = deployment.members
  if (!member) throw new Error('There is no process.')
  const calls = client(deployment, { again: true })
  const counts: Counts = new Map()
  const samples: Sample[] = []
  const idle = startIdle()
  const wrong: string[] = []
  const started = performance.now()
  const since = () => performance.now() - started
  const open = new Set<Promise<void>>()
  let n = 0
  let [sampled, swept] = [0, 0]
  while (since() < minutes * 60_000 && wrong.length < 10) {
    if (open.size < most.atOnce) {
      const life = live({ calls, counts, bots }, n++)
        .catch((cause: unknown) => void wrong.push(String(cause)))
        .finally(() => open.delete(life))
      open.add(life)
    }
    if (since() >= sampled) {
      sampled += sampleEvery
      samples.push({
        ...(await member.witness()),
        idle: await idle.late(),
        minute: since() / 60_000,
        lives: n - open.size,
      })
    }
    if (since() >= swept) {
      swept += sweepEvery
      void member.timer('sweep').catch((cause: unknown) => wrong.push(`A timer: ${String(cause)}`))
    }
    await new Promise((done) => setTimeout(done, 1000 / rate))
  }
  await Promise.all(open)
  await idle.close()
  const loaded = since() / 60_000
  const cards = await cardsLeft(deployment, member)
  const { body } = await calls.call(0, 'compliance', '/api/health')
  calls.close()
  const sockets = await socketsLeft(member)
  const left = { cards, waiters: body.counts?.waiting as number, sockets }
  const second = samples.filter(({ minute }) => minute > loaded / 2)
  const heap = fit(second.map(({ minute, heapBytes }) => [minute, heapBytes / 2 ** 20] as const))
  const delay = median(samples.slice(1).map((sample) => Math.max(0, sample.delay.p99 - sample.idle)))
  // Background work that the storage did not answer in time is done later.
  const passing = (text: string) => text.startsWith('unavailable:')
  const put = deployment.failures.filter(passing).length
  if (put > 0) counts.set('put off', put)
  const again = (counts.get('asked to try again') ?? 0) / (counts.get('calls') ?? 1)
  const violations = [
    ...wrong,
    ...deployment.failures.filter((text) => !passing(text)),
    ...(second.length < 3 ? ['It was too short to tell whether the heap grows'] : []),
    ...(certain(heap) > most.mebibytesPerMinute ? [`The heap grows: ${heap.slope.toFixed(2)} MiB a minute`] : []),
    ...(again > most.again ? [`Asked to try again: ${(again * 100).toFixed(1)} % of all calls`] : []),
    ...(delay > most.delay ? [`The event loop is held up: ${delay.toFixed(0)} ms`] : []),
    ...Object.entries(left).flatMap(([what, count]) => (count === 0 ? [] : [`${what} left: ${count}`])),
  ]
  return { minutes: loaded, lives: n, counts: Object.fromEntries(counts), samples, heap, delay, left, violations }
}

/** Counts requests whose cards are still out of date after runs of the timer. */
async function cardsLeft({ storage }: Deployment, member: Member): Promise<number> {
  const credential = new AzureNamedKeyCredential(storage.account, storage.key)
  const outbox = new TableOutbox(
    connectTables({ url: storage.tablesUrl, credential, ledgerKey, origin: 'countersign.example/soak' }),
  )
  for (let turn = 0; ; turn++) {
    // The time is one day ahead, so that deferred and claimed deliveries count too.
    const waiting = await outbox.waiting(instant(Date.now() + 86_400_000), 1_000)
    if (waiting.length === 0 || turn === 24) return waiting.length
    await member.timer('sweep')
    await new Promise((done) => setTimeout(done, 2_500))
  }
}

/** Counts open sockets. Callers close theirs, and those to other services are closed after 5 seconds of silence. */
async function socketsLeft(member: Member): Promise<number> {
  await new Promise((done) => setTimeout(done, 5_000))
  for (let turn = 0; ; turn++) {
    const { sockets } = await member.witness()
    if (sockets === 0 || turn === 10) return sockets
    await new Promise((done) => setTimeout(done, 500))
  }
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0

program({
  name: 'soak',
  help,
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
  run,
})
