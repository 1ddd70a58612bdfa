import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { Misuse, program, whole } from '../program.ts'
import type { Bench, Figure, Means } from './figure.ts'
import { isName, type Name, names, programs } from './programs.ts'
import { type BenchStorage, startStorage } from './storage.ts'
import { inserted, markdownOf, tableOf } from './table.ts'

const help = `${names.map((name) => `  ${name.padEnd(11)} ${programs[name].about}\n`).join('')}
Each figure is told beside its floor, measured in the same run and in turns with it: machines differ, and so do moments.
Those of beside have another service there, and not a floor.
All of them but seal-large, seal-stored and report-period, which are measured if they are named, take about twenty
minutes; exit code 1 says that one failed, not that it missed its goal.

  --runs N        runs of ours and of the floor, in turns (5): medians count
  --quick         a tenth of the work, two runs
  --scale X       a share of the work (1)
  --requests N    stored for the lists (30,000; 100,000 take Azurite four minutes)
  --events N      of the day that is sealed and verified (1,000,000; with --azurite 50,000)
  --azurite       seals from tables and into blobs of Azurite; seal-large stores its tiles there
  --json FILE     writes the figures, too
  --from FILE     measures nothing: takes the figures from such a file; of several, later ones take the place of earlier
  --markdown      prints the table as Markdown
  --into FILE     replaces the table between <!-- figures --> and <!-- end of figures --> in a document
`

/** What is written as JSON. */
interface Result {
  readonly node: string
  readonly processors: readonly string[]
  readonly at: string
  readonly figures: readonly Figure[]
}

interface Measured {
  readonly result: Result
  /** How many of the benches failed, and are missing in the result. */
  readonly failed: number
}

interface Wanted {
  readonly runs?: string | undefined
  readonly scale?: string | undefined
  readonly requests: string
  readonly events?: string | undefined
  readonly json?: string | undefined
  readonly from: readonly string[]
  readonly into?: string | undefined
  readonly quick: boolean
  readonly azurite: boolean
  readonly markdown: boolean
}

/** @returns the exit code */
async function run(values: Wanted, operands: readonly string[]): Promise<number> {
  const { quick, azurite } = values
  const settings = {
    runs: whole(values.runs ?? (quick ? '2' : '5'), '--runs', 1),
    scale: shareOf(values.scale ?? (quick ? '0.1' : '1')),
    requests: whole(values.requests, '--requests', 1),
    events: whole(values.events ?? (azurite ? '50000' : '1000000'), '--events', 1),
    azurite,
  }
  const chosen = operands.length > 0 ? operands.map(nameOf) : names.filter((name) => !isLong(programs[name]))
  const { result, failed } = values.from.length === 0 ? await bench(chosen, settings) : read(values.from)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
  if (values.into !== undefined) {
    const table = `${aboutOf(result)}\n\n${markdownOf(result.figures)}`
    writeFileSync(values.into, inserted(readFileSync(values.into, 'utf8'), 'figures', table))
  }
  process.stdout.write(values.markdown ? markdownOf(result.figures) : tableOf(result.figures))
  return failed === 0 ? 0 : 1
}

/** Measures one after the other. What failed is told, and the others go on. */
async function bench(chosen: readonly Name[], settings: Omit<Means, 'storage' | 'say'>): Promise<Measured> {
  let started: Promise<BenchStorage> | undefined
  const storage = () => (started ??= begun())
  const figures: Figure[] = []
  let failed = 0
  try {
    for (const name of chosen) {
      const began = performance.now()
      try {
        figures.push(...(await programs[name].measure({ ...settings, storage, say })))
      } catch (cause) {
        failed += 1
        say(`${name} failed: ${cause instanceof Error ? cause.stack : String(cause)}`)
      }
      say(`${name}, ${((performance.now() - began) / 1000).toFixed(1)} s`)
    }
  } finally {
    await (await started)?.close()
  }
  const processors = cpus().map(({ model }) => model)
  return { result: { node: process.version, processors, at: new Date().toISOString(), figures }, failed }
}

async function begun(): Promise<BenchStorage> {
  const storage = await startStorage()
  await storage.clear()
  return storage
}

function read(files: readonly string[]): Measured {
  const results = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Result)
  const [first] = results
  if (!first) throw new Misuse('--from takes a file.')
  // A map keeps the place of a name that it has.
  const figures = new Map(results.flatMap((result) => result.figures.map((one) => [one.name, one] as const)))
  return { result: { ...first, figures: [...figures.values()] }, failed: 0 }
}

const aboutOf = ({ node, processors, at }: Result): string =>
  `Measured on ${at.slice(0, 10)} with Node ${node} on ${processors.length} × ${processors[0]?.trim() ?? 'a processor'}.`

const isLong = (bench: Bench): boolean => bench.isLong === true

function nameOf(text: string): Name {
  if (!isName(text)) throw new Misuse(`There is nothing called “${text}” to measure.`)
  return text
}

function shareOf(text: string): number {
  if (!/^\d{1,2}([.]\d{1,6})?$/.test(text) || Number(text) === 0) throw new Misuse('--scale takes a number, as 0.1.')
  return Number(text)
}

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`)

program({
  name: 'bench',
  operands: '[NAME..]',
  help,
  options: {
    runs: { type: 'string' },
    scale: { type: 'string' },
    requests: { type: 'string', default: '30000' },
    events: { type: 'string' },
    json: { type: 'string' },
    from: { type: 'string', multiple: true, default: [] },
    into: { type: 'string' },
    quick: { type: 'boolean', default: false },
    azurite: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
  run,
})
