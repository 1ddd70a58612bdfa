import { type Hex, sha256 } from '../../../src/core/data/id.ts'
import { ChainSurvey, type SurveyedRow } from '../../../src/core/record/chainSurvey.ts'
import { type ChainHead, emptyChain } from '../../../src/core/request/event.ts'

/** Five events, each naming the one before; the first follows event 10. */
const base: ChainHead = { seq: 10, hash: sha256('10') }
const hashOf = (seq: number): Hex => sha256(String(seq))

const row = (seq: number, more: Partial<SurveyedRow> = {}): SurveyedRow => ({
  ...{ key: `event-${seq}`, seq, hash: hashOf(seq), prev: hashOf(seq - 1), check: null, isWhole: true, version: seq },
  ...more,
})

/** A row without an authentic mac, whose leaf is right. */
const bare = (seq: number) => row(seq, { check: 'mac' })
/** A row with another leaf. */
const edited = (seq: number) => row(seq, { check: 'mac', hash: sha256('another') })
const unreadable = (seq: number) => row(seq, { check: 'form', hash: null, prev: null, isWhole: false })
const stray = (key: string) => row(0, { key, seq: null, check: 'form' })

function survey(rows: readonly SurveyedRow[], vouchers: readonly ChainHead[] = [], from = base) {
  const chain = new ChainSurvey(from)
  for (const one of rows) chain.take(one)
  const { newest, mendable, tail, strays, lost } = chain.end(vouchers)
  const numbers = (some: readonly SurveyedRow[]) => some.map(({ seq }) => seq)
  return {
    newest: newest.seq,
    ...(mendable.length > 0 && { mendable: numbers(mendable) }),
    ...(tail.length > 0 && { tail: numbers(tail) }),
    ...(strays.length > 0 && { strays: strays.map(({ row, after }) => [row.key, after]) }),
    ...(lost.length > 0 && { lost }),
  }
}

const known = (seq: number): ChainHead => ({ seq, hash: hashOf(seq) })

test.each<[string, readonly SurveyedRow[], object]>([
  ['nothing was recorded', [], { newest: 10 }],
  ['all of it holds', [row(11), row(12), row(13)], { newest: 13 }],
  ['forged events at the end', [row(11), edited(12), edited(13)], { newest: 11, tail: [12, 13] }],
  ['events at the end that cannot be read', [row(11), unreadable(12)], { newest: 11, tail: [12] }],
  ['the right leaf without its mac, in the middle', [row(11), bare(12), row(13)], { newest: 13, mendable: [12] }],
  ['several of them', [bare(11), bare(12), bare(13), row(14)], { newest: 14, mendable: [11, 12, 13] }],
  ['the right leaf without its mac, at the end', [row(11), bare(12)], { newest: 11, tail: [12] }],
  ['another leaf in the middle', [row(11), edited(12), row(13)], { newest: 13, lost: [known(12)] }],
  ['a gap in the middle', [row(11), row(13)], { newest: 13, lost: [known(12)] }],
  ['a gap, and right leaves after it', [bare(12), row(13)], { newest: 13, mendable: [12], lost: [known(11)] }],
  ['two that are lost', [edited(11), row(12), unreadable(13), row(14)], { newest: 14, lost: [known(11), known(13)] }],
  [
    'the sealed part is another',
    [row(11, { prev: sha256('x') })],
    { newest: 11, lost: [{ seq: 10, hash: sha256('x') }] },
  ],
  ['a gap before forged events', [row(11), edited(99)], { newest: 11, tail: [99] }],
  ['a row that is no event', [row(11), stray('event-11x'), row(12)], { newest: 12, strays: [['event-11x', 11]] }],
  [
    'a row that is no event, at the end',
    [edited(11), stray('event-x')],
    { newest: 10, tail: [11], strays: [['event-x', 11]] },
  ],
  ['an authentic row whose texts cannot be read', [row(11, { isWhole: false })], { newest: 11, mendable: [11] }],
])('what holds of a chain: %s', (_what, rows, found) => {
  expect(survey(rows)).toEqual(found)
})

test('a shard that begins is surveyed from nothing on', () => {
  expect(survey([row(1, { prev: emptyChain.hash })], [], emptyChain)).toEqual({ newest: 1 })
})

test.each<[string, readonly SurveyedRow[], readonly ChainHead[], object]>([
  ['vouches for right leaves', [row(11), bare(12)], [known(12)], { newest: 12, mendable: [12] }],
  ['does not, where one is lost', [row(11), edited(12), bare(13)], [known(13)], { newest: 11, tail: [12, 13] }],
  ['does not, where its own is lost', [row(11), bare(12)], [known(13)], { newest: 11, tail: [12] }],
  [
    'leaves what comes after it',
    [row(11), bare(12), edited(13)],
    [known(12)],
    { newest: 12, mendable: [12], tail: [13] },
  ],
  ['is no news before the end', [row(11), row(12)], [known(11)], { newest: 12 }],
  ['goes before one that is higher', [bare(11), bare(12)], [known(12), known(11)], { newest: 12, mendable: [11, 12] }],
  [
    'helps where a higher one does not',
    [bare(11), edited(12)],
    [known(12), known(11)],
    { newest: 11, mendable: [11], tail: [12] },
  ],
])('an end that is known from elsewhere %s', (_what, rows, vouchers, found) => {
  expect(survey(rows, vouchers)).toEqual(found)
})
