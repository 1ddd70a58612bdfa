import { sha256 } from '../../src/core/data/id.ts'
import { RestoreRefused } from '../../src/evidence/backup/refusal.ts'
import { checkSnapshot, restore } from '../../src/evidence/backup/restore.ts'
import { takeSnapshot } from '../../src/evidence/backup/snapshot.ts'
import { dba } from '../support/build.ts'
import { newSigner, votes } from '../support/world.ts'
import { asked, at, day, scratch } from '../evidence/days.ts'
import { someOf } from '../support/whole.ts'
import { metadataIn, nameIn, remove, rewrite, textIn } from './files.ts'
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

/** A sealed day with a request in shard 03, an open one in 05, and a snapshot of both. Its tables are dropped. */
let kept: Place

beforeAll(async () => {
  kept = await places.anew(at(4, '08:00:00'))
  const { approvals } = kept.uses()
  const { request } = await approvals.ask({ ...asked('03'), reason: 'Because' })
  await approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
  await approvals.ask({ ...asked('05'), expiresIn: 86_400 })
  kept.clock.set(at(5, '00:05:00'))
  await kept.seal()
  await kept.snapshot()
  await kept.drop()
})

async function refused(place: Place): Promise<RestoreRefused> {
  const cause: unknown = await place.restored().catch((cause: unknown) => cause)
  if (!(cause instanceof RestoreRefused)) throw cause
  expect(place.failures).toEqual([])
  return cause
}

/** As {@link refused}, and before the first row was written. */
async function refusedAtOnce(place: Place): Promise<RestoreRefused> {
  const cause = await refused(place)
  await expect(place.tables.ledger.getEntity('seal', 'meta')).rejects.toMatchObject({ statusCode: 404 })
  return cause
}

type Text = (text: string) => string
const same: Text = (text) => text

/** Does something while a file is another. */
async function during<T>(
  [which, name, change, note = same]: readonly ['evidence' | 'backup', string, Text, Text?],
  act: () => Promise<T>,
): Promise<T> {
  const container = kept.container(which)
  const [before, { note: earlier }] = [await textIn(container, name), await metadataIn(container, name)]
  await rewrite(container, name, change, note)
  try {
    return await act()
  } finally {
    await rewrite(
      container,
      name,
      () => before,
      () => earlier ?? '',
    )
  }
}

describe('an incomplete snapshot is refused before anything is written, and its file is named,', () => {
  const files: readonly (readonly ['evidence' | 'backup', RegExp])[] = [
    ['evidence', /^snapshots\/.*\/03-/],
    ['evidence', /^snapshots\/.*\/seal/],
    ['backup', /\/03-.*\.texts$/],
    ['backup', /\/05-.*\.requests$/],
    ['backup', /\/seal.*\.limits$/],
  ]
  const changes: readonly (readonly [string, Text])[] = [
    ['lacks a line', (text) => text.split('\n').slice(1).join('\n')],
    ['has another word', (text) => text.replace(/[a-z]+/, 'other')],
    ['ends early', (text) => text.slice(0, -9)],
  ]

  test.each(files)('in %s: %s', async (which, pattern) => {
    const name = await nameIn(kept.container(which), pattern)
    for (const [, change] of someOf(changes))
      expect(await during([which, name, change], () => refusedAtOnce(kept))).toMatchObject({
        ...{ code: 'altered-file', place: { file: name } },
      })
  })

  test('if a file is missing in the container for backups', async () => {
    const backup = kept.container('backup')
    const name = await nameIn(backup, /\/03-.*\.texts$/)
    const before = await textIn(backup, name)
    await remove(backup, name)
    const cause = await refusedAtOnce(kept)
    expect(cause).toMatchObject({ code: 'missing-file', place: { file: name } })
    expect(cause.message).toContain(name)
    await backup.getBlockBlobClient(name).upload(before, before.length)
  })

  test('if a whole segment is missing, with the events after the gap', async () => {
    const place = await places.anew(at(4, '08:00:00'))
    const { approvals } = place.uses()
    await approvals.ask(asked('03'))
    await place.snapshot()
    await approvals.ask(asked('03'))
    place.clock.set(at(5, '00:05:00'))
    await place.snapshot()
    await place.drop()
    await remove(place.container('evidence'), await nameIn(place.container('evidence'), /-04\/03-/))
    expect(await refused(place)).toMatchObject({ code: 'no-snapshot', place: { shard: '03', seq: 2 } })
  })

  test('if the day is before the first', async () => {
    await expect(checkSnapshot(await kept.restoreParts(), day(4))).rejects.toMatchObject({ code: 'no-snapshot' })
  })

  test('after which the repaired one is restored', async () => {
    expect(await kept.restored()).toMatchObject({ lost: { gaps: [] }, proved: { date: day(4) } })
    await kept.drop()
  })
})

describe('a person who can write both containers cannot forge a row', () => {
  const notes: readonly (readonly [string, Text])[] = [
    ['another head', (note) => note.replace(/"seq":4/, '"seq":3')],
    ['other digests', (note) => note.replace(/"sha256":"../, '"sha256":"00')],
    ['no note', () => '{}'],
  ]

  test.each(someOf(notes))(
    'a segment with %s in its note does not count, and its events come from chunks without their texts',
    async (_what, change) => {
      const name = await nameIn(kept.container('evidence'), /^snapshots\/.*\/03-/)
      const { lost, proved, textless } = await during(['evidence', name, same, change], () => kept.restored())
      expect({ lost: lost.gaps, textless }).toEqual({ lost: [], textless: [{ shard: '03', from: 1, to: 4 }] })
      expect(proved).toMatchObject({ date: day(4) })
      await kept.drop()
    },
  )
})

describe('altered rows in genuine files are refused', () => {
  /** A snapshot with rows that are changed before they are kept: who is the service could do that. */
  async function forged(
    method: 'requests' | 'events' | 'keys',
    change: (line: string) => string | null,
  ): Promise<Place> {
    const place = await places.anew(at(4, '08:00:00'))
    const { approvals } = place.uses()
    const { request } = await approvals.ask({ ...asked('03'), reason: 'Because' })
    await approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
    await approvals.ask({ ...asked('03'), expiresIn: 86_400 })
    const parts = place.snapshotParts()
    const rows = new Proxy(parts.rows, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== method) return value.bind(target) as unknown
        return async function* (...args: unknown[]) {
          for await (const page of value.apply(target, args) as AsyncIterable<readonly object[]>)
            yield page.flatMap((row) => {
              const text = change(JSON.stringify(row))
              return text === null ? [] : [JSON.parse(text) as object]
            })
        }
      },
    })
    await takeSnapshot({ ...parts, rows })
    await place.drop()
    return place
  }

  const dropping = (pattern: RegExp) => (line: string) => (pattern.test(line) ? null : line)

  test('a request without its row is named, with the event that opens it', async () => {
    const place = await forged('requests', dropping(/\\"status\\":\\"denied\\"/))
    expect(await refused(place)).toMatchObject({
      ...{ code: 'missing-row', place: { shard: '03', seq: 2, request: expect.stringMatching(/-03$/) } },
    })
  })

  test('a missing text that was not erased is named by its event', async () => {
    const place = await forged('events', (line) => line.replace(/"said":"\{.*?\}\}"/, '"said":"{}"'))
    expect(await refused(place)).toMatchObject({ code: 'missing-row', place: { shard: '03', seq: 2 } })
  })

  test('another text is named by its event', async () => {
    const place = await forged('events', (line) => line.replace('\\"Because\\"', '\\"Routine\\"'))
    expect(await refused(place)).toMatchObject({ code: 'broken-row', place: { shard: '03', seq: 2 } })
  })

  test('an open request that its events contradict is named', async () => {
    const place = await forged('requests', (line) =>
      line.replace('\\"status\\":\\"pending\\"', '\\"status\\":\\"approved\\"'),
    )
    expect(await refused(place)).toMatchObject({ code: 'broken-row', place: { shard: '03' } })
  })

  test('a request whose row names too few events is named', async () => {
    const place = await forged('requests', (line) => line.replace(/,\{\\"seq\\":4.*?\}/, ''))
    expect(await refused(place)).toMatchObject({ code: 'broken-row', place: { shard: '03' } })
  })

  test('a key with another request is named', async () => {
    const place = await forged('keys', (line) => line.replace(/"body":"../, '"body":"00'))
    expect(await refused(place)).toMatchObject({ code: 'broken-row', place: { shard: '03' } })
  })
})

describe('tables with rows', () => {
  beforeEach(() => kept.drop())
  afterAll(() => kept.drop())

  test('are not changed if they hold a ledger', async () => {
    expect(await kept.open()).toMatchObject({ first: '2026-03-05' })
    const before = await kept.dump()
    expect(await refused(kept)).toMatchObject({ code: 'not-empty' })
    expect(await kept.dump()).toEqual(before)
  })

  test('are not changed if they hold other rows', async () => {
    await kept.tables.ledger.createTable()
    await kept.tables.ledger.createEntity({ partitionKey: '00', rowKey: 'head' })
    expect(await refused(kept)).toMatchObject({ code: 'not-empty' })
  })

  test('are not changed, and stay closed to the service, if another restore was begun', async () => {
    const { mark } = await kept.restoreParts()
    expect(await mark.begin(sha256('another'))).toBe('begun')
    expect(await refused(kept)).toMatchObject({ code: 'not-empty' })
    await expect(kept.open()).rejects.toThrow('is being restored')
  })
})

describe('the restored ledger is proved by the log', () => {
  test('a key that did not sign the log proves nothing', async () => {
    const parts = { ...(await kept.restoreParts()), signer: await newSigner() }
    await expect(checkSnapshot(parts, null)).rejects.toMatchObject({ code: 'wrong-key' })
  })

  test.each<[string, Text]>([
    ['manifests/2026-03-04', (text) => text.replace(/"sig":"......../, '"sig":"AAAAAAAA')],
    ['manifests/2026-03-04', (text) => text.slice(1)],
    ['checkpoints/2026-03-04', (text) => text.replace('\n', '\n1')],
  ])('an altered %s is named', async (name, change) => {
    const cause = await during(['evidence', name, change], () => refused(kept))
    expect(['broken-log', 'wrong-key']).toContain(cause.code)
    expect(cause.message).toContain(name)
  })

  test('events that give another root are refused, and the tables stay closed', async () => {
    const parts = await kept.restoreParts()
    const checked = await checkSnapshot(parts, null)
    const [first] = checked.days
    if (!first) throw new Error('A day is sealed.')
    const { log } = first.manifest
    const other = {
      ...first,
      manifest: { ...first.manifest, log: { ...log, to: { ...log.to, root: 'A'.repeat(43) } } },
    }
    await expect(restore(parts, { ...checked, days: [other] })).rejects.toMatchObject({ code: 'broken-log' })
    await expect(kept.open()).rejects.toThrow('is being restored')
    await kept.drop()
  })

  test("a head that differs from the archive's is refused", async () => {
    const place = await places.anew(at(4, '08:00:00'))
    await place.uses().approvals.ask({ ...asked('03'), expiresIn: 86_400 })
    await place.witness()
    const rows = await place.dump()
    await place.drop()
    await place.open()
    await place.uses().approvals.ask({ ...asked('03'), expiresIn: 86_400 })
    await place.snapshot()
    await place.drop()
    expect(rows.size).toBeGreaterThan(0)
    expect(await refused(place)).toMatchObject({ code: 'broken-log', place: { shard: '03', seq: 2 } })
  })
})
