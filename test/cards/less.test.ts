import type { CardReader } from '../../src/cards/cardReader.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Json } from '../../src/core/data/json.ts'
import { english } from '../../src/words/english.ts'
import { action, dba, needs, pending } from '../support/build.ts'
import { cards, complaints, lines, objects, verbs } from './drawn.ts'

const asked = (tables: Json = ['accounts', 'order_items'], other: object = {}): ApprovalRequest =>
  pending({
    narrowing: true,
    action: { ...action, params: { rows: 120_000, tables } },
    judgement: needs(undefined, { narrow: ['rows', 'tables'], ...other }),
  })
const reviewed = (request: ApprovalRequest, more: Partial<CardReader> = {}) =>
  cards.review(request, { approver: dba, page: 1, via: 'teams', may: ['narrow'], ...more })
const inputs = (card: object) =>
  objects(card).filter(({ type }) => type === 'Input.Number' || type === 'Input.ChoiceSet')

test('a person who may gets a field for each number, and each list with all of its items kept', () => {
  const card = reviewed(asked())
  expect(complaints(card)).toEqual([])
  expect(inputs(card)).toEqual([
    { type: 'Input.Number', id: 'less1', label: english.less.number('rows', 120_000), min: 0, max: 120_000 },
    expect.objectContaining({
      ...{ type: 'Input.ChoiceSet', id: 'less2', isMultiSelect: true, value: '1,2' },
      choices: [
        { title: '1: accounts', value: '1' },
        { title: '2: order_items', value: '2' },
      ],
    }),
  ])
  expect(verbs(card)).toContain('narrow')
})

test.each<[string, Partial<CardReader>, object]>([
  ['who may not', { may: ['ask'] }, {}],
  ['in another door than those of the request', {}, { via: ['api'] }],
])('nobody gets it %s', (_who, reader, terms) => {
  expect(verbs(reviewed(asked(undefined, terms), reader))).not.toContain('narrow')
})

test('it stands on the last page, and on no page of a batch', () => {
  const long = pending({
    narrowing: true,
    action: { ...action, params: { rows: 5, text: 'x'.repeat(14_000) } },
    judgement: needs(undefined, { narrow: ['rows'] }),
  })
  expect(verbs(reviewed(long))).not.toContain('narrow')
  expect(verbs(reviewed(long, { page: 16 }))).toContain('narrow')
  const reader: CardReader = { approver: dba, page: 1, via: 'teams', may: ['narrow'] }
  const paged = cards.batchPage(asked(), reader, { requests: [asked().id], marks: [], at: 1 })
  expect(verbs(paged)).not.toContain('narrow')
  expect(inputs(paged).filter(({ id }) => typeof id === 'string' && id.startsWith('less'))).toEqual([])
})

test('of a standing approval the uses and the time are its fields', () => {
  const one = asked()
  if (!one.action) throw new TypeError('It is not erased.')
  const scope = { uses: 20, for: 14_400, vary: { params: { rows: 120_000 } } }
  const card = reviewed({ ...one, action: { ...one.action, standing: scope }, standing: { uses: 20, used: 0 } })
  expect(complaints(card)).toEqual([])
  expect(inputs(card)).toMatchObject([
    { id: 'less1', label: english.less.uses(20), min: 1, max: 20 },
    { id: 'less2', label: english.less.seconds(14_400), min: 60, max: 14_400 },
  ])
})

test('items that are no plain words are texts beside the choices, and no title', () => {
  const hostile = ['[ok](https://evil.example)', '_b_', '${$root}', '\u202eabc', 'x'.repeat(500), 7]
  const card = reviewed(asked(hostile))
  expect(complaints(card)).toEqual([])
  const { choices } = inputs(card).find(({ id }) => id === 'less2') as { choices: { title: string }[] }
  expect(choices.map(({ title }) => title)).toEqual(['Item 1', 'Item 2', 'Item 3', 'Item 4', 'Item 5', '6: 7'])
  const beside = lines(card).filter((line) => line.startsWith('Item'))
  expect(beside).toHaveLength(5)
  expect(beside.slice(0, 3)).toEqual(['Item 1: "[ok](https://evil.example)"', 'Item 2: _b_', 'Item 3: ${$root}'])
  expect(beside[3]).toContain('⟦U+202E⟧abc')
  expect(beside[4]?.length).toBeLessThan(120)
})

test('a list that is too long for a card is named, with the way to do it', () => {
  const card = reviewed(asked(Array.from({ length: 41 }, (_, i) => `t${i}`)))
  expect(inputs(card).map(({ id }) => id)).toEqual(['less1'])
  expect(lines(card)).toContain(english.less.tooLong('tables'))
})

test('the form comes back open, with what was typed', () => {
  const form = { act: 'narrow', fault: 'No.', words: 'Less is enough.', less: { 1: '500', 2: '2' } } as const
  const card = reviewed(asked(), { form })
  expect(complaints(card)).toEqual([])
  expect(lines(card)).toContain('✕ No.')
  expect(inputs(card)).toMatchObject([
    { id: 'less1', value: 500 },
    { id: 'less2', value: '2' },
  ])
  expect(verbs(card)).toEqual(['narrow', 'review'])
  const unread = reviewed(asked(), { form: { ...form, less: { 1: 'many', 2: '' } } })
  expect(complaints(unread)).toEqual([])
  expect(inputs(unread)[0]).not.toHaveProperty('value')
  expect(inputs(unread)[1]).toMatchObject({ value: '' })
})
