import { shuffled } from '../../test/support/chance.ts'
import type { Fault } from '../../test/support/faultProxy.ts'
import { Misuse, program, say, seedOption, whole } from '../program.ts'
import { hanging, faults } from './faults.ts'
import { gateCells, gateUnder, titleOfGate } from './gating.ts'
import { deliverUnder, deliveryCells, titleOf } from './delivering.ts'
import { type Cell, callsOf, run as runCell, title } from './matrix.ts'
import { type Operation, operations } from './operations.ts'
import { startSeals, sealUnder } from './sealing.ts'
import { startStations, type Storage } from './station.ts'
import { checkWhole } from './whole.ts'

/** Milliseconds within which the system promises an answer. */
const promised = 8_000

/** How often a cell is tried whose answer is late: a fault comes each time, other work on the machine does not. */
const tries = 3

const help = `Breaks the connections of the app to tables, blobs, Teams, Slack and GitHub: each fault at each call of each operation and
of each delivery of cards and decisions, once and for good; and at the first try of each call of a seal. Fails if an acknowledged change is
lost, if a caller conflicts with their own earlier try, if an answer takes over ${promised / 1000} s in each of ${tries} tries or is not
a problem of the table, and if anything is written by half.

  --seed N    repeats the order of an earlier run
  --cells N   only N cells of the matrix (all)
  --only TEXT only operations whose name contains this text; "card" is the deliveries, "card in slack" those to Slack,
              "GitHub" the decisions that GitHub is told, "seal" the seals
  --at-once N cells that run at once (8)
`

interface Wanted {
  readonly seed: string
  readonly cells: string
  readonly only: string
  readonly 'at-once': string
}

async function run(values: Wanted): Promise<void> {
  const [seed, most] = [whole(values.seed, '--seed'), whole(values.cells, '--cells', 1)]
  const atOnce = whole(values['at-once'], '--at-once', 1)
  say(`seed ${seed}: repeat with --seed ${seed}`)
  const storage = await startStations()
  try {
    const cells: Cell[] = []
    for (const operation of operations.filter(({ name }) => name.includes(values.only)))
      cells.push(...(await cellsOf(storage, operation)))
    const calls = cells.map((cell) => ({ name: title(cell), run: async () => runCell(storage, cell) }))
    await runAll('call', shuffled(calls, seed).slice(0, most), atOnce)
    // Deliveries come last, because they move their clocks and with them the times of the ledger.
    const deliveries = deliveryCells(faults)
      .map((cell) => ({ name: titleOf(cell), run: async () => ({ met: await deliverUnder(storage, cell) }) }))
      .filter(({ name }) => name.includes(values.only))
    const gates = gateCells(faults)
      .map((cell) => ({ name: titleOfGate(cell), run: async () => ({ met: await gateUnder(storage, cell) }) }))
      .filter(({ name }) => name.includes(values.only))
    if (calls.length + deliveries.length + gates.length === 0 && !'seal'.includes(values.only))
      throw new Misuse(`No operation's name has “${values.only}”.`)
    await runAll('delivery', shuffled(deliveries, seed).slice(0, most), atOnce)
    await runAll('decision', shuffled(gates, seed).slice(0, most), atOnce)
    say(`the ledger is whole: ${await checkWhole(storage.ledger)} events`)
  } finally {
    await storage.close()
  }
  if ('seal'.includes(values.only)) await seals(shuffled([...faults], seed).slice(0, most))
}

/** Runs seals one after the other, because each needs the ledger for itself. */
async function seals(all: readonly (readonly [string, Fault])[]): Promise<void> {
  const seals = await startSeals()
  try {
    for (const [name, fault] of all) {
      const { met, runs } = await sealUnder(seals.account, name, fault)
      say(`seal, ${name.padEnd(12)} at the first try of ${met} calls: sealed after ${runs} runs`)
    }
  } finally {
    await seals.close()
  }
}

/** Lists each fault at each call. A hanging call hangs for good. */
async function cellsOf(storage: Storage, operation: Operation): Promise<Cell[]> {
  const calls = await callsOf(storage, operation)
  const numbers = Array.from({ length: calls }, (_, i) => i + 1)
  const cells = numbers.flatMap((call) => [
    ...[...faults].flatMap(([name, fault]) =>
      [false, true].map((onward): Cell => ({ operation, name, fault, call, onward })),
    ),
    { operation, name: 'hanging', fault: hanging, call, onward: true },
  ])
  say(`${operation.name.padEnd(16)} ${calls} calls, ${cells.length} cells`)
  return cells
}

interface Task {
  readonly name: string
  readonly run: () => Promise<{ readonly met: boolean; readonly status?: number; readonly ms?: number }>
}

/** Runs a cell, and again if its answer is late. Each late answer is printed; a cell that is late each time fails. */
async function inTime({ name, run }: Task): Promise<Awaited<ReturnType<Task['run']>>> {
  for (let left = tries - 1; ; left--) {
    const result = await run()
    const ms = Math.ceil(result.ms ?? 0)
    if (ms <= promised) return result
    if (left === 0) throw new Error(`${name}: an answer after ${ms} ms, late in each of ${tries} tries`)
    say(`late: ${name}: an answer after ${ms} ms; tried again`)
  }
}

async function runAll(kind: string, tasks: readonly Task[], atOnce: number): Promise<void> {
  const left = [...tasks]
  const counts = { met: 0, refused: 0, slowest: 0, failed: 0 }
  const work = async () => {
    for (let task = left.pop(); task; task = left.pop()) {
      try {
        const { met, status = 200, ms = 0 } = await inTime(task)
        if (met) counts.met++
        if (status === 503) counts.refused++
        counts.slowest = Math.max(counts.slowest, Math.ceil(ms))
      } catch (cause) {
        counts.failed++
        say(`FAILED ${cause instanceof Error ? cause.message : String(cause)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const { met, refused, slowest, failed } = counts
  const answers = kind === 'call' ? `; ${refused} answers were 503, the slowest after ${slowest} ms` : ''
  say(`${kind}: ${tasks.length} cells, ${met} met their fault${answers}`)
  if (failed > 0) throw new Error(`${failed} cells failed.`)
  if (tasks.length > 0 && met === 0) throw new Error('No cell met its fault.')
}

program({
  name: 'wire',
  help,
  options: {
    seed: seedOption(),
    cells: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
    'at-once': { type: 'string', default: '8' },
  },
  run,
})
