import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BlobArchive } from '../../src/azure/archive.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { codeOf } from '../support/build.ts'
import { collect, large, startBlobs, streamOf, type TestBlobs } from '../ports/blobs.ts'
import { type Call, type Fault, type FaultProxy, inOrder, startFaultProxy } from '../support/faultProxy.ts'

const bytes = Buffer.from('what is written once')
const others = Buffer.from('what is written next')

const isPut = ({ method }: Call) => method === 'PUT'
const isBlock = (call: Call) => isPut(call) && /[?&]comp=block(&|$)/.test(call.path)
const isCommit = (call: Call) => isPut(call) && /[?&]comp=blocklist(&|$)/.test(call.path)

let blobs: TestBlobs
let proxy: FaultProxy
let archive: BlobArchive

beforeAll(async () => {
  blobs = await startBlobs()
  proxy = await startFaultProxy(blobs.url)
  archive = blobs.archive()
  await archive.prepare()
})

afterAll(async () => {
  await proxy.close()
  await blobs.close()
})

describe('over a failing connection', () => {
  let through: BlobArchive

  beforeEach(() => {
    proxy.plan(() => null)
    through = blobs.archive({ url: proxy.url })
  })

  test('a file whose answer was lost is found', async () => {
    proxy.plan(inOrder([{ kind: 'unanswered' }], isPut))
    await through.create('lost/created', bytes, 'text/plain')
    expect(proxy.count('unanswered')).toBe(1)
    expect((await blobs.kept('lost/created')).content).toEqual(bytes)
  })

  test("a file that another process created while the request was lost is not taken for one's own", async () => {
    const meanwhile = () => archive.create('lost/theirs', others, 'text/plain')
    proxy.plan(inOrder([{ kind: 'lost', meanwhile }], isPut))
    await expect(through.create('lost/theirs', bytes, 'text/plain')).rejects.toThrow('lost/theirs')
    expect((await blobs.kept('lost/theirs')).content).toEqual(others)
  })

  test.each<[string, Fault, Buffer]>([
    ['mine, when the answer was lost', { kind: 'unanswered' }, bytes],
    ['mine, when the request came twice', { kind: 'doubled' }, bytes],
    [
      'theirs, when they were first',
      { kind: 'lost', meanwhile: () => archive.createOrRead('settled 2', others, 'text/plain') },
      others,
    ],
  ])('a file that is created or read is %s', async (_whose, fault, expected) => {
    const name = `settled ${['unanswered', 'doubled', 'lost'].indexOf(fault.kind)}`
    proxy.plan(inOrder([fault], isPut))
    expect(Buffer.from(await through.createOrRead(name, bytes, 'text/plain'))).toEqual(expected)
    expect(proxy.count(fault.kind)).toBe(1)
    expect((await blobs.kept(name)).content).toEqual(expected)
  })

  test.each<[string, (call: Call) => boolean, Fault['kind']]>([
    ['the answer to a block', isBlock, 'unanswered'],
    ['a block', isBlock, 'lost'],
    ['the answer to the last step', isCommit, 'unanswered'],
    ['the last step', isCommit, 'lost'],
  ])('a stream is whole although %s was lost', async (what, matches, kind) => {
    proxy.plan(inOrder([kind === 'lost' ? { kind } : { kind: 'unanswered' }], matches))
    const expected = { name: what, size: large.length, sha256: sha256(large) }
    expect(await through.write(what, streamOf(large), 'text/plain')).toEqual(expected)
    expect(proxy.count(kind)).toBe(1)
    expect((await collect(await archive.open(what))).equals(large)).toBe(true)
    expect(await archive.find(what)).toEqual(expected)
  })

  test.each<[string, Fault['kind']]>([
    ['before the last step', 'lost'],
    ['after the last block', 'late'],
  ])('a stream that another process overtook gets the stored file: %s', async (when, kind) => {
    const meanwhile = () => archive.write(when, streamOf(others), 'text/plain')
    const fault = kind === 'lost' ? { kind, meanwhile } : ({ kind: 'late', meanwhile } as const)
    proxy.plan(inOrder([fault], kind === 'lost' ? isCommit : isBlock))
    const expected = { name: when, size: others.length, sha256: sha256(others) }
    expect(await through.write(when, streamOf(bytes), 'text/plain')).toEqual(expected)
    expect(proxy.count(kind)).toBe(1)
    expect((await blobs.kept(when)).content).toEqual(others)
  })

  test.each([
    ['with their file', true],
    ['without a file, which is trouble', false],
  ])('blocks may be gone when they are committed: %s', async (how, written) => {
    const meanwhile = async () => void (written && (await archive.write(how, streamOf(others), 'text/plain')))
    const headers = { 'x-ms-error-code': 'InvalidBlockList' }
    proxy.plan((call) => {
      if (isCommit(call)) return { kind: 'status', status: 400, headers }
      return isBlock(call) ? { kind: 'late', meanwhile } : null
    })
    const result = through.write(how, streamOf(bytes), 'text/plain')
    if (written) expect((await result).sha256).toBe(sha256(others))
    else expect(await codeOf(result)).toBe('unavailable')
    expect([proxy.count('late'), proxy.count('status')]).toEqual([1, 1])
  })

  test('a stream ends when the storage fails: its source is told to stop, and no file is left', async () => {
    let stopped = false
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(1024 * 1024)
      } finally {
        stopped = true
      }
    }
    let blocks = 0
    proxy.plan((call) => (isBlock(call) && ++blocks > 3 ? { kind: 'status', status: 403 } : null))
    expect(await codeOf(through.write('endless', endless(), 'text/plain'))).toBe('unavailable')
    expect(stopped).toBe(true)
    expect(await archive.find('endless')).toBeNull()
  })

  test('a reader gets an error if the storage ends within a file', async () => {
    await archive.write('read', streamOf(large), 'text/plain')
    const stream = await through.open('read')
    const read: number[] = []
    const reading = async () => {
      for await (const chunk of stream ?? []) {
        read.push(chunk.length)
        proxy.plan((call) => (call.method === 'GET' ? { kind: 'status', status: 403 } : null))
      }
    }
    expect(await codeOf(reading())).toBe('unavailable')
    expect(read).toEqual([4 * 1024 * 1024])
  })

  test('a reader that stops early asks for no more', async () => {
    await archive.write('stopped', streamOf(large), 'text/plain')
    let asked = 0
    proxy.plan(({ method }) => {
      if (method === 'GET') asked++
      return null
    })
    for await (const chunk of (await through.open('stopped')) ?? []) if (chunk.length > 0) break
    expect(asked).toBe(1)
    await proxy.idle()
  })

  test('the last of two checkpoints stands, although its answer was lost', async () => {
    await through.publish('first')
    proxy.plan(inOrder([{ kind: 'unanswered' }], isPut))
    await through.publish('second')
    expect((await blobs.kept('checkpoint', 'public')).content.toString()).toBe('second')
  })
})

describe('answers that break off', () => {
  test.each([
    ['once, and are asked for again', 1, large.length],
    ['always', Infinity, 'unavailable'],
  ])('%s', async (_how, times, expected) => {
    await archive.write('broken', streamOf(large), 'text/plain')
    let left = times
    const cutting = await startCutting(blobs.url, () => left-- > 0)
    try {
      const stream = await blobs.archive({ url: `${cutting.origin}/${blobs.account}` }).open('broken')
      const read = collect(stream)
      if (expected === 'unavailable') expect(await codeOf(read)).toBe(expected)
      else expect((await read).equals(large)).toBe(true)
    } finally {
      await cutting.close()
    }
  })
})

/** Passes on answers, of some the beginning alone. */
async function startCutting(target: string, cuts: () => boolean) {
  const { port: onward } = new URL(target)
  const server = createServer(({ method, url, headers }, res) => {
    request({ host: '127.0.0.1', port: onward, path: url, method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      if (method !== 'GET' || !cuts()) return void answer.pipe(res)
      answer.once('data', (chunk) => res.write(chunk, () => res.destroy()))
    }).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
