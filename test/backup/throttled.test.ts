import { type RequestId, sha256, shardOf } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { dba } from '../support/build.ts'
import { type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { claims, votes } from '../support/world.ts'
import { asked, at, day, scratch } from '../evidence/days.ts'
import { type Place, type Places, startPlaces } from './place.ts'

const { folder: spool, clean } = scratch()
let places: Places
let proxies: { readonly tables: FaultProxy; readonly blobs: FaultProxy }

beforeAll(async () => {
  places = await startPlaces(spool)
  const [tables, blobs] = await Promise.all([places.tablesUrl, places.blobsUrl].map(startFaultProxy))
  if (!tables || !blobs) throw new Error('There are two proxies.')
  proxies = { tables, blobs }
})
afterAll(async () => {
  await Promise.all([proxies.tables.close(), proxies.blobs.close()])
  await places.close()
  clean()
})

/** Refuses every second call, as a storage account does at its limit: each one that it has not refused right before. */
function throttle(proxy: FaultProxy): void {
  const refused = new Set<string>()
  proxy.plan(({ method, path, body }) => {
    const call = `${method} ${path} ${sha256(body)}`
    if (refused.delete(call)) return null
    refused.add(call)
    return { kind: 'status', status: 503 }
  })
}

/** Does what a caller does who is told to call later: the same again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left--)
    try {
      return await work()
    } catch (cause) {
      if (left === 0 || !(cause instanceof Problem) || !['unavailable', 'busy'].includes(cause.code)) throw cause
    }
}

/** The types of a request's events, in the ledger itself. */
async function recordedOf(place: Place, id: RequestId) {
  const types: string[] = []
  for await (const page of new TableLedger(place.tables).stream(shardOf(id), 0, 99))
    for (const { text } of page) if (readRecord(text).request === id) types.push(readRecord(text).type)
  return types
}

test('a storage that refuses every second call is slower: nothing is lost, nothing is done twice, and it is counted', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  for (const proxy of [proxies.tables, proxies.blobs]) throttle(proxy)
  const url = { tables: proxies.tables.url, blobs: proxies.blobs.url }
  const one = place.uses(url)
  const { approvals } = one
  const lives = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const ask = { ...asked('05'), expiresIn: 3_600, key: { text: `key-${number}`, body: sha256(`body ${number}`) } }
      const { request } = await patiently(() => approvals.ask(ask))
      const approved = await patiently(() => approvals.decide(request.id, votes(request, dba)))
      const claim = await patiently(() => claims(one, approved, `use-${number}`))
      expect(await patiently(() => approvals.redeem(approved.id, claim))).toMatchObject({ next: 'execute' })
      const { executor } = approved
      await patiently(() => approvals.report(approved.id, { executor, result: 'succeeded' }))
      expect((await patiently(() => approvals.ask(ask))).request.id).toBe(request.id)
      return request.id
    }),
  )
  expect(await patiently(() => place.seal(url))).toEqual([])
  place.clock.set(at(5, '00:05:00'))
  expect(await patiently(() => place.seal(url))).toEqual([day(4)])
  const chunks = await place.archive().list('chunks/')
  expect(chunks.map(({ name }) => name.split('/')[2])).toEqual([...new Set(lives.map(shardOf))].sort())
  for (const id of lives)
    expect(await recordedOf(place, id)).toEqual(['requested', 'decided', 'approved', 'redeemed', 'succeeded'])
  expect(one.throttled()).toBeGreaterThan(10)
  expect(proxies.blobs.count('status')).toBeGreaterThan(10)
  expect(place.failures).toEqual([])
})
