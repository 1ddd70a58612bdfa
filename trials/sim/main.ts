import { program, say, seedOption, whole } from '../program.ts'
import { bugs, quickBugs } from './bugs.ts'
import { mutant } from './mutant.ts'
import { isPart, type Runs, simulateAll, simulatePart } from './parts.ts'
import type { Simulated } from './simulation.ts'

/** So many runs reach everything that can happen. */
const usual = 20_000

const help = `Runs the use cases on tables and files in memory that crash, race and lose answers, in every order, and checks the
invariants of SECURITY.md after each run. In every third run an insider edits rows and creates files between two calls:
then nothing may be granted or redeemed that the true votes do not support, and nothing twice. The trial fails at the
first invariant that does not hold, and, from ${usual} runs on, if something that can happen never did.

  --runs N    short runs (${usual})
  --seed N    repeats an earlier run
  --path P    with --seed: the one run that failed
  --bugs      instead: each seeded bug must be found within so many runs
  --only TEXT with --bugs: those whose name has it
  --quick     with --bugs: those that a few runs find
`

interface Wanted {
  readonly runs?: string | undefined
  readonly seed: string
  readonly path?: string | undefined
  readonly bugs: boolean
  readonly only: string
  readonly quick: boolean
}

/** @returns the exit code */
async function run(values: Wanted): Promise<number> {
  const { path } = values
  const runs = whole(values.runs ?? String(usual), '--runs')
  const seed = whole(values.seed, '--seed')
  if (isPart()) {
    await simulatePart({ runs, seed })
    return 0
  }
  say(`seed ${seed}: repeat with --seed ${seed} --runs ${runs}`)
  return values.bugs ? findBugs({ runs, seed }, values) : hold({ runs, seed, ...(path !== undefined && { path }) })
}

/** @returns the exit code */
async function hold(wanted: Runs): Promise<number> {
  const started = performance.now()
  const { tally, runs, violation } = await simulateAll(wanted)
  const seconds = (performance.now() - started) / 1000
  say(
    tally
      .counts()
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  )
  say(`${runs} runs in ${seconds.toFixed(1)} s: ${Math.round((runs / seconds) * 60)} a minute`)
  if (violation) say(wordsOf(violation))
  const missing = wanted.path === undefined && !violation ? tally.missing() : []
  if (missing.length > 0) say(`Never reached: ${missing.join(', ')}`)
  return violation || (missing.length > 0 && wanted.runs >= usual) ? 1 : 0
}

async function findBugs({ runs, seed }: Runs, { only, quick }: Pick<Wanted, 'only' | 'quick'>): Promise<number> {
  let missed = 0
  const chosen = bugs.filter((bug) => bug.name.includes(only) && (!quick || quickBugs.includes(bug.name)))
  if (chosen.length === 0) throw new Error(`No bug's name has “${only}”.`)
  for (const bug of chosen) {
    const simulateIt = await mutant(bug)
    const found = await simulateIt({ runs, seed, shrink: false })
    if (!found.violation) missed += 1
    say(
      `${bug.name}: ${found.violation ? `found in run ${found.runs}: ${found.violation.words.slice(0, 150)}` : 'NOT FOUND'}`,
    )
  }
  return missed === 0 ? 0 : 1
}

const wordsOf = ({ words, replay, history }: NonNullable<Simulated['violation']>): string =>
  `${history.join('\n')}\n${words}\nAgain: npm run trial -- sim ${replay}`

program({
  name: 'sim',
  help,
  options: {
    runs: { type: 'string' },
    seed: seedOption(),
    path: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
  },
  run,
})
