import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { tally } from './reached.ts'
import { type Simulated, simulate } from './simulation.ts'

/** How many runs are wanted, from which seed. */
export interface Runs {
  readonly runs: number
  readonly seed: number
  /** Selects one run. */
  readonly path?: string
}

/** Processes that share many runs, so that two cores are used. The number is fixed, so that a seed gives the same runs. */
const processes = 2

/** Fewer runs than this are done in this process. */
const many = 2_000

/** A simulation's result as one process sends it to another. */
type Sent = Omit<Simulated, 'tally'> & { readonly counts: readonly (readonly [string, number])[] }

/** Runs so many plans: few in this process, many in two others, the second of which has the next seed. */
export async function simulateAll({ runs, seed, path }: Runs): Promise<Simulated> {
  if (path !== undefined || runs < many) return simulate({ runs, seed, ...(path !== undefined && { path }) })
  const share = Math.ceil(runs / processes)
  const parts = Array.from({ length: processes }, (_, i) => inProcess({ runs: share, seed: seed + i }))
  const endAll = (): void => parts.forEach(({ end }) => end())
  // The first violation ends the others.
  const results = parts.map(async ({ result }) => {
    const sent = await result
    if (sent?.violation) endAll()
    return sent
  })
  const sent = (await Promise.all(results).finally(endAll)).filter((part) => part !== null)
  const counts = tally()
  for (const [name, count] of sent.flatMap((part) => part.counts)) counts.add(name, count)
  const violation = sent.find((part) => part.violation)?.violation ?? null
  return { tally: counts, runs: sent.reduce((sum, { runs }) => sum + runs, 0), violation }
}

/** Runs the share of this process, and sends its result to the one that started it. */
export async function simulatePart(wanted: Runs): Promise<void> {
  const { tally, runs, violation } = await simulate(wanted)
  const sent: Sent = { counts: tally.counts(), runs, violation }
  await new Promise<void>((done) => process.send?.(sent, () => done()))
}

/** Whether another process of this trial started this one. */
export const isPart = (): boolean => process.send !== undefined

/** @returns its result: `null` if it was ended before */
function inProcess({ runs, seed }: Runs): { readonly result: Promise<Sent | null>; readonly end: () => void } {
  const child = fork(fileURLToPath(import.meta.url), ['--runs', String(runs), '--seed', String(seed)])
  let wasEnded = false
  const result = new Promise<Sent | null>((done, failed) => {
    let sent: Sent | null = null
    child.once('message', (message) => (sent = message as Sent))
    child.once('error', failed)
    child.once('exit', (code) => {
      if (sent !== null || wasEnded) done(sent)
      else failed(new Error(`A process of the simulation ended with ${code}.`))
    })
  })
  return {
    result,
    end() {
      wasEnded = true
      child.kill()
    },
  }
}
