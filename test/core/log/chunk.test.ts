import type { Day } from '../../../src/core/data/day.ts'
import { type Hex, sha256, type Shard } from '../../../src/core/data/id.ts'
import {
  authenticatedChunk,
  chunkDigest,
  type ChunkNote,
  chunkPath,
  formatChunk,
  isChunkName,
  parseChunk,
  placeOfPart,
} from '../../../src/core/log/chunk.ts'
import { noon } from '../../support/build.ts'

const mac = { mac: sha256('mac'), macKey: 'key-1' }
const part = (size: number) => ({ size, sha256: sha256(String(size)) })

const chunk: ChunkNote = {
  ...{ date: '2026-03-04' as Day, shard: '0a' as Shard, at: noon, tool: 'countersign 0.1.0', bytes: 4_711 },
  ...{ from: { seq: 0, hash: '0'.repeat(64) as Hex }, to: { seq: 345, hash: sha256('event 345') } },
  parts: { hashes: part(11_040), rows: part(7), leaves: part(80), lives: part(900) },
}
const next: ChunkNote = { ...chunk, from: chunk.to, to: { seq: 346, hash: sha256('b') }, before: chunkDigest(chunk) }
const path = `chunks/2026-03-04/0a/000000000001-000000000345-${chunk.to.hash}`

test.each([
  ['the first', chunk],
  ['the next', next],
])('the note of %s chunk of a day is read as it was written', (_which, note) => {
  expect(parseChunk(formatChunk(note, mac))).toEqual({ note, mac })
})

test('a chunk is named by its day, its shard and its events', () => {
  expect(chunkPath(chunk)).toBe(path)
  expect(isChunkName(path, chunk)).toBe(true)
  expect(isChunkName(`${path}.0a1b`, chunk)).toBe(true)
  for (const name of [`${path}0a`, path.replace('-04/', '-05/'), path.replace('/0a/', '/0b/')])
    expect(isChunkName(name, chunk)).toBe(false)
})

test('its parts lie one behind the other', () => {
  expect(placeOfPart(chunk, 'hashes')).toEqual({ from: 0, size: 11_040 })
  expect(placeOfPart(chunk, 'leaves')).toEqual({ from: 11_047, size: 80 })
  expect(placeOfPart(chunk, 'lives')).toEqual({ from: 11_127, size: 900 })
})

test.each([
  ['more behind it', (text: string) => `${text}{}`],
  ['a later version', (text: string) => text.replace('"v":1', '"v":2')],
  ['an unknown member', (text: string) => text.replace('"v":1', '"v":1,"w":1')],
  ['a part that is missing', (text: string) => text.replace(/"lives":\{[^}]*\},/, '')],
  ['a hash that is none', (text: string) => text.replace(chunk.to.hash, 'x')],
])('a note with %s is no note', (_what, change) => {
  expect(parseChunk(change(formatChunk(chunk, mac)))).toBeNull()
})

test('the largest note fits beside a file', () => {
  const most = Number.MAX_SAFE_INTEGER
  const largest: ChunkNote = {
    ...{ ...next, tool: 'x'.repeat(100), bytes: most, to: { seq: most, hash: sha256('event') } },
    parts: { hashes: part(most), rows: part(most), leaves: part(most), lives: part(most) },
  }
  const text = formatChunk(largest, { ...mac, macKey: 'k'.repeat(128) })
  expect(text.length).toBeLessThan(4_096)
  expect(parseChunk(text)?.note).toEqual(largest)
})

test('what is authenticated names the log and all of the note', () => {
  const texts = [
    authenticatedChunk('log.example/evidence', chunk),
    authenticatedChunk('other.example/evidence', chunk),
    authenticatedChunk('log.example/evidence', { ...chunk, tool: 'other' }),
    authenticatedChunk('log.example/evidence', { ...chunk, before: sha256('other') }),
    authenticatedChunk('log.example/evidence', { ...chunk, parts: { ...chunk.parts, lives: part(1) } }),
  ]
  expect(new Set(texts).size).toBe(5)
})
