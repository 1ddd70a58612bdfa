import type { RequestId } from '../../src/core/data/id.ts'
import { crowd } from './figure.ts'
import { startInstance, tryToAsk } from './instance.ts'
import type { Order, Report, Tasks } from './peer.ts'
import { tablesAt } from './storage.ts'

/** An instance in a process of its own, which does what it is told over IPC. */
const [url = '', account = '', key = ''] = process.argv.slice(2)
const instance = await startInstance(tablesAt({ url, account, key }))
const waits: Promise<readonly [RequestId, number]>[] = []
const promises: Promise<void>[] = []
const now = () => performance.timeOrigin + performance.now()

const tasks: {
  readonly [Name in keyof Tasks]: (...given: Parameters<Tasks[Name]>) => Promise<ReturnType<Tasks[Name]>>
} = {
  async ask({ clients, seconds }) {
    const began = performance.now()
    const outcomes = { asked: 0, busy: 0 }
    const one = async () => {
      while (performance.now() - began < seconds * 1000) outcomes[await tryToAsk(instance)] += 1
    }
    await Promise.all(Array.from({ length: clients }, one))
    return { ...outcomes, seconds: (performance.now() - began) / 1000 }
  },
  async open({ requests }) {
    const ids: RequestId[] = []
    await crowd(requests, 16, async () => ids.push((await instance.ask()).id))
    return ids
  },
  async approve({ id }) {
    const request = await instance.ledger.find(id)
    if (!request) throw new Error('There is no such request.')
    const told = now()
    await instance.approve(request)
    return told
  },
  async wait({ ids, seconds }) {
    for (const id of ids) waits.push(instance.approvals.wait(id, seconds).then(() => [id, now()] as const))
    return null
  },
  async promise({ count, seconds }) {
    for (let number = 0; number < count; number++)
      promises.push(new Promise((done) => setTimeout(done, seconds * 1000).unref()))
    return null
  },
  answers: () => Promise.all(waits.splice(0)),
  async held() {
    globalThis.gc?.()
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    return { bytes: heapUsed + external, busy: (user + system) / 1000 }
  },
}

process.on('message', (order: Order) => void obey(order))
process.on('disconnect', () => process.exit())

async function obey({ number, task, how }: Order): Promise<void> {
  const run = tasks[task] as (how: unknown) => Promise<unknown>
  const report: Report = await run(how).then(
    (result) => ({ number, result }),
    (cause: unknown) => ({ number, failed: String(cause) }),
  )
  process.send?.(report)
}
