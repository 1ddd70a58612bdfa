import { AsyncLocalStorage } from 'node:async_hooks'
import type { TableClient, TableEntity, TransactionAction } from '@azure/data-tables'
import type { ContainerClient } from '@azure/storage-blob'
import type { DelegationsParts } from '../../src/approvals/delegations.ts'
import type { Tables } from '../../src/azure/tables.ts'
import { shards } from '../../src/core/data/id.ts'
import type { BenchStorage } from './storage.ts'

/** One call to a table, as it can be made again on another. */
interface Call {
  readonly kind: 'read' | 'transaction' | 'row' | 'slot read' | 'slot write' | 'file'
  /** Calls of one step were under way together. */
  readonly step: number
  failed: boolean
  readonly again: (to: BareTables) => Promise<unknown>
}

/** Tables without the app's adapters. */
export interface BareTables {
  readonly ledger: TableClient
  readonly limits: TableClient
  readonly files: ContainerClient
}

/** The calls to the tables that one piece of work made. */
export class Tape {
  readonly calls: Call[] = []
  private step = 0
  private open = 0

  async add(kind: Call['kind'], calling: () => Promise<unknown>, again: Call['again']): Promise<unknown> {
    if (this.open === 0) this.step += 1
    const call: Call = { kind, step: this.step, failed: false, again }
    this.calls.push(call)
    this.open += 1
    try {
      return await calling()
    } catch (cause) {
      call.failed = true
      throw cause
    } finally {
      this.open -= 1
    }
  }

  /** Makes the calls again, step by step; those that wrote nothing then write nothing now. */
  async replay(to: BareTables, only: (kind: Call['kind']) => boolean = () => true): Promise<void> {
    const calls = this.calls.filter(({ kind, failed }) => only(kind) && (isRead(kind) || !failed))
    for (const step of new Set(calls.map((call) => call.step)))
      await Promise.all(calls.filter((call) => call.step === step).map(({ again }) => again(to)))
  }
}

const isRead = (kind: Call['kind']): boolean => kind === 'read' || kind === 'slot read'

const tapes = new AsyncLocalStorage<Tape>()

/** Does a piece of work, with what it asks of the tables on tape. */
export async function taped<T>(work: () => Promise<T>): Promise<{ readonly tape: Tape; readonly result: T }> {
  const tape = new Tape()
  return { tape, result: await tapes.run(tape, work) }
}

const on = (kind: Call['kind'], again: Call['again'], calling: () => Promise<unknown>): Promise<unknown> =>
  tapes.getStore()?.add(kind, calling, again) ?? calling()

/** An archive whose files are written down, too. */
export function listened(archive: DelegationsParts['archive']): DelegationsParts['archive'] {
  let number = 0
  return {
    createOrRead: (...given) => {
      const [, bytes] = given
      number += 1
      const name = String(number)
      const again: Call['again'] = ({ files }) => files.getBlockBlobClient(name).upload(bytes, bytes.length)
      return on('file', again, () => archive.createOrRead(...given)) as Promise<Uint8Array>
    },
    // Only absences and their deputies read files or list them, and no life on tape has one.
    read: (name) => archive.read(name),
    list: (prefix) => archive.list(prefix),
  }
}

/** Makes the clients of these tables write down what work on tape asks of them. */
export function listen({ ledger, limits }: Tables): void {
  const submit = ledger.submitTransaction.bind(ledger)
  Object.assign(ledger, {
    submitTransaction: (...given: Parameters<typeof submit>) => {
      const [rows] = given
      return on(
        'transaction',
        (to) => to.ledger.submitTransaction(rows.map(anyVersion)),
        () => submit(...given),
      )
    },
  })
  const createRow = ledger.createEntity.bind(ledger)
  Object.assign(ledger, {
    createEntity: (...given: Parameters<typeof createRow>) =>
      on(
        'row',
        (to) => to.ledger.upsertEntity(given[0], 'Replace'),
        () => createRow(...given),
      ),
  })
  for (const [name, kind, table] of [
    ['ledger', 'read', ledger],
    ['limits', 'slot read', limits],
  ] as const) {
    const get = table.getEntity.bind(table)
    Object.assign(table, {
      getEntity: (...given: Parameters<typeof get>) =>
        on(
          kind,
          (to) => to[name].getEntity(given[0], given[1]).catch(() => null),
          () => get(...given),
        ),
    })
  }
  const [create, update] = [limits.createEntity.bind(limits), limits.updateEntity.bind(limits)]
  const put =
    (entity: TableEntity): Call['again'] =>
    (to) =>
      to.limits.upsertEntity(entity, 'Replace')
  Object.assign(limits, {
    createEntity: (...given: Parameters<typeof create>) => on('slot write', put(given[0]), () => create(...given)),
    updateEntity: (...given: Parameters<typeof update>) => on('slot write', put(given[0]), () => update(...given)),
  })
}

/** The same row, whatever is there: on other tables, versions are others, and heads are there before. */
function anyVersion(action: TransactionAction): TransactionAction {
  const [kind, entity] = action
  return kind === 'update' || entity.rowKey === 'head' ? ['update', entity, 'Replace', { etag: '*' }] : action
}

/** Where what is on tape is made again: with a head in each shard. */
export async function bareTables(storage: Pick<BenchStorage, 'bare' | 'bareFiles'>): Promise<BareTables> {
  const name = `bare${Date.now()}`
  const [ledger, limits, files] = await Promise.all([
    storage.bare(name),
    storage.bare(`${name}limits`),
    storage.bareFiles(),
  ])
  await Promise.all(shards.map((shard) => head(ledger, shard)))
  return { ledger, limits, files }
}

const head = (table: TableClient, shard: string) => table.createEntity({ partitionKey: shard, rowKey: 'head' })
