import { deflateRawSync } from 'node:zlib'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { Unreadable } from '../../src/verify/finding.ts'
import { type Members, membersOf, zipOf } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { type Sealed, sealedDays } from './days.ts'

let days: Sealed
let members: Members
let whole: Buffer

beforeAll(async () => {
  days = await sealedDays()
  members = await days.members(day(4))
  whole = await days.zip(day(4))
})
afterAll(() => days.place.clean())

const codeOf = async (zip: Uint8Array): Promise<string> => {
  const { problem } = await verifyBundle(days.place.write('attack.zip', zip), { keys: [days.key.spki] })
  return problem?.code ?? 'holds'
}

/** An entry of a zip that is written by hand, with lies where wanted. */
interface Entry {
  readonly name: string
  readonly bytes: Buffer
  readonly method?: number
  readonly flags?: number
  /** What is claimed, in the directory and before the member. */
  readonly length?: number
  readonly localName?: string
  readonly mode?: number
  readonly comment?: string
  /** Stands before the member, or behind what it claims to have. */
  readonly padding?: Buffer
  /** Points to where another entry begins. */
  readonly at?: number
}

/** PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16, as small as can be. */
function written(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const { name, bytes, method = 8, flags = 0, length = bytes.length, localName = name, mode = 0o100644 } = entry
    const packed = method === 8 ? deflateRawSync(bytes) : bytes
    const fields = (start: number, title: string) => {
      const header = Buffer.alloc(start + 26)
      header.writeUInt16LE(20, start)
      header.writeUInt16LE(flags, start + 2)
      header.writeUInt16LE(method, start + 4)
      header.writeUInt32LE(packed.length, start + 14)
      header.writeUInt32LE(length, start + 18)
      header.writeUInt16LE(Buffer.byteLength(title), start + 22)
      return header
    }
    const local = fields(4, localName)
    local.writeUInt32LE(0x04034b50, 0)
    const here = entry.at ?? offset + (entry.padding?.length ?? 0)
    if (entry.at === undefined) {
      const part = Buffer.concat([entry.padding ?? Buffer.of(), local, Buffer.from(localName), packed])
      parts.push(part)
      offset += part.length
    }
    const central = Buffer.concat([fields(6, name), Buffer.alloc(14)])
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE((3 << 8) | 20, 4)
    central.writeUInt16LE(Buffer.byteLength(entry.comment ?? ''), 32)
    central.writeUInt32LE((mode << 16) >>> 0, 38)
    central.writeUInt32LE(here, 42)
    directory.push(Buffer.concat([central, Buffer.from(name), Buffer.from(entry.comment ?? '')]))
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}

const plain = (): Entry[] => [...members].map(([name, bytes]) => ({ name, bytes }))

const changed = (name: string, change: Partial<Entry>): Entry[] =>
  plain().map((entry) => (entry.name === name ? { ...entry, ...change } : entry))

test('a zip by another tool holds, in another order, stored or deflated', async () => {
  expect(await codeOf(written(plain()))).toBe('holds')
  expect(await codeOf(written(plain().map((entry) => ({ ...entry, method: 0 }))))).toBe('holds')
  expect(await codeOf(await zipOf(new Map([...members].toReversed())))).toBe('holds')
})

const added = (name: string): Entry[] => [...plain(), { name, bytes: Buffer.from('x') }]

test.each<[string, string, () => Entry[]]>([
  ['that leads up', 'bad-zip', () => added('../evil')],
  ['that leads up inside', 'bad-zip', () => added('cards/../../evil')],
  ['that leads up, as Windows has it', 'bad-zip', () => added('cards\\..\\evil')],
  ['that is absolute', 'bad-zip', () => added('/etc/evil')],
  ['that names a drive', 'bad-zip', () => added('C:evil')],
  ['of a folder', 'bad-zip', () => added('cards/')],
  ['without a name', 'bad-zip', () => added('')],
  ['that is hidden', 'unlisted-member', () => added('.evil')],
  ['that no bundle has', 'unlisted-member', () => added('evil.sh')],
  ['twice', 'bad-zip', () => [...plain(), ...plain().slice(0, 1)]],
  ['twice for some file systems', 'bad-zip', () => added('readme.TXT')],
  ['that is another one for other readers', 'bad-zip', () => changed('verify.sh', { localName: 'verify.py' })],
])('a member is refused %s: %s', async (_what, code, entries) => {
  expect(await codeOf(written(entries()))).toBe(code)
})

test.each<[string, Partial<Entry>]>([
  ['encrypted', { flags: 1 }],
  ['encrypted strongly', { flags: 0x41 }],
  ['compressed in an unknown way', { method: 12 }],
  ['a link', { mode: 0o120777 }],
  ['a device', { mode: 0o020666 }],
  ['said to be longer', { length: 50_000 }],
  ['said to be shorter', { length: 1 }],
  ['said to be far longer than its bytes can be', { length: 900_000 }],
  ['larger than it can have need to be', { bytes: Buffer.alloc(2 ** 20 + 1) }],
  ['with a comment', { comment: 'trust me' }],
  ['behind something hidden', { padding: Buffer.from('hidden') }],
])('a member that is %s is refused', async (_what, change) => {
  expect(await codeOf(written(changed('README.txt', change)))).toBe('bad-zip')
})

test('a bomb is not inflated: of records, of many members in the same bytes, of many members', async () => {
  const zeros = Buffer.alloc(30_000_000)
  expect(await codeOf(written(changed('records.jsonl', { bytes: zeros })))).toBe('wrong-digest')
  const overlapping = Array.from({ length: 500 }, (_, i) => {
    return { name: `cards/${String(i).padStart(64, '0')}.json`, bytes: Buffer.from('x'), at: 0 }
  })
  expect(await codeOf(written([...plain(), ...overlapping]))).toBe('bad-zip')
  const shared = changed('README.txt', { at: 0 })
  expect(await codeOf(written(shared))).toBe('bad-zip')
  const many = Array.from({ length: 10_001 }, (_, i) => ({ name: `cards/${i}`, bytes: Buffer.of() }))
  expect(await codeOf(written(many))).toBe('bad-zip')
  const large = Array.from({ length: 17 }, (_, i) => {
    return { name: `cards/${String(i).padStart(64, '0')}.json`, bytes: Buffer.alloc(2 ** 24) }
  })
  expect(await codeOf(written([...plain(), ...large]))).toBe('bad-zip')
})

test('bytes hidden behind the end of deflated data are refused', async () => {
  const [first, ...rest] = plain()
  if (!first) throw new Error('There is no member.')
  const packed = Buffer.concat([deflateRawSync(first.bytes), Buffer.from('hidden')])
  const zip = written([{ ...first, bytes: packed, method: 0, length: first.bytes.length }, ...rest])
  // stored for the writer, deflated for the reader
  for (const [signature, at] of [
    ['PK\x03\x04', 8],
    ['PK\x01\x02', 10],
  ] as const)
    zip.writeUInt16LE(8, zip.indexOf(signature, 0, 'latin1') + at)
  expect(await codeOf(zip)).toBe('bad-zip')
})

test.each([0.1, 0.5, 0.9, 0.999])('a zip that was cut off after a part of %d is refused', async (part) => {
  expect(await codeOf(whole.subarray(0, Math.floor(whole.length * part)))).toBe('bad-zip')
})

test.each<[string, () => Buffer]>([
  ['before', () => Buffer.concat([Buffer.from('#!/bin/sh\n'), whole])],
  ['behind', () => Buffer.concat([whole, Buffer.from('more')])],
])('bytes %s the zip are refused', async (_where, zip) => {
  expect(await codeOf(zip())).toBe('bad-zip')
})

test('a file that is not a zip is neither valid nor broken evidence', async () => {
  for (const bytes of [Buffer.of(), Buffer.from('hello'), Buffer.alloc(1000)])
    await expect(codeOf(bytes)).rejects.toThrow(Unreadable)
  await expect(verifyBundle(days.place.path, { keys: [] })).rejects.toThrow(Unreadable)
  await expect(verifyBundle(`${days.place.path}/none`, { keys: [] })).rejects.toThrow(Unreadable)
})

test('a flipped bit anywhere is found, or does not change any member', async () => {
  let found = 0
  for (let at = 0; at < whole.length; at += 41) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    const code = await codeOf(flipped).catch(() => 'unreadable')
    if (code === 'holds') expect([at, ...(await membersOf(flipped))]).toEqual([at, ...members])
    else found += 1
  }
  expect(found).toBeGreaterThan(whole.length / 41 / 1.2)
})
