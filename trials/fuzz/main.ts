import * as fc from 'fast-check'
import { program, say, seedOption, whole } from '../program.ts'
import { changed, large, respelt, size } from './bytes.ts'
import { floodStack } from './floodStack.ts'
import type { Parser } from './parser.ts'
import { parsers } from './parsers.ts'

/** Milliseconds for 64 KiB, which only this trial checks, and no test. */
const promised = 200

const help = `Tries every parser with changed input and with the worst ${size / 1024} KiB, then floods the bot of a local stack. Fails at
an error that has no code of the domain, at an input that takes over ${promised} ms, and if a forged call has an effect.

  --runs N    tries of each parser (3000)
  --seed N    repeats the tries of an earlier run
  --only TEXT only parsers whose name contains this text, and no flood
  --flood N   forged calls (10000)
`

interface Wanted {
  readonly runs: string
  readonly seed: string
  readonly only?: string | undefined
  readonly flood: string
}

async function run(values: Wanted): Promise<void> {
  const [seed, runs] = [whole(values.seed, '--seed'), whole(values.runs, '--runs', 1)]
  const flood = whole(values.flood, '--flood')
  say(`seed ${seed}: repeat with --seed ${seed} --runs ${runs}`)
  const { all, close } = await parsers()
  try {
    for (const one of all.filter(({ name }) => name.includes(values.only ?? ''))) await fuzz(one, { seed, runs })
  } finally {
    await close()
  }
  if (values.only === undefined && flood > 0) say(await floodStack(flood))
}

async function fuzz(parser: Parser, { seed, runs }: { seed: number; runs: number }): Promise<void> {
  const { name, samples, json, share = 1, most = promised, read } = parser
  const outcomes = new Map<string, number>()
  const bytes = json ? fc.oneof(changed(samples), respelt(samples)) : changed(samples)
  const property = fc.asyncProperty(bytes, async (given) => {
    const outcome = await read(given)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  })
  const numRuns = Math.ceil(runs * share)
  await fc.assert(property, { seed, numRuns, examples: samples.map((sample) => [sample]) })
  const slowest = await slowestOf(parser)
  const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`)
  say(`${name.padEnd(28)} ${String(slowest.ms).padStart(4)} ms  ${counts.join(', ')}`)
  if (slowest.ms > most)
    throw new Error(`${name}: ${slowest.ms} ms for ${JSON.stringify(slowest.input.toString('latin1').slice(0, 60))}…`)
}

/** Finds the slowest input. Takes the best of three times, because the machine may be busy. */
async function slowestOf({ samples, read }: Parser): Promise<{ readonly ms: number; readonly input: Buffer }> {
  let slowest = { ms: 0, input: Buffer.alloc(0) as Buffer }
  for (const input of large(samples)) {
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < 3 && best > slowest.ms; i++) {
      const started = performance.now()
      await read(input)
      best = Math.min(best, performance.now() - started)
    }
    if (best > slowest.ms) slowest = { ms: Math.ceil(best), input }
  }
  return slowest
}

program({
  name: 'fuzz',
  help,
  options: {
    runs: { type: 'string', default: '3000' },
    seed: seedOption(),
    only: { type: 'string' },
    flood: { type: 'string', default: '10000' },
  },
  run,
})
