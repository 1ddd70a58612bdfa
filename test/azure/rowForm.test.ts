import { Recollection } from '../../src/approvals/recollection.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { shardOf } from '../../src/core/data/id.ts'
import type { ApprovalRequest, Status } from '../../src/core/request/request.ts'
import { cancel } from '../../src/core/request/withdrawal.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import { apply, ask, dba, minutes, noon, oid, vote } from '../ports/story.ts'
import { outcomeOf, redemption } from '../support/build.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { memoryTables } from '../support/fakes/table.ts'

const others = [undefined, null, 0, -1, 1e300, '', 'x', true, [], {}, [null]] as const

/** The type of the action's document is hashed, and not read back. */
const notRead = 'action type = '
/** The texts of a closed request may be gone. */
const erased = 'said  = []'

type Path = readonly (string | number)[]

/** The places of all values inside a value. */
const placesIn = (value: unknown): readonly Path[] =>
  typeof value !== 'object' || value === null
    ? [[]]
    : [[], ...Object.entries(value).flatMap(([name, one]) => placesIn(one).map((path): Path => [name, ...path]))]

function replaced(value: unknown, [step, ...rest]: Path, other: unknown): unknown {
  if (step === undefined) return other
  const inside = replaced((value as Record<string, unknown>)[step], rest, other)
  return Array.isArray(value) ? value.with(Number(step), inside) : { ...(value as object), [step]: inside }
}

async function lived(status: Status) {
  const { ledger: table, connect } = memoryTables(macsFor(testOrigin))
  const ledger = new TableLedger(connect())
  const asked = await ask(ledger, { onBehalfOf: oid(9), warnings: ['deceptive-text'] })
  const acts: readonly (readonly [Status, (request: ApprovalRequest) => ReturnType<typeof cancel>])[] = [
    ['approved', vote(dba, 'approve', minutes(1))],
    ['redeemed', (one) => redeem(one, { redemption, digest: one.digest, grantExpiresAt: minutes(9), at: minutes(2) })],
    ['succeeded', (one) => report(one, { executor: one.executor, result: 'succeeded', at: minutes(3) })],
  ]
  if (status === 'cancelled') await apply(ledger, asked.id, (one) => cancel(one, { at: noon, reason: 'No.' }), noon)
  else
    for (const [reached, act] of acts.slice(0, acts.findIndex(([one]) => one === status) + 1))
      await apply(ledger, asked.id, act, minutes(acts.findIndex(([one]) => one === reached) + 1))
  const key = rowKey.request(asked.id)
  const shard = shardOf(asked.id)
  return { table, ledger, asked, shard, key, row: table.peek(shard, key) ?? {} }
}

const seen = async (ledger: TableLedger, { id }: ApprovalRequest): Promise<string> =>
  outcomeOf(ledger.find(id).then((request) => request && new Recollection(ledger).check(request)))

test.each(['pending', 'approved', 'redeemed', 'succeeded', 'cancelled'] as const)(
  'whatever value stands anywhere in the row of a request, it is refused by place: %s',
  async (status) => {
    const { table, ledger, asked, shard, key, row } = await lived(status)
    expect((await ledger.find(asked.id))?.status).toBe(status)
    const isClosed = status === 'succeeded' || status === 'cancelled'
    const outcomes = new Map<string, string>()
    for (const column of ['state', 'action', 'said']) {
      const before: unknown = JSON.parse(String(row[column]))
      for (const path of placesIn(before))
        for (const other of others) {
          const text = JSON.stringify(replaced(before, path, other))
          const edit = `${column} ${path.join('.')} = ${JSON.stringify(other)}`
          if (text === JSON.stringify(before) || edit.startsWith(notRead) || (isClosed && edit === erased)) continue
          table.put(shard, key, { ...row, [column]: text ?? '' })
          outcomes.set(edit, await seen(ledger, asked))
        }
    }
    table.put(shard, key, row)
    expect(await seen(ledger, asked)).toBe('ok')
    expect([...outcomes].filter(([, outcome]) => outcome !== 'evidence-broken')).toEqual([])
    expect(outcomes.size).toBeGreaterThan(300)
  },
)

test('whatever value stands among the texts beside an event, it is refused by place', async () => {
  const { table, ledger, asked, shard } = await lived('pending')
  const [first] = asked.events
  const event = rowKey.event(first?.seq ?? 0)
  const row = table.peek(shard, event) ?? {}
  const before: unknown = JSON.parse(String(row['said']))
  for (const path of placesIn(before))
    for (const other of others.slice(1)) {
      table.put(shard, event, { ...row, said: JSON.stringify(replaced(before, path, other)) })
      expect([path, other, await seen(ledger, asked)]).toEqual([path, other, 'evidence-broken'])
    }
})
