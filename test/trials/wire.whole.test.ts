import { shuffled } from '../support/chance.ts'
import { faults, hanging } from '../../trials/wire/faults.ts'
import { type Cell, callsOf, run } from '../../trials/wire/matrix.ts'
import { type Operation, operations } from '../../trials/wire/operations.ts'
import { startStations, type Storage } from '../../trials/wire/station.ts'
import { checkWhole } from '../../trials/wire/whole.ts'

/** A sample of what `npm run trial -- wire` tries, and the slowest of it. Each cell tells what it found by failing. */
let storage: Storage

beforeAll(async () => {
  storage = await startStations()
})

afterAll(() => storage.close())

/** The first is printed if it fails: in it stand operation, fault and call. */
const seed = Number(process.env['WIRE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** Milliseconds after which something hangs. */
const patience = 300_000

const operation = (name: string): Operation => {
  const found = operations.find((one) => one.name === name)
  if (!found) throw new Error(`There is no operation ${name}.`)
  return found
}

/** What lasts for good takes the patience of a caller; once is soon over. */
const isShort = ({ name }: Cell) => !/delay|^429/.test(name)

test(
  'a fault at any call of an operation loses nothing that was acknowledged, and no caller conflicts with itself',
  async () => {
    process.stdout.write(`wire: seed ${seed}\n`)
    const calls = await Promise.all(operations.map((one) => callsOf(storage, one)))
    const cells = operations.flatMap((one, i) =>
      Array.from({ length: calls[i] ?? 0 }, (_, call) =>
        [...faults].map(([name, fault]): Cell => ({ operation: one, name, fault, call: call + 1, onward: false })),
      ).flat(),
    )
    const left = shuffled(cells.filter(isShort), seed).slice(0, 30)
    let met = 0
    const work = async () => {
      for (let cell = left.pop(); cell; cell = left.pop()) if ((await run(storage, cell)).met) met++
    }
    // what never ends waits beside what ends
    const forEver = ['ask with a key', 'read', 'decide', 'redeem', 'report', 'cancel', 'list'].map(async (name) => {
      const cell: Cell = { operation: operation(name), name: 'hanging', fault: hanging, call: 1, onward: true }
      expect(await run(storage, cell)).toMatchObject({ met: true, status: 503 })
    })
    // each call alone is quick enough, and all of them are not
    const slow = async () => {
      const fault = { kind: 'delayed', ms: 2_000 } as const
      const cell: Cell = { operation: operation('ask'), name: 'slow', fault, call: 1, onward: true }
      expect(await run(storage, cell)).toMatchObject({ met: true, status: 503 })
    }
    await Promise.all([...Array.from({ length: 4 }, work), ...forEver, slow()])
    // a run may have fewer calls than were counted
    expect(met).toBeGreaterThan(15)
    expect(await checkWhole(storage.ledger)).toBeGreaterThan(met)
  },
  patience,
)
