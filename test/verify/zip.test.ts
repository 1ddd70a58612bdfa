import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync } from 'node:zlib'
import { ZipFile } from 'yazl'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { Unreadable } from '../../src/verify/finding.ts'
import { type Members, membersOf, zipOf } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { type Sealed, sealedDays } from './days.ts'
import { isWhole } from '../support/whole.ts'
import { descriptor, elsewhere, type Entry, extraField, large, written } from './handWritten.ts'
import { additions, changes } from './hostileZips.ts'

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

const plain = (): Entry[] => [...members].map(([name, bytes]) => ({ name, bytes }))

const changed = (name: string, change: Partial<Entry>): Entry[] =>
  plain().map((entry) => (entry.name === name ? { ...entry, ...change } : entry))

test('a zip by another tool holds, in another order, stored or deflated', async () => {
  expect(await codeOf(written(plain()))).toBe('holds')
  expect(await codeOf(written(plain().map((entry) => ({ ...entry, method: 0 }))))).toBe('holds')
  expect(await codeOf(await zipOf(new Map([...members].toReversed())))).toBe('holds')
})

test('a zip holds that has sizes behind members, or numbers for large files', async () => {
  const streamed = ({ name, bytes }: Entry): Entry => {
    const behind = descriptor(bytes, deflateRawSync(bytes).length)
    return { name, bytes, flags: 8, behind }
  }
  expect(await codeOf(written(plain().map(streamed)))).toBe('holds')
  const ahead = ({ name, bytes }: Entry): Entry => {
    const localExtra = extraField(1, large(bytes.length, deflateRawSync(bytes).length))
    return { name, bytes, localLength: elsewhere, localExtra }
  }
  expect(await codeOf(written(plain().map(ahead)))).toBe('holds')
  const both = ({ name, bytes }: Entry): Entry => {
    const extra = extraField(1, large(bytes.length, deflateRawSync(bytes).length))
    return { name, bytes, length: elsewhere, extra, localExtra: extra }
  }
  expect(await codeOf(written(plain().map(both)))).toBe('holds')
  const zip = new ZipFile()
  for (const { name, bytes } of plain()) zip.addBuffer(bytes, name, { forceDosTimestamp: true, forceZip64Format: true })
  zip.end({ forceZip64Format: true, comment: '' })
  expect(await codeOf(await buffer(zip.outputStream))).toBe('holds')
})

test.each(additions)('a member is refused %s: %s', async (_what, code, entry) => {
  expect(await codeOf(written([...plain(), entry]))).toBe(code)
})

test.each(changes)('a member that is %s is refused', async (_what, change) => {
  expect(await codeOf(written(changed('README.txt', change)))).toBe('bad-zip')
})

test('a member is refused that is there twice, or is another one for other readers', async () => {
  expect(await codeOf(written([...plain(), ...plain().slice(0, 1)]))).toBe('bad-zip')
  expect(await codeOf(written(changed('verify.sh', { localName: 'verify.py' })))).toBe('bad-zip')
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
  zip.writeUInt32LE(crc32(first.bytes), zip.indexOf('PK\x03\x04', 0, 'latin1') + 14)
  zip.writeUInt32LE(crc32(first.bytes), zip.indexOf('PK\x01\x02', 0, 'latin1') + 16)
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

test('a pipe is refused, and not waited for', async () => {
  const pipe = join(days.place.path, 'pipe')
  execFileSync('mkfifo', [pipe])
  await expect(verifyBundle(pipe, { keys: [] })).rejects.toThrow(Unreadable)
})

/** Bytes from one flipped bit to the next. */
const stride = isWhole ? 41 : 307

test('a flipped bit anywhere is found, or does not change any member', async () => {
  let found = 0
  for (let at = 0; at < whole.length; at += stride) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    const code = await codeOf(flipped).catch(() => 'unreadable')
    if (code === 'holds') expect([at, ...(await membersOf(flipped))]).toEqual([at, ...members])
    else found += 1
  }
  expect(found).toBeGreaterThan(whole.length / stride / 1.2)
})
