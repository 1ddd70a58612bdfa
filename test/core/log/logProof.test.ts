import * as fc from 'fast-check'
import { encode64 } from '../../../src/core/data/base64.ts'
import { formatProof, type LogProof, parseProof } from '../../../src/core/log/logProof.ts'
import { brokenCode, golden } from './logKey.ts'

const bytes = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((b) => new Uint8Array(b))
const proofs: fc.Arbitrary<LogProof> = fc.record(
  {
    index: fc.maxSafeNat(),
    extra: bytes(1, 4096),
    proof: fc.array(bytes(32, 32)),
    checkpoint: fc.constant(golden.note),
  },
  { requiredKeys: ['index', 'proof', 'checkpoint'] },
)
const root = encode64(new Uint8Array(32))

test('what was written is read', () => {
  fc.assert(
    fc.property(proofs, (proof) => {
      expect(parseProof(formatProof(proof))).toEqual(proof)
    }),
  )
})

test('a large leaf and the longest proof are read', () => {
  const proof = Array.from({ length: 63 }, () => new Uint8Array(32))
  const large = { index: 0, extra: new Uint8Array(4096), proof, checkpoint: golden.note }
  expect(parseProof(formatProof(large))).toEqual(large)
})

test('its form is that of C2SP tlog-proof', () => {
  const proof = { index: 5, extra: Buffer.from('{}'), proof: [new Uint8Array(32)], checkpoint: golden.note }
  expect(formatProof(proof)).toBe(`c2sp.org/tlog-proof@v1\nextra e30=\nindex 5\n${root}\n\n${golden.note}`)
  expect(formatProof({ index: 0, proof: [], checkpoint: golden.note })).toBe(
    `c2sp.org/tlog-proof@v1\nindex 0\n\n${golden.note}`,
  )
})

const first = 'c2sp.org/tlog-proof@v1\n'

test.each([
  ['nothing', ''],
  ['another version', `c2sp.org/tlog-proof@v2\nindex 0\n\n${golden.note}`],
  ['no first line', `index 0\n\n${golden.note}`],
  ['no index', `${first}\n${golden.note}`],
  ['no index, but hashes', `${first}${root}\n\n${golden.note}`],
  ['a leading zero', `${first}index 00\n\n${golden.note}`],
  ['an index that is no number', `${first}index x\n\n${golden.note}`],
  ['an index past 2^53', `${first}index 9007199254740992\n\n${golden.note}`],
  ['extra behind the index', `${first}index 0\nextra e30=\n\n${golden.note}`],
  ['extra twice', `${first}extra e30=\nextra e30=\nindex 0\n\n${golden.note}`],
  ['extra that is empty', `${first}extra \nindex 0\n\n${golden.note}`],
  ['extra that is no base64', `${first}extra e30\nindex 0\n\n${golden.note}`],
  ['a line that is no hash', `${first}index 0\n${root}x\n\n${golden.note}`],
  ['64 hashes', `${first}index 0\n${`${root}\n`.repeat(64)}\n${golden.note}`],
  ['no empty line', `${first}index 0\n${root}\n`],
  ['CRLF', `c2sp.org/tlog-proof@v1\r\nindex 0\n\n${golden.note}`],
  ['a very long extra', `${first}extra ${'A'.repeat(1_000_000)}\nindex 0\n\n${golden.note}`],
])('a proof is refused: %s', (_what, text) => {
  expect(brokenCode(() => parseProof(text))).toBe('bad-proof')
})
