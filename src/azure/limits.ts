import type { TableClient } from '@azure/data-tables'
import { sha256 } from '../core/data/id.ts'
import { canonical, type Json } from '../core/data/json.ts'
import { emptyRow, type LimitRow } from '../core/request/limit.ts'
import { Conflict } from '../ports/ledger.ts'
import type { LimitKey, Limits } from '../ports/limits.ts'
import { foreignColumns, type ReadRow, type Row, rowVersion, split, textIn } from './column.ts'
import { answered, found } from './fault.ts'
import { type Deadline, within } from './deadline.ts'
import type { Tables } from './tables.ts'

/** Keeps slots in the table `limits`, where each row is a partition of its own. */
export class TableLimits implements Limits {
  readonly #table: TableClient

  constructor({ limits }: Pick<Tables, 'limits'>) {
    this.#table = limits
  }

  async read(key: LimitKey): Promise<{ readonly row: LimitRow; readonly version: ReadRow | null }> {
    const row = await this.#stored(key, within())
    return row === null
      ? { row: emptyRow, version: null }
      : { row: limitFrom(row), version: { etag: textIn(row, 'etag'), foreign: foreignColumns(row, ['row']) } }
  }

  async replace(key: LimitKey, version: unknown, row: LimitRow): Promise<ReadRow | undefined> {
    const wanted = canonicalRow(row)
    const read = version as ReadRow | null
    const entity = { ...read?.foreign, ...place(key), v: rowVersion, ...split('row', wanted) }
    const deadline = within()
    try {
      const { etag } = await answered(
        read
          ? this.#table.updateEntity(entity, 'Replace', { etag: read.etag, ...deadline })
          : this.#table.createEntity(entity, deadline),
      )
      return etag === undefined ? undefined : { etag, foreign: read?.foreign ?? {} }
    } catch (cause) {
      if (!(cause instanceof Conflict)) throw cause
      const stored = await this.#stored(key, within(2_000))
      // After a lost answer the conflict is with this very write, and the row is as it should be.
      if (stored === null || textIn(stored, 'row') !== wanted) throw cause
      return undefined
    }
  }

  #stored(key: LimitKey, deadline: Deadline): Promise<Row | null> {
    const { partitionKey, rowKey } = place(key)
    return found(this.#table.getEntity(partitionKey, rowKey, deadline))
  }
}

/** Makes a row's key. A channel id is hashed, because it has characters that a key may not have. */
const place = (key: LimitKey) => ({ partitionKey: partitionOf(key), rowKey: 'slots' })

function partitionOf(key: LimitKey): string {
  if ('agent' in key) return `agent-${key.agent}`
  if ('answered' in key) return `answered-${key.answered}`
  return 'subjects' in key ? `subjects-${key.subjects}` : `channel-${sha256(key.channel)}`
}

const canonicalRow = (row: LimitRow): string => canonical(JSON.parse(JSON.stringify(row)) as Json)

/** Reads the limits from a row. Lists that an older row lacks are empty. */
const limitFrom = (row: Row): LimitRow => ({ ...emptyRow, ...(JSON.parse(textIn(row, 'row')) as Partial<LimitRow>) })
