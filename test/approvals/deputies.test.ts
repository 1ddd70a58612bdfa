import type { Hex, ObjectId } from '../../src/core/data/id.ts'
import { shardOfDeputy } from '../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../src/core/data/instant.ts'
import { KnownDeputies, deputyFactOf } from '../../src/core/record/knownDeputies.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { absencePath, absencesOf } from '../../src/core/record/absenceFile.ts'
import { recallPath } from '../../src/core/record/recallFile.ts'
import { confirmationOf } from '../../src/core/request/decision.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Slot } from '../../src/core/request/requirement.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { after, bot, dba, dba2, guest, needs, noon, oid, owner, ownerAlias, security, slot } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { asks, codeOf, disabled, history, type Instance, roster, votes, type World, world } from '../support/world.ts'

/** Whom policy names as deputies of dba, the second of them with two accounts. */
const deputy = oid(61)
const deputy2 = oid(62)
const deputyAlias = oid(63)

const groups = [
  {
    name: 'dba',
    members: [dba, dba2, owner, ownerAlias, guest, disabled],
    channels: [],
    deputies: [deputy, deputy2, security],
  },
  { name: 'security', members: [security], channels: [], deputies: [dba] },
]

const people = [
  [owner, ownerAlias],
  [deputy2, deputyAlias],
]

async function here(quorum = 1, ...others: readonly Slot[]): Promise<World> {
  const place = await world(
    () => needs([slot('dba', quorum), ...others], { glass: { groups: ['dba'], review: 7200 } }),
    {
      groups,
      people,
    },
  )
  for (const id of [deputy, deputy2, deputyAlias]) place.directory.add(id)
  return place
}

const away = (by: ObjectId, to: ObjectId, more: { until?: Instant; groups?: readonly string[] } = {}) => ({
  ...{ by, to, until: after(86_400) },
  ...more,
})

const asked = async ({ approvals }: Instance): Promise<ApprovalRequest> => (await approvals.ask(asks())).request

/** The types of the events in the deputy's shard. */
async function typesIn(ledger: Ledger): Promise<readonly string[]> {
  const types: string[] = []
  for await (const page of ledger.stream(shardOfDeputy(deputy), 0, 9))
    types.push(...page.map(({ text }) => readRecord(text).type))
  return types
}

test('a deputy approves for a member who is away, and the vote says for whom', async () => {
  const place = await here()
  const { approvals } = place
  const request = await asked(place)
  expect(await codeOf(approvals.decide(request.id, votes(request, deputy)))).toBe('not-found')
  const { event } = await approvals.delegate(away(dba, deputy))
  const decided = await approvals.decide(request.id, votes(request, deputy))
  expect(decided.status).toBe('approved')
  expect(decided.decisions[0]?.facts).toEqual({
    accounts: [dba, deputy],
    groups: ['dba'],
    ...{ member: true, enabled: true, asOf: noon },
    for: { accounts: [dba], groups: ['dba'], event, until: after(86_400) },
  })
  expect(decided.said.filter(({ name }) => name === 'for').map(({ text }) => text)).toEqual(['Person 11'])
})

test('a deputy and the member who is away have one vote, whoever gives it first', async () => {
  for (const [first, second] of [
    [dba, deputy],
    [deputy, dba],
  ] as const) {
    const place = await here(2)
    await place.approvals.delegate(away(dba, deputy))
    const request = await asked(place)
    await place.approvals.decide(request.id, votes(request, first))
    expect(await codeOf(place.approvals.decide(request.id, votes(request, second)))).toBe('already-decided')
    expect((await place.ledger.find(request.id))?.status).toBe('pending')
  }
})

test('two deputies of one member have one vote, and fill one place', async () => {
  const place = await here(2)
  await place.approvals.delegate(away(dba, deputy))
  await place.approvals.delegate(away(dba, deputy2))
  const request = await asked(place)
  await place.approvals.decide(request.id, votes(request, deputy))
  expect(await codeOf(place.approvals.decide(request.id, votes(request, deputyAlias)))).toBe('already-decided')
})

test('the deputy of two members fills one place, and takes the seat that is free', async () => {
  const place = await here(2)
  await place.approvals.delegate(away(dba, deputy))
  await place.approvals.delegate(away(dba2, deputy))
  const request = await asked(place)
  await place.approvals.decide(request.id, votes(request, dba))
  const decided = await place.approvals.decide(request.id, votes(request, deputy))
  expect(decided.status).toBe('approved')
  expect(decided.decisions[1]?.facts.for?.accounts).toEqual([dba2])
})

test('who is excluded passes nothing on: their deputy can only deny', async () => {
  const place = await here()
  await place.approvals.delegate(away(owner, deputy))
  const request = await asked(place)
  expect(await codeOf(place.approvals.decide(request.id, votes(request, deputy)))).toBe('self-approval')
  const denied = await place.approvals.decide(request.id, votes(request, deputy, { verdict: 'deny' }))
  expect(denied.status).toBe('denied')
})

test('no deputy breaks a glass, answers for an agent, or passes on what was passed on', async () => {
  const place = await here()
  const { approvals } = place
  await approvals.delegate(away(dba, deputy))
  const request = await asked(place)
  const breaking = { approver: deputy, reason: 'Down.', seen: { via: 'api', digest: request.digest }, confirm: 'x' }
  expect(await codeOf(approvals.breakGlass(request.id, { ...breaking }))).toBe('not-permitted')
  // security may act for a dba, and dba for security: neither passes on what it has from the other.
  await approvals.delegate(away(dba, security))
  expect(await codeOf(approvals.delegate(away(deputy, security)))).toBe('not-deputy')
  expect(await codeOf(approvals.delegate(away(security, dba, { groups: ['dba'] })))).toBe('not-deputy')
  expect(await approvals.delegations({ kind: 'person', id: deputy, evidence: false })).toHaveLength(1)
})

test('who broke the glass silences no reviewer by naming them, and their deputy does not review it', async () => {
  const place = await here(1, slot('security'))
  const { approvals } = place
  const request = await asked(place)
  const breaking = { approver: dba, reason: 'Down.', seen: votes(request).seen }
  await approvals.breakGlass(request.id, { ...breaking, confirm: confirmationOf(request.action?.target ?? '') })
  await approvals.delegate(away(dba, deputy))
  await approvals.delegate(away(dba, security))
  const finding = { finding: 'justified', reason: 'It was.' } as const
  expect(await codeOf(approvals.reviewGlass(request.id, { ...finding, reviewer: deputy }))).toBe('self-approval')
  const reviewed = await approvals.reviewGlass(request.id, { ...finding, reviewer: security })
  expect(reviewed.glass?.review).toMatchObject({ by: security, finding: 'justified' })
})

test('after its time, and after a recall, a deputy has no vote', async () => {
  const place = await here()
  const { approvals, clock } = place
  const until = after(1_000)
  await approvals.delegate(away(dba, deputy, { until }))
  const request = await asked(place)
  clock.set(plusSeconds(until, -1))
  await approvals.askBack(request.id, { approver: deputy, question: 'Why?', seen: votes(request).seen })
  clock.set(until)
  expect(await codeOf(approvals.decide(request.id, votes(request, deputy)))).toBe('not-found')
  const { event } = await approvals.delegate(away(dba, deputy))
  await approvals.recall({ event, by: dba })
  expect(await codeOf(approvals.decide(request.id, votes(request, deputy)))).toBe('not-found')
  expect(await approvals.delegations({ kind: 'person', id: dba, evidence: false })).toEqual([])
})

test('the time is over at the commit, too, however long the vote took', async () => {
  const place = await here()
  const until = after(100)
  await place.approvals.delegate(away(dba, deputy, { until }))
  const request = await asked(place)
  const load = place.ledger.load.bind(place.ledger)
  place.ledger.load = (...args) => {
    place.clock.set(until)
    return load(...args)
  }
  expect(await codeOf(place.approvals.decide(request.id, votes(request, deputy)))).toBe('not-permitted')
})

test('a row that is put back, moved or made up gives no right', async () => {
  const place = await here()
  const { approvals, ledger } = place
  const shard = shardOfDeputy(deputy)
  const { event } = await approvals.delegate(away(dba, deputy))
  const [row] = await ledger.deputies(shard, deputy)
  if (!row) throw new Error('There is a row.')
  await approvals.recall({ event, by: dba })
  expect(await ledger.deputies(shard)).toEqual([])
  const request = await asked(place)
  const tried = () => codeOf(approvals.decide(request.id, votes(request, deputy)))
  ledger.forgeDeputy(shard, row)
  expect(await tried()).toBe('not-found')
  // Two members more, of whom nobody said anything.
  for (const forged of [
    { ...row, member: dba2 },
    { ...row, event: 'f'.repeat(64) as Hex },
  ]) {
    ledger.forgeDeputy(shard, row, false)
    ledger.forgeDeputy(shard, forged)
    await expect(approvals.decide(request.id, votes(request, deputy))).rejects.toMatchObject({
      code: 'evidence-broken',
      details: { broken: { shard, check: 'events' } },
    })
    ledger.forgeDeputy(shard, forged, false)
  }
})

describe('whose row somebody has deleted', () => {
  /** An absence of dba without its row, which is put back by what is returned. */
  async function withoutRow() {
    const place = await here()
    const shard = shardOfDeputy(deputy)
    const { event } = await place.approvals.delegate(away(dba, deputy))
    const [row] = await place.ledger.deputies(shard, deputy)
    if (!row) throw new Error('There is a row.')
    place.ledger.forgeDeputy(shard, row, false)
    const request = await asked(place)
    const tried = () => {
      place.ledger.forgeDeputy(shard, row)
      return codeOf(place.approvals.decide(request.id, votes(request, deputy)))
    }
    return { place, event, tried }
  }

  test('an absence is still the member’s to see and to end, and does not come back with its row', async () => {
    const { place, event, tried } = await withoutRow()
    const seen = await place.approvals.delegations({ kind: 'person', id: dba, evidence: false })
    expect(seen.map((one) => one.event)).toEqual([event])
    const file = await place.approvals.recall({ event, by: dba })
    expect(await place.approvals.recall({ event, by: dba })).toEqual(file)
    expect(await typesIn(place.ledger)).toEqual(['policy-changed', 'delegated', 'recalled'])
    expect(await tried()).toBe('not-found')
  })

  test('an absence is replaced by the next word for the same deputy', async () => {
    const { place, tried } = await withoutRow()
    const next = await place.approvals.delegate(away(dba, deputy))
    await place.approvals.recall({ event: next.event, by: dba })
    expect(await typesIn(place.ledger)).toEqual([
      ...['policy-changed', 'delegated', 'recalled', 'delegated', 'recalled'],
    ])
    expect(await tried()).toBe('not-found')
  })

  test('an absence is recalled although its event is not there, of which the log then tells nothing', async () => {
    const { place, event, tried } = await withoutRow()
    const stream = place.ledger.stream.bind(place.ledger)
    place.ledger.stream = () => stream(shardOfDeputy(deputy), 0, 0)
    await place.approvals.recall({ event, by: dba })
    place.ledger.stream = stream
    expect(await typesIn(place.ledger)).toEqual(['policy-changed', 'delegated'])
    expect(await tried()).toBe('not-found')
  })

  test('a note that the service did not write, or that lies elsewhere, is passed over', async () => {
    const { place, event } = await withoutRow()
    const [{ note = '' } = {}] = await place.archive.list(absencesOf(dba))
    const other = { member: dba2, event }
    await place.archive.createOrRead(absencePath(other), Buffer.from(note), '', note)
    expect(await codeOf(place.approvals.recall({ event, by: dba2 }))).toBe('not-found')
    const forged = note.replace(dba, dba2)
    const path = absencePath({ ...other, event: 'e'.repeat(64) as Hex })
    await place.archive.createOrRead(path, Buffer.from(''), '', forged.replace(event, 'e'.repeat(64)))
    expect(await codeOf(place.approvals.recall({ event: 'e'.repeat(64) as Hex, by: dba2 }))).toBe('not-found')
    await place.approvals.delegate(away(dba2, deputy))
    expect(await place.archive.list('recalls/')).toEqual([])
  })
})

test('who may not name a deputy, whom, for what, and for how long', async () => {
  const place = await here()
  const of = (order: Parameters<typeof place.approvals.delegate>[0]) => codeOf(place.approvals.delegate(order))
  expect(await of(away(dba, dba2))).toBe('not-deputy')
  expect(await of(away(dba, bot))).toBe('not-deputy')
  expect(await of(away(dba, deputy, { groups: ['security'] }))).toBe('not-deputy')
  expect(await of(away(dba, deputy, { groups: ['dba', 'none'] }))).toBe('not-deputy')
  expect(await of(away(deputy, deputy2))).toBe('not-deputy')
  expect(await of(away(guest, deputy))).toBe('not-permitted')
  expect(await of(away(disabled, deputy))).toBe('not-permitted')
  expect(await of(away(dba, deputy, { until: noon }))).toBe('invalid-input')
  expect(await of(away(dba, deputy, { until: after(30 * 86_400 + 1) }))).toBe('invalid-input')
  expect(await of({ ...away(dba, deputy), reason: 'AKIAIOSFODNN7EXAMPLE' })).toBe('secret-in-params')
  await place.approvals.delegate(away(dba, deputy, { until: after(30 * 86_400) }))
})

test('facts of the vote are of now: a member who left, or whom policy gives no deputy any more, passes nothing on', async () => {
  const place = await here()
  const { approvals, directory } = place
  await approvals.delegate(away(dba, deputy))
  const request = await asked(place)
  directory.add(dba, { enabled: false })
  expect(await codeOf(approvals.decide(request.id, votes(request, deputy)))).toBe('not-found')
  directory.add(dba, {})
  const policy = fakePolicy(roster({ judge: () => needs(), groups: [{ name: 'dba', members: [dba], channels: [] }] }))
  const other = place.another({ policy })
  expect(await codeOf(other.approvals.decide(request.id, votes(request, deputy)))).toBe('not-found')
  directory.add(deputy, { member: false })
  expect(await codeOf(approvals.decide(request.id, votes(request, deputy)))).toBe('not-found')
})

test('the vote that completes looks again: who was voted for is back, so that the vote is void', async () => {
  const place = await here(2)
  const { approvals } = place
  const { event } = await approvals.delegate(away(dba, deputy))
  const request = await asked(place)
  await approvals.decide(request.id, votes(request, deputy))
  await approvals.recall({ event, by: dba })
  const after2 = await approvals.decide(request.id, votes(request, dba2))
  expect(after2.status).toBe('pending')
  expect(after2.decisions[0]?.void?.why).toBe('left')
  expect((await approvals.decide(request.id, votes(request, dba))).status).toBe('approved')
})

test('a deputy’s vote, and one of an account that policy joins with the member’s afterwards, count once', async () => {
  const place = await here(2, slot('security'))
  await place.approvals.delegate(away(dba, deputy))
  const request = await asked(place)
  await place.approvals.decide(request.id, votes(request, deputy))
  await place.approvals.decide(request.id, votes(request, dba2))
  const policy = fakePolicy(roster({ judge: () => needs(), groups, people: [...people, [dba, dba2]] }))
  const { status, decisions } = await place.another({ policy }).approvals.decide(request.id, votes(request, security))
  expect(status).toBe('pending')
  expect(decisions.map((vote) => vote.void?.why)).toEqual([undefined, 'duplicate', undefined])
})

test('an absence that ended by itself is not recalled, neither by the member nor by their next one', async () => {
  const place = await here()
  const { approvals, ledger, clock } = place
  const until = after(100)
  const { event } = await approvals.delegate(away(dba, deputy, { until }))
  clock.set(until)
  expect(await codeOf(approvals.recall({ event, by: dba }))).toBe('not-found')
  await approvals.delegate(away(dba, deputy))
  expect(await typesIn(ledger)).toEqual(['policy-changed', 'delegated', 'delegated'])
  expect(await place.archive.read(recallPath(event))).toBeNull()
})

test('a reason that is not the one which the event commits to is left out', async () => {
  const place = await here()
  const { approvals, ledger } = place
  await approvals.delegate({ ...away(dba, deputy), reason: 'Leave.' })
  const reasons = async () =>
    (await approvals.delegations({ kind: 'person', id: dba, evidence: false })).map(({ reason }) => reason)
  expect(await reasons()).toEqual(['Leave.'])
  ledger.tamper(shardOfDeputy(deputy), 2, (leaf) => ({
    ...leaf,
    said: { reason: { salt: 'a'.repeat(32), text: 'No.' } },
  }))
  expect(await reasons()).toEqual([undefined])
})

test('the same word again changes nothing, and another one for the same deputy replaces it', async () => {
  const place = await here()
  const { approvals, ledger } = place
  const first = await approvals.delegate(away(dba, deputy))
  expect(await approvals.delegate(away(dba, deputy))).toEqual(first)
  const second = await approvals.delegate(away(dba, deputy, { until: after(500) }))
  expect(second.event).not.toBe(first.event)
  expect(await typesIn(ledger)).toEqual(['policy-changed', 'delegated', 'recalled', 'delegated'])
  expect(await place.archive.read(recallPath(first.event))).not.toBeNull()
})

test('a recall is the member’s own, is answered again as it was, and goes on after the archive or the ledger failed', async () => {
  const place = await here()
  const { approvals, ledger } = place
  const { event } = await approvals.delegate(away(dba, deputy))
  expect(await codeOf(approvals.recall({ event, by: deputy }))).toBe('not-found')
  expect(await codeOf(approvals.recall({ event, by: dba2 }))).toBe('not-found')
  expect(await codeOf(approvals.recall({ event: 'a'.repeat(64) as Hex, by: dba }))).toBe('not-found')
  const commit = ledger.commit.bind(ledger)
  ledger.commit = () => Promise.reject(new Error('The process ends.'))
  await expect(approvals.recall({ event, by: dba })).rejects.toThrow('The process ends.')
  ledger.commit = commit
  // The file alone ends it.
  const request = await asked(place)
  expect(await codeOf(approvals.decide(request.id, votes(request, deputy)))).toBe('not-found')
  const recalled = await approvals.recall({ event, by: dba })
  expect(await approvals.recall({ event, by: dba })).toEqual(recalled)
  expect(await ledger.deputies(shardOfDeputy(deputy))).toEqual([])
})

test('lists are of one’s own, and readers of evidence see all', async () => {
  const place = await here()
  const { approvals } = place
  await approvals.delegate(away(dba, deputy))
  await approvals.delegate(away(dba2, deputy2))
  const of = async (id: ObjectId, evidence = false) =>
    (await approvals.delegations({ kind: 'person', id, evidence })).map(({ member, to }) => [member, to])
  expect(await of(dba)).toEqual([[dba, deputy]])
  expect(await of(deputyAlias)).toEqual([[dba2, deputy2]])
  expect(await of(security)).toEqual([])
  expect(await of(security, true)).toHaveLength(2)
  expect(await approvals.deputiesOf(dba)).toEqual([
    { id: deputy, name: 'Person 61', groups: ['dba'] },
    { id: deputy2, name: 'Person 62', groups: ['dba'] },
    { id: security, name: 'Person 21', groups: ['dba'] },
  ])
})

test('a deputy finds the request, and asks, denies and revokes as the member could', async () => {
  const place = await here()
  const { approvals } = place
  await approvals.delegate(away(dba, deputy))
  const request = await asked(place)
  const reader = { kind: 'person', id: deputy, evidence: false } as const
  expect((await approvals.read(request.id, reader)).id).toBe(request.id)
  const listed = await approvals.list({ by: 'pending' }, { keep: () => true, limit: 5 }, reader)
  expect(listed.requests.map(({ id }) => id)).toEqual([request.id])
  await approvals.decide(request.id, votes(request, dba2))
  expect((await approvals.revoke(request.id, deputy)).status).toBe('revoked')
  expect(await history(place, request.id)).toEqual(['requested', 'decided', 'approved', 'revoked'])
})

test('what the log tells of deputies holds, whichever shard is read first', async () => {
  const place = await here()
  const { approvals, ledger } = place
  const { event } = await approvals.delegate(away(dba, deputy))
  const request = await asked(place)
  await approvals.decide(request.id, votes(request, deputy))
  const known = new KnownDeputies(true)
  for (const kept of await ledger.events((await ledger.find(request.id)) ?? request)) {
    const fact = deputyFactOf(readRecord(kept.text), kept.hash)
    if (fact) known.take(fact)
  }
  for await (const page of ledger.stream(shardOfDeputy(deputy), 0, 9))
    for (const { text, hash } of page) {
      const fact = deputyFactOf(readRecord(text), hash)
      if (fact) known.take(fact)
    }
  expect(() => known.judge()).not.toThrow()
  expect(event).toMatch(/^[0-9a-f]{64}$/)
})
