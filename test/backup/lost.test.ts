import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions'
import { type App, compose } from '../../src/app.ts'
import { TableHolds } from '../../src/azure/holds.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import { TableRepairs } from '../../src/azure/repairs.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { drawing } from '../../src/cards/lazyCards.ts'
import { type OperationName, operationOf } from '../../src/contract/operations.ts'
import { shardOf } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { boundary } from '../../src/http/boundary.ts'
import type { Caller } from '../../src/http/caller.ts'
import type { Incomplete } from '../../src/ports/ledgerMark.ts'
import { Alarms } from '../../src/runtime/alarms.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { spoken } from '../../src/words/spoken.ts'
import { bot, dba, dba2, needs, oid, slot, tool, tools } from '../support/build.ts'
import { checkDocumented } from '../support/documented.ts'
import { FakeDirectory, fakePolicy } from '../support/fakes.ts'
import { claims, newSigner, outcomeOf, roster, uuidOf, votes } from '../support/world.ts'
import { asked, at, day, scratch } from '../evidence/days.ts'
import { comparable, erasing } from './lives.ts'
import { type Place, type Places, startPlaces } from './place.ts'

const { folder: spool, clean } = scratch()
let places: Places

beforeAll(async () => {
  places = await startPlaces(spool)
})
afterAll(async () => {
  await places.close()
  clean()
})

const callerOf = async (authorization: string | null): Promise<Caller> => {
  const roles = ['Evidence.Read', 'Evidence.Export', 'Evidence.Erase']
  const person = (id: typeof dba, name: string, has: readonly string[]): Caller => ({
    ...{ kind: 'person', id, name, roles: has, client: tool, agentic: false, contexts: [] },
  })
  if (authorization === 'agent')
    return { kind: 'agent', id: bot, appId: bot, roles: ['Actions.Request', 'Grants.Redeem'] }
  if (authorization === 'approver') return person(dba2, 'Dana', [])
  if (authorization === 'auditor') return person(oid(61), 'Audrey', roles)
  throw new Problem('unauthenticated', 'Sign in first.')
}

/** The service on restored tables, as a start of it makes it. */
async function service(place: Place, incomplete: Incomplete | undefined): Promise<App> {
  const directory = new FakeDirectory(place.clock)
  for (const id of [dba, dba2]) directory.add(id)
  const { rows, backup } = place.snapshotParts()
  return compose({
    ...{ ledger: new TableLedger(place.tables), limits: new TableLimits(place.tables) },
    ...{ outbox: new TableOutbox(place.tables), seals: new TableSeals(place.tables), archive: place.archive() },
    holds: new TableHolds(place.tables),
    ...{ directory, policy: fakePolicy(roster({ judge: () => needs([slot('dba', 2)]) })), clients: tools },
    ...{ signer: place.signer, logSigner: await newSigner(), macs: place.tables.macs, clock: place.clock },
    ...{ origin: 'approvals.example/evidence', baseUrl: 'https://countersign.example', verifiers: new Map() },
    witness: { record: async () => Promise.reject(new Error('Nothing is witnessed.')), isLate: async () => false },
    callers: callerOf,
    cards: drawing(readCards('cards'), spoken),
    alarms: new Alarms((cause) => void place.failures.push(cause)),
    repairs: new TableRepairs(place.tables),
    backup: { rows, archive: backup },
    ...(incomplete && { incomplete }),
  })
}

async function call(app: App, name: OperationName, who: string | null, id: string, body?: object, key?: string) {
  const { method, path } = operationOf(name)
  const headers = { ...(who && { authorization: who }), ...(key && { 'idempotency-key': key }) }
  const url = `https://countersign.example/${path.includes('{id}') ? path.replace('{id}', id) : path + id}`
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const nativeRequest = new Request(url, { method, headers, ...sent })
  const init = { url, method, params: { id, date: day(4) }, nativeRequest }
  const context = new InvocationContext({ functionName: name, logHandler: () => undefined })
  const answer = new HttpResponse(await boundary(name, app.api[name])(new HttpRequest(init), context))
  const text = Buffer.from(await answer.arrayBuffer()).toString('utf8')
  const type = answer.headers.get('content-type')
  const json = type?.endsWith('json') ? (JSON.parse(text) as Record<string, unknown>) : null
  checkDocumented({ method, path, status: answer.status, type, body: json ?? text })
  return { status: answer.status, json, retryAfter: answer.headers.get('retry-after') }
}

describe('a restored ledger that lacks events which the archive names', () => {
  let place: Place
  let app: App
  let incomplete: Incomplete | undefined
  let lives: Awaited<ReturnType<typeof lived>>
  let restored: Awaited<ReturnType<Place['restored']>>

  /** What is asked and decided before the snapshot, and after it. */
  async function lived() {
    const one = place.uses()
    const { request: early } = await one.approvals.ask(asked('03'))
    await one.approvals.decide(early.id, votes(early))
    await one.approvals.decide(early.id, votes(early, dba2, { verdict: 'deny' }))
    place.clock.set(at(5, '00:05:00'))
    await place.seal()
    const ask = { ...asked('05'), expiresIn: 3600 }
    const { request: pending } = await one.approvals.ask(ask)
    const { request } = await one.approvals.ask(asked('07'))
    await one.approvals.decide(request.id, votes(request))
    const approved = await one.approvals.decide(request.id, votes(request, dba2))
    const grant = await claims(one, approved, 'first')
    await place.snapshot()
    await one.approvals.redeem(approved.id, grant)
    await one.approvals.ask(asked('0a'))
    await place.witness()
    return { early, ask, pending, approved, grant }
  }

  beforeAll(async () => {
    place = await places.anew(at(4, '08:00:00'), () => needs([slot('dba', 2)]))
    lives = await lived()
    await place.drop()
    restored = await place.restored()
    ;({ incomplete } = await place.open())
    app = await service(place, incomplete)
  })

  test('has its missing events listed by shard and number, and its ended requests', () => {
    const { approved } = lives
    expect(restored.lost.gaps).toEqual([
      { shard: '07', from: 6, to: 6 },
      { shard: '0a', from: 1, to: 2 },
    ])
    expect(restored.lost.ends).toEqual([{ request: approved.id, act: 'redeemed', shard: '07', seq: 6 }])
    expect(restored.proved).toMatchObject({ date: day(4) })
    expect(incomplete).toEqual({ at: restored.at, gaps: restored.lost.gaps, textless: [] })
  })

  const problem = { status: 503, json: expect.objectContaining({ code: 'read-only' }) as unknown, retryAfter: null }
  const body = ({ action }: Pick<ApprovalRequest, 'action'>) => ({ ...action, reason: 'Again' })

  test('refuses to ask, decide, grant, redeem, erase and repair, and no row changes', async () => {
    const before = await comparable(place)
    const { pending, approved, early, grant } = lives
    const calls: readonly (readonly [OperationName, string, string, object?])[] = [
      ['ask', 'agent', '', { ...body(pending), params: { number: 99 } }],
      ['views', 'approver', pending.id, {}],
      ['decide', 'approver', pending.id, { verdict: 'approve', digest: pending.digest }],
      ['read', 'agent', approved.id],
      ['redeem', 'agent', approved.id, { grant: grant.grant, digest: grant.digest, redemption: uuidOf('first') }],
      ['report', 'agent', approved.id, { result: 'succeeded' }],
      ['revoke', 'approver', approved.id, {}],
      ['cancel', 'agent', pending.id, {}],
      ['erasures', 'auditor', '', { request: early.id, names: ['reason'], why: 'GDPR' }],
      ['repairs', 'auditor', '', { shard: '05', why: 'A key had leaked.' }],
      ['repairs', 'auditor', '', { shard: '07', why: 'A key had leaked.' }],
    ]
    for (const [name, who, id, sent] of calls)
      expect({ name, ...(await call(app, name, who, id, sent)) }).toEqual({ name, ...problem })
    const view = { page: 1, template: lives.pending.digest.slice('sha256:'.length) as never, via: 'teams' }
    expect(await outcomeOf(app.approvals.review(pending.id, dba2, view))).toBe('read-only')
    expect(await comparable(place)).toEqual(before)
  })

  test('can be read: requests as of the snapshot, lists, events, and sealed days', async () => {
    const { pending, approved, early } = lives
    // Deadlines have passed by now, and take no effect.
    place.clock.set(at(5, '09:00:00'))
    for (const [{ id }, status] of [
      [early, 'denied'],
      [pending, 'pending'],
      [approved, 'approved'],
    ] as const)
      expect((await call(app, 'read', 'auditor', id)).json).toMatchObject({ status })
    expect((await call(app, 'list', 'auditor', '?status=pending')).json).toMatchObject({
      requests: expect.arrayContaining([expect.objectContaining({ id: pending.id })]) as unknown,
    })
    expect((await call(app, 'events', 'auditor', approved.id)).status).toBe(200)
    expect((await call(app, 'bundles', 'auditor', '')).json).toMatchObject({ bundles: [{ date: day(4) }] })
  })

  test('answers a known idempotency key with its request, without waiting', async () => {
    const { ask, pending } = lives
    expect((await app.approvals.ask(ask)).request.id).toBe(pending.id)
    expect((await app.approvals.wait(pending.id, 3600)).status).toBe('pending')
  })

  test('is not changed by timers, and health names the missing events', async () => {
    expect([await app.sweep(), await app.seal(), await app.snapshot()]).toEqual([{}, [], []])
    const parts = { ledger: 'read-only', seal: 'read-only', backup: 'off' }
    expect(await call(app, 'health', null, '')).toMatchObject({ status: 503, json: { status: 'failing', parts } })
    expect((await call(app, 'health', null, '')).json).not.toHaveProperty('lost')
    expect((await call(app, 'health', 'auditor', '')).json).toMatchObject({ lost: restored.lost.gaps })
    expect(place.failures).toEqual([])
  })

  test('has every event in its complete shards', () => {
    expect(shardOf(lives.pending.id)).toBe('05')
    expect(restored.lost.gaps.map(({ shard }) => shard)).not.toContain('05')
  })
})

test('a day that was sealed after the snapshot is restored from its chunks, and its texts are listed as missing', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  const { approvals } = place.uses()
  await approvals.ask({ ...asked('03'), expiresIn: 86_400 })
  await place.snapshot()
  place.clock.set(at(5, '00:05:00'))
  expect(await place.seal()).toEqual([day(4)])
  await place.drop()
  // The snapshot is of before the day was sealed, and has all of its events.
  expect(await place.restored()).toMatchObject({ lost: { gaps: [] }, textless: [], proved: { date: day(4) } })
  expect((await place.open()).incomplete).toBeUndefined()
  place.clock.set(at(5, '12:00:00'))
  await place.uses().approvals.ask(asked('05'))
  place.clock.set(at(6, '00:05:00'))
  expect(await place.seal()).toEqual([day(5)])
  await place.drop()
  const { lost, proved, textless } = await place.restored()
  // The root of the day proves that its events are those that were sealed.
  expect(proved).toMatchObject({ date: day(5) })
  expect({ lost, textless }).toEqual({ lost: { gaps: [], ends: [] }, textless: [{ shard: '05', from: 1, to: 2 }] })
  expect((await place.open()).incomplete).toMatchObject({ gaps: [], textless })
  expect((await new TableSeals(place.tables).plans()).map(({ date }) => date)).toEqual([4, 5].map(day))
  expect(place.failures).toEqual([])
})

describe('events that only chunks have', () => {
  let place: Place
  let app: App
  let incomplete: Incomplete | undefined
  let lives: Awaited<ReturnType<typeof lived>>
  let restored: Awaited<ReturnType<Place['restored']>>

  /** Requests in every state at the snapshot, and at the last chunk. */
  async function lived() {
    const { approvals } = place.uses()
    const ask = async (shard: string, more = {}) => (await approvals.ask({ ...asked(shard), ...more })).request
    const pending = await ask('03', { expiresIn: 86_400 })
    const approved = await ask('05')
    await approvals.decide(approved.id, votes(approved))
    const erased = await ask('07', { reason: 'Because of Dana' })
    await approvals.decide(erased.id, votes(erased, dba, { verdict: 'deny', reason: 'Not for Dana' }))
    await place.snapshot()
    await approvals.decide(pending.id, votes(pending, dba, { reason: 'Looks right' }))
    const used = await approvals.decide(approved.id, votes(approved, dba2))
    await approvals.redeem(used.id, await claims(place.uses(), used, 'first'))
    await erasing(place, erased.id)
    const later = await ask('0a', { expiresIn: 86_400, reason: 'Asked later' })
    const denied = await ask('0a', { reason: 'Asked in vain' })
    await approvals.decide(denied.id, votes(denied, dba, { verdict: 'deny', reason: 'No' }))
    expect(await place.seal()).toEqual([])
    return { pending, approved, erased, later, denied }
  }

  beforeAll(async () => {
    place = await places.anew(at(4, '08:00:00'), () => needs([slot('dba', 2)]))
    lives = await lived()
    await place.drop()
    restored = await place.restored()
    ;({ incomplete } = await place.open())
    app = await service(place, incomplete)
  })

  const read = async (id: string) => (await call(app, 'read', 'auditor', id)).json

  test('come back, and their texts are counted and listed as missing', () => {
    expect(restored.lost).toEqual({ gaps: [], ends: [] })
    expect(restored.textless.map(({ shard }) => shard)).toEqual(['03', '05', '07', '0a'])
    // Two names and a reason of votes, a name, two reasons of asks, a name and a reason; of erasures a reason for each event.
    expect(restored.missingTexts).toBe(12)
    expect(incomplete).toEqual({ at: restored.at, gaps: [], textless: restored.textless })
    expect(place.failures).toEqual([])
  })

  test('requests are as they were at the last chunk, with the texts that the snapshot has', async () => {
    const { pending, approved, erased } = lives
    expect(await read(pending.id)).toMatchObject({
      ...{ status: 'pending', target: pending.action?.target, reason: 'Quarterly report' },
      approvals: { decisions: [expect.objectContaining({ verdict: 'approve' })] },
    })
    expect(JSON.stringify(await read(pending.id))).not.toContain('Looks right')
    expect(await read(approved.id)).toMatchObject({ status: 'redeemed', target: approved.action?.target })
    expect(await read(erased.id)).toMatchObject({ status: 'denied', digest: erased.digest })
    // An erasure that is newer than the snapshot is in a chunk, and holds.
    expect(JSON.stringify([...(await place.dump())])).not.toContain('Dana')
  })

  test('a request that no snapshot has is shown without its action and texts', async () => {
    for (const [{ id, digest, verb }, status] of [
      [lives.later, 'pending'],
      [lives.denied, 'denied'],
    ] as const) {
      const found = await read(id)
      expect(found).toMatchObject({ status, digest, action: verb })
      for (const name of ['target', 'environment', 'params', 'reason']) expect(found).not.toHaveProperty(name)
    }
    const { json } = await call(app, 'list', 'auditor', '?status=pending')
    const { requests } = json as unknown as { readonly requests: readonly { readonly id: string }[] }
    expect(requests.map(({ id }) => id).sort()).toEqual([lives.pending.id, lives.later.id].sort())
    expect((await call(app, 'events', 'auditor', lives.later.id)).status).toBe(200)
  })

  test('the ledger can be read and not continued, and health says which events have no texts', async () => {
    const { later } = lives
    expect(await call(app, 'decide', 'approver', later.id, { verdict: 'approve', digest: later.digest })).toMatchObject(
      { status: 503, json: { code: 'read-only' } },
    )
    expect(await app.seal()).toEqual([])
    const { json } = await call(app, 'health', 'auditor', '')
    expect(json).toMatchObject({ parts: { ledger: 'read-only' }, textless: restored.textless })
    expect(json).not.toHaveProperty('lost')
  })

  test('whoever takes the action out of an open row of the tables is found', async () => {
    const { pending } = lives
    const { ledger } = place.tables
    const key = rowKey.request(pending.id)
    const row = await ledger.getEntity('03', key)
    const { action: _action, state, ...others } = row
    const bare = JSON.stringify({ ...(JSON.parse(String(state)) as object), fromEvents: true })
    await ledger.updateEntity({ ...others, state: bare, partitionKey: '03', rowKey: key }, 'Replace')
    const { json } = await call(await service(place, incomplete), 'read', 'auditor', pending.id)
    expect(json).toMatchObject({ code: 'evidence-broken' })
  })
})

test('a chunk that begins before the end of the snapshot is used from there on, and a forged one is not', async () => {
  const place = await places.anew(at(4, '08:00:00'), () => needs([slot('dba', 2)]))
  const { approvals } = place.uses()
  const { request } = await approvals.ask({ ...asked('05'), expiresIn: 86_400 })
  await place.snapshot()
  await approvals.decide(request.id, votes(request))
  expect(await place.seal()).toEqual([])
  const [chunk] = await place.archive().list('chunks/')
  expect(chunk?.name).toContain('000000000001-000000000003')
  await place.archive().create('chunks/2026-03-04/05/000000000001-000000000099-ff', Buffer.from('forged'), 'text/plain')
  await place.drop()
  const { textless, lost } = await place.restored()
  expect({ textless, lost }).toEqual({ textless: [{ shard: '05', from: 3, to: 3 }], lost: { gaps: [], ends: [] } })
  expect(await new TableLedger(place.tables).find(request.id)).toMatchObject({ decisions: [{ verdict: 'approve' }] })
})
