import { Broken } from '../../src/core/data/broken.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import { formatProof, parseProof } from '../../src/core/log/logProof.ts'
import { checkProof, proofsIn } from '../../src/verify/proof.ts'
import { signingKey, textIn } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { dates, type Sealed, sealedDays } from './days.ts'

let days: Sealed

beforeAll(async () => {
  days = await sealedDays()
})
afterAll(() => days.place.clean())

const requestsOf = async (date: (typeof dates)[number]) =>
  textIn(await days.members(date), 'requests.csv')
    .split('\r\n')
    .slice(1, -1)
    .map((row) => parseRequestId(row.split(',')[0] ?? ''))

test.each(dates)('every event of %s, and every carried one, has a proof that holds alone', async (date) => {
  const file = await days.file(date)
  const members = await days.members(date)
  let proven = 0
  for (const id of await requestsOf(date))
    for (const { text, index, event } of await proofsIn(file, id)) {
      const found = checkProof(text, [days.key.spki])
      expect(found).toMatchObject({ index, event: { request: id, seq: event.seq } })
      expect(members.get('checkpoint')?.toString()).toBe(parseProof(text).checkpoint)
      proven += 1
    }
  const ofRequests = [textIn(members, 'records.jsonl'), textIn(members, 'carried.jsonl')]
    .flatMap((text) => text.split('\n'))
    .filter((line) => /\\?"request\\?":\\?"/.test(line))
  expect(proven).toBe(ofRequests.length)
})

test('a request without an event on the day has no proofs', async () => {
  const [request] = await requestsOf(day(7))
  expect(await proofsIn(await days.file(day(4)), request!)).toEqual([])
})

async function aProof() {
  const [id] = await requestsOf(day(5))
  const [proof] = await proofsIn(await days.file(day(5)), id!)
  return parseProof(proof!.text)
}

const codeOf = (text: string, key = days.key.spki): string => {
  try {
    checkProof(text, [key])
    return 'holds'
  } catch (cause) {
    if (cause instanceof Broken) return cause.code
    throw cause
  }
}

test('a proof of something else does not hold', async () => {
  const proof = await aProof()
  const other = Buffer.from(
    Buffer.from(proof.extra ?? [])
      .toString()
      .replace('"v":1', '"v":2'),
  )
  expect(codeOf(formatProof(proof))).toBe('holds')
  expect(codeOf(formatProof({ ...proof, index: proof.index + 1 }))).toBe('bad-proof')
  expect(codeOf(formatProof({ ...proof, proof: proof.proof.slice(1) }))).toBe('bad-proof')
  expect(codeOf(formatProof({ ...proof, extra: other }))).toBe('bad-proof')
  const { extra: _extra, ...without } = proof
  expect(codeOf(formatProof(without))).toBe('bad-proof')
  expect(codeOf(formatProof({ ...proof, checkpoint: proof.checkpoint.replace(/\n\d+\n/, '\n9\n') }))).toBe(
    'bad-signature',
  )
  expect(codeOf('hello')).toBe('bad-proof')
  expect(codeOf(formatProof(proof), (await signingKey()).key.spki)).toBe('wrong-key')
})
