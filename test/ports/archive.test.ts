import { sha256 } from '../../src/core/data/id.ts'
import type { Archive } from '../../src/ports/archive.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { someOf } from '../support/whole.ts'
import { collect, large, startBlobs, streamOf, type TestBlobs } from './blobs.ts'

let blobs: TestBlobs
let containers = 0

beforeAll(async () => {
  blobs = await startBlobs()
})

afterAll(() => blobs.close())

const kinds: readonly (readonly [string, () => Promise<Archive>])[] = [
  ['the fake', async () => new MemoryArchive()],
  [
    'Blob Storage',
    async () => {
      const archive = blobs.archive({ container: `evidence-${containers++}` })
      await archive.prepare()
      return archive
    },
  ],
]

const bytes = Buffer.from('what is written once')
const others = Buffer.from('what is written next')
const none = Buffer.alloc(0)

describe.each(kinds)('%s', (_kind, make) => {
  let archive: Archive

  beforeEach(async () => {
    archive = await make()
  })

  test.each([
    ['text', bytes],
    ['nothing', none],
    ['more than one block', large],
  ])('a file is kept as created, and creating it again succeeds: %s', async (_what, same) => {
    await archive.create('bundles/a', same, 'text/plain')
    await archive.create('bundles/a', Buffer.from(same), 'text/plain')
    expect(same.equals((await archive.read('bundles/a')) ?? others)).toBe(true)
    expect(await archive.find('bundles/a')).toEqual({ name: 'bundles/a', size: same.length })
  })

  const different: readonly (readonly [string, Buffer])[] = [
    ['as long', others],
    ['shorter', bytes.subarray(1)],
    ['a beginning', bytes.subarray(0, -1)],
    ['longer', Buffer.concat([bytes, bytes])],
    ['empty', none],
  ]

  test.each(someOf(different, () => '', 2))('a file is never replaced by another: %s', async (_what, other) => {
    for (const [name, first, second] of [
      ['after', bytes, other],
      ['before', other, bytes],
    ] as const) {
      await archive.create(name, first, 'text/plain')
      await expect(archive.create(name, second, 'text/plain')).rejects.toThrow(name)
      expect(Buffer.from(await archive.createOrRead(name, second, 'text/plain'))).toEqual(first)
      await archive.write(name, streamOf(second), 'text/plain')
      expect(await archive.read(name)).toEqual(first)
    }
  })

  test('of many calls that create different files under one name, one succeeds', async () => {
    const files = Array.from({ length: 8 }, (_, i) => Buffer.from(`file ${i}`))
    const results = await Promise.allSettled(files.map((file) => archive.create('race', file, 'text/plain')))
    const winners = files.filter((_, i) => results[i]?.status === 'fulfilled')
    expect(winners).toEqual([await archive.read('race')])
  })

  test('of many calls that create the same file, all succeed', async () => {
    await Promise.all(Array.from({ length: 8 }, () => archive.create('together', bytes, 'text/plain')))
    expect(await archive.read('together')).toEqual(bytes)
  })

  test('createOrRead returns the bytes of the first call, whichever call asks', async () => {
    expect(Buffer.from(await archive.createOrRead('settled', bytes, 'text/plain'))).toEqual(bytes)
    expect(Buffer.from(await archive.createOrRead('settled', others, 'text/plain'))).toEqual(bytes)
    const files = Array.from({ length: 8 }, (_, i) => Buffer.from(`file ${i}`))
    const settled = await Promise.all(files.map((file) => archive.createOrRead('race', file, 'text/plain')))
    const standing = await archive.read('race')
    expect(settled.map((one) => Buffer.from(one))).toEqual(files.map(() => standing))
  })

  test("a file's note is in lists, and stays as first given", async () => {
    const note = '{"act":"denied","at":"2026-03-04T12:00:00.000Z","mac":"<&\u0027,;=%20"}'
    await archive.createOrRead('noted/a', bytes, 'text/plain', note)
    await archive.createOrRead('noted/a', others, 'text/plain', 'another')
    await archive.createOrRead('noted/b', bytes, 'text/plain')
    await archive.createOrRead('noted/b', bytes, 'text/plain', 'late')
    const [a, b] = [
      { name: 'noted/a', size: bytes.length, note },
      { name: 'noted/b', size: bytes.length },
    ]
    expect(await archive.list('noted/')).toEqual([a, b])
    expect([await archive.find('noted/a'), await archive.find('noted/b')]).toEqual([a, b])
  })

  const streams: readonly (readonly [string, Buffer, number])[] = [
    ['of many', large, 100_003],
    ['of one chunk', large, large.length],
    ['of exactly one block', large.subarray(0, 4 * 1024 * 1024), 65_536],
    ['of nothing', none, 1],
  ]

  test.each(someOf(streams, ([, all]) => all.length))(
    'a stream is kept whole, with its digest: %s',
    async (_what, all, size) => {
      const expected = { name: 'stream', size: all.length, sha256: sha256(all) }
      expect(await archive.write('stream', streamOf(all, size), 'application/zip')).toEqual(expected)
      expect(await archive.find('stream')).toEqual(expected)
      expect(await archive.list('')).toEqual([expected])
      expect((await collect(await archive.open('stream'))).equals(all)).toBe(true)
    },
  )

  test('a note that is made when a stream was read is beside the file, and of two writers the first one counts', async () => {
    const noteOf = ({ size, sha256 }: { size: number; sha256: string }) => `${size} ${sha256.slice(0, 8)}`
    const note = `${large.length} ${sha256(large).slice(0, 8)}`
    const expected = { name: 'noted', size: large.length, sha256: sha256(large), note }
    expect(await archive.write('noted', streamOf(large), 'text/plain', noteOf)).toEqual(expected)
    expect(await archive.write('noted', streamOf(bytes), 'text/plain', noteOf)).toEqual(expected)
    expect(await archive.list('noted')).toEqual([expected])
  })

  test('the source of a stream may use its chunk again', async () => {
    async function* reused() {
      const chunk = Buffer.alloc(3)
      for (const text of ['one', 'two', 'six']) {
        chunk.write(text)
        yield chunk
      }
    }
    await archive.write('reused', reused(), 'text/plain')
    expect(await archive.read('reused')).toEqual(Buffer.from('onetwosix'))
  })

  test('an existing file is not streamed again', async () => {
    const first = await archive.write('stream', streamOf(bytes), 'text/plain')
    const broken = failing(0)
    expect(await archive.write('stream', broken, 'text/plain')).toEqual(first)
    await archive.create('plain', bytes, 'text/plain')
    expect(await archive.write('plain', broken, 'text/plain')).toEqual({ name: 'plain', size: bytes.length })
  })

  test('of many calls that stream under one name, all get the stored file', async () => {
    const files = Array.from({ length: 4 }, (_, i) => Buffer.concat([Buffer.from(`${i}`), large]))
    const results = await Promise.all(
      files.map((file) => archive.write('race', streamOf(file, 1_000_000), 'text/plain')),
    )
    const standing = await collect(await archive.open('race'))
    expect(new Set(results.map((one) => one.sha256))).toEqual(new Set([sha256(standing)]))
    expect(files.filter((file) => file.equals(standing))).toHaveLength(1)
  })

  const failures = [
    ['after some blocks', 9],
    ['inside the first block', 1],
    ['at once', 0],
  ] as const

  test.each(someOf(failures))('a stream that fails leaves nothing: %s', async (_when, good) => {
    await expect(archive.write('stream', failing(good), 'text/plain')).rejects.toThrow('The spool is gone.')
    expect(await archive.find('stream')).toBeNull()
    expect(await archive.read('stream')).toBeNull()
    expect(await archive.open('stream')).toBeNull()
    expect(await archive.list('')).toEqual([])
    const next = await archive.write('stream', streamOf(bytes), 'text/plain')
    expect(next).toEqual({ name: 'stream', size: bytes.length, sha256: sha256(bytes) })
    expect(await archive.read('stream')).toEqual(bytes)
  })

  test.each([
    ['the first byte', { from: 0, size: 1 }],
    ['inside', { from: 7, size: 8_000_000 }],
    ['across the end of a block', { from: 4 * 1024 * 1024 - 2, size: 4 }],
    ['the last byte', { from: large.length - 1, size: 1 }],
    ['beyond the end', { from: large.length - 5, size: 100 }],
    ['from the end on', { from: large.length, size: 5 }],
    ['from after the end on', { from: large.length + 7, size: 5 }],
    ['no bytes', { from: 3, size: 0 }],
    ['all that follow', { from: 5, size: Number.MAX_SAFE_INTEGER }],
  ])('a range is read: %s', async (_what, range) => {
    await archive.write('stream', streamOf(large), 'application/zip')
    const read = await collect(await archive.open('stream', range))
    expect(read.equals(large.subarray(range.from, range.from + range.size))).toBe(true)
  })

  test('a missing file is null', async () => {
    expect(await archive.find('a')).toBeNull()
    expect(await archive.read('a')).toBeNull()
    expect(await archive.open('a')).toBeNull()
    expect(await archive.list('a')).toEqual([])
  })

  test('only a small file is read as a whole', async () => {
    await archive.write('huge', streamOf(Buffer.alloc(16 * 1024 * 1024)), 'text/plain')
    expect(await archive.read('huge')).toHaveLength(16 * 1024 * 1024)
    await archive.write('larger', streamOf(Buffer.alloc(16 * 1024 * 1024 + 1)), 'text/plain')
    await expect(archive.read('larger')).rejects.toThrow('larger')
  })

  test('files with a prefix are listed, sorted by name', async () => {
    const names = ['tile/0/x001/234', 'tile/0/000', 'tile/0/000.p/17', 'tile/entries/000', 'tile', 'bundles/2026-01-31']
    await Promise.all(names.map((name) => archive.create(name, Buffer.from(name), 'text/plain')))
    const listed = async (prefix: string) => (await archive.list(prefix)).map(({ name }) => name)
    expect(await listed('')).toEqual([...names].sort())
    expect(await listed('tile/0/')).toEqual(['tile/0/000', 'tile/0/000.p/17', 'tile/0/x001/234'])
    expect(await listed('tile/0/000')).toEqual(['tile/0/000', 'tile/0/000.p/17'])
    expect(await listed('ile')).toEqual([])
    expect(await archive.list('bundles/')).toEqual([{ name: 'bundles/2026-01-31', size: 18 }])
  })

  test('the checkpoint is not in a list of files', async () => {
    await archive.publish('first')
    await archive.publish('second')
    expect(await archive.list('')).toEqual([])
    expect(await archive.find('checkpoint')).toBeNull()
  })

  test('bytes are not shared with callers', async () => {
    const mine = Buffer.from(bytes)
    await archive.create('mine', mine, 'text/plain')
    mine.fill(0)
    const read = await archive.read('mine')
    expect(read).toEqual(bytes)
    read?.fill(0)
    expect(await archive.read('mine')).toEqual(bytes)
  })

  test('it answers that it is there, and that only the service itself keeps files from being changed', async () => {
    expect(await archive.ping()).toEqual({ immutable: false })
  })
})

/** So many megabytes, and then no more. */
async function* failing(good: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < good; i++) yield Buffer.alloc(1024 * 1024)
  throw new Error('The spool is gone.')
}
