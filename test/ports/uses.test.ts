import { TableLedger } from '../../src/azure/ledger.ts'
import type { Action } from '../../src/core/action/action.ts'
import { type Hex, type RequestId, sha256 } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { Conflict, type Ledger, type Wanted } from '../../src/ports/ledger.ts'
import { type Judgement, open } from '../../src/core/request/submission.ts'
import { breakGlass } from '../../src/core/request/glass.ts'
import { approvedByStanding, use } from '../../src/core/request/standing.ts'
import { revoke } from '../../src/core/request/withdrawal.ts'
import { chain } from '../../src/core/request/event.ts'
import { recorded } from '../../src/core/request/request.ts'
import { shardOf } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { action, apply, ask, bot, dba, minutes, shard, submission, vote } from './story.ts'
import { startStorage, tablesInMemory, type TestStorage } from './tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

const kinds: readonly (readonly [string, () => Promise<readonly [Ledger, Ledger]>])[] = [
  [
    'the fake',
    async () => {
      const ledger = new MemoryLedger()
      return [ledger, ledger]
    },
  ],
  [
    'tables in memory',
    async () => {
      const [ours, theirs = ours] = await tablesInMemory()
      return [new TableLedger(ours), new TableLedger(theirs)]
    },
  ],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return [new TableLedger(storage.connect()), new TableLedger(storage.connect())]
    },
  ],
]

const judgement: Judgement = {
  outcome: 'approve',
  rules: ['export-needs-dba'],
  slots: [{ groups: ['dba'], quorum: 1 }],
  ...{ expires: 3600, tier: 'medium', lapse: 3600, grant: 300 },
}

/** A standing approval for so many uses. */
async function standing(ledger: Ledger, uses: number): Promise<ApprovalRequest> {
  const asked: Action = { ...action, standing: { for: 3600, uses, vary: {} } }
  const request = await ask(ledger, { action: asked, judgement })
  return apply(ledger, request.id, vote(dba, 'approve', minutes(1)), minutes(1))
}

/** Loads, uses and commits, as often as it takes. Returns the number of the use, or why there is none. */
async function useOnce(ledger: Ledger, approval: ApprovalRequest, key?: string): Promise<number | string> {
  const at = minutes(2)
  const submitted = submission({ action, judgement, at, shard: shardOf(approval.id), under: approval.id })
  for (;;) {
    const hash = key === undefined ? undefined : sha256(key)
    const loaded = await ledger.load(shardOf(approval.id), { request: approval.id, ...(hash && { key: hash }) })
    if (loaded.key) return 'known'
    if (!loaded.request) return 'missing'
    try {
      const born = open(submitted)
      const [requested] = born.events
      if (requested?.type !== 'requested') throw new TypeError('An ask begins with that.')
      const step = use(loaded.request, { id: submitted.id, agent: bot, data: requested.data, at })
      const { request } = approvedByStanding(born.request, {
        ...{ standing: approval.id, use: step.use, lapsesAt: step.lapsesAt, at },
      })
      const drafts = [requested, ...step.events]
      const leaves = chain(drafts, loaded.head, { shard: loaded.shard, at }, () => '5a'.repeat(16))
      const of = (one: ApprovalRequest) =>
        recorded(
          one,
          leaves.filter((leaf) => leaf.request === one.id),
        )
      const op = sha256(submitted.id)
      const used = hash && { key: { hash, body: sha256('body'), request: submitted.id } }
      await ledger.commit(loaded, { op, at, leaves, request: of(request), beside: of(step.standing), ...used })
      return step.use
    } catch (cause) {
      if (cause instanceof Problem) return cause.code
      if (!(cause instanceof Conflict)) throw cause
    }
  }
}

async function askInPlaceOfClaim(ledger: Ledger, hash: Hex, wanted: Wanted = { key: hash }): Promise<void> {
  const loaded = await ledger.load(shard(3), wanted)
  const asked = open(submission({ shard: shard(3) }))
  const leaves = chain(asked.events, loaded.head, { shard: loaded.shard, at: minutes(2) }, () => '5a'.repeat(16))
  const { id } = asked.request
  const key = { hash, body: sha256('body'), request: id }
  await ledger.commit(loaded, { op: sha256(id), at: minutes(2), leaves, request: recorded(asked.request, leaves), key })
}

describe.each(kinds)('%s', (_kind, empty) => {
  let ledger: Ledger
  let other: Ledger

  beforeEach(async () => {
    ;[ledger, other] = await empty()
  })

  test('writes a use and its standing approval as one unit', async () => {
    const approval = await standing(ledger, 2)
    expect(await useOnce(ledger, approval, 'k')).toBe(1)
    const after = await other.find(approval.id)
    expect(after).toMatchObject({ status: 'approved', standing: { uses: 2, used: 1 } })
    const { requests } = await other.list({ by: 'agent', id: bot }, { keep: ({ under }) => !!under, limit: 9 })
    expect(requests).toMatchObject([{ status: 'approved', under: approval.id, use: 1 }])
    const [request] = requests
    expect(await other.findKey(shard(3), sha256('k'))).toEqual({ request: request?.id, body: sha256('body') })
    for (const one of [after, request])
      expect((await other.events(one as ApprovalRequest)).map(({ hash }) => hash)).toEqual(
        one?.events.map(({ hash }) => hash),
      )
  })

  test('gives 20 of 48 uses from two instances, each with a number of its own', async () => {
    const approval = await standing(ledger, 20)
    const works = Array.from({ length: 48 }, (_, i) => useOnce(i % 2 === 0 ? ledger : other, approval))
    const outcomes = await Promise.all(works)
    const numbers = outcomes.filter((one) => typeof one === 'number').sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    // A use that lost many races may be told to come again.
    expect(outcomes.filter((one) => one === 'standing-over' || one === 'busy')).toHaveLength(28)
    expect(await ledger.find(approval.id)).toMatchObject({ status: 'ended', standing: { used: 20 } })
  })

  test('gives no use after a revocation that raced the others, and none for the same key twice', async () => {
    const approval = await standing(ledger, 200)
    const facts = { accounts: [dba], groups: ['dba'], member: true, enabled: true, asOf: minutes(2) }
    const outcomes = await Promise.all([
      ...Array.from({ length: 6 }, (_, i) => useOnce(i % 2 === 0 ? ledger : other, approval, `k${i % 4}`)),
      apply(other, approval.id, (one) => revoke(one, { approver: dba, facts, at: minutes(2) }), minutes(2)),
      ...Array.from({ length: 6 }, (_, i) => useOnce(i % 2 === 0 ? ledger : other, approval)),
    ])
    expect(await useOnce(ledger, approval)).toBe('standing-over')
    const after = await ledger.find(approval.id)
    const taken = after?.events.filter(({ type }) => type === 'used') ?? []
    const revoked = after?.events.find(({ type }) => type === 'revoked')
    expect(after?.status).toBe('revoked')
    expect(taken.every(({ seq }) => seq < (revoked?.seq ?? 0))).toBe(true)
    expect(outcomes.filter((one) => typeof one === 'number')).toHaveLength(taken.length)
  })

  const claim = { request: submission().id, body: sha256('body'), under: submission().id }
  const claimed = { shard: shard(3), hash: sha256('claimed') }

  test('claims a key once, of whichever instance', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? ledger : other).claimKey(claimed.shard, claimed.hash, claim)),
    )
    expect(all.filter((found) => found === null)).toHaveLength(1)
    expect(all.filter((found) => found !== null)).toEqual(Array.from({ length: 7 }, () => claim))
    expect(await other.findKey(claimed.shard, claimed.hash)).toEqual(claim)
    const { key } = await ledger.load(claimed.shard, { key: claimed.hash })
    expect(key).toEqual(claim)
  })

  test('puts the request of a key in the place of its claim, once, and only if the claim was read', async () => {
    await ledger.claimKey(claimed.shard, claimed.hash, claim)
    await expect(askInPlaceOfClaim(ledger, claimed.hash, {})).rejects.toThrow(Conflict)
    const works = [ledger, other].map((one) => askInPlaceOfClaim(one, claimed.hash))
    const outcomes = await Promise.allSettled(works)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const made = await other.findKey(claimed.shard, claimed.hash)
    expect(made).not.toHaveProperty('under')
    expect(await ledger.claimKey(claimed.shard, claimed.hash, claim)).toEqual(made)
    expect(await ledger.find(made?.request as RequestId)).not.toBeNull()
  })

  test('a key that is closed, or claimed, in the shard of a standing approval takes no use', async () => {
    const approval = await standing(ledger, 2)
    await other.claimKey(shardOf(approval.id), sha256('k'), { ...claim, under: approval.id })
    expect(await useOnce(ledger, approval, 'k')).toBe('known')
    expect(await ledger.find(approval.id)).toMatchObject({ standing: { used: 0 } })
  })

  test('lists the standing approvals that can be used, by when they end', async () => {
    const [one, spent] = [await standing(ledger, 2), await standing(ledger, 1)]
    await useOnce(ledger, spent)
    await ask(ledger, { action: { ...action, standing: { for: 60, uses: 1, vary: {} } }, judgement })
    const { requests } = await other.list({ by: 'standing' }, { keep: () => true, limit: 9 })
    expect(requests.map(({ id }) => id)).toEqual([one.id])
    expect(await other.open('standing', 9)).toEqual([one.id])
  })

  test('says which broken glasses are to be reviewed, until they are', async () => {
    const glass = { groups: ['dba'], review: 3600 }
    const { id, digest } = await ask(ledger, { judgement: { ...judgement, glass } })
    expect(await other.open('review', 9)).toEqual([])
    const facts = { accounts: [dba], groups: ['dba'], member: true, enabled: true, asOf: minutes(2) }
    const breaking = { approver: dba, name: 'Dana', reason: 'All is down', facts, at: minutes(2), excluded: [] }
    const seen = { via: 'api', digest } as const
    const confirm = 'customers'
    await apply(ledger, id, (one) => breakGlass(one, { ...breaking, seen, confirm }), minutes(2))
    expect(await other.open('review', 9)).toEqual([id])
  })
})
