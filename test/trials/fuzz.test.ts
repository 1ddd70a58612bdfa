import * as fc from 'fast-check'
import { isWhole } from '../support/whole.ts'
import { changed, respelt } from '../../trials/fuzz/bytes.ts'
import type { Parsers } from '../../trials/fuzz/parser.ts'
import { parsers } from '../../trials/fuzz/parsers.ts'

/** Counterexamples come with their seed; `npm run trial -- fuzz` tries more, and looks at the time it takes. */

const runs = isWhole ? 75 : 30

let all: Parsers

beforeAll(async () => {
  all = await parsers()
})
afterAll(() => all.close())

const names = [
  ...['ask', 'decide', 'redeem', 'report', 'cancel', 'revoke', 'erasures', 'hold', 'repairs'].map(
    (name) => `body of ${name}`,
  ),
  ...['query of list', 'activity', 'claims, signed', 'header of a token, signed', 'Authorization', 'grant'],
  ...['signed note', 'checkpoint.add', 'lines of cosignatures', 'key of a witness'],
  ...['proof', 'record', 'Sigstore bundle', 'statement', 'zip of a day'],
  ...['what people wrote', 'approvers.json', 'sinks.json', 'policy: forbid.cedar', 'policy: approve.cedar'],
  ...[
    'policy: allow.cedar',
    'policy: schema.cedarschema',
    'policy: approvers.json',
    'policy: presentation.json',
    'traceparent',
    'Range',
    'cells of CSV',
  ],
]

test('every target is tested', () => {
  expect(all.all.map(({ name }) => name)).toEqual(names)
})

test.each(names)('%s accepts any input, or refuses it with a code', async (name) => {
  const parser = all.all.find((one) => one.name === name)
  if (!parser) throw new Error('There is none.')
  const { samples, json, share = 1 } = parser
  const bytes = json ? fc.oneof(changed(samples), respelt(samples)) : changed(samples)
  const outcomes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(bytes, async (given) => {
      outcomes.add(await parser.read(given))
    }),
    { numRuns: Math.ceil(runs * share), examples: samples.map((sample) => [sample]) },
  )
  // a check that refuses everything, or takes everything, has not looked
  expect(outcomes.size).toBeGreaterThan(1)
})
