import { TableLedger } from '../../src/azure/ledger.ts'
import { open } from '../../src/core/request/submission.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { changeOf, noon, shard, submission } from './story.ts'
import { startStorage, type TestStorage } from './tables.ts'

let storage: TestStorage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.close())
beforeEach(() => storage.clear())

const kinds: readonly (readonly [string, () => Ledger])[] = [
  ['the fake', () => new MemoryLedger()],
  ['Table Storage', () => new TableLedger(storage.connect())],
]

test.each(kinds)('%s keeps the trace of a commit beside its events, and out of what is hashed', async (_kind, make) => {
  const ledger = make()
  const trace = 'a'.repeat(32)
  for (const more of [{ trace }, {}]) {
    const step = open(submission())
    const loaded = await ledger.load(shard(3), {})
    const change = changeOf(loaded, step, noon, more)
    await ledger.commit(loaded, change)
    const [event] = await ledger.events(change.request ?? step.request)
    expect(event?.trace).toBe(more.trace)
    expect(event?.text).toBe(change.leaves[0]?.text)
    expect(event?.text).not.toContain(trace)
  }
  const streamed = []
  for await (const page of ledger.stream(shard(3), 0, 2)) streamed.push(...page)
  expect(streamed.map((event) => event.trace)).toEqual([trace, undefined])
})
