import * as fc from 'fast-check'
import { draw } from '../../../src/core/action/drawing.ts'
import { lineDiff } from '../../../src/core/action/lineDiff.ts'
import type { Json } from '../../../src/core/data/json.ts'
import { english } from '../../../src/words/english.ts'

const manner = { units: english.units }

/** The lines of a drawing, with plain spaces. */
function linesOf(value: Json, order?: readonly string[]): readonly string[] {
  return (draw(value, { ...manner, ...(order && { order }) })?.text ?? '').replaceAll('\u00a0', ' ').split('\n')
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

test('the lines of a long text have numbers of one width, and those of a short one or a diff have none', () => {
  const text = (lines: number) => Array.from({ length: lines }, (_, i) => `echo ${i}`).join('\n')
  expect(linesOf(text(9))[0]).toBe('echo 0↵')
  expect(linesOf(text(10)).slice(8)).toEqual([' 9│ echo 8↵', '10│ echo 9'])
  expect(linesOf(text(999))[0]).toBe('  1│ echo 0↵')
  expect(linesOf(text(1_000))[0]).toBe('echo 0↵')
  expect(linesOf({ run: text(10) }).slice(1, 4)).toEqual([
    ...['  run: ⟦text, 10 lines:⟧', '     1│ echo 0↵', '     2│ echo 1↵'],
  ])
  expect(linesOf(`--- a\n+++ b\n${text(10)}`)[0]).toBe('--- a↵')
  expect(linesOf({ before: { a: text(10) }, after: { a: text(11) } })).toContain('      echo 0↵')
})

test('a text that begins with a number has that beside the number of its line', () => {
  expect(linesOf(`2│ b\n${'\n'.repeat(9)}`).slice(0, 2)).toEqual([' 1│ 2│ b↵', ' 2│ ↵'])
})

test('keys that policy names come first, at every depth, and no key is left out', () => {
  const manifest = {
    metadata: { labels: {}, name: 'api' },
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    spec: [{ name: 'a', image: 'b' }],
  }
  expect(linesOf(manifest, ['apiVersion', 'kind', 'name', 'toString'])).toEqual([
    '{',
    '  apiVersion: "apps/v1"',
    '  kind: "Deployment"',
    '  metadata: {',
    '    name: "api"',
    '    labels: {}',
    '  }',
    '  spec: [',
    '    {',
    '      name: "a"',
    '      image: "b"',
    '    }',
    '  ]',
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
  expect(draw('[Unit]\nUser=root\n', manner)).toEqual({ text: '[Unit]↵\nUser=root↵\n', form: 'text', size: 3 })
  expect(draw('{\n  "a": 1\n}', manner)).toMatchObject({ form: 'text', size: 3 })
})

test.each(['--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n', 'diff --git a/x b/x\n', '@@ -1,2 +1,2 @@\n-a\n+b'])(
  'a unified diff is known by its beginning: %j',
  (text) => {
    expect(draw(text, manner)?.form).toBe('diff')
  },
)

test('a change of two texts or objects is a diff of their lines', () => {
  expect(draw({ before: 'a\nb\nc', after: 'a\nB\nc' }, manner)).toMatchObject({ form: 'textChange', size: 2 })
  expect(linesOf({ before: 'a\nb\nc', after: 'a\nB\nc' })).toEqual(['  a↵', '− b↵', '+ B↵', '  c'])
  expect(linesOf({ before: { a: 1, b: 2 }, after: { a: 1, b: 3 } })).toEqual([
    '  {',
    '    a: 1',
    '−   b: 2',
    '+   b: 3',
    '  }',
  ])
})

test('a change inside another value is compared between marks', () => {
  const change = { actions: ['update'], after: { size: 2, type: 'm5' }, before: { size: 1, type: 'm5' } }
  expect(linesOf([change])).toEqual([
    ...['[', '  {', '    actions: ["update"]', '    ⟦before (−) and after (+), 2 lines differ:⟧'],
    ...['        {', '      −   size: 1', '      +   size: 2', '          type: "m5"', '        }'],
    ...['    ⟦end of change⟧', '  }', ']'],
  ])
  expect(linesOf({ after: { a: 1 }, before: null, other: 1 })).toContain('  before: null')
})

test.each<[string, Json]>([
  ['a number', 1],
  ['a text on one line', 'a'],
  ['an empty object', {}],
  ['an empty list', []],
  ['nothing', null],
])('%s needs no lines', (_, value) => {
  expect(draw(value, manner)).toBeNull()
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
