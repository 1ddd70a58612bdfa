import { type Call, type Fault, type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { type Account, startAccount } from './account.ts'
import { at, comparable, day, live, morning, scratch } from './days.ts'
import { checkLog } from './series.ts'

const { folder: spool, left, clean } = scratch()
let account: Account
let tables: FaultProxy
let blobs: FaultProxy

beforeAll(async () => {
  account = await startAccount(spool)
  ;[tables, blobs] = await Promise.all([startFaultProxy(account.tablesUrl), startFaultProxy(account.blobsUrl)])
})
afterAll(async () => {
  await Promise.all([tables.close(), blobs.close()])
  await account.close()
  clean()
})
afterEach(() => expect(left()).toEqual([]))

const days = [4, 5].map(day)

const status = (code: number): Fault => ({ kind: 'status', status: code })
const isWrite = ({ method }: Call) => method !== 'GET' && method !== 'HEAD'
const any = () => true
/** Writes that the second seal stands on: the plan, the manifest, the zip, the head. */
const isGreat = (call: Call) => isWrite(call) && /(plan-|manifests.|bundles.|post-)2026-03-05/.test(nameOf(call))

/** What happens to each request that is like no other before it, how often, and whether one run takes it. */
const faults: readonly (readonly [string, Fault, number, (call: Call) => boolean, boolean])[] = [
  ['the answer to every write is lost', { kind: 'unanswered' }, 1, isWrite, true],
  ['every write is carried out twice', { kind: 'doubled' }, 1, isWrite, true],
  ['no request arrives at first', { kind: 'lost' }, 1, any, true],
  ['every request is refused at first', status(503), 1, any, true],
  ['the answers to all tries of a write are lost', { kind: 'unanswered' }, 4, isGreat, false],
  ['every write is answered as if the file existed', status(409), 1, isWrite, false],
  ['every write is answered as if the row had changed', status(412), 1, isWrite, false],
]

test.each(faults)('sealing has the same result although %s', async (_what, fault, times, matches, isOneRun) => {
  const store = await account.anew()
  await live(await store.uses())
  const [one, twin] = await Promise.all([store.sealer({ tables: tables.url, blobs: blobs.url }), store.twin()])
  for (const { clock } of [one, twin]) clock.set(at(6, '00:05:00'))
  const counts = new Map<string, number>()
  for (const proxy of [tables, blobs])
    proxy.plan((call) => {
      const name = nameOf(call)
      const count = counts.get(name) ?? 0
      counts.set(name, count + 1)
      return matches(call) && count < times ? fault : null
    })
  let failed = 0
  const ran = () => one.run().catch(() => void (failed += 1))
  let sealed = await ran()
  while (!sealed) sealed = await ran()
  if (isOneRun) expect({ failed, sealed }).toEqual({ failed: 0, sealed: days })
  else expect(failed).toBeGreaterThan(0)
  for (const proxy of [tables, blobs]) expect(proxy.count(fault.kind)).toBeGreaterThan(7)
  for (const proxy of [tables, blobs]) {
    await proxy.idle()
    proxy.plan(() => null)
  }

  expect(await twin.run()).toEqual(days)
  expect(await comparable(one.archive, days)).toEqual(await comparable(twin.archive, days))
  await checkLog(one, days)
  expect(await account.published()).toBe(
    Buffer.from((await one.archive.read(`checkpoints/${day(5)}`)) ?? []).toString(),
  )
  expect(await one.seals.announcements(morning, morning)).toEqual(days)
  expect(await one.seals.alarm()).toBeNull()
  expect(one.failures).toEqual([])
})

/** Without what is random: the name of a block, and the borders of a transaction, which is known by its day. */
function nameOf({ method, path, body }: Call): string {
  const what = path.includes('$batch') ? /post-[\d-]+/.exec(body.toString())?.[0] : path.includes('/ledger') ? body : ''
  return `${method} ${path.replace(/blockid=[^&]+/, '')} ${what?.toString()}`
}
