import type { TableClient } from '@azure/data-tables'
import { isHoldId, type HoldId } from '../core/data/id.ts'
import { evidenceBroken } from '../core/data/problem.ts'
import { Conflict } from '../ports/ledger.ts'
import type { HoldRow, HoldRows, StoredHold } from '../ports/holds.ts'
import { keyOf, type Row, textIn } from './column.ts'
import { answered, createOrRead } from './fault.ts'
import { SealRows, sealPartition } from './sealRows.ts'
import { within } from './deadline.ts'
import type { Tables } from './tables.ts'

const prefix = 'hold-'

const keyFor = (hold: HoldId): string => `${prefix}${hold}`

/** Keeps the rows of holds in the partition `seal` of the ledger. */
export class TableHolds implements HoldRows {
  readonly #table: TableClient
  readonly #rows: SealRows

  constructor(tables: Pick<Tables, 'ledger' | 'macs'>, pageSize?: number) {
    this.#table = tables.ledger
    this.#rows = new SealRows(tables, pageSize)
  }

  async all(): Promise<readonly StoredHold[]> {
    return Promise.all((await this.#rows.from(prefix)).map((row) => this.#stored(row)))
  }

  async find(hold: HoldId): Promise<StoredHold | null> {
    const row = await this.#rows.read(keyFor(hold), within())
    return row && this.#stored(row)
  }

  async create(row: HoldRow): Promise<StoredHold> {
    const deadline = within()
    const name = keyFor(row.hold)
    const create = this.#table.createEntity(await this.#rows.rowOf(name, row), deadline)
    const standing =
      (await createOrRead(create, () => this.#rows.read(name, deadline))) ?? (await this.#again(row.hold))
    return this.#stored(standing)
  }

  async replace(version: unknown, row: HoldRow): Promise<StoredHold> {
    const deadline = within()
    const name = keyFor(row.hold)
    const settings = { ...deadline, etag: String(version) }
    try {
      await answered(this.#table.updateEntity(await this.#rows.rowOf(name, row), 'Replace', settings))
    } catch (cause) {
      if (!(cause instanceof Conflict)) throw cause
      const standing = await this.find(row.hold)
      // After a lost answer the conflict is with this very write.
      if (standing === null || JSON.stringify(standing.row) !== JSON.stringify(row)) throw cause
      return standing
    }
    return this.#stored(await this.#again(row.hold))
  }

  /** Reads a row that was just written. */
  async #again(hold: HoldId): Promise<Row> {
    const row = await this.#rows.read(keyFor(hold), within())
    if (row === null) throw evidenceBroken({ shard: sealPartition, row: keyFor(hold), check: 'missing' })
    return row
  }

  /** @throws {Problem} `evidence-broken` */
  async #stored(row: Row): Promise<StoredHold> {
    const value = await this.#rows.believed<HoldRow>(row)
    const name = keyOf(row)
    // The MAC covers the key, so this tells a bug and not an intruder.
    if (!isHoldId(value.hold) || name !== keyFor(value.hold))
      throw evidenceBroken({ shard: sealPartition, row: name, check: 'form' })
    return { row: value, version: textIn(row, 'etag') }
  }
}
