import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { ExportBlobs, type ExportSettings } from '../../src/azure/exportBlobs.ts'
import { ocsfSink } from '../../src/azure/ocsfSink.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import type { OutgoingEvent } from '../../src/exports/outgoingEvent.ts'
import { goldenEvents } from '../exports/goldenEvents.ts'
import { startBlobs, type TestBlobs } from '../ports/blobs.ts'
import { openAccount } from '../support/azurite.ts'
import { codeOf } from '../support/build.ts'
import { type Fault, inOrder, startFaultProxy } from '../support/faultProxy.ts'

let blobs: TestBlobs
let credential: StorageSharedKeyCredential

beforeEach(async () => {
  blobs = await startBlobs()
  credential = blobs.container().credential as StorageSharedKeyCredential
})

afterEach(() => blobs.close())

async function exportsOn(more: Partial<ExportSettings> = {}): Promise<ExportBlobs> {
  const exports = new ExportBlobs({ url: blobs.url, credential, ...more })
  await exports.prepare()
  return exports
}

async function contents(): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for await (const { name } of blobs.container('export').listBlobsFlat())
    found[name] = (await blobs.kept(name, 'export')).content.toString()
  return found
}

test('lines of a folder are appended one after another, also of two processes and after a start', async () => {
  const [ours, theirs] = [await exportsOn(), await exportsOn()]
  for (let i = 0; i < 3; i++) {
    await ours.append('siem/2026-03-04', `ours ${i}\n`)
    await theirs.append('siem/2026-03-04', `theirs ${i}\n`)
  }
  await (await exportsOn()).append('siem/2026-03-04', 'later\n')
  await ours.append('siem/2026-03-05', 'next\n')
  expect(await contents()).toEqual({
    'siem/2026-03-04/0001.jsonl': 'ours 0\ntheirs 0\nours 1\ntheirs 1\nours 2\ntheirs 2\nlater\n',
    'siem/2026-03-05/0001.jsonl': 'next\n',
  })
  expect((await blobs.kept('siem/2026-03-05/0001.jsonl', 'export')).contentType).toBe('application/x-ndjson')
})

test('lines that come meanwhile go together', async () => {
  const exports = await exportsOn()
  await Promise.all(Array.from({ length: 40 }, (_, i) => exports.append('siem/day', `${i}\n`)))
  const [text] = Object.values(await contents())
  expect(text).toBe(Array.from({ length: 40 }, (_, i) => `${i}\n`).join(''))
  const { blobCommittedBlockCount } = await blobs
    .container('export')
    .getBlobClient('siem/day/0001.jsonl')
    .getProperties()
  expect(blobCommittedBlockCount).toBe(2)
})

test('a blob that has taken so many appends is left for the next one', async () => {
  const exports = await exportsOn({ mostAppends: 3 })
  for (let i = 0; i < 7; i++) await exports.append('siem/day', `${i}\n`)
  await (await exportsOn({ mostAppends: 3 })).append('siem/day', '7\n')
  expect(await contents()).toEqual({
    'siem/day/0001.jsonl': '0\n1\n2\n',
    'siem/day/0002.jsonl': '3\n4\n5\n',
    'siem/day/0003.jsonl': '6\n7\n',
  })
})

test.each<Extract<Fault['kind'], 'lost' | 'unanswered' | 'truncated' | 'doubled'>>([
  'lost',
  'unanswered',
  'truncated',
  'doubled',
])('a call that is %s tears no line and doubles none', async (kind) => {
  const proxy = await startFaultProxy(blobs.url)
  try {
    const exports = await exportsOn({ url: proxy.url })
    proxy.plan(inOrder([{ kind }, { kind }], ({ method }) => method === 'PUT'))
    for (let i = 0; i < 4; i++) await exports.append('siem/day', `${i}\n`)
    expect(proxy.count(kind)).toBe(2)
    expect(await contents()).toEqual({ 'siem/day/0001.jsonl': '0\n1\n2\n3\n' })
  } finally {
    await proxy.close()
  }
})

test('a storage that does not answer is unavailable, and the next lines are taken', async () => {
  const proxy = await startFaultProxy(blobs.url)
  try {
    const exports = await exportsOn({ url: proxy.url, timeout: 3_000 })
    await exports.append('siem/day', '0\n')
    proxy.plan(({ method }) => (method === 'PUT' ? { kind: 'hanging' } : null))
    expect(await codeOf(exports.append('siem/day', '1\n'))).toBe('unavailable')
    proxy.plan(() => null)
    await exports.append('siem/day', '1\n')
    expect(await contents()).toEqual({ 'siem/day/0001.jsonl': '0\n1\n' })
  } finally {
    await proxy.close()
  }
})

describe('a sink of lines', () => {
  const by = { origin: 'approvals.contoso.example/evidence', version: '0.1.0' }
  const golden = goldenEvents()
  const onDay = (told: OutgoingEvent, day: string): OutgoingEvent => ({
    ...told,
    event: { ...told.event, at: told.event.at.replace('2026-03-04', day) as Instant },
  })

  test('writes each event as a line into the folder of its day', async () => {
    const sink = ocsfSink({ name: 'siem', rawData: false }, { blobs: await exportsOn(), by })
    const events = golden.slice(0, 5).map((told, i) => onDay(told, i < 3 ? '2026-03-04' : '2026-03-05'))
    expect(await sink.send(events, undefined)).toEqual({ taken: 3 })
    expect(await sink.send(events.slice(3), undefined)).toEqual({ taken: 2 })
    const lines = Object.entries(await contents()).map(([name, text]) => [
      name,
      text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { metadata: { original_event_uid: string } }).metadata.original_event_uid),
    ])
    expect(lines).toEqual([
      ['siem/2026-03-04/0001.jsonl', ['07-1', '07-2', '07-3']],
      ['siem/2026-03-05/0001.jsonl', ['07-4', '07-5']],
    ])
  })

  test.each([true, false])('has the text of the log only if it is to have it: %s', async (rawData) => {
    await ocsfSink({ name: 'siem', rawData }, { blobs: await exportsOn(), by }).send(golden.slice(0, 5), undefined)
    const lines = Object.values(await contents())
      .join('')
      .trimEnd()
      .split('\n')
    expect(lines.map((line) => 'raw_data' in (JSON.parse(line) as object))).toEqual(Array(5).fill(rawData))
  })

  test('takes as many as one append does', async () => {
    const sink = ocsfSink({ name: 'siem', rawData: true }, { blobs: await exportsOn(), by })
    const many = Array.from({ length: 60 }, () => golden).flat()
    const { taken } = await sink.send(many, undefined)
    expect(taken).toBeGreaterThan(1_000)
    expect(taken).toBeLessThan(many.length)
    const [text = ''] = Object.values(await contents())
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4 * 1024 * 1024)
    expect(text.trimEnd().split('\n')).toHaveLength(taken)
  })

  test.each([
    [403, 'not-permitted'],
    [500, 'no-answer'],
  ])('says why nothing was taken: %d', async (status, why) => {
    const proxy = await startFaultProxy(blobs.url)
    try {
      const exports = await exportsOn({ url: proxy.url, timeout: 3_000 })
      const sink = ocsfSink({ name: 'siem', rawData: true }, { blobs: exports, by })
      proxy.plan(() => ({ kind: 'status', status }))
      expect(await sink.send(golden, undefined)).toEqual({ taken: 0, failure: { why } })
    } finally {
      await proxy.close()
    }
  })
})

test('the account of another test has no container', async () => {
  const other = await openAccount()
  const exports = new ExportBlobs({
    url: other.blobsUrl,
    credential: new StorageSharedKeyCredential(other.account, other.key),
  })
  expect(await codeOf(exports.append('siem/day', '0\n'))).toBe('unavailable')
  await other.close()
})
