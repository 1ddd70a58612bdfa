import fc from 'fast-check'
import { digestOf, settled } from '../../src/client/asked.ts'
import { checkKey, keyOf } from '../../src/client/key.ts'
import { actionDigest } from '../../src/core/action/action.ts'
import { canonical, type JsonObject } from '../../src/core/data/json.ts'
import { unicode } from '../support/chance.ts'

const action = { action: 'db.export', target: 'prod', environment: 'test' }
const copied = (params: object) => settled({ ...action, params }).params

describe('a copy of an action', () => {
  test('is equal to any plain JSON, frozen at every depth, and has the same digest', () => {
    const params = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__' && key.isWellFormed()),
      // A copy refuses this key at every depth.
      fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__"')),
    )
    const isDeepFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isDeepFrozen))
    fc.assert(
      fc.property(params, (params) => {
        const plain = JSON.parse(JSON.stringify(params)) as JsonObject
        const copy = settled({ ...action, params: plain })
        expect(canonical(copy.params)).toBe(canonical(plain))
        expect(isDeepFrozen(copy)).toBe(true)
        expect(digestOf(copy)).toBe(actionDigest({ ...action, params: plain }))
      }),
    )
  })

  test('leaves out what is undefined, and has zero for minus zero', () => {
    const copy = copied({ a: undefined, b: -0, c: Object.assign(Object.create(null) as object, { d: 1 }) })
    expect(JSON.stringify(copy)).toBe('{"b":0,"c":{"d":1}}')
    expect(Object.is(copy['b'], 0)).toBe(true)
  })

  const circle: Record<string, unknown> = {}
  circle['again'] = circle

  test.each<[string, object, string]>([
    ['a date', { at: new Date(0) }, '/params/at'],
    ['a map', { all: new Map() }, '/params/all'],
    ['an object of a class', { it: new URL('https://contoso.example') }, '/params/it'],
    ['a function', { run: () => 1 }, '/params/run'],
    ['a big integer', { rows: 1n }, '/params/rows'],
    ['no number', { 'a/b': [Number.NaN] }, '/params/a~1b/0'],
    ['a hole in a list', { list: [undefined] }, '/params/list/0'],
    ['half a surrogate pair', { text: '\ud800' }, '/params/text'],
    ['a prototype', JSON.parse('{"__proto__":{}}') as object, '/params/__proto__'],
    ['a list in place of the params', [], '/params'],
    ['a circle', circle, '/params'],
  ])('is not made of %s', (_what, params, pointer) => {
    expect(() => copied(params)).toThrow(
      expect.objectContaining({ code: 'invalid-input', pointer: expect.stringContaining(pointer) as string }) as Error,
    )
  })
})

describe('a key', () => {
  test('has the parts that it was made of, and is one that the service takes', () => {
    expect(keyOf('agent', 'run 1', 'a:b')).toBe('agent:run%201:a%3Ab')
    fc.assert(
      fc.property(unicode({ minLength: 1, maxLength: 400 }), (part) => {
        const key = keyOf('agent', part)
        checkKey(key)
        expect(keyOf('agent', part)).toBe(key)
      }),
    )
  })

  test('that is too long ends in a hash, so that two keep apart', () => {
    const [one, two] = [keyOf('x'.repeat(300), 'a'), keyOf('x'.repeat(300), 'b')]
    expect([one.length, two.length]).toEqual([255, 255])
    expect(one).not.toBe(two)
  })

  test.each([[['']], [['a', undefined]]])('is not made of %j, as a call without an id', (parts) => {
    expect(() => keyOf(...(parts as [string]))).toThrow(expect.objectContaining({ code: 'invalid-input' }) as Error)
  })
})
