import { wildcard } from '../../../src/core/data/wildcard.ts'

test.each([
  ['prod-db/web-*', 'prod-db/web-1'],
  ['*', 'a\nb'],
  ['a*c', 'ac'],
  ['[a].{2}(b)|c?^$\\/-*', '[a].{2}(b)|c?^$\\/-x'],
  ['*😀', 'x😀'],
])('%j fits %j', (form, text) => {
  expect(wildcard(form).test(text)).toBe(true)
})

test.each([
  ['prod-*', 'xprod-1'],
  ['a.c', 'abc'],
  ['*-db', 'prod-db2'],
  ['[a-c]*', 'b'],
])('%j does not fit %j', (form, text) => {
  expect(wildcard(form).test(text)).toBe(false)
})
