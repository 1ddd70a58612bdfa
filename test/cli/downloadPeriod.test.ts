import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Day } from '../../src/core/data/day.ts'
import { zipName } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { dates, type Sealed, sealedDays } from '../verify/days.ts'
import { buildProgram, joined, type Program } from './program.ts'

let program: Program
let days: Sealed
let url = ''
let folder = ''
let served: Map<string, Buffer>
let fetched: string[] = []
let breaksAt: string | undefined
let stallsAt: string | undefined
let stalled = (): void => undefined

const server = createServer((req, res) => {
  const path = (req.url ?? '').replace('/api/evidence/', '')
  const bytes = served.get(path)
  if (!bytes) {
    const body = { type: 'about:blank', title: 'No', status: 404, code: 'not-found', detail: 'No sealed day.' }
    return void res.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body))
  }
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`
  if (req.headers['if-none-match'] === etag) return void res.writeHead(304, { etag }).end()
  fetched.push(path)
  if (path === breaksAt) return void res.destroy()
  if (path === stallsAt) {
    res.writeHead(200, { etag, 'content-type': 'application/octet-stream', 'content-length': bytes.length })
    res.write(bytes.subarray(0, 100))
    return stalled()
  }
  const type = path === 'bundles' ? 'application/json' : 'application/octet-stream'
  res.writeHead(200, { etag, 'content-type': type, 'content-length': bytes.length }).end(bytes)
})

beforeAll(async () => {
  program = await buildProgram()
  days = await sealedDays()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(async () => {
  folder = mkdtempSync(join(program.folder, 'period-'))
  served = new Map()
  for (const date of dates) {
    served.set(`bundles/${date}`, await days.zip(date))
    served.set(`said/${date}`, Buffer.from(await days.said(date)))
  }
  fetched = []
  breaksAt = undefined
  stallsAt = undefined
})
afterAll(async () => {
  program.end()
  days.place.clean()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const download = (from: Day, to: Day, ...more: readonly string[]) =>
  program.run(['download', '--from', from, '--to', to, '--key', days.pem, '--out', folder, ...more], {
    env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0' },
  })

const statesIn = (stdout: string) => {
  const { exit, days: found } = JSON.parse(stdout) as { exit: number; days: { date: string; state: string }[] }
  return { exit, states: found.map(({ state }) => state) }
}

test('a period is fetched day by day, and each day is verified as it comes', async () => {
  const { code, stdout, stderr } = await download(day(4), day(8))
  expect(code).toBe(0)
  expect(joined(stderr)).toContain('2026-03-05 (2 of 5): holds')
  expect(stdout).toContain('verified         5 of 5 days')
  expect(readdirSync(folder).toSorted()).toEqual([...dates.map(zipName), ...dates.map((date) => `said-${date}.jsonl`)])
})

test('cosignatures come with their days, as far as there are any', async () => {
  served.set(`cosignatures/${day(5)}`, Buffer.from('log.example\n1\nAAAA\n\n— w1 AAAAAAA=\n'))
  const { code, stdout } = await download(day(4), day(6), '--json')
  expect(code).toBe(0)
  const { days: found } = JSON.parse(stdout) as { days: readonly object[] }
  expect(found.map((one) => 'cosigned' in one)).toEqual([false, true, false])
  expect(readdirSync(folder)).toContain(`cosignatures-${day(5)}.txt`)
})

test('Ctrl-C leaves the days that are there, and nothing that is not complete', async () => {
  stallsAt = `bundles/${day(5)}`
  const args = ['download', '--from', day(4), '--to', day(8), '--key', days.pem, '--out', folder]
  let stop = (): void => undefined
  stalled = () => {
    const look = () => (readdirSync(folder).some((name) => name.endsWith('.part')) ? stop() : void setImmediate(look))
    look()
  }
  const { code } = await program.start(args, {
    env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token' },
    started: (child) => {
      stop = () => void child.kill('SIGINT')
    },
  })
  // Ended by the signal itself, as shells expect.
  expect(code).toBeNull()
  expect(readdirSync(folder).toSorted()).toEqual([zipName(day(4)), `said-${day(4)}.jsonl`])
  stallsAt = undefined
  expect(await download(day(4), day(8))).toMatchObject({ code: 0 })
})

test('the same command goes on after an interruption, and fetches nothing again', async () => {
  breaksAt = `bundles/${day(6)}`
  const stopped = await download(day(4), day(8))
  expect(stopped.code).toBe(69)
  expect(joined(stopped.stderr)).toContain('2 days are there; the same command goes on with the next.')
  breaksAt = undefined
  fetched = []
  const { code, stdout } = await download(day(4), day(8), '--json')
  expect({ code, ...statesIn(stdout) }).toEqual({ code: 0, exit: 0, states: Array<string>(5).fill('holds') })
  expect(fetched.filter((path) => path.startsWith('bundles/'))).toEqual([6, 7, 8].map((one) => `bundles/${day(one)}`))
})

test('--last takes so many days up to the newest sealed one', async () => {
  const bundles = dates.map((date, i) => ({ date, number: i + 1 }))
  served.set('bundles', Buffer.from(JSON.stringify({ bundles, missing: [] })))
  const args = ['download', '--last', '2', '--key', days.pem, '--out', folder, '--json']
  const env = { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0' }
  const { code, stdout } = await program.run(args, { env })
  expect({ code, ...statesIn(stdout) }).toEqual({ code: 0, exit: 0, states: ['holds', 'holds'] })
  expect(readdirSync(folder)).toContain(zipName(day(8)))
  expect(readdirSync(folder)).not.toContain(zipName(day(6)))
})

test('a day that is missing is named, and the others go on', async () => {
  served.delete(`bundles/${day(6)}`)
  const { code, stdout } = await download(day(4), day(9))
  expect(code).toBe(78)
  expect(joined(stdout)).toContain('2026-03-06       MISSING: the service has no sealed bundle of this day')
  expect(joined(stdout)).toContain('2026-03-09       MISSING')
  expect(stdout).toContain('verified         4 of 6 days')
})

test.each<[string, number, string, () => Promise<void>]>([
  ['that does not hold', 1, 'broken', async () => void served.set(`bundles/${day(5)}`, await days.zip(day(4)))],
  [
    'whose said file is of another day',
    1,
    'holds',
    async () => void served.set(`said/${day(5)}`, Buffer.from(await days.said(day(4)))),
  ],
  ['that lies there with other content', 78, 'kept', async () => writeFileSync(join(folder, zipName(day(5))), 'other')],
  ['that is no zip', 1, 'broken', async () => void served.set(`bundles/${day(5)}`, Buffer.from('PK'))],
])('a day %s is named, and the others go on', async (_what, exit, state, spoil) => {
  await spoil()
  const { code, stdout } = await download(day(4), day(7), '--json')
  expect({ code, ...statesIn(stdout) }).toEqual({ code: exit, exit, states: ['holds', state, 'holds', 'holds'] })
  expect(stdout).toContain('"problem":{')
})

test.each<[string, readonly string[], string]>([
  ['without its end', ['--from', day(4), '--key', 'log.pem'], 'A period has both --from and --to.'],
  ['from a day that does not exist', ['--from', '2026-02-30', '--to', day(4)], '"2026-02-30" is not a day'],
  ['of no days', ['--last', '0', '--key', 'log.pem'], '--last: "0" is not a number'],
  ['given twice', ['--last', '2', '--from', day(4), '--key', 'log.pem'], 'Give DATE, or --latest, or --last'],
  ['that ends before it begins', ['--from', day(5), '--to', day(4)], 'is after --to'],
  ['without a key', ['--from', day(4), '--to', day(5)], '--key is missing'],
  [
    'beside a date',
    [day(4), '--from', day(4), '--to', day(5)],
    'Give DATE, or --latest, or --last, or --from and --to.',
  ],
  ['that is none, with a key', [day(4), '--key', 'log.pem'], '--key belongs to --from and --to'],
])('a period %s is refused', async (_what, args, words) => {
  const env = { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token' }
  const { code, stderr } = await program.run(['download', ...args, '--out', folder], { env })
  expect(code).toBe(78)
  expect(joined(stderr)).toContain(words)
})
