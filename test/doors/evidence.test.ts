import { odata, TableClient } from '@azure/data-tables'
import { readFile } from 'node:fs/promises'
import { openCheckpoint } from '../../src/core/log/checkpoint.ts'
import { endOf, nextDay } from '../../src/core/data/day.ts'
import { saidDigest } from '../../src/core/request/event.ts'
import { digestOf } from '../../src/core/data/id.ts'
import { parseProof } from '../../src/core/log/logProof.ts'
import { checkInclusion, hashLeaf } from '../../src/core/log/merkle.ts'
import { manifestIn, membersOf } from '../evidence/bundle.ts'
import { undocumented } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { hex, holds, secret, sealedStack, type SealedStack } from './sealedStack.ts'

/** The groups that the rules of the example policy name. */
const groups = 3

let here: SealedStack

beforeAll(async () => {
  here = await sealedStack()
})
afterAll(() => here.stack.stop())

test('the command reports what was sealed, and when there will be more to seal', async () => {
  const [early, sealed, again] = here.seals
  expect(early).toBe(`nothing to seal: ${here.days[0]} ends at ${here.days[1]}T00:00:00.000Z`)
  const { bundles } = (await here.evidence('bundles')).body
  // On the first day nobody asked: it has which policy is in force, and who may approve.
  const begun = bundles[0].to as number
  expect(begun).toBeGreaterThan(1)
  expect(bundles).toMatchObject([
    { date: here.days[0], number: 1, from: 0, to: begun, records: begun },
    { date: here.days[1], number: 2, from: begun, to: here.size, records: here.size - begun },
  ])
  expect(sealed?.split('\n')).toEqual(
    bundles.map(
      ({ date, number, records, bytes, sha256 }: Record<string, unknown>) =>
        `${String(date)} is sealed: bundle ${String(number)}, ${String(records)} records, ${String(bytes)} bytes, sha256 ${String(sha256)}`,
    ),
  )
  expect(again).toBe(`nothing to seal: ${here.days[2]} ends at ${endOf(here.days[2])}`)
})

test('only the path of the key is printed, and leads to a public key', async () => {
  expect(here.key).toMatch(/^\/\S+\.pem$/)
  expect(await here.trusted()).toHaveLength(1)
  expect(await readFile(here.key, 'utf8')).not.toContain('PRIVATE')
})

test('a bundle is sent whole, in part, or not at all if it is unchanged', async () => {
  const path = `bundles/${here.days[1]}`
  const whole = await here.evidence(path)
  const tag = whole.headers.get('etag') ?? ''
  const bytes = await here.download(path)
  expect(whole.status).toBe(200)
  expect(whole.headers.get('content-disposition')).toContain(`"countersign-evidence-${here.days[1]}.zip"`)
  expect(whole.headers.get('content-length')).toBe(String(bytes.length))
  expect(tag).toBe(`"${hex(bytes)}"`)
  const part = await here.evidence(path, { range: 'bytes=0-1' })
  expect(part).toMatchObject({ status: 206, body: 'PK' })
  expect(part.headers.get('content-range')).toBe(`bytes 0-1/${bytes.length}`)
  expect((await here.evidence(path, { range: `bytes=${bytes.length}-` })).status).toBe(416)
  expect(await here.evidence(path, { 'if-none-match': tag })).toMatchObject({ status: 304, body: '' })
})

test.each([
  ['not over', () => here.days[2], 404, 'not-found'],
  ['before the first', () => '2020-02-29', 404, 'not-found'],
  ['that does not exist', () => '2026-02-30', 400, 'invalid-input'],
])('a day that is %s is not found', async (_what, day, status, code) => {
  for (const part of ['bundles', 'said'])
    expect(await here.evidence(`${part}/${day()}`)).toMatchObject({ status, body: { code } })
})

test.each(['dba-1', 'deploy-bot', null])('evidence is not for %s', async (who) => {
  for (const path of ['bundles', `bundles/${here.days[1]}`, `said/${here.days[1]}`])
    expect([401, 403]).toContain((await here.stack.call(who, `/api/evidence/${path}`)).status)
})

test('anyone gets the newest checkpoint, signed with the key', async () => {
  const { body, headers } = await here.stack.call(null, '/api/evidence/checkpoint')
  expect(headers.get('content-type')).toMatch(/^text\/plain/)
  expect(openCheckpoint(body, await here.trusted(), holds)).toMatchObject({
    size: here.size,
    origin: 'countersign.localhost/evidence',
  })
})

test('the said file has the texts to which the sealed events commit', async () => {
  const members = await membersOf(await here.download(`bundles/${here.days[1]}`))
  const leaves = members.get('records.jsonl')?.toString().split('\n').slice(0, -1) ?? []
  const { from } = (await here.evidence('bundles')).body.bundles[1]
  const lines = await here.saidLines(here.days[1])
  expect(lines.map(({ text }) => text)).toEqual(expect.arrayContaining([secret, 'checked', '1200 rows']))
  for (const { index, name = '', salt = '', text = '' } of lines) {
    const event = JSON.parse(leaves[Number(index) - from] ?? '')
    expect(name === 'action' ? digestOf(text) : saidDigest({ salt, text })).toBe(
      name === 'action' ? event.data.digest : event.said[name],
    )
  }
  expect([...members.values()].some((bytes) => bytes.includes(secret))).toBe(false)
})

/** Every event of a request, proven with the log's key alone. */
async function proven(id: string): Promise<readonly string[]> {
  const { body } = await here.stack.call('compliance', `/api/requests/${id}/proof`)
  const keys = await here.trusted()
  return body.proofs.map(({ text }: { text: string }) => {
    const { index, extra = new Uint8Array(), proof, checkpoint } = parseProof(text)
    const { size, root } = openCheckpoint(checkpoint, keys, holds)
    expect(checkInclusion({ index, size, leaf: hashLeaf(extra), proof, root })).toBe(true)
    return JSON.parse(Buffer.from(extra).toString()).type
  })
}

test('every event of a request is proven against the newest checkpoint', async () => {
  expect(await proven(here.done.id)).toEqual(['requested', 'decided', 'approved', 'redeemed', 'succeeded'])
  const { body } = await here.stack.call('compliance', `/api/requests/${here.late.id}/proof`)
  expect(body).toMatchObject({ proofs: [{}], unsealed: [expect.any(Number)] })
})

test('health says that days are sealed in time', async () => {
  expect((await here.stack.call(null, '/api/health')).body.parts).toMatchObject({ seal: 'ok', archive: 'ok' })
  const { body } = await here.stack.call('compliance', '/api/health')
  expect(body).toMatchObject({ status: 'ok', sealed: { date: here.days[1], number: 2, size: here.size } })
})

test('erased texts are gone, and every proof and bundle stays', async () => {
  const before = await here.download(`bundles/${here.days[1]}`)
  expect((await here.erase()).erased).toHaveLength(2)
  expect((await here.stack.call('compliance', `/api/requests/${here.done.id}`)).body).not.toHaveProperty('reason')
  const lines = await here.saidLines(here.days[1])
  expect(lines.map(({ text }) => text)).not.toContain(secret)
  expect(lines.map(({ text }) => text)).toContain('1200 rows')
  expect(await here.download(`bundles/${here.days[1]}`)).toEqual(before)
  // Beside the two requests' events, the day has those of who downloaded the days before, and of who may approve.
  expect(await here.sealThird()).toMatch(new RegExp(`^${here.days[2]} is sealed: bundle 3, \\d+ records, `))
  expect((await proven(here.done.id)).slice(5)).toEqual(['erasure-asked', 'erased', 'erased'])
  expect(await proven(here.late.id)).toEqual(['requested', 'expired'])
  expect((await here.saidLines(here.days[2])).map(({ text }) => text)).toContain('A secret was in it.')
})

test('the manifests show that the days are one log', async () => {
  const bundles = await Promise.all(here.days.map(async (day) => membersOf(await here.download(`bundles/${day}`))))
  const manifests = bundles.map(manifestIn)
  expect(manifests.map(({ number, date }) => [number, date])).toEqual(here.days.map((day, at) => [at + 1, day]))
  expect(manifests.map(({ counts }) => counts.types)).toMatchObject([
    { roster: groups },
    { requested: 2, decided: 1, approved: 1, redeemed: 1, succeeded: 1 },
    { expired: 1, 'erasure-asked': 1, erased: 2, roster: groups },
  ])
  expect(manifests.map(({ counts }) => counts.carried)).toEqual([0, 0, 6])
  for (const at of [1, 2]) expect(bundles[at]?.get('checkpoint.prev')).toEqual(bundles[at - 1]?.get('checkpoint'))
})

test('a broken chain stops sealing and is reported, and all else goes on', async () => {
  const request = await here.ask()
  const credential = await here.stack.storageCredential()
  const table = new TableClient(here.stack.storage, 'ledger', credential, { allowInsecureConnection: true })
  const filter = odata`type eq 'requested' and request eq ${request.id}`
  for await (const { partitionKey = '', rowKey = '', leaf } of table.listEntities({ queryOptions: { filter } }))
    await table.updateEntity({ partitionKey, rowKey, leaf: String(leaf).replace('"db.export"', '"db.report"') })
  const last = here.days[2]
  await here.stack.local('advance', '25h')
  await expect(here.stack.local('seal')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(new RegExp(`^countersign: ${nextDay(last)} cannot be sealed.*\\(evidence-broken\\)`)),
  })
  const seal = async () => (await here.stack.call(null, '/api/health')).body.parts.seal
  await until(seal, (state) => state === 'evidence-broken')
  expect((await here.evidence('bundles')).body.bundles).toHaveLength(3)
  expect((await here.evidence(`bundles/${nextDay(last)}`)).body.detail).toContain('stopped')
  expect((await here.ask()).status).toBe('pending')
})

test("every answer is in the API's document", async () => {
  const { body } = await here.stack.call(null, '/api/openapi.json')
  expect(here.stack.seen.length).toBeGreaterThan(30)
  expect(undocumented(here.stack, body)).toEqual([])
})
