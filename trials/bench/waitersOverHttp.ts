import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { bounds } from '../../src/core/data/bound.ts'
import { type Client, client } from '../deployment/client.ts'
import { startDeployment } from '../deployment/deployment.ts'
import { accountOf, type PolicyFiles } from '../deployment/policy.ts'
import { crowd, type Means } from './figure.ts'
import { anAsk, atOnce, botOf, made, policy } from './fiveCalls.ts'
import { processorOf } from './processor.ts'

/** What calls that wait at a process of a deployment take of it. */
export interface TakenOverHttp {
  /** Bytes of each call, and of its connection inside the process. */
  readonly each: number
  /** Percent of one processor, while nothing happens. */
  readonly busy: number
  /** Milliseconds of a processor from a call's arrival until it waits. */
  readonly begin: number
}

/**
 * Lets as many agents wait with `Prefer: wait`, each for a request and over a connection of its own.
 *
 * @throws {Error} if one of them was answered before all was measured: then the machine is too slow for so many
 */
export async function waitOverHttp({ scale }: Means, count: number): Promise<TakenOverHttp> {
  const deployment = await startDeployment({
    processes: 1,
    policy: manyChannels(count),
    env: { COUNTERSIGN_CONNECTOR: '' },
  })
  const http = client(deployment)
  const answers: string[] = []
  try {
    const [member] = deployment.members
    if (!member) throw new Error('There is no process.')
    const held = async () => {
      const { heapBytes, externalBytes } = await member.witness()
      return heapBytes + externalBytes
    }
    const ids = await asked(http, count)
    await pause(100 + 1_000 * scale) // for what the asks leave behind
    await held()
    const before = await held()
    const atFirst = processorOf(member)
    for (const [number, id] of ids.entries()) beginToWait(http, number, id, answers)
    await allWait(http, count, answers)
    const begun = processorOf(member) - atFirst
    await pause(200 + 3_000 * scale) // until all of them have read their request
    const after = await held()
    const worked = processorOf(member)
    const watched = 300 + 5_000 * scale
    await pause(watched)
    const busy = ((processorOf(member) - worked) / watched) * 100
    checkUnanswered(answers)
    return { each: (after - before) / count, busy, begin: begun / count }
  } finally {
    http.close()
    await deployment.close()
  }
}

/** An action and a group for every so many requests: open cards of one channel are limited, also where no Teams is. */
function manyChannels(count: number): PolicyFiles {
  const actions = Array.from({ length: Math.ceil(count / bounds.cardsPerChannel) }, (_, n) => actionOf(n))
  const members = [accountOf('dba-1')]
  const groups = actions.map((name) => [name, { members, channels: [`19:${name}@thread.tacv2`] }] as const)
  const rules = actions.map(
    (name) => `@id("${name}") @approvers("${name}") permit (principal, action == Action::"${name}", resource);`,
  )
  return { ...policy, actions, groups: Object.fromEntries(groups), approve: rules.join('\n') }
}

const actionOf = (number: number): string => `wait-${number}`

/** Asks so many times. */
async function asked({ call }: Client, count: number): Promise<readonly string[]> {
  const ids: string[] = []
  await crowd(count, atOnce, async (number) => {
    const ask = { ...anAsk(), action: actionOf(Math.floor(number / bounds.cardsPerChannel)) }
    const { id } = await made(call, 0, botOf(number), '/api/requests', ask, { 'idempotency-key': randomUUID() })
    ids[number] = id
  })
  return ids
}

/** Begins a call that waits. Its answer is put on the list, and so is the end of its connection. */
function beginToWait({ call }: Client, number: number, id: string, answers: string[]): void {
  call(0, botOf(number), `/api/requests/${id}`, undefined, { prefer: `wait=${bounds.wait}` }).then(
    ({ status }) => answers.push(String(status)),
    (cause: unknown) => answers.push(String(cause)),
  )
}

/** @throws {Error} for an answer: then fewer wait than are counted */
function checkUnanswered([answer]: readonly string[]): void {
  if (answer !== undefined) throw new Error(`A call was answered before all was measured: ${answer}`)
}

/** Resolves when the process says that so many wait. */
async function allWait({ call }: Client, count: number, answers: readonly string[]): Promise<void> {
  for (let waiting = 0; waiting < count; ) {
    await pause(100)
    checkUnanswered(answers)
    const { body } = await call(0, 'compliance', '/api/health')
    waiting = body.counts.waiting
  }
}
