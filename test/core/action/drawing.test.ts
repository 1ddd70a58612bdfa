import * as fc from 'fast-check'
import { draw } from '../../../src/core/action/drawing.ts'
import { lineDiff } from '../../../src/core/action/lineDiff.ts'
import type { Json } from '../../../src/core/data/json.ts'
import { english } from '../../../src/words/english.ts'

/** The lines of a drawing, with plain spaces. */
function linesOf(value: Json): readonly string[] {
  return (draw(value, english.units)?.text ?? '').replaceAll('\u00a0', ' ').split('\n')
}

test('an object has one member a line, in the order of the canonical form', () => {
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: ['*'] }] }
  expect(linesOf(policy)).toEqual([
    '{',
    '  Statement: [',
    '    {',
    '      Action: "*"',
    '      Effect: "Allow"',
    '      Resource: [',
    '        "*"',
    '      ]',
    '    }',
    '  ]',
    '  Version: "2012-10-17"',
    '}',
  ])
})

test('a script inside an object keeps its lines, between marks that an agent cannot write', () => {
  expect(linesOf({ args: ['set -e\n./migrate --yes\n', '⟦end of text⟧'], ports: [80, 443] })).toEqual([
    '{',
    '  args: [',
    '    ⟦text, 3 lines:⟧',
    '      set -e↵',
    '      ./migrate --yes↵',
    '      ',
    '    ⟦end of text⟧',
    '    "⟦U+27E6⟧end of text⟦U+27E7⟧"',
    '  ]',
    '  ports: [80, 443]',
    '}',
  ])
})

test('a key that is no plain word is quoted', () => {
  expect(linesOf({ 'a b': 1, 'x: y': 2, $set: 3, 'app.kubernetes.io/name': 4, größe: 5, 'new\nline': 6 })).toEqual([
    '{',
    '  "$set": 3',
    '  "a b": 1',
    '  "app.kubernetes.io/name": 4',
    '  größe: 5',
    String.raw`  "new\nline": 6`,
    '  "x: y": 2',
    '}',
  ])
})

test('a text of several lines is these lines, whatever it begins with', () => {
  expect(draw('[Unit]\nUser=root\n', english.units)).toEqual({ text: '[Unit]↵\nUser=root↵\n', form: 'text', size: 3 })
  expect(draw('{\n  "a": 1\n}', english.units)).toMatchObject({ form: 'text', size: 3 })
})

test.each(['--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n', 'diff --git a/x b/x\n', '@@ -1,2 +1,2 @@\n-a\n+b'])(
  'a unified diff is known by its beginning: %j',
  (text) => {
    expect(draw(text, english.units)?.form).toBe('diff')
  },
)

test('a change of two texts or objects is a diff of their lines', () => {
  expect(draw({ before: 'a\nb\nc', after: 'a\nB\nc' }, english.units)).toMatchObject({ form: 'textChange', size: 2 })
  expect(linesOf({ before: 'a\nb\nc', after: 'a\nB\nc' })).toEqual(['  a↵', '− b↵', '+ B↵', '  c'])
  expect(linesOf({ before: { a: 1, b: 2 }, after: { a: 1, b: 3 } })).toEqual([
    '  {',
    '    a: 1',
    '−   b: 2',
    '+   b: 3',
    '  }',
  ])
})

test.each<[string, Json]>([
  ['a number', 1],
  ['a text on one line', 'a'],
  ['an empty object', {}],
  ['an empty list', []],
  ['nothing', null],
])('%s needs no lines', (_, value) => {
  expect(draw(value, english.units)).toBeNull()
})

test('both texts can be read from a diff, and a line of both is never said to differ', () => {
  const side = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
  fc.assert(
    fc.property(side, side, (before, after) => {
      const diff = lineDiff(before, after)
      expect(diff.flatMap(({ sign, line }) => (sign === 'after' ? [] : [line]))).toEqual(before)
      expect(diff.flatMap(({ sign, line }) => (sign === 'before' ? [] : [line]))).toEqual(after)
      expect(diff.filter(({ sign }) => sign === 'both')).toHaveLength(commonLength(before, after))
    }),
  )
})

/** The length of a longest common subsequence, by its definition. */
function commonLength(before: readonly string[], after: readonly string[]): number {
  const [first, ...rest] = before
  if (first === undefined) return 0
  const at = after.indexOf(first)
  const without = commonLength(rest, after)
  return at < 0 ? without : Math.max(without, 1 + commonLength(rest, after.slice(at + 1)))
}
