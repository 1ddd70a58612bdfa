import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buildProgram, joined, type Program } from './program.ts'

let program: Program
let url = ''
let folder = ''
let seen: string[] = []
const zip = Buffer.from(`PK${'x'.repeat(300_000)}`)
const etag = `"${createHash('sha256').update(zip).digest('hex')}"`
const whole = 'countersign-evidence-2026-01-31.zip'
const texts = 'said-2026-01-31.jsonl'

type Answering = (req: IncomingMessage, res: ServerResponse) => void

const sendsZip: Answering = (req, res) => {
  if (req.headers['if-none-match'] === etag) res.writeHead(304, { etag }).end()
  else res.writeHead(200, { etag, 'content-type': 'application/zip', 'content-length': zip.length }).end(zip)
}
const sendsSaid: Answering = (_req, res) =>
  res.writeHead(200, { 'content-type': 'application/jsonl' }).end('{"index":1}\n')
const problem = (status: number, code: string): Answering => {
  const body = { type: 'about:blank', title: 'No', status, code, detail: 'It will be sealed at 00:05.' }
  return (_req, res) => res.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body))
}
let answers: { zip: Answering; said: Answering; cosigned: Answering }

const server = createServer((req, res) => {
  seen.push(`${req.method} ${req.url} ${req.headers.authorization}`)
  if (req.url === '/api/evidence/bundles/2026-01-31') answers.zip(req, res)
  else if (req.url?.startsWith('/api/evidence/said/2026-01-31')) answers.said(req, res)
  else if (req.url === '/api/evidence/cosignatures/2026-01-31') answers.cosigned(req, res)
  else res.writeHead(404).end()
})

beforeAll(async () => {
  program = await buildProgram()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  folder = mkdtempSync(join(program.folder, 'download-'))
  answers = { zip: sendsZip, said: sendsSaid, cosigned: problem(404, 'not-found') }
  seen = []
})
afterAll(async () => {
  program.end()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const download = (...args: readonly string[]) =>
  program.run(['download', '2026-01-31', '--out', folder, ...args], {
    env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0' },
  })

test('download fetches the bundle and the said file, with the token', async () => {
  const { code, stdout, stderr } = await download()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(readFileSync(join(folder, whole)).equals(zip)).toBe(true)
  expect(readFileSync(join(folder, texts), 'utf8')).toBe('{"index":1}\n')
  expect(joined(stdout)).toContain(`countersign verify ${join(folder, whole)} --key LOG.pem`)
  expect(seen).toEqual([
    'GET /api/evidence/bundles/2026-01-31 Bearer token',
    'GET /api/evidence/said/2026-01-31 Bearer token',
    'GET /api/evidence/cosignatures/2026-01-31 Bearer token',
  ])
  expect(stdout).not.toContain('--witness')
})

describe('cosignatures', () => {
  const cosigned = join('.', 'cosignatures-2026-01-31.txt')
  const note = (...lines: readonly string[]) =>
    ['log.example\n1\nAAAA\n', '— log.example AAAAAAA=', ...lines, ''].join('\n')
  const sends =
    (text: string): Answering =>
    (req, res) => {
      const tag = `"${createHash('sha256').update(text).digest('hex')}"`
      if (req.headers['if-none-match'] === tag) return void res.writeHead(304, { etag: tag }).end()
      res.writeHead(200, { etag: tag, 'content-type': 'text/plain; charset=utf-8' }).end(text)
    }
  const [one, two] = ['— w1 AAAAAAA=', '— w2 AAAAAAA=']

  test('of a witness come with the bundle', async () => {
    answers.cosigned = sends(note(one))
    const { code, stdout } = await download('--json')
    expect(code).toBe(0)
    expect(readFileSync(join(folder, cosigned), 'utf8')).toBe(note(one))
    expect(JSON.parse(stdout)).toMatchObject({ cosigned: { file: join(folder, cosigned), same: false } })
    expect(joined((await download()).stdout)).toContain('--witness KEY')
    expect(JSON.parse((await download('--json')).stdout)).toMatchObject({ cosigned: { same: true } })
  })

  test('that came later replace a file without them, and none is lost', async () => {
    answers.cosigned = sends(note(one))
    await download()
    answers.cosigned = sends(note(two, one))
    expect((await download()).code).toBe(0)
    expect(readFileSync(join(folder, cosigned), 'utf8')).toBe(note(two, one))
    answers.cosigned = sends(note(two))
    const { code, stderr } = await download()
    expect(code).toBe(78)
    expect(joined(stderr)).toContain('cosignatures-2026-01-31.txt exists with other content')
    expect(readFileSync(join(folder, cosigned), 'utf8')).toBe(note(two, one))
  })

  test('that are refused for another reason stop the download by name', async () => {
    answers.cosigned = problem(403, 'not-permitted')
    const { code, stderr } = await download()
    expect(code).toBe(77)
    expect(joined(stderr)).toContain('not-permitted')
  })
})

test('download finds that both files exist already', async () => {
  await download()
  const { code, stdout } = await download('--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ exit: 0, bundle: { same: true, size: zip.length }, said: { same: true } })
  expect(readdirSync(folder).toSorted()).toEqual([whole, texts])
})

test.each([whole, texts])('download does not replace %s with other content', async (name) => {
  writeFileSync(join(folder, name), 'other')
  const { code, stderr } = await download()
  expect(code).toBe(78)
  expect(joined(stderr)).toContain(name)
  expect(readFileSync(join(folder, name), 'utf8')).toBe('other')
  expect(readdirSync(folder).filter((file) => file.endsWith('.part'))).toEqual([])
})

test.each<[string, Answering, number, string]>([
  ['other bytes than it says', (_req, res) => res.writeHead(200, { etag }).end('PK'), 69, 'SHA-256'],
  [
    'less than it says',
    (_req, res) => {
      res.writeHead(200, { etag, 'content-length': zip.length }).write(zip.subarray(0, 1000))
      setTimeout(() => res.destroy(), 20)
    },
    69,
    'stopped sending',
  ],
  ['that the day is not sealed', problem(404, 'not-found'), 78, 'sealed at 00:05'],
  ['that the role is missing', problem(403, 'not-permitted'), 77, 'not-permitted'],
  ['nothing', (_req, res) => res.destroy(), 69, 'cannot be reached'],
])('a service that answers %s leaves no file', async (_what, answer, exit, words) => {
  answers.zip = answer
  const { code, stderr } = await download()
  expect(code).toBe(exit)
  expect(joined(stderr)).toContain(words)
  expect(readdirSync(folder)).toEqual([])
})

describe('a said file whose transfer breaks off', () => {
  const lines = Array.from({ length: 12 }, (_, i) => `{"index":${Math.floor(i / 3)},"name":"n${i}","text":"ü${i}"}\n`)
  const all = lines.join('')
  const from = (index: number) => lines.slice(3 * index).join('')
  const indexOf = (req: IncomingMessage) => Number(new URL(req.url ?? '', url).searchParams.get('from') ?? 0)
  const indices = () => seen.flatMap((call) => (call.includes('/said/') ? [/from=(\d+)/.exec(call)?.[1] ?? ''] : []))

  /** Sends so many bytes of what is wanted, and then closes the connection; all of it in the end. */
  const breaking =
    (...cuts: readonly number[]): Answering =>
    (req, res) => {
      const bytes = Buffer.from(from(indexOf(req)))
      const cut = cuts[indices().length - 1]
      res.writeHead(200, { 'content-type': 'application/jsonl' })
      if (cut === undefined) return void res.end(bytes)
      res.write(bytes.subarray(0, cut), () => setTimeout(() => res.destroy(), 20))
    }
  const size = Buffer.byteLength(lines[0] ?? '')

  test.each([
    ['between two events', 6 * size + 1, '1'],
    ['between two lines of an event', 4 * size, '1'],
    ['within a line', 5 * size - 3, '1'],
    ['within a character', 5 * size - 6, '1'],
    ['in the last event', 10 * size, '3'],
  ])('%s, goes on at the newest event', async (_where, cut, next) => {
    answers.said = breaking(cut)
    const { code, stderr } = await download()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(readFileSync(join(folder, texts), 'utf8')).toBe(all)
    expect(indices()).toEqual(['', next])
  })

  test('again and again, is whole in the end', async () => {
    answers.said = breaking(4 * size, 4 * size, 4 * size)
    expect((await download()).code).toBe(0)
    expect(readFileSync(join(folder, texts), 'utf8')).toBe(all)
    expect(indices()).toEqual(['', '1', '2', '3'])
  })

  test.each([
    ['before anything came', [0]],
    ['within the first event', [2 * size]],
    ['at the same event twice', [4 * size, 2 * size]],
  ])('%s, is given up', async (_where, cuts) => {
    answers.said = breaking(...cuts)
    const { code, stderr } = await download()
    expect(code).toBe(69)
    expect(joined(stderr)).toContain('stopped sending')
    expect(readdirSync(folder)).toEqual([whole])
    expect(indices()).toHaveLength(cuts.length)
  })

  test('because a row is broken, says so when it goes on', async () => {
    const broken = problem(503, 'evidence-broken')
    answers.said = (req, res) => (indexOf(req) === 0 ? breaking(4 * size)(req, res) : broken(req, res))
    const { code, stderr } = await download()
    expect(code).not.toBe(0)
    expect(joined(stderr)).toContain('evidence-broken')
    expect(readdirSync(folder)).toEqual([whole])
  })

  test('with lines that have no index, is given up', async () => {
    answers.said = (_req, res) => {
      res.writeHead(200).write('{"line":1}\n{"line":2}\n{"line":3}\n', () => setTimeout(() => res.destroy(), 20))
    }
    expect((await download()).code).toBe(69)
    expect(indices()).toEqual([''])
  })
})

test.each(['2026-02-30', 'yesterday', '../../secrets'])('download refuses %s, which is not a date', async (date) => {
  const env = { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token' }
  expect(await program.run(['download', date], { env })).toMatchObject({ code: 78, stdout: '' })
  expect(seen).toEqual([])
})
