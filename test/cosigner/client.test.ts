import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { cosignerAt } from '../../src/cosigner/client.ts'
import { readWitnessKey, type WitnessKey } from '../../src/core/log/cosignature.ts'
import { spkiFromPem } from '../../src/core/log/signature.ts'
import type { CosignerAnswer } from '../../src/ports/cosigner.ts'
import { makeWitness } from '../support/cosigning.ts'
import { startWitness } from '../support/witnessDouble.ts'

const golden = (name: string) => readFileSync(join(__dirname, '../golden/witness', name), 'utf8')
const keys = [readWitnessKey(makeWitness().key) as WitnessKey] as const

test('a witness that works as C2SP says answers the vectors as others do', async () => {
  const spki = spkiFromPem(golden('log.pem')) ?? new Uint8Array()
  const origin = 'approvals.contoso.example/evidence'
  const witness = await startWitness({ logs: { [origin]: [spki] }, now: () => 1_772_625_600 })
  const add = (body: string) => cosignerAt({ url: witness.url, keys }).add(body)
  try {
    const [first, second, fork] = ['add-0-10.txt', 'add-10-27.txt', 'add-fork.txt'].map(golden) as [
      string,
      string,
      string,
    ]
    const note = (body: string) => body.slice(body.indexOf('\n\n') + 2)
    expect(await add(second)).toEqual({ size: 0 })
    expect(await add(first)).toEqual({ lines: witness.sign(note(first)) })
    expect(await add(fork)).toEqual({ refusal: 'fork' })
    expect(await add(second)).toEqual({ lines: witness.sign(note(second)) })
    expect(await add(second)).toEqual({ size: 27 })
    expect(await add(first)).toEqual({ size: 27 })
    expect(await add(`old 27\n\n${note(second)}`)).toEqual({ lines: witness.sign(note(second)) })
    expect(await add(`old 27\n\n${note(fork)}`)).toEqual({ size: 27 })
    expect(await add(`old 28\n\n${note(second)}`)).toEqual({ refusal: 'malformed' })
    expect(await add('old 0\n')).toEqual({ refusal: 'malformed' })
    expect(await add(second.replaceAll(origin, 'other.example/log'))).toEqual({ refusal: 'unknown-log' })
    expect(await add(second.replace('eeLCht3f', 'eeLCht3g'))).toEqual({ refusal: 'unknown-key' })
  } finally {
    await witness.close()
  }
})

describe('an answer that is none of the protocol is told apart', () => {
  let answer: (res: ServerResponse) => void
  let called: string[] = []
  const server = createServer((req, res) => {
    called.push(`${req.method} ${req.url} ${req.headers['content-type']}`)
    req.resume().on('end', () => answer(res))
  })
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/b`
  })
  beforeEach(() => {
    called = []
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })

  const told = (status: number, body: string | Uint8Array = '', type = 'text/plain') => {
    answer = (res) => res.writeHead(status, { 'content-type': type }).end(body)
    return cosignerAt({ url, keys }).add('old 0\n')
  }
  const size = (body: string, type = 'text/x.tlog.size') => told(409, body, type)

  test('lines are what a 200 has, below the given address', async () => {
    expect(await told(200, '— a AAAAAAA=\n')).toEqual({ lines: '— a AAAAAAA=\n' })
    expect(called).toEqual(['POST /a/b/add-checkpoint text/plain; charset=utf-8'])
  })

  test.each<[string, () => Promise<CosignerAnswer>, CosignerAnswer]>([
    ['no UTF-8', () => told(200, Uint8Array.of(0xff, 0x0a)), { refusal: 'unexpected' }],
    ['more than 16 KiB', () => told(200, 'x'.repeat(16_385)), { refusal: 'unexpected' }],
    ['201', () => told(201, 'ok\n'), { refusal: 'unexpected' }],
    ['204', () => told(204), { refusal: 'unexpected' }],
    ['451', () => told(451), { refusal: 'unexpected' }],
    ['502', () => told(502), { refusal: 'no-answer' }],
    ['a size', () => size('27\n'), { size: 27 }],
    ['a size with parameters of its type', () => size('27\n', 'text/x.tlog.size; charset=utf-8'), { size: 27 }],
    ['a size of another type', () => size('27\n', 'text/plain'), { size: null }],
    ['a size without its newline', () => size('27'), { size: null }],
    ['a size with a zero before it', () => size('027\n'), { size: null }],
    ['a size below zero', () => size('-1\n'), { size: null }],
    ['a size that no log has', () => size('9007199254740992\n'), { size: null }],
    ['a very long size', () => size(`${'9'.repeat(20_000)}\n`), { size: null }],
  ])('%s', async (_what, asked, expected) => {
    expect(await asked()).toEqual(expected)
  })

  test('another address is not followed, also to this machine', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (res) => res.writeHead(status, { location: `${url}/elsewhere` }).end()
      expect(await cosignerAt({ url, keys }).add('old 0\n')).toEqual({ refusal: 'unexpected' })
    }
    expect(called).toHaveLength(5)
  })

  test('no answer, or one that breaks off', async () => {
    answer = (res) => res.destroy()
    expect(await cosignerAt({ url, keys }).add('')).toEqual({ refusal: 'no-answer' })
    answer = (res) => void res.writeHead(200, { 'content-length': 100 }).write('— a', () => res.destroy())
    expect(await cosignerAt({ url, keys }).add('')).toEqual({ refusal: 'no-answer' })
    answer = () => undefined
    expect(await cosignerAt({ url, keys }, 20).add('')).toEqual({ refusal: 'no-answer' })
    expect(await cosignerAt({ url: 'https://witness.invalid', keys }).add('')).toEqual({ refusal: 'no-answer' })
  })
})
