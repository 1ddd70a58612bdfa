import * as fc from 'fast-check'
import type { Action } from '../../src/core/action/action.ts'
import { unbroken } from '../../src/core/data/text.ts'
import { canonical, type Json, type JsonObject } from '../../src/core/data/json.ts'
import { formats, type PresentedParam, type Presentation } from '../../src/core/action/presentation.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { toBody } from '../../src/http/body.ts'
import { action, anyWith, dba, needs, pending, slot } from '../support/build.ts'
import { buttons, cards, complaints, lines, marked, objects, texts, titleIn, titleOf } from './drawn.ts'
import { corpus } from '../teams/hostile.ts'
import { pagesOf } from '../support/english.ts'

const presentation: Presentation = {
  title: [{ text: 'Export ' }, { path: ['rows'], format: 'number' }, { text: ' rows of ' }, { own: 'target' }],
  params: [
    { key: 'tables', label: 'Tables', format: 'list' },
    { key: 'rows', label: 'Rows', format: 'number', critical: true },
    { key: 'owner', label: 'Owner', critical: true },
    { key: 'from', label: 'Version', side: 'before' },
    { key: 'to', label: 'Version', side: 'after' },
    { key: 'size', format: 'bytes' },
  ],
}
const params: JsonObject = { ...action.params, from: '4.7.1', to: '4.8.0', size: 1_048_576 }
const summary = 'Export data from a production database'
const asked = { presentation, action: { ...action, params }, judgement: needs([slot('dba')], { summary }) }
const review = (request: ApprovalRequest, page = 1) => cards.review(request, { approver: dba, page, via: 'teams' })

const told = [
  'rows: 120,000',
  'owner: ⟦not given⟧',
  'tables: accounts (1)',
  'Version (from): − 4.7.1',
  'Version (to): + 4.8.0',
  'size: 1,048,576 B (1.0 MiB)',
  'destination: s3://finance-exports',
]

test('a key is a plain word, or stands in quotation marks', () => {
  const { params } = { params: { 'First Name': 1, 'a"b': 2, Größe: 3, '(rows)': 4, 'a  b': 5, '2026-11': 6 } }
  const request = pending({
    action: { ...action, params },
    presentation: { params: [{ key: 'First Name', label: 'Name' }] },
  })
  for (const card of [cards.channel(request), review(request)])
    expect(lines(card)).toEqual(
      expect.arrayContaining([
        'Name ("First Name"): 1',
        '"(rows)": 4',
        '"2026-11": 6',
        String.raw`"a\"b": 2`,
        '"a \u00a0b": 5',
        'Größe: 3',
      ]),
    )
})

test('lines that a diff or a change adds and removes are bold and grey, besides their signs', () => {
  const patch = '--- a/x\n+++ b/x\n@@ -1 +1 @@\n spec:\n-  replicas: 3\n+  replicas: 5\n'
  const change = { before: { replicas: 3 }, after: { replicas: 5 } }
  const inner = [{ before: { allocated_storage_gb: 1 }, after: { allocated_storage_gb: 2 }, lines: '+ x\n- y' }]
  const card = review(pending({ action: { ...action, params: { patch, change, inner } } }))
  const runs = objects(card).flatMap((one) => {
    const { text, weight, isSubtle, fontType } = one as {
      text?: string
      weight?: string
      isSubtle?: boolean
      fontType?: string
    }
    const shade = weight === 'Bolder' ? 'bold' : isSubtle ? 'grey' : null
    return fontType === 'Monospace' && text?.endsWith('\n') && shade
      ? [[shade, unbroken(text).replaceAll('\u00a0', ' ')]]
      : []
  })
  expect(runs).toEqual([
    ['grey', '−   replicas: 3\n'],
    ['bold', '+   replicas: 5\n'],
    ['grey', '      −   allocated_storage_gb: 1\n'],
    ['bold', '      +   allocated_storage_gb: 2\n'],
    ['grey', '--- a/x↵\n'],
    ['bold', '+++ b/x↵\n'],
    ['grey', '-  replicas: 3↵\n'],
    ['bold', '+  replicas: 5↵\n'],
  ])
})

describe.each<[string, object]>([
  ["the channel's card", cards.channel(pending(asked))],
  ["the approver's view", review(pending(asked))],
  ['a closed card', cards.channel({ ...anyWith('denied'), ...pending(asked), status: 'expired' } as ApprovalRequest)],
])('%s', (_what, card) => {
  test('has the title in policy’s words, filled in, and the rule’s summary below', () => {
    expect(titleOf(card)).toBe('Export 120,000 rows of prod/postgres/customers')
    expect(lines(card)[lines(card).indexOf(titleOf(card)) + 1]).toBe(summary)
    expect(objects(titleIn(card)).flatMap((one) => (one['type'] === 'TextRun' ? [one['fontType']] : []))).toEqual([
      ...['Default', 'Monospace', 'Default', 'Monospace'],
    ])
  })

  test('lists all params under their real keys, critical ones first', () => {
    const all = lines(card)
    const first = all.indexOf(told[0] ?? '')
    expect(all.slice(first, first + told.length)).toEqual(told)
    const bold = objects(card).filter((one) => one['weight'] === 'Bolder' && one['fontType'] === 'Monospace')
    expect(bold.map((one) => one['text'])).toEqual(expect.arrayContaining(['120,000', '⟦not given⟧']))
    expect(bold.map((one) => one['text'])).not.toContain('accounts (1)')
  })

  test('is an Adaptive Card of version 1.5 without an unfilled part', () => {
    expect(complaints(card)).toEqual([])
    expect(JSON.stringify(card)).not.toMatch(/\$\{|undefined|\[object/)
    expect(texts(card, 'TextRun')).not.toContain('')
  })
})

test('a person who may not decide sees nothing of the action in the title', () => {
  const card = cards.refused(pending(asked), 'No.')
  expect(titleOf(card)).toBe(summary)
  expect(JSON.stringify(card)).not.toMatch(/120,000|customers/)
})

test('the title of an erased action has nothing left of it', () => {
  const erased: ApprovalRequest = { ...pending(asked), action: null }
  expect(titleOf(cards.channel(erased))).toBe(summary)
})

test('the list has the titles', () => {
  const card = cards.list([pending(asked), pending()])
  expect(complaints(card)).toEqual([])
  expect(lines(card)).toEqual(
    expect.arrayContaining(['Export 120,000 rows of prod/postgres/customers', 'db.export: prod/postgres/customers']),
  )
})

test("a presentation changes neither the view's hash nor the API's answer", () => {
  const viewOf = (request: ApprovalRequest) => buttons(review(request)).map(({ data }) => data)
  const [plain, shown] = [pending({ ...asked, presentation: { params: [] } }), pending(asked)]
  expect(viewOf(shown)).toEqual(viewOf(plain))
  expect(toBody(shown, { to: { ...shown.agent, kind: 'agent' }, delivery: 'ok' }).policy).toEqual({
    ...{ version: shown.policy.version, outcome: 'approve', rules: shown.policy.rules },
    ...{ summary, tier: 'medium' },
  })
})

test.each(corpus)('%j in a title and in each format is shown, and as text alone', (text) => {
  const hostile: Action = {
    ...action,
    target: text.replaceAll('\n', ' '),
    params: {
      rows: text,
      tables: [text, text],
      from: text,
      size: text,
      to: { before: text, after: text },
      owner: text,
    },
  }
  const drawn = [cards.channel, review].map((draw) => draw(pending({ ...asked, action: hostile })))
  for (const card of [...drawn, cards.list([pending({ ...asked, action: hostile })])]) {
    expect(complaints(card)).toEqual([])
    for (const run of marked(card, 'TextRun')) expect(run).not.toMatch(/\{\{|[\u202e\u2066\u3164]/)
  }
})

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>('120,000', '1,024 B (1.0 KiB)', 'a, b (2)', 'PT1H', '− a', '⟦not given⟧', 'x'.repeat(200)),
  fc.constantFrom<Json>(120_000, 1_024, true, ['a', 'b'], ['a, b'], [], { before: 1, after: 2 }),
  fc.constantFrom(...corpus),
)
const dictionary = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 })
const presented: fc.Arbitrary<Presentation> = fc
  .tuple(
    ...['a', 'b'].map((key) =>
      fc
        .record({
          format: fc.constantFrom(undefined, ...formats),
          label: fc.constantFrom('a', 'c', 'Rows'),
          critical: fc.boolean(),
        })
        .map(
          ({ format, label, critical }): PresentedParam => ({
            ...{ key, label },
            ...(format && { format }),
            ...(critical && { critical }),
          }),
        ),
    ),
  )
  .map((params) => ({ title: [{ text: 'Do ' }, { path: ['a'], otherwise: 'x' }], params }))

/** What a person reads, piece by piece; not the digest, which differs anyway. */
const read = (card: object): string => JSON.stringify(lines(card).filter((line) => !line.startsWith('Action digest ')))

test('two different actions of one verb never have the same view, digests aside, whatever the presentation', () => {
  const viewOf = (params: JsonObject, presentation: Presentation): string => {
    const request = pending({ action: { ...action, params }, presentation })
    return pagesOf(request.action ?? action, presentation)
      .map((_, i) => read(review(request, i + 1)))
      .join('\n')
  }
  fc.assert(
    fc.property(dictionary, fc.constantFrom('a', 'b', 'c'), value, presented, (one, key, value, presentation) => {
      const other = { ...one, [key]: value }
      const same = canonical(one) === canonical(other)
      expect(viewOf(one, presentation) === viewOf(other, presentation)).toBe(same)
    }),
    { numRuns: 80 },
  )
})
