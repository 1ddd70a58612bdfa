import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BlobArchive } from '../../src/azure/archive.ts'
import { Problem } from '../../src/core/problem.ts'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import { type Double, startDouble } from '../double.ts'

const bytes = Buffer.from('what is written once')
const others = Buffer.from('what is written next')

let azurite: Azurite
let archive: BlobArchive
let proxy: Server | null = null

beforeAll(async () => {
  azurite = await startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null })
  archive = archiveAt(azurite.blobsUrl)
  await archive.prepare()
})

afterAll(() => azurite.close())

afterEach(async () => {
  proxy?.closeAllConnections()
  await new Promise((done) => (proxy === null ? done(null) : proxy.close(done)))
  proxy = null
})

test('a file is kept as it was given', async () => {
  await archive.create('bundles/2026-01-31.zip', bytes, 'application/zip')
  const { content, contentType } = await kept('bundles/2026-01-31.zip')
  expect(content).toEqual(bytes)
  expect(contentType).toBe('application/zip')
})

test.each([
  ['text', bytes],
  ['nothing', Buffer.alloc(0)],
  ['more than one block', Buffer.alloc(9_000_000, 'x')],
])('the same file again is the same file: %s', async (what, same) => {
  await archive.create(`again/${what}`, same, 'text/plain')
  await archive.create(`again/${what}`, Buffer.from(same), 'text/plain')
  expect((await kept(`again/${what}`)).content.equals(same)).toBe(true)
})

test.each([
  ['as long', others],
  ['shorter', bytes.subarray(1)],
  ['longer', Buffer.concat([bytes, bytes])],
  ['empty', Buffer.alloc(0)],
])('a file is never replaced by another: %s', async (what, other) => {
  for (const [name, first, second] of [
    [`after/${what}`, bytes, other],
    [`before/${what}`, other, bytes],
  ] as const) {
    await archive.create(name, first, 'text/plain')
    await expect(archive.create(name, second, 'text/plain')).rejects.toThrow(name)
    expect((await kept(name)).content).toEqual(first)
  }
})

test('of many that write different files under one name, one succeeds', async () => {
  const files = Array.from({ length: 8 }, (_, i) => Buffer.from(`file ${i}`))
  const results = await Promise.allSettled(files.map((file) => archive.create('race', file, 'text/plain')))
  const winners = files.filter((_, i) => results[i]?.status === 'fulfilled')
  expect(winners).toEqual([(await kept('race')).content])
})

test('many that write the same file all succeed', async () => {
  await Promise.all(Array.from({ length: 8 }, () => archive.create('together', bytes, 'text/plain')))
})

test('a file whose answer was lost is found', async () => {
  let lost = 0
  proxy = await startProxy(azurite.blobsUrl, ({ method }) => method === 'PUT' && lost++ === 0)
  const { port } = proxy.address() as AddressInfo
  await archiveAt(`http://127.0.0.1:${port}/${azurite.account}`).create('lost', bytes, 'text/plain')
  expect(lost).toBeGreaterThan(1)
  expect((await kept('lost')).content).toEqual(bytes)
})

test('preparing twice changes nothing', async () => {
  await archive.create('before', bytes, 'text/plain')
  await archive.prepare()
  expect((await kept('before')).content).toEqual(bytes)
})

test('an archive answers that is there, and only that', async () => {
  await archive.ping()
  const missing = archiveAt(azurite.blobsUrl, 'elsewhere')
  expect(await codeOf(missing.ping())).toBe('unavailable')
  expect(await codeOf(missing.create('a', bytes, 'text/plain'))).toBe('unavailable')
})

test('a wrong key is no access', async () => {
  const credential = new StorageSharedKeyCredential(azurite.account, Buffer.alloc(64).toString('base64'))
  const stranger = new BlobArchive({ url: azurite.blobsUrl, container: 'evidence', credential })
  expect(await codeOf(stranger.create('a', bytes, 'text/plain'))).toBe('unavailable')
  expect(await codeOf(stranger.ping())).toBe('unavailable')
})

describe('in front of a storage in trouble', () => {
  let storage: Double
  afterEach(() => storage.close())

  test.each<[string, Parameters<typeof startDouble>[0]]>([
    ['fails', () => ({ status: 500 })],
    ['drops the connection', () => 'reset'],
    ['does not answer', () => 'hang'],
    ['says that a file exists and cannot show it', ({ method }) => ({ status: method === 'PUT' ? 409 : 404 })],
  ])('nothing is written when it %s', async (_how, answer) => {
    storage = await startDouble(answer)
    const troubled = archiveAt(`${storage.origin}/${azurite.account}`, 'evidence', 500)
    expect(await codeOf(troubled.create('a', bytes, 'text/plain'))).toBe('unavailable')
    expect(await codeOf(troubled.ping())).toBe('unavailable')
  })
})

const credentialOf = () => new StorageSharedKeyCredential(azurite.account, azurite.key)

function archiveAt(url: string, container = 'evidence', timeout = 10_000): BlobArchive {
  return new BlobArchive({ url, container, credential: credentialOf(), timeout })
}

async function kept(name: string): Promise<{ content: Buffer; contentType: string | undefined }> {
  const blob = new ContainerClient(`${azurite.blobsUrl}/evidence`, credentialOf()).getBlobClient(name)
  const { contentType, contentLength = 0 } = await blob.getProperties()
  return { content: contentLength === 0 ? Buffer.alloc(0) : await blob.downloadToBuffer(), contentType }
}

/** Passes everything on, and drops the connection in place of an answer that is to be lost. */
async function startProxy(target: string, loses: (req: IncomingMessage) => boolean): Promise<Server> {
  const server = createServer((req, res) => {
    const { url, method, headers } = req
    const onward = request({ host: '127.0.0.1', port: new URL(target).port, path: url, method, headers }, (answer) => {
      if (loses(req)) {
        answer.resume().on('end', () => res.destroy())
        return
      }
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    req.pipe(onward)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return server
}

async function codeOf(result: Promise<unknown>): Promise<string> {
  const thrown: unknown = await result.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (thrown instanceof Problem) return thrown.code
  throw new Error('There was no problem.', { cause: thrown })
}
