import { type Client, client } from '../deployment/client.ts'
import { type Deployment, startDeployment } from '../deployment/deployment.ts'
import { program, say, seedOption, whole } from '../program.ts'
import { doorOf, eventsOf, type GrantedUses, type Raced } from './doors.ts'
import { hearOfEachOther } from './hearing.ts'
import { type History, linearization, describeHistory } from './linear.ts'
import {
  type Clocks,
  type Flavour,
  flavours,
  quorumOf,
  race,
  type Random,
  randomFrom,
  recorder,
  usesOf,
} from './race.ts'

const help = `Runs two processes of the app on one storage. Approvers, the agent, executors and timers act on the same requests at
once. Fails if the answers and events are not possible with calls one after the other, or if an agent that waits at one
process gets no answer after a decision at the other.

  --requests N  requests about which callers race (50)
  --seed N      repeats the pauses of an earlier run
`

/** Requests that are raced about at once. All are of one flavour, because they share deadlines. */
const together = 8

/** Endings that the run must reach. */
const wanted = ['denied', 'expired', 'cancelled', 'revoked', 'lapsed', 'succeeded', 'ended']

const rules = `
@id("two") @approvers("dba:2") permit (principal, action == Action::"db.export", resource) when { context.environment == "two" };
@id("one") @approvers("dba") @lapse("PT1H") permit (principal, action == Action::"db.export", resource) when { context.environment == "one" };
@id("brief") @approvers("dba") @lapse("PT1M") permit (principal, action == Action::"db.export", resource) when { context.environment == "brief" };
@id("standing") @approvers("dba") @session("PT1H") @uses("3") permit (principal, action == Action::"db.export", resource) when { context.environment == "standing" };
`

async function run(values: { readonly requests: string; readonly seed: string }): Promise<void> {
  const [seed, requests] = [whole(values.seed, '--seed'), whole(values.requests, '--requests', 1)]
  say(`seed ${seed}: repeat with --seed ${seed} --requests ${requests}`)
  const limits = { pending: 100, hourly: 600, answered: 100_000 }
  const deployment = await startDeployment({ processes: 2, policy: { approve: rules, limits } })
  const calls = client(deployment)
  try {
    await races({ deployment, calls, offsets: { least: 0, most: 0 } }, requests, randomFrom(seed))
    say(await hearOfEachOther(calls))
    if (deployment.failures.length > 0) throw new Error(deployment.failures.join('\n'))
  } finally {
    calls.close()
    await deployment.close()
  }
}

interface Place {
  readonly deployment: Deployment
  readonly calls: Client
  /** Milliseconds by which the processes' clocks are ahead. The two differ while clocks are being set. */
  readonly offsets: { least: number; most: number }
}

/** Races about so many requests, and about up to as many again if an ending was not reached by chance. */
async function races(place: Place, requests: number, random: Random): Promise<void> {
  const ends = new Map<string, number>()
  const missing = () => wanted.filter((end) => ![...ends.keys()].some((found) => found.endsWith(end)))
  let [raced, calls] = [0, 0]
  for (let turn = 0; raced < requests || (missing().length > 0 && raced < 2 * requests); turn++) {
    const flavour = flavours[turn % flavours.length] ?? 'votes'
    const left = Math.max(1, requests - raced)
    const number = Math.min(together, Math.ceil(left / (flavours.length - (turn % flavours.length))))
    for (const history of await batch(place, flavour, number, random)) {
      if (linearization(history) === null)
        throw new Error(`${flavour}: no order of these calls\n${describeHistory(history)}`)
      calls += history.entries.length
      // Uses are redeemed also after the end of their standing approval.
      const last = history.events.findLast((event) => flavour !== 'uses' || !/^(used|redeemed) /.test(event))
      const end = `${flavour}: ${last?.split(' ')[0]}`
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }
    raced += number
  }
  const counts = [...ends].map(([end, count]) => `${end} ${count}`)
  say(`${raced} requests, ${calls} calls, each history in an order: ${counts.join(', ')}`)
  if (missing().length > 0) throw new Error(`Never reached: ${missing().join(', ')}`)
}

async function batch(place: Place, flavour: Flavour, number: number, random: Random): Promise<readonly History[]> {
  const { deployment, calls } = place
  const all = await Promise.all(Array.from({ length: number }, (_, i) => ask(calls, flavour, i % 2)))
  const recorders = all.map(() => recorder(clocksOf(place)))
  const doors = all.map((one) => {
    const raced = { ...one, granted: new Map() satisfies GrantedUses }
    return [doorOf(calls, deployment, 0, raced), doorOf(calls, deployment, 1, raced)] as const
  })
  if (flavour === 'deadline')
    await advanceTo(
      place,
      all.map(({ expiresAt }) => Date.parse(expiresAt)),
      150,
    )
  if (flavour === 'lapse') {
    await Promise.all(
      doors.map(([door], i) => recorders[i]?.make(door, { kind: 'approve', who: 'dba-1' }) ?? Promise.reject()),
    )
    const left = await Promise.all(all.map((one) => eventsOf(calls, one)))
    // A grant ends with a whole second, up to one second before the approval.
    await advanceTo(
      place,
      left.map(({ lapsesAt }) => Date.parse(lapsesAt ?? '')),
      700,
    )
  }
  await Promise.all(
    doors.map(async (pair, i) => {
      const recording = recorders[i]
      if (recording) await race(flavour, pair, recording, random)
    }),
  )
  return Promise.all(
    all.map(async (one, i) => {
      const { expiresAt } = one
      const left = { ...(await eventsOf(calls, one)), quorum: quorumOf(flavour), uses: usesOf(flavour), expiresAt }
      const history = recorders[i]?.history(left)
      if (!history) throw new Error('Nothing was recorded.')
      return history
    }),
  )
}

let targets = 0

async function ask({ call }: Client, flavour: Flavour, member: number): Promise<Raced> {
  const uses = usesOf(flavour)
  const environment =
    flavour === 'lapse' ? 'brief' : uses === undefined ? (quorumOf(flavour) === 2 ? 'two' : 'one') : 'standing'
  const { status, body } = await call(member, 'deploy-bot', '/api/requests', {
    ...{ action: 'db.export', target: `prod/table-${++targets}`, environment, params: { rows: 1 }, reason: 'A race' },
    expiresIn: flavour === 'deadline' ? 60 : 3600,
    ...(uses !== undefined && { standing: { uses, for: 3600, vary: {} } }),
  })
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`)
  return body as Raced
}

const clocksOf = ({ offsets }: Place): Clocks => ({
  least: () => Date.now() + offsets.least,
  most: () => Date.now() + offsets.most,
})

/** Sets all clocks to `before` milliseconds before the first of these times. */
async function advanceTo({ deployment, offsets }: Place, times: readonly number[], before: number): Promise<void> {
  const most = Math.max(0, Math.min(...times) - before - (Date.now() + offsets.most))
  offsets.most += most
  await deployment.advance(most / 1000)
  offsets.least = offsets.most
}

program({ name: 'races', help, options: { requests: { type: 'string', default: '50' }, seed: seedOption() }, run })
