import type { BlobArchive } from '../../src/azure/archive.ts'
import { codeOf } from '../support/build.ts'
import { startBlobs, streamOf, type TestBlobs } from '../ports/blobs.ts'
import { type Double, startDouble } from '../support/double.ts'

const bytes = Buffer.from('what is written once')

let blobs: TestBlobs
let archive: BlobArchive

beforeAll(async () => {
  blobs = await startBlobs()
  archive = blobs.archive()
  await archive.prepare()
})

afterAll(() => blobs.close())

test('a file has the given type, and is not public', async () => {
  await archive.create('types/created', bytes, 'application/json')
  await archive.createOrRead('types/settled', bytes, 'text/plain')
  await archive.write('types/written', streamOf(bytes), 'application/zip')
  const types = ['types/created', 'types/settled', 'types/written'].map(
    async (name) => (await blobs.kept(name)).contentType,
  )
  expect(await Promise.all(types)).toEqual(['application/json', 'text/plain', 'application/zip'])
  for (const container of ['evidence', 'public'])
    expect(await blobs.container(container).getAccessPolicy()).toMatchObject({ blobPublicAccess: undefined })
})

test('the newest checkpoint is text in the public container', async () => {
  await archive.publish('first, and longer than the second\n')
  await archive.publish('size 2\n— name\n')
  const { content, contentType } = await blobs.kept('checkpoint', 'public')
  expect(content.toString()).toBe('size 2\n— name\n')
  expect(contentType).toBe('text/plain; charset=utf-8')
})

test('metadata that is not a digest is ignored', async () => {
  const container = blobs.container()
  await container.getBlockBlobClient('odd').upload('x', 1, { metadata: { sha256: 'ABC' } })
  expect(await archive.find('odd')).toEqual({ name: 'odd', size: 1 })
  expect(await archive.list('odd')).toEqual([{ name: 'odd', size: 1 }])
})

test('preparing twice changes nothing', async () => {
  await archive.create('before', bytes, 'text/plain')
  await archive.prepare()
  expect((await blobs.kept('before')).content).toEqual(bytes)
})

test('an existing container answers, and a missing one is unavailable', async () => {
  await archive.ping()
  const missing = blobs.archive({ container: 'elsewhere' })
  expect(await codeOf(missing.ping())).toBe('unavailable')
  expect(await codeOf(missing.create('a', bytes, 'text/plain'))).toBe('unavailable')
  expect(await codeOf(missing.find('a'))).toBe('unavailable')
  expect(await codeOf(missing.read('a'))).toBe('unavailable')
})

test('a wrong key gets no access', async () => {
  const stranger = blobs.archive({ key: Buffer.alloc(64).toString('base64') })
  expect(await codeOf(stranger.create('a', bytes, 'text/plain'))).toBe('unavailable')
  expect(await codeOf(stranger.ping())).toBe('unavailable')
})

describe('a storage in trouble', () => {
  let storage: Double
  afterEach(() => storage.close())

  test.each<[string, Parameters<typeof startDouble>[0]]>([
    ['fails', () => ({ status: 500 })],
    ['drops the connection', () => 'reset'],
    ['does not answer', () => 'hang'],
    ['says that a file exists and cannot show it', ({ method }) => ({ status: method === 'PUT' ? 409 : 404 })],
  ])('nothing is written if it %s', async (_how, answer) => {
    storage = await startDouble(answer)
    const troubled = blobs.archive({ url: `${storage.origin}/${blobs.account}`, timeout: 500 })
    const calls = [
      troubled.create('a', bytes, 'text/plain'),
      troubled.createOrRead('a', bytes, 'text/plain'),
      troubled.ping(),
    ]
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'unavailable'))
  })

  test.each<[string, Parameters<typeof startDouble>[0]]>([
    ['fails', () => ({ status: 500 })],
    ['drops the connection', () => 'reset'],
    ['does not answer', () => 'hang'],
    ['has no such container', () => ({ status: 404, headers: { 'x-ms-error-code': 'ContainerNotFound' } })],
  ])('no file is reported present or absent if it %s', async (_how, answer) => {
    storage = await startDouble(answer)
    const troubled = blobs.archive({ url: `${storage.origin}/${blobs.account}`, timeout: 500 })
    const calls = [
      troubled.write('a', streamOf(bytes), 'text/plain'),
      ...[troubled.find('a'), troubled.read('a'), troubled.open('a'), troubled.list(''), troubled.publish('a')],
    ]
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'unavailable'))
  })

  /** https://learn.microsoft.com/rest/api/storageservices/list-blobs */
  test('a list of several pages is read to its end', async () => {
    const page = (names: string, next: string) =>
      `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>${names}</Blobs>${next}</EnumerationResults>`
    const blob = (name: string) =>
      `<Blob><Name>${name}</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>`
    const pages: Readonly<Record<string, string>> = {
      '': page(blob('a') + blob('b'), '<NextMarker>2</NextMarker>'),
      '2': page('', '<NextMarker>3</NextMarker>'),
      '3': page(blob('c'), '<NextMarker />'),
    }
    storage = await startDouble(({ query }) => ({
      ...{ status: 200, headers: { 'content-type': 'application/xml' } },
      body: pages[query.get('marker') ?? ''],
    }))
    const listed = await blobs.archive({ url: `${storage.origin}/${blobs.account}` }).list('')
    expect(listed).toEqual(['a', 'b', 'c'].map((name) => ({ name, size: 1 })))
  })
})
