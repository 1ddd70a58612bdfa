import { TableLedger } from '../../src/azure/ledger.ts'
import type { Tables } from '../../src/azure/tables.ts'
import { shards } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import type { RequestPage, Scope } from '../../src/ports/ledger.ts'
import { anAgent, anApprover, fill, timeOf } from './crowdedTable.ts'
import { type Bench, type Figure, figure, type Means, share } from './figure.ts'
import type { BenchStorage } from './storage.ts'
import { type Wire, watchWire } from './wire.ts'

const limit = 50

/**
 * What a first page may cost, however many requests there are. Its order is that of all shards, so each shard is asked
 * once, for more than twice its share of the page. What a list shows needs no further read.
 */
const most = { operations: shards.length, rows: shards.length * 8 }

/** Seconds. */
const day = 86_400

interface Question {
  readonly name: string
  readonly scope: Scope
  readonly keep?: (request: RequestPage['requests'][number]) => boolean
}

const everything = () => true

export const lists: Bench = {
  about:
    'the first page of lists and a search over many requests: operations and rows, by a bound and beside a tenth of them',
  async measure(means) {
    const storage = await means.storage()
    await storage.clear()
    const wire = await watchWire(storage.url)
    try {
      const many = share(means, means.requests)
      const few = Math.max(1, Math.round(many / 10))
      const tables = storage.connect(wire.url)
      await load(means, storage, few, 0)
      const before = await pages(tables, wire, few)
      await load(means, storage, many, few)
      const after = await pages(tables, wire, many)
      return after.flatMap((one, i) => figuresOf(one, before[i], many))
    } finally {
      await wire.close()
    }
  },
}

async function load({ say }: Means, storage: BenchStorage, to: number, from: number): Promise<void> {
  const began = performance.now()
  await fill(await storage.bare('ledger'), from, to)
  const seconds = (performance.now() - began) / 1000
  say(`lists: ${to.toLocaleString('en')} requests are stored, after ${seconds.toFixed(0)} s`)
}

/** What is asked of a ledger of so many requests: always about its newest days. */
function questions(count: number): readonly Question[] {
  const end = plusSeconds(timeOf(count), 1)
  const range = { from: plusSeconds(end, -31 * day), to: end }
  return [
    { name: 'by date', scope: { by: 'time', ...range } },
    { name: 'by agent', scope: { by: 'agent', id: anAgent } },
    { name: 'by approver', scope: { by: 'approver', id: anApprover } },
    { name: 'pending', scope: { by: 'pending' } },
    {
      name: 'by date, denied by one approver',
      scope: { by: 'time', ...range },
      keep: ({ decisions }) => decisions.some(({ approver }) => approver === anApprover),
    },
  ]
}

interface Taken {
  readonly name: string
  readonly operations: number
  readonly rows: number
  readonly seconds: number
  readonly found: number
}

async function pages(tables: Tables, wire: Wire, count: number): Promise<readonly Taken[]> {
  const taken: Taken[] = []
  for (const { name, scope, keep = everything } of questions(count)) {
    wire.take()
    const began = performance.now()
    const { requests } = await new TableLedger(tables).list(scope, { keep, limit })
    const seconds = (performance.now() - began) / 1000
    const sent = wire.take()
    const rows = sent.reduce((sum, one) => sum + one.rows, 0)
    taken.push({ name, operations: sent.length, rows, seconds, found: requests.length })
  }
  return taken
}

/** The bound is the goal. The floor is what the same list took of a ledger a tenth as large, and shows how it grows. */
function figuresOf(after: Taken, before: Taken | undefined, count: number): readonly Figure[] {
  const { name, found } = after
  const title = `list ${name}, first ${limit} of ${count.toLocaleString('en')}`
  if (found === 0) throw new Error(`${title}: nothing was found.`)
  const of = (what: 'operations' | 'rows') =>
    figure({
      name: `${title}: ${what}`,
      ...{ unit: '', ours: [after[what]], floor: [before?.[what] ?? Number.NaN] },
      goal: { of: 'ours', most: most[what] },
    })
  return [
    of('operations'),
    of('rows'),
    figure({ name: `${title}: seconds`, unit: 's', ours: [after.seconds], floor: [before?.seconds ?? Number.NaN] }),
  ]
}
