import { randomBytes } from 'node:crypto'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { instant } from '../../src/core/data/instant.ts'
import { Witness } from '../../src/evidence/witness.ts'
import { newSigner } from '../../test/support/world.ts'
import { type Figure, figure, type Goal } from './figure.ts'
import { type BenchInstance, startInstance } from './instance.ts'
import type { BenchStorage } from './storage.ts'
import { roundsOf, type Sent, type Wire, watchWire } from './wire.ts'

/** The steps of a life, in their order. */
const steps = ['ask', 'decide', 'grant', 'redeem', 'report'] as const
type Step = (typeof steps)[number]

/** What one piece of work asked of the storage. */
interface Asked {
  readonly tables: readonly Sent[]
  readonly files: readonly Sent[]
}

type Steps = Readonly<Record<Step, Asked>>

/**
 * Counts on the wire what a life asks of tables and files, step by step. No other work is under way, so that each count is
 * the same in every run.
 */
export async function operations(storage: BenchStorage): Promise<readonly Figure[]> {
  const wires = await Promise.all([watchWire(storage.url), watchWire(storage.blobsUrl)])
  try {
    const signer = await newSigner()
    const [tables, blobs] = wires
    const archive = await storage.archive(blobs.url)
    // A process counts as alone until another one writes.
    const start = () => startInstance(storage.connect(tables.url), { archive, signer })
    const one = await start()
    await one.live()
    const alone = await stepsOf(wires, () => one, false)
    const others = await Promise.all(steps.map(start))
    const apart = await stepsOf(wires, (step) => others[steps.indexOf(step)] ?? one, true)
    const ends = await endsOf(wires, one)
    const heads = await headsOf(storage, wires)
    for (const instance of [one, ...others]) instance.stop()
    return [...wholeLife(alone), ...eachStep(alone, apart), ends, ...heads]
  } finally {
    for (const wire of wires) await wire.close()
  }
}

/** Does work, and returns its calls to the storage, without earlier ones. */
async function watched<T>(wires: readonly Wire[], work: () => Promise<T>): Promise<Asked & { readonly result: T }> {
  const taken = () => wires.map((wire) => wire.take())
  taken()
  const result = await work()
  const [tables = [], files = []] = taken()
  return { tables, files, result }
}

/**
 * Takes a request through its life.
 *
 * @param at says which process does a step
 * @param reads whether the process that issues the grant reads the request first, as it must where it did not decide
 */
async function stepsOf(wires: readonly Wire[], at: (step: Step) => BenchInstance, reads: boolean): Promise<Steps> {
  const ask = await watched(wires, () => at('ask').ask())
  const decide = await watched(wires, () => at('decide').approve(ask.result))
  const { id, agent } = decide.result
  const grant = await watched(wires, async () => {
    const { approvals, granted } = at('grant')
    return granted(reads ? await approvals.read(id, { kind: 'agent', id: agent.id }) : decide.result)
  })
  const redeem = await watched(wires, () => at('redeem').redeem(decide.result, grant.result))
  const report = await watched(wires, () => at('report').report(decide.result))
  return { ask, decide, grant, redeem, report }
}

const readsOf = ({ tables }: Asked): readonly Sent[] => tables.filter(({ kind }) => kind === 'read')
const rounds = (asked: Asked): number => roundsOf(readsOf(asked))
const transactions = ({ tables }: Asked): number => tables.filter(({ kind }) => kind === 'transaction').length
const written = ({ files }: Asked): number => files.filter(({ kind }) => kind === 'write').length

function counted(name: string, count: number, most?: number): Figure {
  const goal: Goal | undefined = most === undefined ? undefined : { of: 'ours', most }
  return figure({ name, unit: '', ours: [count], ...(goal && { goal }) })
}

/** Counts of one process that does nothing else. The goals are the counts before rows were authenticated. */
function wholeLife(alone: Steps): readonly Figure[] {
  const sum = (count: (asked: Asked) => number) => steps.reduce((total, step) => total + count(alone[step]), 0)
  return [
    counted('whole life: transactions', sum(transactions), 4),
    counted('whole life: rounds of reads', sum(rounds), 4),
    counted(
      'whole life: reads',
      sum((asked) => readsOf(asked).length),
    ),
    counted(
      'whole life: all operations',
      sum(({ tables }) => tables.length),
    ),
    counted('whole life: files written', sum(written), 1),
    counted('whole life: files read', sum(({ files }) => files.length) - sum(written), 0),
  ]
}

/** The most rounds that a step may take in a process that did none of the steps before. */
const mostApart: Readonly<Record<Step, number>> = { ask: 1, decide: 2, grant: 2, redeem: 2, report: 2 }

/** Step by step: in the process that did those before, and in one that knows nothing of the request. */
function eachStep(alone: Steps, apart: Steps): readonly Figure[] {
  return steps.flatMap((step) => [
    counted(`${step}, where the steps before were done: rounds of reads`, rounds(alone[step])),
    counted(`${step}, in another process: rounds of reads`, rounds(apart[step]), mostApart[step]),
    counted(`${step}, in another process: reads`, readsOf(apart[step]).length),
  ])
}

/** Counts the files of ends that are no redemptions. */
async function endsOf(wires: readonly Wire[], instance: BenchInstance): Promise<Figure> {
  const { approvals, ask, approve, deny } = instance
  const [denied, approved, open] = [await ask(), await approve(await ask()), await ask()]
  const { decisions } = approved
  const approver = decisions[0]?.approver
  if (approver === undefined) throw new Error('Nobody approved it.')
  const counts = [
    await watched(wires, () => deny(denied)),
    await watched(wires, () => approvals.revoke(approved.id, approver)),
    await watched(wires, () => approvals.cancel(open.id, open.agent.id)),
  ].map(({ files }) => files.length)
  return counted('denied, revoked or cancelled: files written, at most', Math.max(...counts), 1)
}

/** Counts the calls that record the heads of all chains, every five minutes if anything moved. */
async function headsOf(storage: BenchStorage, wires: readonly Wire[]): Promise<readonly Figure[]> {
  const [tablesWire, blobsWire] = wires
  if (!tablesWire || !blobsWire) throw new Error('There are two wires.')
  const tables = storage.connect(tablesWire.url)
  const clock = { now: () => instant(Date.now()) }
  const witness = await Witness.begin({
    ...{ ledger: new TableLedger(tables), seals: new TableSeals(tables), macs: tables.macs, clock },
    ...{ archive: await storage.archive(blobsWire.url), random: randomBytes, failed: console.error },
  })
  const asked = await watched(wires, () => witness.record())
  if (!asked.result) throw new Error('No heads were written.')
  return [
    counted('heads, every five minutes: reads', readsOf(asked).length, 16),
    counted('heads, every five minutes: files written', written(asked), 1),
    counted('heads, every five minutes: files listed', asked.files.length - written(asked), 1),
  ]
}
