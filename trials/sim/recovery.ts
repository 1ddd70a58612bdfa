import { instant } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { due } from '../../src/core/request/request.ts'
import type { ShownCard } from '../../test/support/fakes/teams.ts'
import { demand, Violated } from './demand.ts'
import { calm, cardsIn } from './stores.ts'
import { owing } from './times.ts'
import type { Process, World } from './world.ts'

/** So many rounds of timers are enough; what is not quiet then never will be. */
const mostRounds = 30

/**
 * Ends every process, and lets a fresh one do what its timers do, an hour at a time, until nothing
 * is left to do. Nothing goes wrong any more.
 *
 * @param seconds so long at least
 */
export async function recover(world: World, seals: boolean, seconds: number): Promise<void> {
  const { time } = world.stores
  world.end()
  world.faults.over()
  calm(world.stores)
  const process = world.process(0)
  const until = time.ms + seconds * 1000
  for (let left = mostRounds; left > 0; left--) {
    await done(world, timers(process, seals))
    await prompt(world, process)
    if (time.ms >= until && (await isQuiet(world))) return
    time.ms += 3_700_000
    if (left < mostRounds - 2) time.ms = Math.max(time.ms, until)
  }
  throw new Violated(9, 'it never becomes quiet')
}

async function timers({ approvals, sweep, delivery, seal }: Process, seals: boolean): Promise<void> {
  // Only a seal needs the record of the chains.
  await (seals ? sweep() : approvals.sweep())
  await delivery.sweep()
  await delivery.idle()
  if (seals) await seal()
}

/** Each sweep lets one prompt of a request take effect; a request has two kinds of them. Then none is owed any more. */
async function prompt(world: World, { approvals }: Process): Promise<void> {
  const owed = () => owing(world.stores, world.stores.time.ms)
  for (let left = 2; left > 0 && owed().length > 0; left--) await done(world, approvals.sweep())
  demand(13, owed().length === 0, () => `people were not told again: ${owed().join(', ')}`)
}

/**
 * Does what {@link recover} does where an insider may have made recovery impossible: each timer does what it can, and
 * requests may stay open.
 */
export async function persist(world: World, seals: boolean, seconds: number): Promise<void> {
  const { time } = world.stores
  const rounds = 3
  for (let left = rounds; left > 0; left--) {
    const { approvals, sweep, delivery, seal } = world.process(0)
    const sweepAll = seals || left === rounds ? sweep : () => approvals.sweep()
    for (const timer of [sweepAll, () => delivery.sweep(), () => delivery.idle(), ...(seals ? [seal] : [])])
      await done(world, refusable(timer))
    time.ms += (seconds * 1000) / rounds
  }
}

/** Does work that may be refused. @throws every error that is no problem: it is a bug */
export async function refusable(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
  }
}

/** Lets work go on until it has ended. @throws what the work throws */
export async function done(world: World, work: Promise<unknown>): Promise<void> {
  let hasEnded = false
  const end = () => {
    hasEnded = true
  }
  work.then(end, end)
  await world.drain()
  // Else nobody would ever wake who waits for it.
  if (!hasEnded) throw new Error('Something waits for what does not come.')
  await work
}

async function isQuiet({ stores: { outbox, ledger, seen, time } }: World): Promise<boolean> {
  if ((await outbox.waiting(instant(time.ms + 1e10), 1)).length > 0) return false
  for (const id of seen.requests) {
    const request = await ledger.find(id)
    if (request && (due(request) ?? '9') <= instant(time.ms)) return false
  }
  return true
}

/** Somebody touches every card that nobody knows. */
export async function touchStrays(world: World): Promise<number> {
  const strays = await straysIn(world)
  const { delivery } = world.process(0)
  for (const { request, channel, conversation, activity } of strays)
    await done(world, delivery.adopt(request, channel, { conversation, activity }))
  if (strays.length > 0) await recover(world, false, 0)
  return strays.length
}

/** Cards that lie in a channel and of which no row tells. */
export async function straysIn({ stores }: World): Promise<readonly ShownCard[]> {
  const { outbox, seen } = stores
  const rows = await Promise.all(seen.requests.map((id) => outbox.cards(id)))
  const known = new Set(rows.flat().map(({ card }) => card?.activity))
  return cardsIn(stores).filter(({ activity }) => !known.has(activity))
}
