import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { eventsIn } from './day.ts'
import { figuresOf, type Most, tableOf } from './figures.ts'
import { type Measured, measured } from './measure.ts'
import { always, isName, type Name, type Prepared, programs, scriptOf } from './programs.ts'

const help = `npm run bench -- NAME.. [options]
${Object.entries(programs)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}\n`)
  .join('')}
Each is a process of its own, and told as a multiple of the floor: each event read, and hashed three times.
Five runs of a million events take about five minutes; of 50,000 through Azurite, about two.

  --events N   events of the day (1,000,000; with --azurite 50,000)
  --runs N     runs of the floor and all others in turn (5): medians count, and the most memory
  --azurite    seals from tables and into blobs of Azurite
  --json       write JSON, for machines
  --out FILE   write JSON to a file as well
`

/** A program, ready to run, and what its runs took. */
interface Ready extends Prepared {
  readonly name: string
  readonly most?: Most
  readonly took: Measured[]
}

interface Settings {
  readonly chosen: readonly Name[]
  readonly events: number
  readonly runs: number
  readonly azurite: boolean
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: 'string' },
      runs: { type: 'string', default: '5' },
      azurite: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || positionals.length === 0) {
    process.stdout.write(help)
    return
  }
  const { azurite } = values
  const events = numberOf(values.events ?? (azurite ? '50000' : '1000000'), '--events')
  const result = await bench({
    chosen: positionals.map(nameOf),
    events,
    runs: numberOf(values.runs, '--runs'),
    azurite,
  })
  const about = { node: process.version, processors: cpus().map(({ model }) => model), azurite }
  const json = `${JSON.stringify({ ...about, ...result }, null, 2)}\n`
  if (values.out !== undefined) writeFileSync(values.out, json)
  process.stdout.write(values.json ? json : tableOf(result.figures))
}

/** Makes a day, then runs the floor and all others in turn, so that a slow moment of the machine slows them all. */
async function bench({ chosen, events: wanted, runs, azurite }: Settings) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const ready: Ready[] = []
  try {
    say(`making a day of ${wanted.toLocaleString('en')} events`)
    await measured({ program: scriptOf('makeDay'), args: [folder, String(wanted)] })
    const floor: Ready = { name: 'floor', took: [], ...always({ program: scriptOf('floor'), args: [folder] }) }
    ready.push(floor)
    for (const name of chosen) {
      say(`making ready: ${name}`)
      const { most, prepare } = programs[name]
      // What is promised is about the program, not about a storage that is emulated.
      ready.push({ name, ...(!azurite && { most }), took: [], ...(await prepare(folder, { azurite })) })
    }
    for (let run = 1; run <= runs; run++)
      for (const { name, next, took } of ready) {
        const one = await measured(await next())
        took.push(one)
        say(`run ${run} of ${runs}: ${name}, ${one.seconds.toFixed(1)} s, ${one.megabytes.toFixed(0)} MB`)
      }
    const events = eventsIn(folder)
    return {
      events,
      figures: ready.map(({ name, most, took }) => figuresOf(name, { events, took, floor: floor.took, most })),
    }
  } finally {
    for (const { close } of ready) await close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function nameOf(text: string): Name {
  if (!isName(text)) throw new Error(`There is nothing called ${text} to measure.\n\n${help}`)
  return text
}

function numberOf(text: string, option: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new Error(`${option} takes a number.`)
  return Number(text)
}

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`)

// last, when every constant above has its value
main().catch((cause: unknown) => {
  process.stderr.write(`bench: ${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exitCode = 1
})
