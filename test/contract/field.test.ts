import { target, words } from '../../src/contract/field.ts'
import { actionLimits } from '../../src/core/action/action.ts'

const flawOf = (text: string): string | undefined => target.safeParse(text).error?.issues[0]?.message

describe('a target', () => {
  test.each([
    ['prod/postgres/customers'],
    ['C:\\Users\\Zo\u00eb'],
    [`/subscriptions/${'a'.repeat(256)}`],
    ['\u30b5\u30fc\u30d0\u30fc'],
    ['x'.repeat(actionLimits.target)],
  ])('may be %s', (text) => {
    expect(flawOf(text)).toBeUndefined()
  })

  test.each([
    ['a narrow space', 'Screenshot at 9.22\u202fPM.png', 'this has U+202F as character 19: send it without'],
    ['a hard space', 'a\u00a0b', 'U+00A0 as character 2'],
    ['a wide space', 'a\u3000b', 'U+3000 as character 2'],
    ['a variation selector', '\u26a0\ufe0f', 'U+FE0F as character 2'],
    ['a joiner', '\u06cc\u200c\u0631', 'U+200C as character 2'],
    ['a control character', 'a\tb', 'U+0009 as character 2'],
    ['a private character', 'a\ue000', 'U+E000 as character 2'],
    ['our own brackets', 'a\u27e6U+202E\u27e7', 'U+27E6 as character 2'],
    ['a mark without a letter', '\u0301a', 'U+0301 as character 1'],
    ['a decomposed letter', 'caf\u0065\u0301', 'from character 4 on (U+0065)'],
    ['an ohm sign', '5 \u2126', 'from character 3 on (U+2126)'],
    ['a space at its end', 'a ', 'has no white space around it'],
    ['too many characters', 'x'.repeat(513), 'has 1 to 512 characters, and this has 513'],
    ['nothing', '', 'and this has 0'],
  ])('has no %s, and the answer says which character it is, where, and what to do', (_what, text, expected) => {
    expect(flawOf(text)).toContain(expected)
    if (text.trim() !== '' && text.length < 500) expect(flawOf(text)).toContain('the exact name in a param')
  })
})

test.each([
  ['Windows line ends', 'IIS hangs.\r\nTicket OPS-417.', true],
  ['a tab', 'a\tb', true],
  ['a carriage return alone', 'delete all\rdelete nothing', false],
  ['an escape', '\u001b[2J', false],
  ['a line separator', 'a\u2028b', false],
])('a text of people may have %s: %s', (_what, text, may) => {
  expect(words(1, 100).safeParse(text).success).toBe(may)
})
