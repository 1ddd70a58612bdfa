import { type Hex, sha256, type Shard, shards } from '../../../src/core/data/id.ts'
import {
  authenticatedSnapshot,
  formatSnapshot,
  isSnapshotFile,
  parseSnapshot,
  type SealCopy,
  type Segment,
  snapshotName,
} from '../../../src/core/log/snapshot.ts'
import { noon } from '../../support/build.ts'

const file = (name: string) => ({ name, sha256: sha256(name), lines: 3 })
const mac = { mac: sha256('mac'), macKey: 'key-1' }

const segment: Segment = {
  ...{ kind: 'segment', at: noon, shard: '07' as Shard, base: true, sha256: sha256('leaves'), lines: 13 },
  ...{ from: { seq: 0, hash: '0'.repeat(64) as Hex }, to: { seq: 12, hash: sha256('head') } },
  ...{ texts: file('2026-03-04/07-000000000000.ab.texts'), requests: file('2026-03-04/07-000000000000.ab.requests') },
}
const seals: SealCopy = {
  ...{ kind: 'seal', at: noon, number: 4, sha256: sha256('seals'), lines: 9 },
  limits: file('2026-03-04/seal.ab.limits'),
}

test.each([
  ['a segment', segment, 'snapshots/2026-03-04/07-000000000000.'],
  ['the rows of seals', seals, 'snapshots/2026-03-04/seal.'],
])('the note of %s is read as it was written, and gives the file its name', (_what, note, name) => {
  const text = formatSnapshot(note, mac)
  expect(parseSnapshot(text)).toEqual({ note, mac })
  expect(`snapshots/${snapshotName(note)}`).toBe(name)
  expect(isSnapshotFile(`${name}0a`, note)).toBe(true)
  expect(isSnapshotFile(name.replace('-04/', '-05/'), note)).toBe(false)
})

test('the largest note fits beside a file', () => {
  const most = { seq: Number.MAX_SAFE_INTEGER, hash: sha256('head') }
  const long = file(`2026-03-04/${'x'.repeat(80)}`)
  const largest = {
    ...segment,
    shard: shards.at(-1) ?? segment.shard,
    from: most,
    to: most,
    texts: long,
    requests: long,
  }
  expect(formatSnapshot(largest, { ...mac, macKey: 'k'.repeat(128) }).length).toBeLessThan(4_096)
})

test('what is authenticated names the log and all of the note', () => {
  const text = authenticatedSnapshot('log.example/evidence', segment)
  const others = [
    authenticatedSnapshot('other.example/evidence', segment),
    authenticatedSnapshot('log.example/evidence', { ...segment, base: false }),
    authenticatedSnapshot('log.example/evidence', { ...segment, texts: file('2026-03-04/other') }),
    authenticatedSnapshot('log.example/evidence', { ...segment, sha256: sha256('other') }),
  ]
  expect(new Set([text, ...others]).size).toBe(5)
})

test.each([
  ['a member too many', { ...segment, more: 1 }],
  ['one too few', { ...segment, base: undefined }],
  ['another kind', { ...segment, kind: 'other' }],
  ['a shard that there is not', { ...segment, shard: '10' }],
  ['a file name that no snapshot gives', { ...seals, limits: { ...seals.limits, name: '../limits' } }],
  ['a negative number', { ...seals, number: -1 }],
])('no note has %s', (_what, note) => {
  expect(parseSnapshot(formatSnapshot(note as Segment, mac))).toBeNull()
})
