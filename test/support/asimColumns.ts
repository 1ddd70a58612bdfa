import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.ts'

interface AsimColumn {
  readonly type: string
  readonly isMandatory: boolean
  /** The only values that it takes; empty if it takes any. */
  readonly values: readonly string[]
}

/** The columns of `ASimAuditEventLogs` by name, as test/exports/schemas/ORIGIN.md says where they are from. */
export const asimColumns: ReadonlyMap<string, AsimColumn> = new Map(
  readFileSync(join(root, 'test/exports/schemas/asim-audit-event-logs.csv'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(([name = '', type = '', kind = '', values = '']) => [
      name,
      { type, isMandatory: kind === 'mandatory', values: values === '' ? [] : values.split('|') },
    ]),
)
