import { LimitRows } from '../../src/approvals/limitRows.ts'
import { emptyRow, type LimitRow } from '../../src/core/request/limit.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Limits } from '../../src/ports/limits.ts'
import { MemoryLimits } from '../support/fakes/limits.ts'
import { bot, oid } from '../support/build.ts'
import { FakeClock } from '../support/fakes.ts'
import { noon } from '../support/build.ts'

const key = { agent: bot }

function place() {
  const stored = new MemoryLimits()
  const time = { elapsed: 0 }
  const calls = { reads: 0, writes: 0 }
  const fault = { next: null as Problem | null }
  const limits: Limits = {
    async read(one) {
      calls.reads++
      return stored.read(one)
    },
    async replace(...given) {
      calls.writes++
      const { next } = fault
      if (next) throw next
      return stored.replace(...given)
    },
  }
  const parts = { clock: new FakeClock(noon), backOff: async () => undefined }
  const rows = () => new LimitRows(limits, () => time.elapsed)
  /** What was asked for since the last look. */
  const seen = () => {
    const { reads, writes } = calls
    Object.assign(calls, { reads: 0, writes: 0 })
    return [reads, writes]
  }
  const asked = async (): Promise<readonly string[]> => (await stored.read(key)).row.asked
  return { stored, time, fault, parts, rows, seen, asked }
}

const adding =
  (id: string) =>
  (row: LimitRow): LimitRow => ({ ...row, asked: [...row.asked, id as LimitRow['asked'][number]] })

test('changes of one row that come together are written together, in their order', async () => {
  const { parts, rows, seen, asked } = place()
  const one = rows()
  const ids = Array.from({ length: 40 }, (_, i) => String(i))
  await Promise.all(ids.map((id) => one.change(parts, key, adding(id))))
  expect(await asked()).toEqual(ids)
  const [reads = 0, writes = 0] = seen()
  expect([reads, writes]).toEqual([1, 2])
})

test('changes of different rows do not wait for each other', async () => {
  const { parts, rows, seen } = place()
  const one = rows()
  await Promise.all([1, 2, 3].map((n) => one.change(parts, { agent: oid(n) }, adding('x'))))
  expect(seen()).toEqual([3, 3])
})

test('a row that this process wrote a moment ago is not read again', async () => {
  const { parts, rows, seen, asked, time } = place()
  const one = rows()
  for (const id of ['a', 'b', 'c']) await one.change(parts, key, adding(id))
  expect(seen()).toEqual([1, 3])
  time.elapsed += 5_000
  await one.change(parts, key, adding('d'))
  expect(seen()).toEqual([1, 1])
  expect(await asked()).toEqual(['a', 'b', 'c', 'd'])
})

test('what another process wrote is never lost, and is read for a while after that', async () => {
  const { parts, rows, seen, asked, time } = place()
  const [one, other] = [rows(), rows()]
  await one.change(parts, key, adding('a'))
  await other.change(parts, key, adding('b'))
  seen()
  await one.change(parts, key, adding('c')) // its write fails, so that it reads and writes again
  expect(seen()).toEqual([1, 2])
  await one.change(parts, key, adding('d'))
  expect(seen()).toEqual([1, 1])
  time.elapsed += 10_000
  await one.change(parts, key, adding('e'))
  await one.change(parts, key, adding('f'))
  expect(seen()).toEqual([1, 2])
  expect(await asked()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

test('many changes at several processes are all kept', async () => {
  const { parts, rows, asked } = place()
  const places = [rows(), rows(), rows()] as const
  const ids = Array.from({ length: 60 }, (_, i) => String(i))
  const outcomes = await Promise.allSettled(
    ids.map((id, i) => places[(i % 3) as 0 | 1 | 2].change(parts, key, adding(id))),
  )
  const kept = ids.filter((_, i) => outcomes[i]?.status === 'fulfilled')
  expect([...(await asked())].sort()).toEqual(kept.sort())
  expect(kept.length).toBeGreaterThan(0)
})

test('a refusal is the refusal of one, and only a row that was read may refuse', async () => {
  const { parts, rows, stored, seen, asked } = place()
  const one = rows()
  const full = new Problem('too-many', 'Full.')
  const ifRoom = (id: string) => (row: LimitRow) => {
    if (row.asked.length >= 2) throw full
    return adding(id)(row)
  }
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => one.change(parts, key, ifRoom(id))))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  seen()
  // Another process made room: what this one remembers is full.
  const { row, version } = await stored.read(key)
  await stored.replace(key, version, { ...row, asked: [] })
  await one.change(parts, key, ifRoom('d'))
  expect(seen()).toEqual([1, 1])
  expect(await asked()).toEqual(['d'])
})

test('a change that leaves the row as it is writes nothing, after it was read', async () => {
  const { parts, rows, seen } = place()
  const one = rows()
  await one.change(parts, key, adding('a'))
  seen()
  await one.change(parts, key, (row) => row)
  expect(seen()).toEqual([1, 0])
})

test('a write that fails fails all whose changes it has, and nothing of it is remembered', async () => {
  const { parts, rows, fault, seen, asked } = place()
  const one = rows()
  await one.change(parts, key, adding('a'))
  fault.next = new Problem('unavailable', 'Away.')
  const outcomes = await Promise.allSettled(['b', 'c'].map((id) => one.change(parts, key, adding(id))))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fault.next = null
  seen()
  await one.change(parts, key, adding('d'))
  expect(seen()).toEqual([1, 1])
  expect(await asked()).toEqual(['a', 'd'])
})

test('a row that cannot be read fails its changes only, and later ones go on', async () => {
  const { parts, stored } = place()
  let away = true
  const read: Limits['read'] = async (one) => {
    if (away) throw new Problem('unavailable', 'Away.')
    return stored.read(one)
  }
  const one = new LimitRows({ read, replace: (...given) => stored.replace(...given) })
  await expect(one.change(parts, key, adding('a'))).rejects.toMatchObject({ code: 'unavailable' })
  away = false
  await one.change(parts, key, adding('b'))
  expect((await stored.read(key)).row).toEqual({ ...emptyRow, asked: ['b'] })
})
