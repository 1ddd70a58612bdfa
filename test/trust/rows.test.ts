import { isDeepStrictEqual } from 'node:util'
import { rowKey } from '../../src/azure/rowKey.ts'
import { decide } from '../../src/core/request/decision.ts'
import { redeem } from '../../src/core/request/redemption.ts'
import { type RequestId, sha256, shardOf } from '../../src/core/data/id.ts'
import { canonicalAction } from '../../src/core/action/action.ts'
import type { ApprovalRequest, Step } from '../../src/core/request/request.ts'
import { storageInMemory } from '../ports/tables.ts'
import { after, bot, dba, dba2, oid, owner, runner } from '../support/build.ts'
import { claims, outcomeOf, type Instance, uuidOf, votes } from '../support/world.ts'
import { type Columns, Insider } from './insider.ts'
import { type LifeStep, livedUpTo, steps, stored, touches } from './life.ts'

const storage = storageInMemory()
const insider = new Insider(storage)
let process: () => Instance

beforeEach(async () => {
  await storage.clear()
  const made = await stored(storage)
  process = made.process
})

/** An edit of the storage. */
type Attack = (request: ApprovalRequest) => Promise<void>

const lapsesAt = after(3600)
const approved = { status: 'approved', approvedAt: after(1), lapsesAt }
const facts = { accounts: [dba2], groups: ['dba'], member: true, enabled: true, asOf: after(0) }

/** Votes in the name of somebody who may decide, by the rules. */
const forgedVote =
  (approver = dba2) =>
  (request: ApprovalRequest): Step =>
    decide(request, {
      ...{ approver, name: 'Dana', verdict: 'approve', at: request.createdAt },
      seen: { via: 'api', digest: request.digest },
      facts: { ...facts, accounts: [approver] },
    })

const forgedRedemption = (request: ApprovalRequest): Step =>
  redeem(request, {
    ...{ redemption: uuidOf('forged'), digest: request.digest, grantExpiresAt: lapsesAt, at: request.createdAt },
  })

const edits =
  (change: (state: Columns) => Columns, columns: Columns = {}): Attack =>
  ({ id }) =>
    insider.request(id, change, columns)

const open: readonly LifeStep[] = ['asked', 'shown', 'voted']
const all = steps
const other = { action: 'db.export', target: 'prod/postgres/salaries', environment: 'production', params: {} }
const otherText = canonicalAction(other)

const strangers: Attack = edits(() => ({ agent: { id: oid(77), name: 'deploy-bot' } }))

/** Each edit of a request's row and events, and before which steps it means something. */
const attacks: readonly (readonly [name: string, after: readonly LifeStep[], attack: Attack])[] = [
  ['A: the row says that it is approved', open, edits(() => approved)],
  [
    'A: the row says that it is approved by votes that nobody gave',
    open,
    edits(({ decisions }) => ({
      ...approved,
      decisions: [
        ...(decisions as object[]),
        ...[dba, dba2].map((approver) => ({ approver, verdict: 'approve', via: 'api', facts, at: after(1) })),
      ],
    })),
  ],
  ['B: a forged vote is chained to the head', ['asked', 'shown'], async ({ id }) => insider.commit(id, forgedVote())],
  [
    'B: the forged votes that approve it are chained to the head',
    ['asked', 'shown'],
    async ({ id }) => {
      await insider.commit(id, forgedVote(dba))
    },
  ],
  ['B: the vote that is missing is chained to the head', ['voted'], async ({ id }) => insider.commit(id, forgedVote())],
  ['B: a redemption is chained to the head', ['approved'], async ({ id }) => insider.commit(id, forgedRedemption)],
  [
    'B: the mac of an event is put beside a forged one',
    ['voted'],
    async (request) => {
      await insider.commit(request.id, forgedVote())
      const shard = shardOf(request.id)
      const { mac, macKey } = await insider.row(shard, rowKey.event(request.events[0]!.seq))
      for (const { seq } of (await forged(request.id)).slice(request.events.length))
        await insider.edit(shard, rowKey.event(seq), () => ({ mac, macKey }))
    },
  ],
  ['C: action and digest are swapped', all, edits(() => ({ digest: digestOfOther }), { action: otherText })],
  ['C: the action alone is swapped', all, edits(() => ({}), { action: otherText })],
  ['C: the digest alone is swapped', all, edits(() => ({ digest: digestOfOther }))],
  [
    'D: nobody is excluded any more, and one suffices',
    open,
    edits(({ requirement }) => ({
      requirement: { ...(requirement as object), excluded: [], slots: [{ groups: ['dba'], quorum: 1 }] },
    })),
  ],
  [
    'the agent is said to have excluded somebody',
    open,
    edits(({ requirement }) => ({ requirement: { ...(requirement as object), excludedByAgent: [owner] } })),
  ],
  [
    'D: it never expires',
    open,
    edits(({ requirement }) => ({
      requirement: { ...(requirement as object), expiresAt: '2036-01-01T00:00:00.000Z' },
    })),
  ],
  ['H: another agent executes it', all, edits(() => ({ executor: oid(77) }))],
  ['H: another agent asked for it', all, strangers],
  ['the name of the agent is another', all, edits(() => ({ agent: { id: bot, name: 'payroll-bot' } }))],
  [
    'the policy is said to show it in other words',
    all,
    edits(({ policy }) => ({ policy: { ...(policy as object), summary: 'Restart a test server' } })),
  ],
  ['the warnings are gone', all, edits(() => ({ warnings: ['hidden'] }))],
  ['it was asked for somebody', all, edits(() => ({ onBehalfOf: dba }))],
  ['it never lapses', ['approved'], edits(() => ({ lapsesAt: '2036-01-01T00:00:00.000Z' }))],
  ['the row says that it was redeemed by another', ['redeemed'], edits(() => ({ redemption: uuidOf('second') }))],
  ['the row says that it is approved again', ['redeemed', 'succeeded'], edits(() => approved, {})],
  [
    'a view is said to have been shown',
    ['asked', 'voted'],
    edits(({ shown }) => ({
      shown: [...(shown as object[]), { approver: dba2, view: digestOfOther, content: sha256('x'), page: 1, pages: 1 }],
    })),
  ],
  [
    'the reason is another',
    all,
    ({ id, said }) =>
      insider.edit(shardOf(id), rowKey.request(id), () => ({
        said: JSON.stringify(said.map((text) => ({ ...text, text: text.name === 'reason' ? 'Routine.' : text.text }))),
      })),
  ],
  [
    'the reason is another in row and event',
    all,
    async ({ id, said, events }) => {
      const texts = said.map((text) => ({ ...text, text: text.name === 'reason' ? 'Routine.' : text.text }))
      await insider.edit(shardOf(id), rowKey.request(id), () => ({ said: JSON.stringify(texts) }))
      await insider.edit(shardOf(id), rowKey.event(events[0]!.seq), (row) => {
        const before = JSON.parse(String(row['said'])) as Record<string, { salt: string; text: string }>
        return { said: JSON.stringify({ ...before, reason: { ...before['reason'], text: 'Routine.' } }) }
      })
    },
  ],
  [
    'the links are gone',
    open,
    ({ id, said }) =>
      insider.edit(shardOf(id), rowKey.request(id), () => ({
        said: JSON.stringify(said.filter(({ name }) => name !== 'links')),
      })),
  ],
  [
    'an event is named that it does not have',
    all,
    edits(({ events }) => ({
      events: [...(events as object[]), { seq: 1, type: 'approved', hash: sha256('x') }],
    })),
  ],
  [
    'an event of its own is not named',
    ['voted', 'approved', 'redeemed'],
    edits(({ events }) => ({
      events: (events as object[]).filter((_event, i) => i !== 1),
    })),
  ],
  [
    'E: the text of an event is another',
    all,
    ({ id, events }) =>
      insider.event(id, events.at(-1)!.seq, (text) => text.replace(/"at":"[^"]+"/, '"at":"2026-03-04T11:59:59.000Z"')),
  ],
  ['an event is gone', all, ({ id, events }) => insider.drop(shardOf(id), rowKey.event(events.at(-1)!.seq))],
  [
    'an event lies where another belongs',
    ['approved'],
    async ({ id, events }) => {
      const [first, second] = events.map(({ seq }) => seq)
      const row = await insider.row(shardOf(id), rowKey.event(first ?? 0))
      await insider.put({ ...row, rowKey: rowKey.event(second ?? 0) })
    },
  ],
  [
    'an event has no mac',
    all,
    async ({ id, events }) => {
      const { mac: _mac, ...row } = await insider.row(shardOf(id), rowKey.event(events[0]!.seq))
      await insider.put(row)
    },
  ],
  [
    'an event names a version of the key that there is not',
    all,
    ({ id, events }) => insider.edit(shardOf(id), rowKey.event(events[0]!.seq), () => ({ macKey: 'v9' })),
  ],
  [
    'the row has no mac',
    all,
    async ({ id }) => {
      const { mac: _mac, ...row } = await insider.row(shardOf(id), rowKey.request(id))
      await insider.put(row)
    },
  ],
  [
    'the row is that of another request',
    all,
    async ({ id }) => {
      const twin = await livedUpTo(process(), 'approved')
      const row = await insider.row(shardOf(twin.id), rowKey.request(twin.id))
      await insider.put({ ...row, partitionKey: shardOf(id), rowKey: rowKey.request(id) })
    },
  ],
  ['the row is no JSON', all, ({ id }) => insider.edit(shardOf(id), rowKey.request(id), () => ({ state: '{' }))],
]

const digestOfOther = `sha256:${sha256(otherText)}`

const forged = async (id: RequestId) => {
  const row = await insider.row(shardOf(id), rowKey.request(id))
  return (JSON.parse(String(row['state'])) as Pick<ApprovalRequest, 'events'>).events
}

const cases = attacks.flatMap(([name, after, attack]) => after.map((step) => [name, step, attack] as const))

test.each(cases)('%s, after it was %s: nothing is granted, and every call reports it', async (_name, step, attack) => {
  const before = process()
  const request = await livedUpTo(before, step)
  const grant = step === 'approved' ? await claims(before, request, 'first') : null
  const row = await insider.row(shardOf(request.id), rowKey.request(request.id))
  await attack(request)
  const redeemings = grant && {
    redeem: ({ approvals }: Instance, { id }: ApprovalRequest) => approvals.redeem(id, grant),
  }
  const codes = await Promise.all(
    Object.entries({ ...touches, ...redeemings }).map(async ([name, touch]) => {
      const instance = process()
      return [name, await outcomeOf(touch(instance, request))] as const
    }),
  )
  // For the agent that the row no longer names, it does not exist.
  const told = (code: string) => code === 'evidence-broken' || (attack === strangers && code === 'not-found')
  expect(codes.filter(([, code]) => !told(code))).toEqual([])
  if (grant === null) return
  // The process that led it there remembers what its events were; it is not fooled by a row.
  const isTrue = isDeepStrictEqual(row, await insider.row(shardOf(request.id), rowKey.request(request.id)))
  expect(await outcomeOf(before.approvals.redeem(request.id, grant))).toBe(isTrue ? 'ok' : 'evidence-broken')
})

test('other requests of the same shard go on', async () => {
  const [one, two] = [process(), process()]
  const spoilt = await livedUpTo(one, 'voted')
  const whole = await livedUpTo(two, 'approved')
  await insider.request(spoilt.id, () => approved)
  expect(await outcomeOf(process().approvals.redeem(whole.id, await claims(process(), whole, 'first')))).toBe('ok')
})

test('D: the owner of the agent cannot approve alone, whatever the row says', async () => {
  const request = await livedUpTo(process(), 'asked')
  await insider.request(request.id, ({ requirement }) => ({
    requirement: { ...(requirement as object), excluded: [], slots: [{ groups: ['dba'], quorum: 1 }] },
  }))
  const { approvals } = process()
  expect(await outcomeOf(approvals.decide(request.id, votes(request, owner)))).toBe('evidence-broken')
})

test('an unaltered request goes on in any process, from the row of any other', async () => {
  const request = await livedUpTo(process(), 'approved')
  const claim = await claims(process(), request, 'first')
  expect((await process().approvals.redeem(request.id, claim)).request.status).toBe('redeemed')
  const done = await process().approvals.report(request.id, { executor: runner, result: 'succeeded' })
  expect(await process().approvals.read(request.id, { kind: 'agent', id: bot })).toEqual(done)
})
