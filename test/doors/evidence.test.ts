import { AzureNamedKeyCredential, odata, TableClient } from '@azure/data-tables'
import { spawnSync } from 'node:child_process'
import { createHash, randomUUID, verify } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { openCheckpoint, type VerifySignature } from '../../src/core/checkpoint.ts'
import { type Day, endOf, nextDay, parseDay } from '../../src/core/day.ts'
import { saidDigest } from '../../src/core/event.ts'
import { digestOf } from '../../src/core/id.ts'
import { parseProof } from '../../src/core/logproof.ts'
import { checkInclusion, hashLeaf } from '../../src/core/merkle.ts'
import { spkiFromPem } from '../../src/core/signature.ts'
import { manifestIn, membersOf, zipOf } from '../evidence/bundle.ts'
import { until } from '../until.ts'
import { type Answer, type Stack, startStack, undocumented, wish } from '../stack.ts'

const program = resolve('dist/countersign.cjs')
/** What Azurite always has. */
const azuriteAccount = 'devstoreaccount1'
const azuriteKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
const secret = 'The password is hunter2'

let stack: Stack
/** Empty, full, and the one on which what began the day before ended. */
let days: readonly [Day, Day, Day]
/** Succeeded on the second day; and one that expired on the third. */
let done: Answer['body']
let late: Answer['body']
/** Of the log after the second day: each of up to two shards also says which policy is in force. */
let size: number
let folder: string
let key: string
/** What `npm run local -- seal` said. */
const seals: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  stack = await startStack({ args: ['--no-timers'] })
  const early = await stack.local('seal')
  seals.push(early)
  const first = parseDay(/^nothing to seal: (\S+) ends/.exec(early)?.[1] ?? early)
  days = [first, nextDay(first), nextDay(nextDay(first))]
  // noon of the second day: whenever this runs, what follows is of one day
  const noon = Date.parse(`${days[1]}T12:00:00Z`)
  await stack.local('advance', `${Math.ceil((noon - Date.now()) / 1000)}s`)
  done = await live()
  late = await ask({ expiresIn: 3600 * 24 })
  await stack.local('advance', '25h')
  seals.push(await stack.local('seal'))
  seals.push(await stack.local('seal'))
  key = await stack.local('key')
  size = (await evidence('bundles')).body.bundles[1].to
}, 60_000)
afterAll(async () => {
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

const ask = async (more: Record<string, unknown> = {}): Promise<Answer['body']> =>
  (await stack.call('deploy-bot', '/api/requests', wish(more))).body

/** From ask to outcome. */
async function live(): Promise<Answer['body']> {
  const request = await ask({ reason: secret })
  const { id, digest } = request
  const post = (who: string, step: string, body: object) => stack.call(who, `/api/requests/${id}/${step}`, body)
  await post('dba-1', 'decisions', { verdict: 'approve', digest, reason: 'checked' })
  const { grant } = (await stack.call('deploy-bot', `/api/requests/${id}`)).body
  await post('deploy-bot', 'redeem', { grant: grant.token, digest, redemption: randomUUID() })
  return (await post('deploy-bot', 'outcome', { result: 'succeeded', summary: '1200 rows' })).body
}

const evidence = (path: string, headers: Record<string, string> = {}) =>
  stack.call('compliance', `/api/evidence/${path}`, undefined, headers)

/** As bytes. */
async function download(path: string): Promise<Buffer> {
  const headers = { authorization: `Bearer ${await stack.token('compliance')}` }
  const answer = await fetch(`${stack.api}/api/evidence/${path}`, { headers })
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

const saidLines = async (day: Day): Promise<Record<string, string>[]> =>
  (await download(`said/${day}`))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>)

const holds: VerifySignature = (spki, bytes, der) =>
  verify('sha256', bytes, { key: Buffer.from(spki), format: 'der', type: 'spki' }, der)

const trusted = async (): Promise<readonly Uint8Array[]> => {
  const spki = spkiFromPem(await readFile(key, 'utf8'))
  return spki === null ? [] : [spki]
}

const hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('the command says what was sealed, and until when there is nothing to seal', async () => {
  const [early, sealed, again] = seals
  expect(early).toBe(`nothing to seal: ${days[0]} ends at ${days[1]}T00:00:00.000Z`)
  const { bundles } = (await evidence('bundles')).body
  expect(bundles).toMatchObject([
    { date: days[0], number: 1, from: 0, to: 0, records: 0 },
    { date: days[1], number: 2, from: 0, to: size, records: size },
  ])
  expect(sealed?.split('\n')).toEqual(
    bundles.map(
      ({ date, number, records, bytes, sha256 }: Record<string, unknown>) =>
        `${String(date)} is sealed: bundle ${String(number)}, ${String(records)} records, ${String(bytes)} bytes, sha256 ${String(sha256)}`,
    ),
  )
  expect(again).toBe(`nothing to seal: ${days[2]} ends at ${endOf(days[2])}`)
})

test('the path of the key is all that is printed, with a public key behind it', async () => {
  expect(key).toMatch(/^\/\S+\.pem$/)
  expect(await trusted()).toHaveLength(1)
  expect(await readFile(key, 'utf8')).not.toContain('PRIVATE')
})

test('a bundle is sent whole, in part, or not again', async () => {
  const path = `bundles/${days[1]}`
  const whole = await evidence(path)
  const tag = whole.headers.get('etag') ?? ''
  const bytes = await download(path)
  expect(whole.status).toBe(200)
  expect(whole.headers.get('content-disposition')).toContain(`"countersign-evidence-${days[1]}.zip"`)
  expect(whole.headers.get('content-length')).toBe(String(bytes.length))
  expect(tag).toBe(`"${hex(bytes)}"`)
  const part = await evidence(path, { range: 'bytes=0-1' })
  expect(part).toMatchObject({ status: 206, body: 'PK' })
  expect(part.headers.get('content-range')).toBe(`bytes 0-1/${bytes.length}`)
  expect((await evidence(path, { range: `bytes=${bytes.length}-` })).status).toBe(416)
  expect(await evidence(path, { 'if-none-match': tag })).toMatchObject({ status: 304, body: '' })
})

test.each([
  ['not over', () => days[2], 404, 'not-found'],
  ['before the first', () => '2020-02-29', 404, 'not-found'],
  ['that does not exist', () => '2026-02-30', 400, 'invalid-input'],
])('there is nothing of a day that is %s', async (_what, day, status, code) => {
  for (const part of ['bundles', 'said'])
    expect(await evidence(`${part}/${day()}`)).toMatchObject({ status, body: { code } })
})

test.each(['dba-1', 'deploy-bot', null])('evidence is not for %s', async (who) => {
  for (const path of ['bundles', `bundles/${days[1]}`, `said/${days[1]}`])
    expect([401, 403]).toContain((await stack.call(who, `/api/evidence/${path}`)).status)
})

test('everybody gets the newest checkpoint, signed with the key', async () => {
  const { body, headers } = await stack.call(null, '/api/evidence/checkpoint')
  expect(headers.get('content-type')).toMatch(/^text\/plain/)
  expect(openCheckpoint(body, await trusted(), holds)).toMatchObject({
    size,
    origin: 'countersign.localhost/evidence',
  })
})

test('what people wrote is what the sealed events commit to', async () => {
  const members = await membersOf(await download(`bundles/${days[1]}`))
  const leaves = members.get('records.jsonl')?.toString().split('\n').slice(0, -1) ?? []
  const lines = await saidLines(days[1])
  expect(lines.map(({ text }) => text)).toEqual(expect.arrayContaining([secret, 'checked', '1200 rows']))
  for (const { index, name = '', salt = '', text = '' } of lines) {
    const event = JSON.parse(leaves[Number(index)] ?? '')
    expect(name === 'action' ? digestOf(text) : saidDigest({ salt, text })).toBe(
      name === 'action' ? event.data.digest : event.said[name],
    )
  }
  expect([...members.values()].some((bytes) => bytes.includes(secret))).toBe(false)
})

/** Every event of a request, proven with the log's key alone. */
async function proven(id: string): Promise<readonly string[]> {
  const { body } = await stack.call('compliance', `/api/requests/${id}/proof`)
  const keys = await trusted()
  return body.proofs.map(({ text }: { text: string }) => {
    const { index, extra = new Uint8Array(), proof, checkpoint } = parseProof(text)
    const { size, root } = openCheckpoint(checkpoint, keys, holds)
    expect(checkInclusion({ index, size, leaf: hashLeaf(extra), proof, root })).toBe(true)
    return JSON.parse(Buffer.from(extra).toString()).type
  })
}

test('every event of a request is proven against the newest checkpoint', async () => {
  expect(await proven(done.id)).toEqual(['requested', 'decided', 'approved', 'redeemed', 'succeeded'])
  const { body } = await stack.call('compliance', `/api/requests/${late.id}/proof`)
  expect(body).toMatchObject({ proofs: [{}], unsealed: [expect.any(Number)] })
})

test('health says that days are sealed in time', async () => {
  expect((await stack.call(null, '/api/health')).body.parts).toMatchObject({ seal: 'ok', archive: 'ok' })
  const { body } = await stack.call('compliance', '/api/health')
  expect(body).toMatchObject({ status: 'ok', sealed: { date: days[1], number: 2, size } })
})

test('what is erased is gone, and every proof and bundle stays', async () => {
  const before = await download(`bundles/${days[1]}`)
  const erasure = { request: done.id, names: ['reason'], why: 'A secret was in it.' }
  const { body } = await stack.call('compliance', '/api/evidence/erasures', erasure)
  expect(body.erased).toHaveLength(2)
  expect((await stack.call('compliance', `/api/requests/${done.id}`)).body).not.toHaveProperty('reason')
  const lines = await saidLines(days[1])
  expect(lines.map(({ text }) => text)).not.toContain(secret)
  expect(lines.map(({ text }) => text)).toContain('1200 rows')
  expect(await download(`bundles/${days[1]}`)).toEqual(before)
  await stack.local('advance', '24h')
  expect(await stack.local('seal')).toMatch(new RegExp(`^${days[2]} is sealed: bundle 3, 3 records, `))
  expect(await proven(done.id)).toHaveLength(5)
  expect(await proven(late.id)).toEqual(['requested', 'expired'])
  expect((await saidLines(days[2])).map(({ text }) => text)).toContain('A secret was in it.')
})

/** The python3 that sees Debian's packages need not be the first on the PATH. */
const python =
  ['python3', '/usr/bin/python3'].find((one) => spawnSync(one, ['-c', 'import cryptography']).status === 0) ?? 'python3'

async function unpacked(day: Day): Promise<string> {
  const place = join(folder, day)
  for (const [name, bytes] of await membersOf(await download(`bundles/${day}`))) {
    await mkdir(dirname(join(place, name)), { recursive: true })
    await writeFile(join(place, name), bytes)
  }
  return place
}

describe.each([
  ['verify.sh', 'bash'],
  ['verify.py', python],
])('%s from inside the bundle', (script, program) => {
  const check = (place: string) => spawnSync(program, [join(place, script), key], { encoding: 'utf8' })

  test.each([0, 1, 2] as const)('holds what the stack sealed: day %i', async (day) => {
    const { status, stderr } = check(await unpacked(days[day]))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('refuses a changed record', async () => {
    const place = await unpacked(days[1])
    const records = await readFile(join(place, 'records.jsonl'), 'utf8')
    await writeFile(join(place, 'records.jsonl'), records.replace('"approve"', '"denying"'))
    expect(check(place)).toMatchObject({ status: 1, stderr: expect.stringContaining('records.jsonl') })
  })
})

describe('countersign', () => {
  const bundleIn = (day: Day) => join(folder, `countersign-evidence-${day}.zip`)
  const saidIn = (day: Day) => join(folder, `said-${day}.jsonl`)
  const countersign = async (...args: string[]) => {
    const token = { COUNTERSIGN_URL: stack.api, COUNTERSIGN_TOKEN: await stack.token('compliance') }
    const env = { PATH: process.env['PATH'], ...(args[0] === 'download' && token) }
    return spawnSync(process.execPath, [program, ...args], { cwd: folder, env, encoding: 'utf8' })
  }

  test('downloads a day, both files', async () => {
    for (const day of days) {
      const { status, stderr } = await countersign('download', day)
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
      expect(await readFile(bundleIn(day))).toEqual(await download(`bundles/${day}`))
      expect(await readFile(saidIn(day))).toEqual(await download(`said/${day}`))
    }
  })

  test.each([0, 1, 2] as const)('verifies it, also after an erasure: day %i', async (day) => {
    const { status, stderr } = await countersign(
      'verify',
      bundleIn(days[day]),
      '--key',
      key,
      '--said',
      saidIn(days[day]),
    )
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('verifies all days as one', async () => {
    expect(await countersign('verify', '--chain', folder, '--key', key)).toMatchObject({ status: 0 })
  })

  test('tells it for people, and proves a request alone', async () => {
    const [bundle, said] = [bundleIn(days[1]), saidIn(days[1])]
    const report = await countersign('report', bundle, '--key', key, '--said', said, '--format', 'csv')
    expect(report).toMatchObject({ status: 0, stdout: expect.stringContaining('1200 rows') })
    const proofs = join(folder, 'proofs')
    expect(await countersign('prove', bundle, done.id, '--key', key, '--out', proofs)).toMatchObject({ status: 0 })
    const files = await readdir(proofs)
    expect(files).toHaveLength(5)
    for (const file of files)
      expect(await countersign('verify-proof', join(proofs, file), '--key', key)).toMatchObject({ status: 0 })
  })

  test('refuses a changed record, and a text that nobody wrote', async () => {
    const members = await membersOf(await readFile(bundleIn(days[1])))
    const records = members.get('records.jsonl')?.toString() ?? ''
    members.set('records.jsonl', Buffer.from(records.replace('"approve"', '"denying"')))
    const changed = join(folder, 'changed.zip')
    await writeFile(changed, await zipOf(members))
    expect(await countersign('verify', changed, '--key', key)).toMatchObject({ status: 1 })
    const said = join(folder, 'changed.jsonl')
    await writeFile(said, (await readFile(saidIn(days[1]), 'utf8')).replace('1200 rows', '1201 rows'))
    expect(await countersign('verify', bundleIn(days[1]), '--key', key, '--said', said)).toMatchObject({ status: 1 })
  })
})

test('the days are one log, told by their manifests', async () => {
  const bundles = await Promise.all(days.map(async (day) => membersOf(await download(`bundles/${day}`))))
  const manifests = bundles.map(manifestIn)
  expect(manifests.map(({ number, date }) => [number, date])).toEqual(days.map((day, at) => [at + 1, day]))
  expect(manifests.map(({ counts }) => counts.types)).toMatchObject([
    {},
    { requested: 2, decided: 1, approved: 1, redeemed: 1, succeeded: 1 },
    { expired: 1, erased: 2 },
  ])
  expect(manifests.map(({ counts }) => counts.carried)).toEqual([0, 0, 1])
  for (const at of [1, 2]) expect(bundles[at]?.get('checkpoint.prev')).toEqual(bundles[at - 1]?.get('checkpoint'))
})

test('a broken chain stops sealing, loudly; all else goes on', async () => {
  const request = await ask()
  const credential = new AzureNamedKeyCredential(azuriteAccount, azuriteKey)
  const table = new TableClient(stack.storage, 'ledger', credential, { allowInsecureConnection: true })
  const filter = odata`type eq 'requested' and request eq ${request.id}`
  for await (const { partitionKey = '', rowKey = '', leaf } of table.listEntities({ queryOptions: { filter } }))
    await table.updateEntity({ partitionKey, rowKey, leaf: String(leaf).replace('"db.export"', '"db.report"') })
  const last = days[2]
  await stack.local('advance', '25h')
  await expect(stack.local('seal')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(new RegExp(`^countersign: ${nextDay(last)} cannot be sealed.*\\(broken-chain\\)`)),
  })
  const seal = async () => (await stack.call(null, '/api/health')).body.parts.seal
  await until(seal, (state) => state === 'evidence-broken')
  expect((await evidence('bundles')).body.bundles).toHaveLength(3)
  expect((await evidence(`bundles/${nextDay(last)}`)).body.detail).toContain('stopped')
  expect((await ask()).status).toBe('pending')
}, 30_000)

test('every answer is in the document', async () => {
  const { body } = await stack.call(null, '/api/openapi.json')
  expect(stack.seen.length).toBeGreaterThan(30)
  expect(undocumented(stack, body)).toEqual([])
})
