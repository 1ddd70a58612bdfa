import type { Archive } from '../../src/ports/archive.ts'
import { type Account, startAccount } from '../../test/evidence/account.ts'
import { at, day, scratch } from '../../test/evidence/days.ts'
import { type Call, type Fault, startFaultProxy } from '../../test/support/faultProxy.ts'
import { asks, type Instance, votes } from '../../test/support/world.ts'

const days = [4, 5].map(day)

/** Sets up a storage account for {@link sealUnder}. */
export async function startSeals(): Promise<{ readonly account: Account; close(): Promise<void> }> {
  const spool = scratch()
  const account = await startAccount(spool.folder)
  return {
    account,
    async close() {
      await account.close()
      spool.clean()
    },
  }
}

/**
 * Seals two days while the first try of every call meets the fault, in as many runs as needed.
 *
 * @returns how many calls met the fault, and how many runs were needed
 * @throws {Error} if the result is not the same as without faults
 */
export async function sealUnder(account: Account, name: string, fault: Fault): Promise<{ met: number; runs: number }> {
  const [tables, blobs] = await Promise.all([startFaultProxy(account.tablesUrl), startFaultProxy(account.blobsUrl)])
  try {
    const store = await account.anew()
    await live(await store.uses())
    const [one, twin] = await Promise.all([store.sealer({ tables: tables.url, blobs: blobs.url }), store.twin()])
    for (const { clock } of [one, twin]) clock.set(at(6, '00:05:00'))
    const known = new Set<string>()
    let met = 0
    const plan = (call: Call) => {
      const what = nameOf(call)
      if (known.has(what)) return null
      known.add(what)
      met++
      return fault
    }
    for (const proxy of [tables, blobs]) proxy.plan(plan)
    let runs = 1
    while (!(await one.run().catch(() => null))) if (++runs > 400) throw new Error(`${name}: the days are never sealed`)
    for (const proxy of [tables, blobs]) {
      await proxy.idle()
      proxy.plan(() => null)
    }
    await one.run()
    await twin.run()
    const [ours, theirs] = await Promise.all([one, twin].map(({ archive }) => logOf(archive)))
    if (ours !== theirs) throw new Error(`${name}: the sealed days differ`)
    if ((await one.seals.alarm()) !== null) throw new Error(`${name}: there is an alarm`)
    return { met, runs }
  } finally {
    await Promise.all([tables.close(), blobs.close()])
  }
}

/** Plays two days with decided requests, and one request that is still open at midnight. */
async function live({ approvals, clock }: Instance): Promise<void> {
  for (const number of [4, 5]) {
    clock.set(at(number, '23:20:00'))
    const [{ request }] = [await approvals.ask(asks()), await approvals.ask(asks({ key: `day-${number}` }))]
    await approvals.decide(request.id, votes(request))
  }
}

/** Reads origin, size and root of the log after each day; the root depends on every event. Checks for the bundle. */
async function logOf(archive: Archive): Promise<string> {
  const logs = days.map(async (date) => {
    const [note, bundle] = [await archive.read(`checkpoints/${date}`), await archive.find(`bundles/${date}.zip`)]
    if (note === null || bundle === null) throw new Error(`${date} is not sealed`)
    return Buffer.from(note).toString().split('\n').slice(0, 3).join('\n')
  })
  return (await Promise.all(logs)).join('\n')
}

/** Describes a call without its random parts: ids of blocks, and boundaries of a transaction. */
function nameOf({ method, path, body }: Call): string {
  const what = path.includes('$batch') ? /post-[\d-]+/.exec(body.toString())?.[0] : path.includes('/ledger') ? body : ''
  return `${method} ${path.replace(/blockid=[^&]+/, '')} ${what?.toString()}`
}
