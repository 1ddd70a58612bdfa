import { TableSinkCursors } from '../../src/azure/sinkCursors.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { emptyChain } from '../../src/core/request/event.ts'
import type { SinkCursor, SinkCursors, StoredCursor } from '../../src/ports/sinks.ts'
import { codeOf } from '../support/build.ts'
import { macsFor } from '../support/fakes/macs.ts'
import { MemorySinkCursors } from '../support/fakes/sinkCursors.ts'
import { memoryTables } from '../support/fakes/table.ts'
import { type Fault, inOrder, startFaultProxy } from '../support/faultProxy.ts'
import { noon, shard } from './story.ts'
import { meta, startStorage, tablesInMemory, type TestStorage } from './tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

const kinds: readonly (readonly [string, () => Promise<readonly [SinkCursors, SinkCursors]>])[] = [
  [
    'the fake',
    async () => {
      const cursors = new MemorySinkCursors()
      return [cursors, cursors]
    },
  ],
  [
    'tables in memory',
    async () => {
      const [ours, theirs = ours] = await tablesInMemory()
      return [new TableSinkCursors(ours), new TableSinkCursors(theirs)]
    },
  ],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return [new TableSinkCursors(storage.connect()), new TableSinkCursors(storage.connect())]
    },
  ],
]

const place = { sink: 'siem', shard: shard(7) }
const at = (seq: number, more: Partial<SinkCursor> = {}): SinkCursor => ({ seq, hash: sha256(`${seq}`), ...more })

function written(stored: StoredCursor | null): StoredCursor {
  if (!stored) throw new Error('It was not written.')
  return stored
}

describe.each(kinds)('%s', (_kind, open) => {
  let ours: SinkCursors
  let theirs: SinkCursors

  beforeEach(async () => {
    ;[ours, theirs] = await open()
  })

  test('a cursor that was never written is before the first event', async () => {
    const { cursor } = await ours.read(place)
    expect(cursor).toEqual(emptyChain)
    expect(await ours.all(place.shard)).toEqual(new Map())
  })

  test('a cursor is read as it was written', async () => {
    const full: SinkCursor = at(12, {
      ...{ at: noon, consent: sha256('address') },
      failing: { since: noon, tries: 2, why: 'throttled', notBefore: plusSeconds(noon, 300) },
      off: { at: noon, why: 'gone' },
      claim: { by: 'me', until: plusSeconds(noon, 60) },
    })
    const { version } = await ours.read(place)
    await ours.write(place, version, full)
    expect((await theirs.read(place)).cursor).toEqual(full)
  })

  test('a cursor is written as long as nobody else has written it', async () => {
    const { version } = await ours.read(place)
    const stored = written(await ours.write(place, version, at(1)))
    expect(await theirs.write(place, version, at(2))).toBeNull()
    const next = written(await theirs.write(place, (await theirs.read(place)).version, at(3)))
    expect(await ours.write(place, stored.version, at(4))).toBeNull()
    expect(written(await theirs.write(place, next.version, at(5))).cursor).toEqual(at(5))
    expect((await ours.read(place)).cursor).toEqual(at(5))
  })

  test('a cursor is put whatever there was, and who had read it before writes nothing', async () => {
    await theirs.put(place, at(4))
    expect(await ours.write(place, null, at(1))).toBeNull()
    const { version } = await ours.read(place)
    await theirs.put(place, at(9))
    expect(await ours.write(place, version, at(5))).toBeNull()
    expect((await ours.read(place)).cursor).toEqual(at(9))
  })

  test('each sink has a cursor of its own in each shard', async () => {
    await ours.write(place, null, at(1))
    await ours.write({ ...place, sink: 'siem-2' }, null, at(2))
    await ours.write({ ...place, shard: shard(8) }, null, at(3))
    expect(await theirs.all(place.shard)).toEqual(
      new Map([
        ['siem', at(1)],
        ['siem-2', at(2)],
      ]),
    )
    expect(await theirs.all(shard(8))).toEqual(new Map([['siem', at(3)]]))
  })
})

describe('a row', () => {
  const tables = memoryTables(macsFor(meta.origin))
  const cursors = new TableSinkCursors(tables.connect())

  test('that was edited is not believed', async () => {
    await cursors.write(place, null, at(3))
    const row = tables.ledger.peek(place.shard, 'sink-siem') ?? {}
    tables.ledger.put(place.shard, 'sink-siem', { ...row, value: JSON.stringify(at(9)) })
    expect(await codeOf(cursors.read(place))).toBe('evidence-broken')
    expect(await cursors.all(place.shard)).toEqual(new Map([['siem', null]]))
    await cursors.put(place, at(5))
    expect((await cursors.read(place)).cursor).toEqual(at(5))
  })

  test('of another sink or shard is not believed at this place', async () => {
    await cursors.write({ ...place, sink: 'other' }, null, at(3))
    const row = tables.ledger.peek(place.shard, 'sink-other') ?? {}
    tables.ledger.put(place.shard, 'sink-moved', row)
    tables.ledger.put(shard(8), 'sink-other', row)
    expect(await codeOf(cursors.read({ ...place, sink: 'moved' }))).toBe('evidence-broken')
    expect(await codeOf(cursors.read({ sink: 'other', shard: shard(8) }))).toBe('evidence-broken')
  })

  test('of a later format is left alone', async () => {
    tables.ledger.put(place.shard, 'sink-later', { v: 2, value: '{}' })
    expect(await codeOf(cursors.read({ ...place, sink: 'later' }))).toBe('newer-format')
  })
})

test.each<Fault['kind'] & ('lost' | 'unanswered' | 'truncated')>(['lost', 'unanswered', 'truncated'])(
  'a write that is %s counts once',
  async (kind) => {
    await storage.clear()
    const proxy = await startFaultProxy(storage.url)
    try {
      const cursors = new TableSinkCursors(storage.connect(proxy.url))
      for (const [place, version] of [
        [{ sink: 'first', shard: shard(7) }, null],
        [
          { sink: 'next', shard: shard(7) },
          written(await cursors.write({ sink: 'next', shard: shard(7) }, null, at(1))).version,
        ],
      ] as const) {
        proxy.plan(inOrder([{ kind }], ({ method }) => method !== 'GET'))
        const stored = written(await cursors.write(place, version, at(2, { claim: { by: 'me', until: noon } })))
        expect(proxy.count(kind)).toBe(1)
        expect(written(await cursors.write(place, stored.version, at(3))).cursor).toEqual(at(3))
      }
    } finally {
      await proxy.close()
    }
  },
)
