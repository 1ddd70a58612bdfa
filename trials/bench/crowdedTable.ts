import type { TableClient, TransactionAction } from '@azure/data-tables'
import { indexRows } from '../../src/azure/indexRow.ts'
import { requestRow } from '../../src/azure/row.ts'
import { decide } from '../../src/core/request/decision.ts'
import { newRequestId, type ObjectId, type Shard, sha256, shardAt, shards } from '../../src/core/data/id.ts'
import { type Instant, instant, milliseconds, plusSeconds } from '../../src/core/data/instant.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import { crowd } from './figure.ts'
import { action, bot, dba, decision, noon, oid, stored, submission } from '../../test/support/build.ts'
import { rowSigner } from '../../test/support/fakes/ledgerKey.ts'
import { origin } from './storage.ts'

/** Rows of a transaction: the storage takes no more. */
const rowsAtOnce = 100

/** Shards that are filled at once: Azurite does one thing at a time. */
const atOnce = 2

/** How many agents share the requests; and how many of these are left pending: one in so many. */
const agents = 4
const pendingOne = 4

export const anAgent: ObjectId = bot
export const anApprover: ObjectId = dba
const start: Instant = noon

/** Seconds between one request and the next. */
const apart = 20

/** When the requests with this number was asked for: the newest last. */
export const timeOf = (number: number): Instant => plusSeconds(start, number * apart)

/** Writes the rows that lists read, of requests with these numbers. Their events are left out: no list reads them. */
export async function fill(ledger: TableClient, from: number, to: number): Promise<void> {
  const fillShard = async (place: number): Promise<void> => {
    const shard = shards[place] ?? shards[0]
    if (shard === undefined) return
    let rows: TransactionAction[] = []
    const flush = async () => {
      if (rows.length > 0) await ledger.submitTransaction(rows)
      rows = []
    }
    for (let number = from; number < to; number++) {
      if (shardAtNumber(number) !== shard) continue
      if (rows.length + 4 > rowsAtOnce) await flush()
      rows.push(...rowsOf(number).map((row): TransactionAction => ['create', row]))
    }
    await flush()
  }
  await crowd(shards.length, atOnce, fillShard)
}

/** Evenly, also what is of one agent. */
const shardAtNumber = (number: number): Shard =>
  shards[(number + Math.floor(number / shards.length) * 5) % shards.length] ?? shardAt('0')

function rowsOf(number: number) {
  const request = aRequest(number)
  const signer = rowSigner(origin)
  const { due, agent, voters } = indexRows(signer, request)
  return [requestRow(signer, request), agent, ...voters.map(({ row }) => row), ...(due ? [due] : [])]
}

/** Every fourth is the bot's, another fourth is pending, half of the others are decided by dba. */
function aRequest(number: number): ApprovalRequest {
  const at = timeOf(number)
  const shard = shardAtNumber(number)
  const id = newRequestId(at, Buffer.from(sha256(String(number)), 'hex'), shard)
  const agent = number % agents === 0 ? bot : oid(1_000 + (number % agents))
  const target = `prod/postgres/customers-${number}`
  const asked = stored(
    open(submission({ id, at, agent: { id: agent, name: 'a-bot' }, executor: agent, action: { ...action, target } })),
    at,
  )
  if (number % pendingOne === 1) return asked
  const approver = number % 2 === 0 ? dba : oid(2_000 + (number % agents))
  const decidedAt = instant(milliseconds(at) + 60_000)
  return stored(decide(asked, decision(asked, { approver, verdict: 'deny', at: decidedAt })), decidedAt)
}
