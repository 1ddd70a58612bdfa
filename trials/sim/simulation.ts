import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { keepPolicy } from '../../test/evidence/days.ts'
import { newSigner } from '../../test/support/world.ts'
import { checkAnswers, checkFailures, checkKeys } from './answers.ts'
import { checkCards } from './cards.ts'
import { clients } from './commands.ts'
import {
  checkKept,
  checkLives,
  checkRecalls,
  checkReviews,
  checkNarrowed,
  checkUses,
  livesIn,
  storedIn,
  writtenIn,
} from './events.ts'
import { checkHarm } from './harm.ts'
import { checkJudged, checkVerified } from './judged.ts'
import { type Plan, plan } from './plan.ts'
import { calm } from './stores.ts'
import { type Tally, tally } from './reached.ts'
import { done, persist, recover } from './recovery.ts'
import { policy, policyFiles } from './roster.ts'
import { checkDays } from './sealedDays.ts'
import { checkTimes } from './times.ts'
import { type Common, type World, worldOf } from './world.ts'

export interface Simulated {
  readonly tally: Tally
  readonly runs: number
  /** How to see it again, and what happened; `null` if all invariants held. */
  readonly violation: { readonly words: string; readonly replay: string; readonly history: readonly string[] } | null
}

/** Runs so many plans. The same seed makes the same runs; a path leads to one of them. */
export async function simulate(wanted: {
  readonly runs: number
  readonly seed: number
  readonly path?: string
  readonly shrink?: boolean
}): Promise<Simulated> {
  const { runs, seed, path, shrink = true } = wanted
  const spool = mkdtempSync(join(tmpdir(), 'countersign-sim-'))
  const counts = tally()
  const keys = { grants: await newSigner(), log: await newSigner() }
  const common: Common = { keys, spool, reached: counts.reached, note: () => {} }
  try {
    const check = (more: Partial<Common>, settings: fc.Parameters<[Plan, fc.Scheduler]>) =>
      fc.check(
        fc.asyncProperty(plan, fc.scheduler(), (one, scheduler) => run(one, scheduler, { ...common, ...more })),
        { seed, ...settings },
      )
    const result = await check({}, { numRuns: runs, endOnFailure: !shrink, ...(path && { path }) })
    if (!result.failed) return { tally: counts, runs: result.numRuns, violation: null }
    const failed = result.counterexamplePath ?? ''
    const history = [JSON.stringify(result.counterexample?.[0])]
    const noted = { reached: () => {}, note: (line: string) => void history.push(line) }
    const again = await check(noted, { numRuns: 1, path: failed, endOnFailure: true })
    const words =
      again.errorInstance instanceof Error
        ? again.errorInstance.message
        : `It does not happen again: ${String(result.errorInstance)}`
    return {
      tally: counts,
      runs: result.numRuns,
      violation: { words, replay: `--seed ${seed} --path ${failed}`, history },
    }
  } finally {
    rmSync(spool, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Lets a plan happen, recovers, and checks every invariant: then, and again when every deadline has passed. */
async function run(one: Plan, scheduler: fc.Scheduler, common: Common): Promise<void> {
  const world = worldOf(one, scheduler, common)
  const { stores, reached } = world
  await stores.prepare()
  if (one.seals) await keepPolicy(stores.archive, { version: policy.version, files: policyFiles })
  const { carryOut, probe, heard } = clients(world)
  await done(world, Promise.all(one.commands.map(carryOut)))
  if (world.insider.isThere) return harm(world, { ...one, probe, heard })
  for (const id of stores.seen.requests) reached((await stores.ledger.find(id))?.status ?? 'nothing')

  await recover(world, one.seals, 0)
  await checkCards(world)
  await recover(world, one.seals, 90_000)
  await checkCards(world)
  const all = await storedIn(stores)
  checkKept(stores, all)
  await checkLives(stores, all)
  checkReviews(all)
  checkTimes(all)
  checkUses(all)
  checkNarrowed(all)
  checkRecalls(stores, heard, all)
  checkAnswers(heard.answers, all)
  checkKeys(all)
  checkFailures(world.failures)
  checkJudged(all, reached)
  if (one.seals) {
    await checkDays(world, all)
    await checkVerified(world)
  }
  for (const events of livesIn(all).values()) {
    const types = events.map(({ type }) => type)
    reached(types.at(-1) === 'failed' ? 'failed-outcome' : (types.at(-1) ?? ''))
    for (const type of ['reminded', 'escalated', 'unreviewed']) if (types.includes(type)) reached(type)
    if (events.some(({ data }) => data?.facts?.for)) reached('stood in')
    const [, second] = events
    if (second?.data?.by === 'policy') reached(second.type === 'approved' ? 'by policy' : 'denied by policy')
  }
}

/** Lets the insider act on, with an attempt to redeem everything after each act, and checks that no harm was done. */
async function harm(
  world: World,
  { seals, probe, heard }: Plan & Pick<ReturnType<typeof clients>, 'probe' | 'heard'>,
): Promise<void> {
  const { stores, reached, insider } = world
  world.end()
  world.faults.over()
  calm(stores)
  do {
    await done(world, probe())
    world.end()
  } while (await insider.next())
  await persist(world, seals, 90_000)
  await done(world, probe())
  const all = writtenIn(stores)
  checkAnswers(heard.answers, all, false)
  await checkHarm(stores, heard, all)
  checkFailures(world.failures)
  for (const { told } of heard.answers)
    if (told === 'redeemed' || told === 'granted') reached(`${told} beside an insider`)
}
