import { randomBytes } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import type { Day } from '../../../src/core/data/day.ts'
import { sha256, type Shard } from '../../../src/core/data/id.ts'
import { authenticatedChunk, type ChunkNote, chunkParts, formatChunk } from '../../../src/core/log/chunk.ts'
import { type ChunkBytes, deflatedPiece, inflatedPiece, lastPiece } from '../../../src/evidence/chunk/chunkContent.ts'
import {
  chainFrom,
  type ChunkFilesParts,
  chunksIn,
  keepChunk,
  type KeptChunk,
  readParts,
} from '../../../src/evidence/chunk/chunkFiles.ts'
import { emptyChain } from '../../../src/core/request/event.ts'
import { readHeads } from '../../../src/evidence/witnessFiles.ts'
import type { Archive } from '../../../src/ports/archive.ts'
import { startAccount } from '../account.ts'
import { noon } from '../../support/build.ts'
import { MemoryArchive } from '../../support/fakes/archive.ts'
import { macsFor } from '../../support/fakes/macs.ts'
import { origin, scratch } from '../days.ts'

const { folder, clean } = scratch()
let account: Awaited<ReturnType<typeof startAccount>>

beforeAll(async () => {
  account = await startAccount(folder, 'memory')
})
afterAll(async () => {
  await account.close()
  clean()
})

const date = '2026-03-04' as Day
const shard = '0a' as Shard
const tool = 'countersign 0.1.0'
const head = (seq: number, of = '') => ({ seq, hash: sha256(`event ${seq}${of}`) })

const content = (text: string): ChunkBytes => ({
  hashes: Buffer.from(sha256(text), 'hex'),
  rows: Buffer.from(`rows of ${text}`),
  leaves: deflatedPiece(Buffer.from(`${text}\n`)),
  lives: new Uint8Array(),
})

/** The note of events after one number up to another. */
const events = (after: number, upTo: number, more: Partial<ChunkNote> = {}) => ({
  ...{ date, shard, at: noon, tool, bytes: 9, from: after === 0 ? emptyChain : head(after), to: head(upTo) },
  ...more,
})

const archives: readonly (readonly [string, () => Promise<Archive>])[] = [
  ['in memory', async () => new MemoryArchive()],
  ['in Blob Storage', async () => (await (await account.anew()).sealer()).archive],
]

describe.each(archives)('chunks %s', (_where, empty) => {
  let failures: unknown[]
  let parts: ChunkFilesParts & { readonly archive: Archive }

  beforeEach(async () => {
    failures = []
    const archive = await empty()
    parts = { archive, macs: macsFor(origin), random: randomBytes, failed: (cause) => failures.push(cause) }
  })

  const list = () => chunksIn(parts, date, shard)
  const keep = (after: number, upTo: number, more: Partial<ChunkNote> = {}) =>
    keepChunk(parts, events(after, upTo, more), content(`${after} to ${upTo}`))
  const numbers = (chunks: readonly KeptChunk[]) => chunks.map(({ from, to }) => [from.seq, to.seq])
  /** Creates a file as anybody could who may create blobs. */
  const create = (name: string, text: string, note?: string) =>
    parts.archive.createOrRead(name, Buffer.from(text), 'application/octet-stream', note)

  test('are read as they were kept, each part alone', async () => {
    expect(await list()).toEqual([])
    const kept = await keep(0, 3)
    expect(await list()).toEqual([kept])
    const { leaves } = await readParts(parts, kept, ['leaves'])
    expect(inflatedPiece(leaves).toString()).toBe('0 to 3\n')
    const all = await readParts(parts, kept, ['hashes', 'rows', 'leaves', 'lives'])
    for (const part of chunkParts) expect(all[part]).toEqual(Buffer.from(content('0 to 3')[part]))
    expect(await chunksIn(parts, date, '0b' as Shard)).toEqual([])
    expect(failures).toEqual([])
  })

  test('follow each other, and of two that begin alike the longer counts', async () => {
    const first = await keep(0, 3)
    const short = await keep(3, 5, { before: first.digest })
    const long = await keep(3, 8, { before: first.digest })
    await keep(5, 9, { before: short.digest })
    await keep(8, 11, { before: long.digest })
    const chunks = await list()
    expect(chunks).toHaveLength(5)
    expect(numbers(chainFrom(chunks, emptyChain, tool))).toEqual([
      [0, 3],
      [3, 8],
      [8, 11],
    ])
    expect(chainFrom(chunks, head(4), tool)).toEqual([])
    expect(() => chainFrom(chunks, head(3, 'x'), tool)).toThrow(
      expect.objectContaining({ code: 'broken-chain', event: { shard, seq: 3 } }),
    )
  })

  test('of another version of the program are not gone on from, but no event may be another', async () => {
    await keep(0, 3, { tool: 'countersign 0.0.9' })
    expect(chainFrom(await list(), emptyChain, tool)).toEqual([])
    const ours = await keep(0, 3)
    expect(ours.tool).toBe(tool)
    expect(chainFrom(await list(), emptyChain, tool)).toEqual([ours])
    await keep(3, 4, { tool: 'countersign 0.0.9', from: head(3, 'x') })
    const chunks = await list()
    expect(() => chainFrom(chunks, emptyChain, tool)).toThrow(expect.objectContaining({ code: 'broken-chain' }))
  })

  test('that two processes keep are one', async () => {
    const both = await Promise.all([keep(0, 3), keep(0, 3, { at: '2026-03-04T12:00:01.000Z' as never })])
    expect(both[0]).toEqual(both[1])
    expect(await list()).toEqual([both[0]])
  })

  test('that name one before them that is gone are refused', async () => {
    await keep(3, 5, { before: sha256('gone') })
    await expect(list()).rejects.toMatchObject({ code: 'missing-member' })
  })

  test.each<[string, (kept: KeptChunk) => Promise<unknown>]>([
    ['has no note', ({ names: [name] }) => create(`${name}.x`, 'forged')],
    ['has any note', ({ names: [name] }) => create(`${name}.x`, 'forged', '{}')],
    [
      'has a MAC of another key',
      async (kept) => {
        const { names: _names, digest: _digest, ...note } = kept
        const text = formatChunk(note, { mac: sha256('forged'), macKey: 'key-1' })
        await create(`${kept.names[0]}.x`, 'forged', text)
      },
    ],
    [
      'is of another log',
      async (kept) => {
        const { names: _names, digest: _digest, ...note } = kept
        const { sign } = await macsFor('other.example/evidence').rows()
        await create(`${kept.names[0]}.x`, 'f', formatChunk(note, sign(authenticatedChunk('other.example', note))))
      },
    ],
    [
      'is a true one under another name',
      async ({ names: [name] }) => {
        const note = (await parts.archive.find(name ?? ''))?.note
        await create(`${name?.replace('000000000003-', '000000000004-')}`, 'copied', note)
      },
    ],
  ])('ignore and report a file that %s', async (_what, forge) => {
    const kept = await keep(0, 3)
    await forge(kept)
    expect(await list()).toEqual([kept])
    expect(failures).toMatchObject([{ details: { broken: { shard: 'chunks', check: 'mac' } } }])
  })

  test('are read past a file with a true note and another content', async () => {
    const path = (await keep(0, 3)).names[0] ?? ''
    const note = (await parts.archive.find(path))?.note
    await create(`${path}.0`, 'x'.repeat(200), note)
    const [both] = await list()
    expect(both?.names).toHaveLength(2)
    const turned = { ...(both as KeptChunk), names: both?.names.toReversed() ?? [] }
    expect((await readParts(parts, turned, ['rows'])).rows.toString()).toBe('rows of 0 to 3')
    expect(failures).toMatchObject([{ details: { broken: { shard: 'chunks', row: `${path}.0`, check: 'mac' } } }])
    const alone = { ...turned, names: turned.names.slice(0, 1) }
    await expect(readParts(parts, alone, ['rows'])).rejects.toMatchObject({ code: 'missing-member' })
  })

  test('are kept beside a forged file that has their name', async () => {
    const name = (await keepChunk({ ...parts, archive: new MemoryArchive() }, events(0, 3), content('0 to 3'))).names[0]
    await create(name ?? '', 'forged', '{}')
    const kept = await keep(0, 3)
    expect(kept.names[0]).toMatch(new RegExp(`^${name}\\.[0-9a-f]{16}$`))
    expect(await list()).toEqual([kept])
    expect(failures.length).toBeGreaterThan(0)
  })
})

test('pieces make one deflated stream, and each can be inflated alone', () => {
  const texts = ['a\n', '', 'a\nb\n'.repeat(1_000)]
  const pieces = texts.map((text) => deflatedPiece(Buffer.from(text)))
  expect(inflateRawSync(Buffer.concat([...pieces, lastPiece])).toString()).toBe(texts.join(''))
  expect(inflateRawSync(lastPiece)).toHaveLength(0)
  expect(pieces.map((piece, i) => inflatedPiece(piece, texts[i]?.length).toString())).toEqual(texts)
})

test('a chunk does not pass as a file of heads', async () => {
  const archive = new MemoryArchive()
  const macs = macsFor(origin)
  await keepChunk({ archive, macs, random: randomBytes, failed: () => undefined }, events(0, 3), content('a'))
  expect((await readHeads(macs, await archive.list('chunks/'))).found).toEqual([])
})
