import { rowKey } from '../../src/azure/rowKey.ts'
import { isBroken } from '../../src/core/data/problem.ts'
import { parseSnapshot, type Segment } from '../../src/core/log/snapshot.ts'
import { type SnapshotParts, takeSnapshot } from '../../src/evidence/backup/snapshot.ts'
import { dba } from '../support/build.ts'
import { type Instance, votes } from '../support/world.ts'
import { asked, at, scratch } from '../evidence/days.ts'
import { namesIn, textIn } from './files.ts'
import { type Place, type Places, startPlaces } from './place.ts'
import { erasing } from './lives.ts'

const { folder: spool, clean } = scratch()
let places: Places

beforeAll(async () => {
  places = await startPlaces(spool)
})
afterAll(async () => {
  await places.close()
  clean()
})

/** The segments of a shard, in the order of their names. */
async function segmentsOf(place: Place, shard: string): Promise<readonly Segment[]> {
  const files = await place.archive().list('snapshots/')
  const notes = files.flatMap(({ note = '' }) => parseSnapshot(note)?.note ?? [])
  return notes.flatMap((note) => (note.kind === 'segment' && note.shard === shard ? [note] : []))
}

const rangesOf = (segments: readonly Segment[]) => segments.map(({ from, to, base }) => [from.seq, to.seq, base])

async function denied(one: Instance, shard = '03') {
  const { request } = await one.approvals.ask({ ...asked(shard), reason: 'Because of Dana' })
  return one.approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
}

test('a day is copied once, the next day continues it, and after a week everything is copied again', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  const one = place.uses()
  await denied(one)
  place.clock.set(at(5, '00:05:00'))
  expect(await place.snapshot()).toHaveLength(5)
  await denied(one)
  place.clock.set(at(5, '01:05:00'))
  expect(await place.snapshot()).toEqual([])
  place.clock.set(at(6, '00:05:00'))
  await place.snapshot()
  expect(rangesOf(await segmentsOf(place, '03'))).toEqual([
    [0, 4, true],
    [4, 7, false],
  ])
  const [, texts] = await namesIn(place.container('backup'), /07-|03-.*texts/)
  expect((await textIn(place.container('backup'), texts ?? '')).trim().split('\n')).toHaveLength(2)
  place.clock.set(at(12, '00:05:01'))
  await place.snapshot()
  expect(rangesOf(await segmentsOf(place, '03')).at(-1)).toEqual([7, 7, true])
  const newest = (await segmentsOf(place, '03')).at(-1)
  expect({ texts: newest?.texts.lines, requests: newest?.requests.lines, lines: newest?.lines }).toEqual({
    ...{ texts: 4, requests: 4, lines: 1 },
  })
  expect(place.failures).toEqual([])
})

test('texts that people wrote are only in the container for backups', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  await denied(place.uses())
  await place.snapshot()
  const evidence = place.container('evidence')
  const kept = await Promise.all((await namesIn(evidence, /^snapshots\//)).map((name) => textIn(evidence, name)))
  const backup = place.container('backup')
  const erasable = await Promise.all((await namesIn(backup)).map((name) => textIn(backup, name)))
  for (const words of ['Because of Dana', 'Person 11', 'prod/db']) {
    expect(kept.join('')).not.toContain(words)
    expect(erasable.join('')).toContain(words)
  }
})

test('an erasure is copied in the same hour, even if the day was copied already', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  const one = place.uses()
  const { id } = await denied(one)
  await place.snapshot()
  await denied(one)
  place.clock.set(at(4, '09:05:00'))
  expect(await place.snapshot()).toEqual([])
  await erasing(place, id)
  expect(await place.snapshot()).toHaveLength(3)
  expect(rangesOf(await segmentsOf(place, '03'))).toEqual([
    [0, 4, true],
    [4, 10, false],
  ])
})

test('an erasure while a segment is copied belongs to the snapshot', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  const { id } = await denied(place.uses())
  const parts = place.snapshotParts()
  await takeSnapshot(between(parts, 'requests', () => erasing(place, id)))
  expect(rangesOf(await segmentsOf(place, '03'))).toEqual([
    [0, 4, true],
    [4, 7, false],
  ])
})

/** Does something once, before the rows are read that this method reads. */
function between(parts: SnapshotParts, method: 'requests' | 'events', act: () => Promise<unknown>): SnapshotParts {
  let isDone = false
  const rows = new Proxy(parts.rows, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== method) return value.bind(target) as unknown
      return async function* (...args: unknown[]) {
        if (!isDone && args[0] === '03') {
          isDone = true
          await act()
        }
        yield* value.apply(target, args) as AsyncIterable<unknown>
      }
    },
  })
  return { ...parts, rows }
}

describe('an altered row is not copied, and is named:', () => {
  async function spoilt(spoil: (place: Place, seq: number, key: string) => Promise<unknown>) {
    const place = await places.anew(at(4, '08:00:00'))
    const one = place.uses()
    const request = await denied(one)
    await denied(one, '05')
    await spoil(place, request.events[0]?.seq ?? 0, rowKey.request(request.id))
    await place.snapshot()
    expect(await segmentsOf(place, '03')).toEqual([])
    expect(rangesOf(await segmentsOf(place, '05'))).toEqual([[0, 4, true]])
    expect(await place.snapshotParts().rows.newest()).toBeNull()
    return place.failures.map((cause) => (isBroken(cause) ? cause.details.broken : cause))
  }

  test('a missing event', async () => {
    const failures = await spoilt((place, seq) => place.tables.ledger.deleteEntity('03', rowKey.event(seq)))
    expect(failures).toEqual([{ shard: '03', row: 'event-000000000002', check: 'missing' }])
  })

  test('an event with another text', async () => {
    const failures = await spoilt(async (place, seq) => {
      const row = await place.tables.ledger.getEntity<{ leaf: string }>('03', rowKey.event(seq))
      const leaf = row.leaf.replace('"agent"', '"policy"')
      await place.tables.ledger.updateEntity({ partitionKey: '03', rowKey: rowKey.event(seq), leaf }, 'Merge')
    })
    expect(failures).toEqual([{ shard: '03', row: 'event-000000000002', check: 'mac' }])
  })

  test('a chain that is shorter than the newest segment', async () => {
    const place = await places.anew(at(4, '08:00:00'))
    await denied(place.uses())
    const head = await place.tables.ledger.getEntity('03', rowKey.head)
    await denied(place.uses())
    await place.snapshot()
    await place.tables.ledger.updateEntity(head as never, 'Replace')
    place.clock.set(at(5, '00:05:00'))
    await place.snapshot()
    expect(place.failures).toMatchObject([{ details: { broken: { shard: '03', check: 'head' } } }])
  })

  test('a request of a new event, without its row', async () => {
    const place = await places.anew(at(4, '08:00:00'))
    const one = place.uses()
    await denied(one)
    await place.snapshot()
    const { id } = await denied(one)
    await place.tables.ledger.deleteEntity('03', rowKey.request(id))
    place.clock.set(at(5, '00:05:00'))
    await place.snapshot()
    expect(place.failures).toMatchObject([{ details: { broken: { shard: '03', request: id, check: 'missing' } } }])
    expect(rangesOf(await segmentsOf(place, '03'))).toEqual([[0, 4, true]])
  })
})

test('a file of another program is not part of a snapshot, and is named', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  await denied(place.uses())
  await place.snapshot()
  const own = (await place.archive().list('snapshots/')).find(({ name }) => name.includes('/03-'))
  const forged = (own?.note ?? '').replace('"base":true', '"base":false')
  const name = 'snapshots/2026-03-04/03-000000000000.forged'
  await place.archive().createOrRead(name, Buffer.from('{}\n'), 'text/plain', forged)
  place.clock.set(at(4, '09:05:00'))
  expect(await place.snapshot()).toEqual([])
  expect(place.failures).toMatchObject([{ details: { broken: { shard: 'snapshots', row: name, check: 'mac' } } }])
})

test('health learns when everything due has been copied', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  const { rows } = place.snapshotParts()
  expect(await rows.newest()).toBeNull()
  await place.snapshot()
  expect(await rows.newest()).toBe(at(4, '08:00:00'))
  place.clock.set(at(4, '09:05:00'))
  await place.snapshot()
  expect(await rows.newest()).toBe(at(4, '09:05:00'))
})
