import { TableLedger } from '../../src/azure/ledger.ts'
import { type Edits, editsText } from '../../src/core/action/edits.ts'
import { shardOf } from '../../src/core/data/id.ts'
import { leftBy, narrow } from '../../src/core/request/narrowing.ts'
import { type ApprovalRequest, contentOf, type Step } from '../../src/core/request/request.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import { Conflict, type Ledger } from '../../src/ports/ledger.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { action, apply, ask, changeOf, dba, minutes, policyVersion, vote } from './story.ts'
import { startStorage, tablesInMemory, type TestStorage } from './tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

const kinds: readonly (readonly [string, () => Promise<Ledger>])[] = [
  ['the fake', async () => new MemoryLedger()],
  ['tables in memory', async () => new TableLedger((await tablesInMemory())[0])],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return new TableLedger(storage.connect())
    },
  ],
]

const judgement: Judgement = {
  outcome: 'approve',
  rules: ['export-needs-dba'],
  slots: [{ groups: ['dba'], quorum: 1 }],
  ...{ expires: 3600, tier: 'medium', lapse: 3600, grant: 300, narrow: ['rows'] },
}

const to = (rows: number, at = minutes(1)) => {
  const edits: Edits = { params: { rows } }
  return (request: ApprovalRequest): Step => {
    const seen = {
      via: 'api',
      digest: request.digest,
      ...(contentOf(request) && { content: contentOf(request) as never }),
    }
    const facts = { accounts: [dba], groups: ['dba'], member: true, enabled: true, asOf: at }
    const left = () => leftBy(request.action ?? action, ['rows'], edits)
    const of = { policy: policyVersion, edits: editsText(edits), left, reason: 'Less is enough.' }
    return narrow(request, { approver: dba, name: 'Dana', seen, facts, at, ...of })
  }
}

describe.each(kinds)('%s', (_kind, empty) => {
  test('keeps what is left, what was asked for beside it, and what was said', async () => {
    const ledger = await empty()
    const { id } = await ask(ledger, { action, judgement, narrowing: true })
    const after = await apply(ledger, id, to(1000), minutes(1))
    const found = await ledger.find(id)
    expect(found).toEqual(after)
    expect(found).toMatchObject({ action: { params: { rows: 1000 } }, askedAction: action, narrowed: [{ by: dba }] })
    const told = await ledger.events(after)
    expect(told.map(({ said }) => said['edits']?.text)).toEqual([undefined, '{"params":{"rows":1000}}'])
  })

  test('lets one of two win who make it smaller at the same time, or who narrow and vote', async () => {
    const ledger = await empty()
    const { id } = await ask(ledger, { action, judgement, narrowing: true })
    const [one, other] = [
      await ledger.load(shardOf(id), { request: id }),
      await ledger.load(shardOf(id), { request: id }),
    ]
    const commit = (loaded: typeof one, rule: (request: ApprovalRequest) => Step) => {
      if (!loaded.request) throw new Error('It was asked for.')
      return ledger.commit(loaded, changeOf(loaded, rule(loaded.request), minutes(1)))
    }
    await commit(one, to(1000))
    await expect(commit(other, vote(dba, 'approve', minutes(1)))).rejects.toThrow(Conflict)
    expect((await ledger.find(id))?.events.map(({ type }) => type)).toEqual(['requested', 'narrowed'])
  })
})
