import { recollectionOf } from '../approvals/recollection.ts'
import type { Ends } from '../approvals/ends.ts'
import type { Day } from '../core/data/day.ts'
import { type Hex, type HoldId, isHoldId, parseRequestId, type Shard, shards } from '../core/data/id.ts'
import { type BrokenRow, deputyRow } from '../core/data/problem.ts'
import { endsPrefix } from '../core/log/end.ts'
import { holdsPrefix } from '../core/record/holdFile.ts'
import { recallsPrefix } from '../core/record/recallFile.ts'
import { readRecord } from '../core/record/record.ts'
import type { HoldRows } from '../ports/holds.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Seals } from '../ports/seals.ts'

export interface AlarmCheckParts {
  readonly ledger: Ledger
  readonly seals: Pick<Seals, 'first' | 'head' | 'plan' | 'alarm' | 'cosigning'>
  readonly ends: Pick<Ends, 'leave'>
  readonly holds: Pick<HoldRows, 'find'>
}

/**
 * Checks whether a row that was found broken holds now. A foreign file in the archive stays broken, because no file is ever
 * deleted there.
 *
 * @throws {Problem} `evidence-broken` or another, while the row does not hold or cannot be read
 */
export async function holdsAgain(parts: AlarmCheckParts, row: BrokenRow): Promise<boolean> {
  const { seals, holds } = parts
  if (row.check === 'chain' || row.check === 'rules' || row.check === 'log') return (await seals.alarm()) === null
  const [, hold = ''] = /^hold-(.+)$/.exec(row.row) ?? []
  if (row.shard === 'seal' && isHoldId(hold)) return (await holds.find(hold as HoldId)) !== null
  if (row.shard === 'seal') return row.row.startsWith(holdsPrefix) ? false : holdsOfSeals(seals, row.row)
  const shard = shards.find((one) => one === row.shard)
  if (shard === undefined || row.row.startsWith(recallsPrefix)) return false
  return row.request === undefined ? holdsOfShard(parts.ledger, shard, row.row) : holdsOfRequest(parts, row)
}

async function holdsOfSeals(seals: AlarmCheckParts['seals'], row: string): Promise<boolean> {
  await Promise.all([seals.first(), seals.head()])
  const [, date] = /^plan-(.+)$/.exec(row) ?? []
  if (date !== undefined) await seals.plan(date as Day)
  const [, witness] = /^witness-(.+)$/.exec(row) ?? []
  if (witness !== undefined) await seals.cosigning(witness)
  return true
}

async function holdsOfShard(ledger: Ledger, shard: Shard, row: string): Promise<boolean> {
  const { head } = await ledger.load(shard, {})
  const [, kind, rest = ''] = /^(event|key|deputy)-(.+)$/.exec(row) ?? []
  if (kind === 'deputy') return holdsOfDeputy(ledger, shard, row)
  if (kind === 'key') await ledger.findKey(shard, rest as Hex)
  if (kind !== 'event') return true
  const seq = Number(rest)
  // A number that a repair moved out of the log is no longer asked for.
  if (seq > head.seq) return true
  for await (const page of ledger.stream(shard, seq - 1, seq)) if (page.length > 0) return true
  return false
}

/** A row of a deputy holds once it is gone, or names an absence. */
async function holdsOfDeputy(ledger: Ledger, shard: Shard, row: string): Promise<boolean> {
  const rows = await ledger.deputies(shard)
  const found = rows.find(({ deputy, member }) => deputyRow(deputy, member) === row)
  if (!found) return true
  for await (const page of ledger.stream(shard, found.seq - 1, found.seq))
    for (const { hash, text } of page) return hash === found.event && readRecord(text).type === 'delegated'
  return false
}

async function holdsOfRequest({ ledger, ends }: AlarmCheckParts, { request = '', row }: BrokenRow): Promise<boolean> {
  const found = await ledger.find(parseRequestId(request))
  if (found === null) return true
  await recollectionOf(ledger).check(found)
  if (row.startsWith(endsPrefix)) await ends.leave(found)
  return true
}
