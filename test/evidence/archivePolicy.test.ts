import { archivePolicy } from '../../src/evidence/seal/archivePolicy.ts'
import type { Archive } from '../../src/ports/archive.ts'
import { fakePolicy } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { roster } from '../support/world.ts'

const files = new Map(Array.from({ length: 12 }, (_, i) => [`file-${i}`, Buffer.from(`text ${i}`)] as const))

const policy = { ...fakePolicy(roster()), files: () => files }

/** Notes calls, and how many rounds they make: a call that begins after the answer of another is of a later round. */
function watched(archive: Archive) {
  const seen = { calls: [] as string[], rounds: 0 }
  let answered = 0
  const watch =
    <Args extends readonly unknown[], T>(name: string, call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const round = answered + 1
      seen.calls.push(name)
      seen.rounds = Math.max(seen.rounds, round)
      // whatever is asked at once is asked by then
      await new Promise((done) => setImmediate(done))
      answered = Math.max(answered, round)
      return call(...args)
    }
  return {
    seen,
    read: watch('read', (name: string) => archive.read(name)),
    create: watch('create', (name: string, bytes: Uint8Array, type: string) => archive.create(name, bytes, type)),
  }
}

test('a policy that is known takes one round of calls, one for each file', async () => {
  const archive = new MemoryArchive()
  await archivePolicy(archive, policy)
  const { seen, ...again } = watched(archive)
  await archivePolicy(again, policy)
  expect(seen).toEqual({ calls: Array(12).fill('read'), rounds: 1 })
})

test('a new policy takes two rounds, and is kept whole', async () => {
  const archive = new MemoryArchive()
  const { seen, ...first } = watched(archive)
  await archivePolicy(first, policy)
  expect(seen).toEqual({ calls: [...Array(12).fill('read'), ...Array(12).fill('create')], rounds: 2 })
  const folder = `policy/${policy.version.slice('sha256:'.length)}/`
  expect((await archive.list(folder)).map(({ name }) => name.slice(folder.length))).toEqual([...files.keys()].sort())
})

test('a file with other bytes stops it, by name', async () => {
  const archive = new MemoryArchive()
  await archive.create(`policy/${policy.version.slice('sha256:'.length)}/file-7`, Buffer.from('planted'))
  await expect(archivePolicy(archive, policy)).rejects.toThrow(/file-7 .*other bytes/)
})
